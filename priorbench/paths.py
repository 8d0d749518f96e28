"""The path grammar: a result is identified by where it lies, never by what it says inside.

<verb>/{imageset}/{unit}/{method}/{seed}-{key}, with what does not apply left out; under
results/store where experiments share it, under results/<experiment> where they do not.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from priorbench.errors import UserError

STORE = Path("results/store")
# what stands between the verb and the file, in order
GRAMMAR = {
    "prepare": ("imageset", "key"),
    "degrade": ("imageset", "unit", "key"),
    "control": ("imageset", "unit", "key"),
    "tune": ("imageset", "method", "run"),
    "train": ("imageset", "method", "run"),
    "restore": ("imageset", "unit", "method", "run"),
    "represent": ("imageset", "method", "run"),
    "sample": ("imageset", "method", "run"),
    "energy": ("imageset", "method", "run"),
    "score": ("imageset",),
}


@dataclass(frozen=True)
class Place:
    """What a path says about the result that lies there; empty or None where it does not apply."""

    verb: str
    imageset: str
    unit: str = ""
    method: str = ""
    key: str = ""
    seed: int | None = None


def folder(verb: str, key: str, **parts: object) -> Path:
    """Return the folder in the store of a result, e.g. folder("train", key, imageset=...)."""
    names = GRAMMAR[verb]
    run = f"{parts['seed']}-{key}" if "run" in names else ""
    known = {**parts, "key": key, "run": run}
    return STORE.joinpath(verb, *(str(known[name]) for name in names))


def parse(path: Path | str) -> Place:
    """Return what the path of a result file says; UserError where it is not in the grammar."""
    parts = Path(path).parts
    for start in range(len(parts) - 1, -1, -1):
        verb = parts[start]
        names = GRAMMAR.get(verb)
        if names is None or len(parts) != start + len(names) + 2:
            continue
        found: dict[str, Any] = dict(zip(names, parts[start + 1 :], strict=False))
        if verb == "score":
            found["unit"] = Path(path).stem
        if "run" in found:
            seed, _, found["key"] = found.pop("run").partition("-")
            return replace(Place(verb, **found), seed=int(seed))
        return Place(verb, **found)
    raise UserError(f"{path}: not the path of a result; verbs: {', '.join(GRAMMAR)}")
