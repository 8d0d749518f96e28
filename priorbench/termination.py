"""SIGTERM and Ctrl-C are noted, so that a run can save its state between two steps."""

import signal
from types import FrameType


class Termination:
    """Notes the signals that ask a process to end, while it lasts."""

    def __init__(self) -> None:
        self.asked = 0  # number of the signal

    def __enter__(self) -> "Termination":
        self._before = {s: signal.signal(s, self._note) for s in (signal.SIGTERM, signal.SIGINT)}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self.asked = number
