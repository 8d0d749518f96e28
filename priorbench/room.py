"""Room on the disk, asked for before anything large is written."""

import shutil
from pathlib import Path

from priorbench.errors import UserError


def check_room(folder: Path, needed: int) -> None:
    """Raise UserError unless the disk of a folder has room for as many bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    if (free := shutil.disk_usage(folder).free) < needed:
        raise UserError(f"{folder}: {free / 1e9:.1f} GB free, {needed / 1e9:.1f} GB needed")
