"""Progress of long work: a bar on a terminal, else a line now and then."""

import sys
import time
from typing import NoReturn

from tqdm import tqdm

SECONDS = 20.0  # between two lines where there is no terminal


class Progress:
    """Says how far `title` has come, on stderr."""

    def __init__(self, title: str) -> None:
        self.title = title
        self._bar: tqdm[NoReturn] | None = None
        self._stage = ""
        self._begun = self._said = time.monotonic()

    def update(self, stage: str, done: int, count: int) -> None:
        """Note that `done` of `count` steps of `stage` are done."""
        if sys.stderr.isatty():
            self._draw(stage, done, count)
        elif (now := time.monotonic()) - self._said >= SECONDS:
            self._said = now
            share = 100 * done // count
            print(
                f"{self.title}: {stage} {share} % after {now - self._begun:.0f} s",
                file=sys.stderr,
                flush=True,
            )

    def _draw(self, stage: str, done: int, count: int) -> None:
        if self._bar is None or stage != self._stage or done < self._bar.n:
            if self._bar is not None:
                self._bar.close()
            self._stage = stage
            self._bar = tqdm(total=count, desc=f"{self.title}: {stage}", leave=False)
        self._bar.update(done - self._bar.n)
        if done == count:
            self._bar.close()
            self._bar = None
