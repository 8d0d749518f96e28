"""What a plugin does behind the engine's back: files, network, processes, seeds of its own.

Python tells every audit hook of what it opens; a hook cannot be taken away, so there is one, which
notes nothing unless something is watched. The frames of the moment tell whose doing it is.
"""

import os
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any
from unittest import mock

import numpy as np
import safetensors.torch
import torch

from priorbench import registry
from priorbench.conformance.verdicts import Broken
from priorbench.installed import packages_of
from priorbench.registry import ROOT

OPENING = {"open", "os.listdir", "os.scandir", "os.mkdir", "os.remove", "os.rename"}
LEAVING = {
    *("socket.connect", "socket.getaddrinfo", "socket.sendto", "subprocess.Popen", "os.system"),
    *("os.exec", "os.fork", "os.forkpty", "os.posix_spawn"),
}
# what Python tells nobody, told by what stands in its place while something is watched
READING, SEEDING, MAKING = "safetensors", "priorbench.seeds", "priorbench.makes"
ENGINE = ROOT / "priorbench"
# parts of the engine that open files for a plugin that calls them, and the kit, which calls plugins
OPENERS = {ENGINE / f"{name}.py" for name in ("checkpoints", "codes", "loop", "weights")}
KIT = ENGINE / "conformance"
PYTHON = Path(os.__file__).parent
# importing reads files, and so does the text of a warning; and what others left behind is cleared
# away whenever memory is, through weakref
OTHERS = {PYTHON / name for name in ("linecache.py", "warnings.py", "weakref.py")}
# they count threads and cores, for scikit-learn
COUNTERS = ("site-packages/threadpoolctl.py", "joblib/externals/loky/backend/context.py")
READERS: tuple[tuple[Any, str], ...] = (
    (safetensors, "safe_open"),
    (safetensors.torch, "safe_open"),
)
SEEDERS: tuple[tuple[Any, str], ...] = (
    (torch, "manual_seed"),
    (torch, "seed"),
    (torch.random, "manual_seed"),
    (torch.random, "seed"),
    (torch.cuda, "manual_seed"),
    (torch.cuda, "manual_seed_all"),
    (np.random, "seed"),
    (random, "seed"),
)
MAKERS: tuple[tuple[Any, str], ...] = (
    (torch, "Generator"),
    (np.random, "default_rng"),
    (np.random, "RandomState"),
    (random, "Random"),
)


@dataclass
class Notes:
    """What a plugin did: opened or started, read of its own, which generators it seeded or made."""

    opened: list[str] = field(default_factory=list)
    own: list[str] = field(default_factory=list)  # files in its package or folder that it read
    seeded: list[str] = field(default_factory=list)
    made: list[str] = field(default_factory=list)


_watches: list[tuple[Path, Notes]] = []  # what is watched at the moment, or nothing
_installed: list[bool] = []


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if not _watches or event not in OPENING | LEAVING | {READING, SEEDING, MAKING}:
        return
    path, notes = watch = _watches.pop()  # finding out whose doing it is may open files too
    try:
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and frame.f_code.co_filename == __file__:
            frame = frame.f_back
        if event == MAKING:  # a library, or a shelf, may make one for itself
            if frame is not None and Path(frame.f_code.co_filename) == path:
                notes.made.append(str(arguments[0]))
        elif not _excused(frame, path.parent):
            what = arguments[1:2] if event == "socket.connect" else arguments[:1]
            if event == SEEDING:
                notes.seeded.append(str(what[0]))
            else:
                found = notes.own if _reads_own(event, arguments, path) else notes.opened
                found.append(" ".join(map(str, (event, *what))))
    finally:
        _watches.append(watch)


def _reads_own(event: str, arguments: tuple[Any, ...], plugin: Path) -> bool:
    """Whether a file is read that lies in the plugin's own package, or else in its folder."""
    if event not in ("open", READING) or not isinstance(arguments[0], str | os.PathLike):
        return False
    if event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR):
        return False
    outermost = max(1, len(packages_of(plugin)))
    return Path(arguments[0]).resolve().is_relative_to(plugin.resolve().parents[outermost - 1])


def _excused(frame: FrameType | None, own: Path) -> bool:
    """Whether no frame of a plugin is inside the innermost one of an opener, or of an import."""
    while frame is not None:
        name = frame.f_code.co_filename
        file = Path(name)
        if name.startswith("<frozen importlib") or file in OTHERS | OPENERS:
            return True
        if file.is_relative_to(PYTHON / "importlib") or file.is_relative_to(KIT):
            return True
        if "site-packages" in file.parts and any(file.match(name) for name in COUNTERS):
            return True
        if file.is_relative_to(own) or not (_library(name) or file.is_relative_to(ENGINE)):
            return False
        frame = frame.f_back
    return True


def _library(file: str) -> bool:
    """Whether code is of an installed package or of Python, which plugins act through."""
    inside = "site-packages" in Path(file).parts or Path(file).is_relative_to(PYTHON)
    return inside or file.startswith("<")


@contextmanager
def watched(path: Path, notes: Notes | None = None) -> Iterator[Notes]:
    """Yield notes of what is done by the plugin in the file `path`, and by code in its folder.

    notes: of before, to go on with.
    """
    if not _installed:
        sys.addaudithook(_hook)
        _installed.append(True)
    notes = notes or Notes()
    with ExitStack() as patches:
        for event, places in ((READING, READERS), (SEEDING, SEEDERS), (MAKING, MAKERS)):
            for owner, name in places:
                told = _telling(event, f"{owner.__name__}.{name}", getattr(owner, name))
                patches.enter_context(mock.patch.object(owner, name, told))
        _watches.append((path, notes))
        try:
            yield notes
        finally:
            _watches.clear()


class Plugin:
    """A plugin with options of its row, watched from its import on."""

    noun: str  # its kind

    def __init__(self, plugin: str, options: dict[str, Any] | None = None) -> None:
        self.name = plugin
        self.about = registry.describe(self.noun, plugin)
        self.path = self.about.path
        self.options = options or {}
        self.notes = Notes()

    @cached_property
    def module(self) -> ModuleType:
        """The plugin, imported."""
        with watched(self.path, self.notes):
            return registry.load(self.noun, self.name)


def _telling(event: str, name: str, known: Any) -> Callable[..., Any]:
    """Return what does as `known` does, and tells the hook; whoever imports it may keep it."""

    def told(*arguments: Any, **named: Any) -> Any:
        if event == MAKING:
            sys.audit(event, _call(name, arguments, named))
        else:
            sys.audit(event, arguments[0] if event == READING and arguments else name)
        return known(*arguments, **named)

    if event != MAKING or not isinstance(known, type):
        return told

    def made(cls: type, *arguments: Any, **named: Any) -> Any:
        sys.audit(event, _call(name, arguments, named))
        return known.__new__(cls, *arguments, **named)

    return type(known.__name__, (known,), {"__new__": made})  # which annotations may name


def _call(name: str, arguments: tuple[Any, ...], named: dict[str, Any]) -> str:
    return f"{name}({', '.join(map(repr, (*arguments, *named.values())))})"


def check_opened(opened: Sequence[str], when: str, mend: str) -> None:
    """Ask for nothing opened, and nothing started."""
    if opened:
        raise Broken(f"while it was imported, {when}: {', '.join(dict.fromkeys(opened))}", mend)


def check_generators(touched: Sequence[str], mend: str) -> None:
    """Ask for no generator that was seeded or made."""
    if touched:
        raise Broken(f"it calls {touched[0]}", mend)


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
