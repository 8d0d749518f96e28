"""A zip file or a folder of named members: written whole or not at all, read within bounds."""

import lzma
import re
import stat
import tempfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from priorbench.errors import UserError
from priorbench.files import replacing

MOST_FILES, MOST_BYTES = 100_000, 8 << 30  # that are read
# what zipfile raises of a damaged file
BROKEN = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, ValueError, RuntimeError)
Opener = Callable[[str], IO[bytes]]


@contextmanager
def writing(out: Path) -> Iterator[Callable[[str, bytes], None]]:
    """Yield what writes a member, given its name; `out` is there once all are.

    out: a file where it ends in .zip, else a new folder.
    """
    if out.suffix == ".zip":
        with replacing(out) as temporary, zipfile.ZipFile(temporary, "w") as file:
            # without the time, so that the same members make the same bytes
            yield lambda name, data: file.writestr(
                zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED
            )
        return
    if out.exists():
        raise UserError(f"{out}: is there already; name a new folder, or a file that ends in .zip")
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}.") as folder:

        def write(name: str, data: bytes) -> None:
            target = Path(folder, "new", name)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)

        yield write
        Path(folder, "new").rename(out)


@contextmanager
def reading(path: Path, tops: set[str]) -> Iterator[tuple[set[str], Opener]]:
    """Yield the names of the members, and what opens one.

    tops: files and folders that may lie at the top. UserError where a member lies elsewhere or
    could be unpacked elsewhere, where there are too many, and where the file is damaged.
    """
    try:
        if path.is_dir():
            found = {p.relative_to(path).as_posix(): p for p in path.rglob("*")}
            files = {n: p for n, p in found.items() if p.is_symlink() or not p.is_dir()}
            links = {
                name for name, file in files.items() if not file.is_file() or file.is_symlink()
            }
            sizes = [(name, file.lstat().st_size) for name, file in files.items()]
            _confine(path, sizes, links, tops)
            yield {*files}, lambda name: files[name].open("rb")
            return
        with zipfile.ZipFile(path) as file:
            inside = [member for member in file.infolist() if not member.is_dir()]
            links = {m.filename for m in inside if stat.S_ISLNK(m.external_attr >> 16)}
            _confine(path, [(m.filename, m.file_size) for m in inside], links, tops)
            yield {member.filename for member in inside}, file.open
    except (OSError, *BROKEN) as error:
        raise UserError(f"{path}: cannot be read ({error})") from error


def _confine(path: Path, sizes: list[tuple[str, int]], links: set[str], tops: set[str]) -> None:
    """Raise UserError where a member would lie elsewhere, or where there is too much."""
    total = sum(size for _, size in sizes)
    if len(sizes) > MOST_FILES or total > MOST_BYTES:
        raise UserError(
            f"{path}: {len(sizes)} members, {total} bytes: at most {MOST_FILES} and {MOST_BYTES}"
        )
    for name, count in Counter(name for name, _ in sizes).items():
        place = PurePosixPath(name)
        plain = re.fullmatch(r"[\w .@+/-]+", name) is not None and place.as_posix() == name
        confined = ".." not in place.parts and place.parts[:1] in {(top,) for top in tops}
        if not plain or not confined or name in links:
            raise UserError(f"{path}: member {name!r} does not belong there: nothing was unpacked")
        if count > 1:
            raise UserError(f"{path}: {count} members are called {name!r}")
