"""Checkpoints of a run: written whole or not at all, the two newest kept."""

import time
import zipfile
from pathlib import Path
from typing import Any

import torch

from priorbench.files import replacing


class Checkpoints:
    """The two newest states of a run in `folder`, and when the next one is due."""

    def __init__(self, folder: Path, seconds: float) -> None:
        self.folder = folder
        self.seconds = seconds
        self._number = max((int(p.stem.split("-")[1]) for p in self._paths()), default=0)
        self._last = time.monotonic()

    def due(self) -> bool:
        """Whether the last checkpoint is older than the interval."""
        return time.monotonic() - self._last >= self.seconds

    def newest_two(self) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
        """Return the older and the newest state that can be read; torn files are dropped."""
        states: list[dict[str, Any]] = []
        for path in self._paths():
            if zipfile.is_zipfile(path) and zipfile.ZipFile(path).testzip() is None:
                states.append(torch.load(path, weights_only=True))
            else:
                path.unlink()
        older, newest = [None, None, *states][-2:]
        return older, newest

    def write(self, state: dict[str, Any]) -> None:
        """Save `state` beside the newest one, and drop those older than it."""
        self._number += 1
        with replacing(self.folder / f"checkpoint-{self._number:08d}.pt") as temporary:
            torch.save(state, temporary)
        for path in self._paths()[:-2]:
            path.unlink()
        self._last = time.monotonic()

    def _paths(self) -> list[Path]:
        return sorted(self.folder.glob("checkpoint-*.pt"))
