"""Random numbers as a function of where they are drawn, not of what was drawn before."""

import hashlib

import torch


def seed_of(*parts: object) -> int:
    """Return the 63-bit seed that belongs to `parts` (run seed, stage, step, ...)."""
    digest = hashlib.sha256(repr(parts).encode()).digest()
    return int.from_bytes(digest[:8], "little") >> 1


def seed_torch(*parts: object) -> None:
    """Seed torch's global generators, of the CPU and of a GPU in use, with `parts`."""
    seed = seed_of(*parts)
    torch.default_generator.manual_seed(seed)
    if torch.cuda.is_available():
        torch.cuda.manual_seed_all(seed)


def generator(*parts: object) -> torch.Generator:
    """Return a CPU generator of its own, seeded with `parts`."""
    return torch.Generator().manual_seed(seed_of(*parts))
