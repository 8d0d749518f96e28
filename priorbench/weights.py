"""Pretrained weights that metrics need: which files, where they lie, how they come there.

They lie where torch.hub keeps them, so that one copy serves every program; but only
`python -m priorbench.weights fetch` downloads, never a job. No torch is imported here: the
Snakefile asks for `state` while it is being read.
"""

import argparse
import hashlib
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from http.client import HTTPException
from pathlib import Path
from typing import Literal
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from tqdm import tqdm

from priorbench.errors import MissingWeights

State = Literal["official", "features only", "damaged", "missing"]

COMMAND = "python -m priorbench.weights fetch"
TIMEOUT = 10  # seconds without an answer
CHUNK = 1 << 18  # bytes


@dataclass(frozen=True)
class Copy:
    """One content that a file may have."""

    size: int  # bytes
    sha256: str


@dataclass(frozen=True)
class File:
    """A file of weights; its name carries the first eight digits of the official sum."""

    name: str
    url: str
    official: Copy
    features: Copy  # a smaller copy of the same weights: convolutional features only
    columns: tuple[str, ...]  # of the tables, empty without it


FILES = {
    "alexnet": File(
        name="alexnet-owt-7be5be79.pth",
        url="https://download.pytorch.org/models/alexnet-owt-7be5be79.pth",
        official=Copy(
            244_408_911,
            "7be5be791159472b1fbf3c69796f7cb30dca7ad8466c2df70058c37116cdee02",
        ),
        features=Copy(
            9_884_993,
            "00e2a2db584bb27872bf348ce1981a6ca235126d423e697413e22e2605844d32",
        ),
        columns=("LPIPS",),
    ),
    "inception": File(
        name="pt_inception-2015-12-05-6726825d.pth",
        url="https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/"
        "pt_inception-2015-12-05-6726825d.pth",
        official=Copy(
            95_628_359,
            "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2",
        ),
        features=Copy(
            36_130_967,
            "9169d5a3ff37629162e06e74892188fa31677e7fd69694f9ab01411ff16bc907",
        ),
        columns=("FID", "KID"),
    ),
}


