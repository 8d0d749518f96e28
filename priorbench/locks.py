"""Locks that end with the process that holds them."""

import fcntl
import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

WAIT = 0.5  # seconds


def try_lock(path: Path) -> IO[str] | None:
    """Lock `path` and write who holds it; None where somebody else does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.open("a+", encoding="utf-8")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    if not _is_at(path, file):  # its last holder took it away
        file.close()
        return try_lock(path)
    file.truncate(0)
    file.write(f"process {os.getpid()}")
    file.flush()
    return file


def _is_at(path: Path, file: IO[str]) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold the lock `path`; while somebody else does, name the holder and wait."""
    said = False
    while (file := try_lock(path)) is None:
        if not said:
            with suppress(FileNotFoundError):  # taken away meanwhile
                holder = path.read_text(encoding="utf-8")
                print(f"{path.parent}: waiting for {holder}, which works on it", file=sys.stderr)
                said = True
        time.sleep(WAIT)
    with file:
        yield


def forget(states: Path, results: Path) -> None:
    """Remove the states of finished results: those that nobody holds, beside a result."""
    for lock in list(states.rglob("lock")):
        state = lock.parent
        result = results / state.parent.relative_to(states)
        if any(result.glob(f"{state.name}.*")) and (file := try_lock(lock)):
            with file:
                shutil.rmtree(state)
