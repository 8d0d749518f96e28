"""What a run logs, averaged over windows so that a curve stays small however long it is."""

from typing import Any

import torch
from torch import Tensor

POINTS = 200  # per stage, at most about twice as many
COLUMNS = ("stage", "step", "name", "image", "value")
Row = tuple[str, int, str, int, float]


class Curve:
    """Rows (stage, step, name, image, value); image is -1 for a scalar."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self._stage = ""
        self._window = 1
        self._last = -1
        self._sums: dict[str, tuple[Tensor, int]] = {}

    def begin(self, stage: str, count: int) -> None:
        """Start a stage of `count` steps."""
        if stage != self._stage:
            self._sums = {}
        self._stage = stage
        self._window = max(1, count // POINTS)
        self._last = count - 1

    def add(self, step: int, values: dict[str, Tensor | float]) -> bool:
        """Add `values` to the window of `step`; True where they closed the window."""
        for name, value in values.items():
            total, count = self._sums.get(name, (torch.zeros(()), 0))
            now = torch.as_tensor(value).detach()
            self._sums[name] = (now.double() if count == 0 else total + now, count + 1)
        if (step + 1) % self._window and step != self._last:
            return False
        for name, (total, count) in self._sums.items():
            mean = (total / count).cpu()
            for image, value in enumerate(mean.tolist() if mean.ndim else [float(mean)]):
                number = image if mean.ndim else -1
                self.rows.append((self._stage, step + 1, name, number, float(value)))
        self._sums = {}
        return True

    def state(self) -> dict[str, Any]:
        """All that a resumed run needs to go on with the same curve."""
        return {"rows": self.rows, "stage": self._stage, "sums": self._sums}

    def load(self, state: dict[str, Any]) -> None:
        """Go on from `state`."""
        self.rows = [tuple(row) for row in state["rows"]]
        self._stage, self._sums = state["stage"], dict(state["sums"])