def folder() -> Path:
    """Return torch.hub's folder of checkpoints: $TORCH_HOME, else the user's cache."""
    home = os.environ.get("TORCH_HOME")
    if not home:
        home = str(Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")) / "torch")
    return Path(home).expanduser() / "hub" / "checkpoints"


def state(name: str) -> State:
    """Tell what lies in the folder under the file's name, by its size alone: at once."""
    file = FILES[name]
    path = folder() / file.name
    if not path.is_file():
        return "missing"
    size = path.stat().st_size
    if size == file.official.size:
        return "official"
    return "features only" if size == file.features.size else "damaged"


def lacking(name: str) -> str:
    """Tell, in one line, what is missing without the file, where it belongs and what gets it."""
    file = FILES[name]
    if state(name) == "damaged":
        return f"{folder() / file.name} is damaged (wrong size): run `{COMMAND}`"
    if state(name) == "missing":
        needed = " and ".join(file.columns)
        return f"{needed} needs {file.name} in {folder()}: run `{COMMAND}`"
    return ""


def find(name: str) -> Path:
    """Return the path of the weights, their checksum verified (once per process).

    Raises MissingWeights, in one line, where they are absent or not what they should be.
    """
    file, path = FILES[name], folder() / FILES[name].name
    if absent := lacking(name):
        raise MissingWeights(absent)
    if not _intact(file, path):
        raise MissingWeights(f"{path} is damaged (wrong checksum): run `{COMMAND}`")
    return path


def fetch(name: str) -> Path:
    """Download the weights unless a good copy is there; what broke off is continued.

    Raises MissingWeights, in one line, where they cannot be had. Whatever comes lies under
    a temporary name until its checksum has proved right.
    """
    file, path = FILES[name], folder() / FILES[name].name
    if path.is_file() and _intact(file, path):
        return path
    if os.environ.get("PRIORBENCH_OFFLINE", "0") not in ("", "0"):
        raise MissingWeights(f"{file.name}: PRIORBENCH_OFFLINE is set")
    partial = path.with_name(f".{file.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _download(file, partial)
        if _sha256(partial) != file.official.sha256:
            partial.unlink()
            raise MissingWeights(f"{file.name}: {file.url} sent another file, thrown away")
        partial.replace(path)
    except (OSError, HTTPException) as error:
        reason = str(error).strip("<>")
        raise MissingWeights(f"{file.name}: {reason} ({file.url})") from error
    return path


def _download(file: File, partial: Path) -> None:
    """Bring `partial` to its full size, over as many connections as make headway."""
    before, reason = -1, OSError("the connection broke off")
    while (size := _size(partial)) < file.official.size:
        if size <= before:
            raise reason
        before = size
        try:
            _receive(file, partial, size)
        except (OSError, HTTPException) as error:
            reason = error if isinstance(error, OSError) else OSError(repr(error))
            if isinstance(error, HTTPError):
                error.close()  # it holds the connection


def _receive(file: File, partial: Path, have: int) -> None:
    """Append to the `have` bytes of `partial` what one connection sends."""
    headers = {"User-Agent": "priorbench"} | ({"Range": f"bytes={have}-"} if have else {})
    with urlopen(Request(file.url, headers=headers), timeout=TIMEOUT) as answer:
        if answer.headers.get_content_type() == "text/html":
            raise OSError("a web page came instead of the file")
        # a server may ignore the range and send the whole file
        have = have if answer.status == 206 else 0
        size = have + int(answer.headers.get("Content-Length", file.official.size - have))
        if size != file.official.size:
            raise OSError(f"offered with {size} bytes instead of {file.official.size}")
        host = urlsplit(file.url).hostname
        print(f"fetching {file.name} ({size / 1e6:.0f} MB) from {host}", file=sys.stderr)
        with (
            partial.open("ab" if have else "wb") as out,
            tqdm(total=size, initial=have, unit="B", unit_scale=True, disable=None) as bar,
        ):
            # never more than was promised: a chunked answer has no end of its own
            while have < size and (chunk := answer.read(min(CHUNK, size - have))):
                have += out.write(chunk)
                bar.update(len(chunk))


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _intact(file: File, path: Path) -> bool:
    return _sha256(path) in (file.official.sha256, file.features.sha256)


def _sha256(path: Path) -> str:
    found = path.stat()
    return _digest(path, found.st_size, found.st_mtime_ns)


@cache
def _digest(path: Path, size: int, modified: int) -> str:
    """Hash a file once for each content: size and time of change stand for it."""
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _fetch_all(if_possible: bool) -> int:
    """Fetch every file; return the exit status. What failed is told in one line."""
    failed: dict[str, MissingWeights] = {}
    for name in FILES:
        try:
            path = fetch(name)
            print(f"{path}: {state(name)}")
        except MissingWeights as error:
            failed[name] = error
    if failed:
        columns = ", ".join(column for name in failed for column in FILES[name].columns)
        reasons = "; ".join(str(error) for error in failed.values())
        lacking = f"no {columns} in the tables until {folder()} has the weights"
        print(f"{lacking}: {reasons}", file=sys.stderr)
    return int(bool(failed) and not if_possible)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m priorbench.weights", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    fetching = commands.add_parser("fetch", help="download what is missing, and check it")
    fetching.add_argument(
        "--if-possible", action="store_true", help="exit with 0 also where nothing can be had"
    )
    commands.add_parser("status", help="tell what is there, without the network")
    chosen = parser.parse_args(arguments)
    if chosen.command == "fetch":
        return _fetch_all(chosen.if_possible)
    for name, file in FILES.items():
        print(f"{folder() / file.name}: {state(name)} (for {', '.join(file.columns)})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
