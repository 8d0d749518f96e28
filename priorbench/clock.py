"""How long a run took, over all its tries: up to the last checkpoint of those that were killed."""

import time
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Clock:
    """Wall and processor time of a run, and a lap at the end of each stage."""

    laps: dict[str, dict[str, float]] = field(default_factory=dict)  # totals at a stage's end
    _before: tuple[float, float] = (0.0, 0.0)
    _begun: tuple[float, float] = field(
        default_factory=lambda: (time.monotonic(), time.process_time())
    )

    @property
    def seconds(self) -> float:
        """Wall time."""
        return self._before[0] + time.monotonic() - self._begun[0]

    @property
    def core_seconds(self) -> float:
        """Processor time, summed over threads; what a GPU does is not in it."""
        return self._before[1] + time.process_time() - self._begun[1]

    def lap(self, stage: str, counters: dict[str, int]) -> None:
        """Note the totals at the end of a stage."""
        spent = {"seconds": self.seconds, "core_seconds": self.core_seconds}
        self.laps[stage] = spent | counters

    def state(self) -> dict[str, Any]:
        """All that a resumed run needs to go on counting."""
        return {"seconds": self.seconds, "core_seconds": self.core_seconds, "laps": self.laps}

    def load(self, state: dict[str, Any]) -> None:
        """Go on from `state`."""
        self._before = float(state["seconds"]), float(state["core_seconds"])
        self._begun = time.monotonic(), time.process_time()
        self.laps = dict(state["laps"])
