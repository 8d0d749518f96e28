"""Archives of a fabricated experiment, whole or changed."""

import zipfile
from collections.abc import Callable
from pathlib import Path

from priorbench import archive
from priorbench.config import Experiment
from tests.fabricated import Fabricated, experiment

FEW = {"methods": {"glo": {}, "dip": {}}, "tasks": {"hole": {}}, "seeds": [0]}


def finished(root: Path) -> Fabricated:
    """Return a finished experiment with the list that its tables are made from."""
    found = Fabricated(root, experiment(**FEW))
    listed = root / "results" / "toy" / "photos.txt"
    listed.write_text("".join(f"{path}\n" for path in found.paths))
    return found


def written(made: Fabricated, out: Path) -> Path:
    archive.make(made.experiment, out, made.root / "results")
    return out


def asked(path: Path, **changes: object) -> Experiment:
    return experiment(**FEW, source="archive", archive=str(path), **changes)


def rewritten(packed: Path, out: Path, change: Callable[[str, bytes], bytes | None]) -> Path:
    """Write an archive anew with changed members; None leaves one out."""
    with zipfile.ZipFile(packed) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            if (data := change(name, old.read(name))) is not None:
                new.writestr(name, data)
    return out
