"""Files from the network: whole and right, or not at all.

What broke off is continued, by later commands too; whatever comes lies under a temporary name
until its checksum has proved right. Nothing is fetched where PRIORBENCH_OFFLINE is set.
"""

import hashlib
import os
import sys
from dataclasses import dataclass
from functools import cache
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from tqdm import tqdm

from priorbench.errors import UserError
from priorbench.locks import held

TIMEOUT = 10  # seconds without an answer
CHUNK = 1 << 18  # bytes
NOTHING_LEFT = 416  # HTTP: the range asked for begins behind the end


class DownloadError(UserError):
    """A file cannot be had; why is told in one line."""


@dataclass(frozen=True)
class Remote:
    """A file on a server, and what it has to be."""

    name: str
    url: str
    checksum: str  # "sha256:..." or "md5:...": what the publisher states
    size: int = 0  # bytes; 0: not stated
    limit: int = 0  # bytes that are read at most where the size is not stated

    def __post_init__(self) -> None:
        if not self.size and not self.limit:
            raise ValueError(f"{self.name}: a size or a limit is needed")

    def intact(self, path: Path) -> bool:
        """Whether the file at `path` is this one."""
        kind, _, stated = self.checksum.partition(":")
        return digest(path, kind) == stated


def fetch(remote: Remote, path: Path) -> Path:
    """Download a file to `path` unless it is there already.

    Raises DownloadError, in one line, where it cannot be had.
    """
    if path.is_file() and remote.intact(path):
        return path
    if os.environ.get("PRIORBENCH_OFFLINE", "0") not in ("", "0"):
        raise DownloadError(
            f"{remote.name}: offline (--offline or PRIORBENCH_OFFLINE; {remote.url})"
        )
    try:
        lock = path.with_name(f".{path.name}.lock")
        with held(lock):
            try:
                # it may have come while another process was waited for
                if not (path.is_file() and remote.intact(path)):
                    _fetch(remote, path)
            finally:
                lock.unlink(missing_ok=True)
    except (OSError, HTTPException) as error:
        reason = str(error).strip("<>")
        raise DownloadError(f"{remote.name}: {reason} ({remote.url})") from error
    return path


def _fetch(remote: Remote, path: Path) -> None:
    partial = path.with_name(f".{path.name}.partial")
    _download(remote, partial)
    if not remote.intact(partial):
        what = "a web page" if is_page(partial) else "another file"
        partial.unlink()
        raise DownloadError(f"{remote.name}: {remote.url} sent {what}, thrown away")
    partial.replace(path)


def is_page(path: Path) -> bool:
    """Whether a file is a web page: what hosts send in place of a file when a quota is spent."""
    with path.open("rb") as file:
        begin = file.read(512).lstrip().lower()
    return begin.startswith((b"<!doctype html", b"<html"))


def digest(path: Path, kind: str) -> str:
    """Return the checksum of a file, worked out once for each content."""
    found = path.stat()
    return _digest(path, kind, found.st_size, found.st_mtime_ns)


@cache
def _digest(path: Path, kind: str, size: int, modified: int) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, kind).hexdigest()


def _download(remote: Remote, partial: Path) -> None:
    """Bring `partial` to its full size, over as many connections as make headway."""
    before, reason = -1, OSError("the connection broke off")
    whole, ended = remote.size or None, False
    while whole is None or _size(partial) < whole:
        have = _size(partial)
        if have <= before:
            if ended:
                return  # all that a server sends that tells no length
            raise reason
        before = have
        try:
            whole = _receive(remote, partial, have)
            ended = whole is None
            if ended and remote.intact(partial):
                return
        except HTTPError as error:
            error.close()  # it holds the connection
            reason = error
            if error.code == NOTHING_LEFT and whole is None:
                return  # all of it came before
        except HTTPException as error:
            reason = OSError(repr(error))
        except OSError as error:
            reason = error


def _receive(remote: Remote, partial: Path, have: int) -> int | None:
    """Append to the `have` bytes of `partial` what a connection sends.

    Returns the size of the whole file; None where nobody tells it.
    """
    headers = {"User-Agent": "priorbench"} | ({"Range": f"bytes={have}-"} if have else {})
    with urlopen(Request(remote.url, headers=headers), timeout=TIMEOUT) as answer:
        if answer.headers.get_content_type() == "text/html":
            raise OSError("a web page came instead of the file: a quota, or a page to agree on")
        # a server may ignore the range and send the whole file
        have = have if answer.status == 206 else 0
        told = answer.headers.get("Content-Length") or ""
        size = have + int(told) if told.isdecimal() else remote.size or None
        if remote.size and size != remote.size:
            raise OSError(f"offered with {size} bytes instead of {remote.size}")
        most = size or remote.limit
        if most > (remote.size or remote.limit):
            raise OSError(f"offered with {most} bytes, more than {remote.limit}")
        host = urlsplit(remote.url).hostname
        print(f"fetching {remote.name} from {host}", file=sys.stderr)
        with (
            partial.open("ab" if have else "wb") as out,
            tqdm(total=size, initial=have, unit="B", unit_scale=True, disable=None) as bar,
        ):
            # never more than was promised: a chunked answer has no end of its own
            while have < most and (chunk := answer.read(min(CHUNK, most - have))):
                have += out.write(chunk)
                bar.update(len(chunk))
    if size is None and have >= most:
        partial.unlink()  # no later command can make use of it
        raise DownloadError(f"{remote.name}: longer than {remote.limit} bytes ({remote.url})")
    return size


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
