"""The files that image sets are made from: the user's own, or fetched from the official address.

They lie in a folder of the image set's name in $PRIORBENCH_IMAGES (`images_dir` of a config), or
in the user's cache. What lies there is checked, never changed; what is missing is fetched unless
PRIORBENCH_OFFLINE is set, its licence told first.
"""

import os
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from priorbench.download import DownloadError, Remote, fetch, is_page
from priorbench.errors import UserError

VARIABLE = "PRIORBENCH_IMAGES"
# of files that count as pictures; README, Thumbs.db and archives do not
SUFFIXES = {".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"}
NAMED = 3  # files named in a line; of more the first and the last
HERE = "put the files there, or set PRIORBENCH_IMAGES (`images_dir`) to the folder that has"


def lies_in(folder: str) -> None:
    """Look for files in a folder, `images_dir` of a config, here and in what is started from here.

    Where it is empty, nothing changes.
    """
    if folder:
        os.environ[VARIABLE] = str(Path(folder).expanduser())


def home(imageset: str) -> Path:
    """Return the folder where the files of an image set lie, or are to lie."""
    root = os.environ.get(VARIABLE)
    if not root:
        root = str(Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")) / "priorbench" / "images")
    return Path(root).expanduser().resolve() / imageset


def obtain(imageset: str, remotes: Sequence[Remote], licence: str) -> list[Path]:
    """Return the paths of files, checksums verified; UserError where one cannot be had."""
    folder = home(imageset)
    paths = [folder / remote.name for remote in remotes]
    for remote, path in zip(remotes, paths, strict=True):
        if path.exists() and not (path.is_file() and remote.intact(path)):
            what = "a web page" if path.is_file() and is_page(path) else "another one"
            official = f"the official file ({remote.checksum}; {remote.url})"
            raise UserError(f"{imageset}: {path} is not {official} but {what}: move it away")
    missing = [pair for pair in zip(remotes, paths, strict=True) if not pair[1].exists()]
    if missing:
        print(f"{imageset}, licence: {licence}", file=sys.stderr)
    for remote, path in missing:
        try:
            fetch(remote, path)
        except DownloadError as error:
            _leave_no_empty(path.parent, folder)
            files = _in_short([path for _, path in missing if not path.exists()], folder)
            raise UserError(f"{imageset}: {error}; needed: {files}; {HERE} {imageset}/") from error
    return paths


def _in_short(paths: Sequence[Path], folder: Path) -> str:
    """Return paths below a folder in a few words."""
    if len(paths) <= NAMED:
        return ", ".join(map(str, paths))
    first, last = (path.relative_to(folder) for path in (paths[0], paths[-1]))
    return f"{len(paths)} files, {first} … {last} in {folder}"


def _leave_no_empty(inner: Path, folder: Path) -> None:
    """Remove the folders from `inner` out to `folder` that a fetch made and left empty."""
    with suppress(OSError):  # the first that is not empty, or not there, ends it
        inner.rmdir()
        if inner != folder:
            _leave_no_empty(inner.parent, folder)


def pictures(imageset: str, count: int, where: str, inside: str = "") -> list[Path]:
    """Return the picture files of a folder that only the user can supply, in natural order.

    count: how many there have to be. where: what is said of their origin. inside: the
    folder below that of the image set. UserError, in one line, where they are not there.
    """
    folder = home(imageset) / inside
    if not folder.is_dir():
        raise UserError(f"{imageset}: no folder {folder}; {HERE} {imageset}/{inside} ({where})")
    found = own_pictures(imageset, inside)
    if len(found) != count:
        place = found[0].parent if found else folder
        raise UserError(f"{imageset}: {place} has {len(found)} pictures, not {count} ({where})")
    return found


def own_pictures(imageset: str, inside: str = "") -> list[Path]:
    """Return the picture files that the user has put there, in natural order; [] without any.

    An archive may have been unpacked one folder too deep.
    """
    folder = home(imageset) / inside
    try:
        found = _seen(folder)
        if len(found) == 1 and found[0].is_dir():
            found = _seen(found[0])
    except OSError as error:
        raise UserError(f"{imageset}: {error.filename}: {error.strerror}") from error
    files = [path for path in found if path.is_file()]
    return sorted(files, key=lambda path: (len(path.name), path.name))


def _seen(folder: Path) -> list[Path]:
    """Return what a folder, which need not be there, shows: folders and pictures."""
    paths: Iterable[Path] = folder.iterdir() if folder.is_dir() else ()
    return [
        path
        for path in paths
        if path.name[0] != "." and (path.suffix.lower() in SUFFIXES or path.is_dir())
    ]
