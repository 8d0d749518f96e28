"""The files that image sets are made from: the user's own, or fetched from the official address.

They lie in a folder of the image set's name in $PRIORBENCH_IMAGES (`images_dir` of a config), or
in the user's cache: as they are, up to DEEP folders further down, or in a zip file. What lies there
is checked, never changed; what is missing is fetched unless PRIORBENCH_OFFLINE is set, its licence
told first.
"""

import hashlib
import os
import sys
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import chain
from pathlib import Path

from priorbench import packed
from priorbench.download import DownloadError, Remote, fetch, is_page
from priorbench.errors import UserError

File = Path | zipfile.Path
VARIABLE = "PRIORBENCH_IMAGES"
# of files that count as pictures; README, Thumbs.db and archives do not
SUFFIXES = {".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"}
OF_MACS = "__MACOSX"  # a folder that archives made there have beside what was packed
DEEP = 3  # folders that an archive may have around what is looked for
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
    paths = [_place(folder, remote.name) for remote in remotes]
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


def supplied(imageset: str, remotes: Sequence[Remote], licence: str) -> list[File]:
    """Return files as `obtain` does, or from an archive that the user has put there.

    UserError where archives are there, and none has all files, the right ones.
    """
    folder = home(imageset)
    archives = packed.archives(folder)
    if not archives or all(_place(folder, remote.name).exists() for remote in remotes):
        return [*obtain(imageset, remotes, licence)]
    for archive in archives:
        root = packed.opened(archive)
        found = {remote.name: packed.member(root, remote.name) for remote in remotes}
        files = [file for file in found.values() if file is not None]
        if len(files) == len(remotes):
            for remote, file in zip(remotes, files, strict=True):
                _verify(imageset, remote, file)
            return [*files]
    lacking = next(name for name, file in found.items() if file is None)
    raise UserError(f"{imageset}: {archive} has no {lacking}, or two: move it away")


def _verify(imageset: str, remote: Remote, file: zipfile.Path) -> None:
    """Raise UserError unless a file in an archive is the official one."""
    kind, _, stated = remote.checksum.partition(":")
    try:
        right = hashlib.new(kind, packed.content(file)).hexdigest() == stated
    except packed.BROKEN as error:
        raise UserError(f"{imageset}: {file} is damaged ({error})") from error
    if not right:
        official = f"the official file ({remote.checksum}; {remote.url})"
        raise UserError(f"{imageset}: {file} is not {official}: move its archive away")


def _place(folder: Path, name: str) -> Path:
    """Return where a file lies, however an archive was unpacked, or else where it is to lie."""
    wanted = folder / name
    return wanted if wanted.exists() else next(_deeper(folder, name), wanted)


def _deeper(folder: Path, name: str) -> Iterator[Path]:
    """Yield what bears this name, or path, in the folders below."""
    return chain.from_iterable(folder.glob("*/" * deep + name) for deep in range(1, DEEP + 1))


def own_file(imageset: str, name: str) -> File | None:
    """Return a file that only the user can supply, be it in an archive; None without one."""
    folder = home(imageset)
    if (path := _place(folder, name)).is_file():
        return path
    found = (packed.member(packed.opened(path), name) for path in packed.archives(folder))
    return next((file for file in found if file is not None), None)


def pictures(imageset: str, count: int, where: str, *inside: str) -> list[File]:
    """Return the picture files that only the user can supply, in natural order.

    count: how many there have to be. where: what is said of their origin. inside: the folder that
    they lie in below that of the image set, by each of its names. UserError, in one line, where
    they are not there.
    """
    folder = home(imageset)
    named = inside or ("",)
    if not folder.is_dir():
        raise UserError(f"{imageset}: no folder {folder}; {HERE} {imageset}/{named[0]} ({where})")
    found = next(filter(None, (own_pictures(imageset, each) for each in named)), [])
    if len(found) != count:
        place = found[0].parent if found else folder / named[0]
        raise UserError(f"{imageset}: {place} has {len(found)} pictures, not {count} ({where})")
    return found


def own_pictures(imageset: str, inside: str = "") -> list[File]:
    """Return the picture files that the user has put there, in natural order; [] without any.

    An archive may have been unpacked some folders too deep, or may lie there as it is.
    """
    folder = home(imageset)
    deeper = _deeper(folder, inside) if inside else ()
    try:
        found = next(filter(None, map(_unpacked, chain([folder / inside], deeper))), [])
    except OSError as error:
        raise UserError(f"{imageset}: {error.filename}: {error.strerror}") from error
    files: list[File] = [*found] or _packed(imageset, inside)
    return sorted(files, key=lambda path: (len(path.name), path.name))


def _unpacked(folder: Path) -> list[Path]:
    """Return the pictures in a folder, or in the only folder in it."""
    found = _seen(folder)
    if len(found) == 1 and found[0].is_dir():
        found = _seen(found[0])
    return [path for path in found if path.is_file()]


def _packed(imageset: str, inside: str) -> list[File]:
    """Return the pictures in the only folder with this name and pictures of the user's archives."""
    found: dict[str, list[File]] = {}
    for archive in packed.archives(home(imageset)):
        for folder, files in packed.folders(packed.opened(archive), inside).items():
            if shown := [file for file in files if file.suffix.lower() in SUFFIXES]:
                found[f"{archive.name}/{folder}"] = [*shown]
    if len(found) > 1:
        several = ", ".join(list(found)[:NAMED]) + ", ..." * (len(found) > NAMED)
        raise UserError(
            f"{imageset}: {len(found)} folders with pictures in archives of {home(imageset)} "
            f"({several}): unpack one of them there"
        )
    return next(iter(found.values()), [])


def _seen(folder: Path) -> list[Path]:
    """Return what a folder, which need not be there, shows: folders and pictures."""
    paths: Iterable[Path] = folder.iterdir() if folder.is_dir() else ()
    return [
        path
        for path in paths
        if path.name[0] != "."
        and path.name != OF_MACS
        and (path.suffix.lower() in SUFFIXES or path.is_dir())
    ]
