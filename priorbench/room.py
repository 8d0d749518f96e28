"""Large files: room on the disk is asked for, and taken, before anything is written into them."""

import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.format import open_memmap

from priorbench.errors import UserError
from priorbench.files import replacing


def check_room(folder: Path, needed: int) -> None:
    """Raise UserError unless the disk of a folder has room for as many bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    if (free := shutil.disk_usage(folder).free) < needed:
        raise UserError(f"{folder}: {free / 1e9:.1f} GB free, {needed / 1e9:.1f} GB needed")


def mapped(path: Path, kind: np.dtype[Any], shape: tuple[int, ...]) -> np.memmap[Any, Any]:
    """Return the array in a file, that of an earlier run where there is one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        with replacing(path) as temporary:
            created(temporary, kind, shape)
    found: np.memmap[Any, Any] = np.load(path, mmap_mode="r+", allow_pickle=False)
    return found


def created(path: Path, kind: np.dtype[Any], shape: tuple[int, ...]) -> np.memmap[Any, Any]:
    """Return a new array in a file; UserError where the disk has no room for it.

    Room is taken at once: a write to a map that finds none would end the process.
    """
    array = open_memmap(path, "w+", kind, shape)
    if hasattr(os, "posix_fallocate"):
        with path.open("r+b") as file:
            try:
                os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
            except OSError as error:
                size = path.stat().st_size / 1e9
                raise UserError(f"{path.parent}: no room for {size:.1f} GB ({error})") from error
    return array
