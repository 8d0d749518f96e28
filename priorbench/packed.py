"""Archives that a user has put there: read where they lie, or one file of them is unpacked.

Nothing is written but the one file that is asked for, to the place that is asked for, whatever an
archive calls its members: none can reach another place.
"""

import os
import re
import zipfile
import zlib
from collections import defaultdict
from functools import lru_cache
from pathlib import Path

from priorbench.download import is_page
from priorbench.errors import UserError
from priorbench.locks import held
from priorbench.progress import Progress
from priorbench.room import check_room

CHUNK = 1 << 20  # bytes
MOST = 1 << 28  # bytes of a member that is read into memory
HIDDEN = re.compile(r"(^|/)\.(?!/)")  # in the name of a member: a folder or file that is
# what zipfile raises of a damaged file
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, RuntimeError)


def archives(folder: Path) -> list[Path]:
    """Return the zip files in a folder, which need not be there; hidden ones are passed over."""
    found = sorted(folder.glob("*.zip"))
    return [path for path in found if path.is_file() and path.name[0] != "."]


def opened(archive: Path) -> zipfile.Path:
    """Return the root of an archive, listed once for each content; UserError where it is none."""
    found = archive.stat()
    return _opened(archive, found.st_size, found.st_mtime_ns)


@lru_cache(maxsize=4)
def _opened(archive: Path, size: int, modified: int) -> zipfile.Path:
    try:
        return zipfile.Path(zipfile.ZipFile(archive))
    except BROKEN as error:
        what = "a web page" if is_page(archive) else f"damaged ({error})"
        raise UserError(f"{archive} is no zip archive but {what}: move it away") from error


def folders(root: zipfile.Path, named: str = "") -> dict[str, list[zipfile.Path]]:
    """Return the files of each folder in an archive, of this name if given; not hidden ones."""
    found: dict[str, list[zipfile.Path]] = defaultdict(list)
    for name in root.root.namelist():
        folder, _, file = name.rpartition("/")
        wanted = not named or folder.rpartition("/")[2] == named
        if wanted and file and not HIDDEN.search(name):
            found[folder].append(zipfile.Path(root.root, name))
    return found


def member(root: zipfile.Path, name: str) -> zipfile.Path | None:
    """Return the file of this name in an archive, however deep; None where there is none, or two.

    name: with folders, where it lies in some: they are the innermost.
    """
    names = [
        each
        for each in root.root.namelist()
        if each.endswith(name) and f"/{each}".endswith(f"/{name}")
    ]
    return zipfile.Path(root.root, names[0]) if len(names) == 1 else None


def content(file: zipfile.Path) -> bytes:
    """Return the bytes of a file in an archive, its CRC-32 verified.

    Raises ValueError where they are more than memory is meant for; what zipfile raises where they
    are damaged.
    """
    if (size := file.root.getinfo(file.at).file_size) > MOST:
        raise ValueError(f"{size} bytes, more than {MOST}")
    return file.read_bytes()


def unpack(archive: Path, name: str, into: Path, limit: int) -> Path:
    """Return a file of an archive, unpacked in a folder of its own below `into`.

    It is there whole, its CRC-32 verified, or not at all; what was unpacked before is taken. The
    folder is called by that CRC-32, so that of another archive nothing is taken. limit: bytes.
    """
    file = member(opened(archive), name)
    if file is None:
        raise UserError(f"{archive} has no {name}, or more than one")
    about = file.root.getinfo(file.at)
    if about.file_size > limit:
        raise UserError(f"{archive}: {name} has {about.file_size} bytes, more than {limit}")
    target = into / f"{about.CRC:08x}" / name
    partial = target.with_name(f".{target.name}.partial")
    with held(target.with_name(".lock")):
        if not target.exists():
            partial.write_bytes(b"")  # gives room of an attempt that was killed back
            check_room(target.parent, about.file_size)
            try:
                _copy(file, partial, about.file_size, f"unpack {archive.name}")
            except BROKEN as error:
                partial.unlink()
                raise UserError(f"{archive}: {name} is damaged ({error})") from error
            partial.replace(target)
    return target


def _copy(file: zipfile.Path, out: Path, size: int, title: str) -> None:
    progress, done = Progress(title), 0
    with file.open("rb") as source, out.open("wb") as sink:
        while chunk := source.read(CHUNK):
            done += sink.write(chunk)
            progress.update(out.parent.name, done, size)
        os.fsync(sink.fileno())
