"""A row of numbers per training image, in a memory map that a kill cannot spoil.

Changed rows stay in memory and travel in the checkpoint as a redo log; the file is brought
up to the older of the two kept checkpoints only. A file ahead of the checkpoint that a run
resumes from would hand it rows of its own future.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.lib.format import open_memmap
from torch import Tensor

from priorbench.contract import Rows
from priorbench.files import let_go

CHUNK = 1024  # rows read or written at a time


class CodeTable:
    """Rows (N, ...) of float32; those never written are `initial`'s.

    initial: one row, expanded to (N, ...), or a row for each, which then lie in the file at once.
    half: rows are rounded to float16 where they are set, and take half the room.
    """

    def __init__(
        self, path: Path, initial: Tensor | Rows, device: torch.device, half: bool = False
    ) -> None:
        shape = tuple(initial.shape)
        self.initial = initial[:1].detach().cpu().clone().expand(shape)
        self.device = device
        self.dtype = np.dtype(np.float16 if half else np.float32)
        self._stored = torch.float16 if half else torch.float32
        self.recent: dict[int, Tensor] = {}  # since the newest checkpoint
        self.logged: dict[int, Tensor] = {}  # in the newest checkpoint, not yet in the file
        self._rows = _open(path, self.dtype, shape)
        self._written = _open(path.with_suffix(".written.npy"), np.dtype(bool), shape[:1])
        if not isinstance(initial, Tensor) or initial.stride(0):
            self._fill(initial)

    def __len__(self) -> int:
        return len(self.initial)

    def __getitem__(self, index: Tensor) -> Tensor:
        """Return a fresh tensor of the rows at `index`, (n, ...), on the device."""
        return torch.stack([self._row(i) for i in index.tolist()]).to(self.device).float()

    def __setitem__(self, index: Tensor, rows: Tensor) -> None:
        for i, row in zip(index.tolist(), rows.detach().to("cpu", self._stored), strict=True):
            self.recent[i] = row.clone()  # a view would hold the whole batch in memory

    def mean(self) -> Tensor:
        """Return the mean row."""
        total = torch.zeros(self.initial.shape[1:], dtype=torch.float64)
        for rows in self.chunks():
            total += rows.double().sum(0)
        return (total / len(self)).float().to(self.device)

    def moments(self) -> tuple[Tensor, Tensor]:
        """Mean (d,) and covariance (d, d) of the flattened rows, in float32."""
        mean = self.mean().cpu().flatten().double()
        scatter = torch.zeros(len(mean), len(mean), dtype=torch.float64)
        for rows in self.chunks():
            centred = rows.flatten(1).double() - mean
            scatter += centred.T @ centred
        covariance = scatter / max(len(self) - 1, 1)
        return mean.float().to(self.device), covariance.float().to(self.device)

    def chunks(self) -> Iterator[Tensor]:
        """All rows in order, some at a time, on the CPU."""
        for start in range(0, len(self), CHUNK):
            stop = min(start + CHUNK, len(self))
            yield torch.stack([self._row(i) for i in range(start, stop)]).float()
            let_go(self._rows)

    def redo_log(self) -> dict[str, Tensor]:
        """Return what the next checkpoint has to hold: rows changed since the last one."""
        if not self.recent:
            return {}
        return {
            "index": torch.tensor(list(self.recent)),
            "rows": torch.stack(list(self.recent.values())),
        }

    def redo(self, log: dict[str, Tensor]) -> None:
        """Take up the redo log of the checkpoint that the run resumes from."""
        self.recent = {}
        self.logged = dict(zip(log["index"].tolist(), log["rows"], strict=True)) if log else {}

    def advance(self) -> None:
        """Bring the file up to the previous checkpoint, now that a newer one is safe."""
        for i, row in self.logged.items():
            self._rows[i] = row.numpy()
            self._written[i] = True
        self._rows.flush()
        self._written.flush()
        let_go(self._rows)
        self.logged, self.recent = self.recent, {}

    def redo_bytes(self) -> int:
        """Memory held by rows that are not in the file yet."""
        each = self.initial[0].numel() * self.dtype.itemsize
        return each * (len(self.recent) + len(self.logged))

    def _fill(self, initial: Tensor | Rows) -> None:
        """Write the rows that the file lacks; a kill may have left it unfinished."""
        for start in range(0, len(self), CHUNK):
            part = slice(start, start + CHUNK)
            if not self._written[part].all():
                self._rows[part] = initial[part].detach().to("cpu", self._stored).numpy()
                self._rows.flush()
                let_go(self._rows)
                self._written[part] = True
        self._written.flush()

    def _row(self, i: int) -> Tensor:
        for rows in (self.recent, self.logged):
            if i in rows:
                return rows[i]
        if self._written[i]:
            return torch.from_numpy(self._rows[i].copy())
        return self.initial[i].to(self._stored)


def _open(path: Path, dtype: np.dtype, shape: tuple[int, ...]) -> np.memmap:
    if path.exists():
        return open_memmap(path, mode="r+")
    return open_memmap(path, mode="w+", dtype=dtype, shape=shape)
