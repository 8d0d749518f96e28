"""What a folder of a user's own images holds, as one hash: part of the key of its image set."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from priorbench.errors import UserError


def fingerprint(folder: Path | None) -> str:
    """Return a hash of names, sizes and times of a user's own images; empty without any.

    Where the folder lies does not count, nor what is hidden in it.
    """
    if folder is None or not folder.is_dir():
        return ""
    facts = sorted(_files(folder, ""))
    return hashlib.sha256(repr(facts).encode()).hexdigest() if facts else ""


def _files(folder: Path, inside: str) -> Iterator[tuple[str, int, int]]:
    """Yield name, size and time of each file below a folder; links that lead back are left out."""
    try:
        entries = list(os.scandir(folder))
    except OSError as error:
        raise UserError(f"{folder}: {error.strerror}") from error
    for entry in entries:
        name, path = f"{inside}{entry.name}", Path(entry.path)
        back = entry.is_symlink() and folder.resolve().is_relative_to(os.path.realpath(path))
        if back or entry.name.startswith("."):
            continue
        if entry.is_dir():
            yield from _files(path, f"{name}/")
        elif entry.is_file():
            found = entry.stat()
            yield name, found.st_size, found.st_mtime_ns
