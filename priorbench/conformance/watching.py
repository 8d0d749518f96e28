"""What a plugin does behind the engine's back: files, network, processes, seeds of its own.

Python tells every audit hook of what it opens; a hook cannot be taken away, so there is one, which
notes nothing unless something is watched. The frames of the moment tell whose doing it is.
"""

import random
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any
from unittest import mock

import numpy as np
import torch

from priorbench.registry import ROOT

OPENING = {"open", "os.listdir", "os.scandir", "os.mkdir", "os.remove", "os.rename"}
LEAVING = {"socket.connect", "socket.getaddrinfo", "socket.sendto", "subprocess.Popen", "os.system"}
ENGINE = ROOT / "priorbench"
# importing reads files, and so do the text of a warning and a count of threads; and what others
# left behind is cleared away whenever memory is, through weakref
OTHERS = (
    *("<frozen importlib", "importlib/", "linecache.py", "warnings.py", "threadpoolctl.py"),
    "weakref.py",
)
SEEDERS: tuple[tuple[Any, str], ...] = (
    (torch, "manual_seed"),
    (torch, "seed"),
    (torch.cuda, "manual_seed"),
    (torch.cuda, "manual_seed_all"),
    (np.random, "seed"),
    (random, "seed"),
)
_notes: list[tuple[Path, list[str]]] = []  # what is watched at the moment, or nothing
_installed: list[bool] = []


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if not _notes or event not in OPENING | LEAVING:
        return
    own, notes = watch = _notes.pop()  # finding out whose doing it is may open files too
    try:
        if not _excused(sys._getframe(1), own):
            what = arguments[1] if event == "socket.connect" else arguments[0]
            notes.append(f"{event} {what!s}")
    finally:
        _notes.append(watch)


def _excused(frame: FrameType | None, own: Path) -> bool:
    """Whether no frame of a plugin is inside the innermost one of the engine, or of an import."""
    while frame is not None:
        file = frame.f_code.co_filename
        if any(name in file for name in OTHERS) or Path(file).is_relative_to(ENGINE):
            return True
        if Path(file).is_relative_to(own) or not _library(file):
            return False
        frame = frame.f_back
    return True


def _library(file: str) -> bool:
    """Whether code is of an installed package or of Python, which plugins act through."""
    return "site-packages" in file or file.startswith((sys.prefix, sys.base_prefix, "<"))


@contextmanager
def watched(own: Path) -> Iterator[list[str]]:
    """Yield a list that fills with what is opened by plugins, and by code in the folder `own`."""
    if not _installed:
        sys.addaudithook(_hook)
        _installed.append(True)
    notes: list[str] = []
    _notes.append((own, notes))
    try:
        yield notes
    finally:
        _notes.clear()


@contextmanager
def seeding_noted() -> Iterator[list[str]]:
    """Yield a list that fills with the calls that seed a generator of the whole process."""
    notes: list[str] = []

    def noting(name: str, seed: Callable[..., Any]) -> Callable[..., Any]:
        def noted(*arguments: Any, **named: Any) -> Any:
            notes.append(name)
            return seed(*arguments, **named)

        return noted

    patches = [
        mock.patch.object(owner, name, noting(f"{owner.__name__}.{name}", getattr(owner, name)))
        for owner, name in SEEDERS
    ]
    for patch in patches:
        patch.start()
    try:
        yield notes
    finally:
        for patch in patches:
            patch.stop()


@contextmanager
def other_generators(seed: int) -> Iterator[None]:
    """Seed the generators that are not torch's, and leave them as they were."""
    before = random.getstate(), np.random.get_state()  # noqa: NPY002
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002
    try:
        yield
    finally:
        random.setstate(before[0])
        np.random.set_state(before[1])  # noqa: NPY002
