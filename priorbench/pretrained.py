"""Weights that were trained elsewhere: read from a file, and put into a model by its plugin.

A plugin with `load(model, state, cfg)` in the place of `train` names the file by the option
`checkpoint` of its TrainConfig; a hash of what it holds is part of the key. `part`, where there
is such an option, names the entry of the file in which the weights lie.
"""

from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch._weights_only_unpickler import UnpicklingError  # type: ignore[attr-defined]

from priorbench.download import digest
from priorbench.errors import UserError, nearest

UNREADABLE = (
    OSError,
    EOFError,
    KeyError,
    RuntimeError,
    SafetensorError,
    UnpicklingError,
    ValueError,
)


def fill(plugin: ModuleType, model: nn.Module, cfg: Any, checksum: str) -> None:
    """Load what `cfg.checkpoint` holds; UserError where that is not what was planned or fits."""
    path = Path(cfg.checkpoint).expanduser()
    state = read(path, getattr(cfg, "part", ""))
    if digest(path, "sha256") != checksum:
        raise UserError(f"{path}: has changed since the run was planned: start the run again")
    try:
        plugin.load(model, state, cfg)
    except (KeyError, RuntimeError) as error:
        raise UserError(
            f"{path}: does not fit the Model of {plugin.__file__} ({_said(error)})"
        ) from error


def read(path: Path, part: str = "") -> dict[str, Tensor]:
    """Return tensors by name, of a safetensors file or one of `torch.save`, on the CPU.

    Nothing in the file is run: of what torch saves, tensors and plain containers are read only.
    """
    try:
        if path.suffix == ".safetensors":
            found = load_file(path)
        else:
            found = torch.load(path, map_location="cpu", weights_only=True)
    except UNREADABLE as error:
        raise UserError(f"{path}: cannot be read as weights ({_said(error)})") from error
    known = [str(name) for name in found] if isinstance(found, dict) else []
    if part and part not in known:
        raise UserError(f"{path}: no part `{part}`: {nearest(part, known)}")
    state = found[part] if part else found
    if not isinstance(state, dict) or not all(isinstance(v, Tensor) for v in state.values()):
        inside = [name for name in known if isinstance(found[name], dict)]
        raise UserError(f"{path}: no tensors by name; `part`: {nearest(part, inside)}")
    return state


def _said(error: Exception) -> str:
    """What an error says, in a line of some length."""
    said = " ".join(str(error).split())
    return said if len(said) < 240 else f"{said[:240]} ..."
