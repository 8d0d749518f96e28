"""How fast pictures become an image set, against bare decoding, and in how much memory.

    python -m benchmarks.prepare [--count 20000] [--size 64] [--threads 2] [--out FILE.json]

The pictures are JPEG files of 256 pixels in memory, cut from bundled photographs, each tinted by
its number, so that no two are equal. The limit is what the same threads decode and reduce when
nothing is kept.
"""

import argparse
import io
import os
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import psutil
from numpy.typing import NDArray
from PIL import Image, ImageOps
from skimage import data

from priorbench import preparing
from priorbench.files import write_json
from priorbench.images import Prepared
from priorbench.pictures import Pictures
from priorbench.records import hardware
from priorbench.revision import git

SIDE = 256  # pixels of a picture
TEMPLATES = 64
LIMIT = 4_000  # pictures decoded for the limit
CARD = dict.fromkeys(("source", "licence", "split_rule", "cluster", "sampling"), "generated")


def main() -> None:
    """Prepare a generated set; tell rates, their ratio and the memory it took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--out", type=Path, help="where to keep what was measured")
    asked = parser.parse_args()
    files = templates()

    def decode(row: int) -> Image.Image:
        return Image.open(io.BytesIO(files[row % TEMPLATES])).convert("RGB")

    def reduce(row: int) -> Image.Image:
        return ImageOps.fit(decode(row), (asked.size, asked.size), Image.Resampling.BICUBIC)

    def read(row: int) -> NDArray[np.uint8]:
        fitted = reduce(row)
        tint = np.random.default_rng(row).integers(0, 256, (3, 8, 8), np.uint8)
        blocks = tint.repeat(asked.size // 8, 1).repeat(asked.size // 8, 2)
        mixed: NDArray[np.uint8] = np.asarray(fitted).transpose(2, 0, 1) // 2 + blocks // 2
        return mixed

    decoded, limit = (rate_of(work, asked.threads) for work in (decode, reduce))
    split = ["train"] * (asked.count - asked.count // 10) + ["test"] * (asked.count // 10)
    names = [f"{row}" for row in range(asked.count)]
    pictures = Pictures(names, read, split, CARD, (3, asked.size, asked.size))
    with tempfile.TemporaryDirectory() as folder, Peak() as peak:
        before = psutil.Process().memory_info().rss
        begun = time.perf_counter()
        state = Path(folder) / "state"
        preparing.write(pictures, "generated", Path(folder), state, asked.threads)
        rate = asked.count / (time.perf_counter() - begun)
        counts = Prepared(Path(folder)).card["counts"]
    measured = {
        "pictures": asked.count,
        "size": asked.size,
        "splits": counts,
        "decoded_per_second": round(decoded),
        "decoded_and_reduced_per_second": round(limit),
        "prepared_per_second": round(rate),
        "share_of_limit": round(rate / limit, 2),
        "memory_before_mib": before >> 20,
        "memory_mib": peak.most >> 20,
        "threads": asked.threads,
        "hardware": hardware("cpu"),
        "git": git(),
    }
    print(*(f"{name}: {value}" for name, value in measured.items()), sep="\n")
    if asked.out:
        write_json(asked.out, measured)


def rate_of(work: Callable[[int], object], threads: int) -> float:
    """Return how many pictures a second `work` does, on some threads."""
    begun = time.perf_counter()
    with ThreadPoolExecutor(threads) as workers:
        list(workers.map(work, range(LIMIT)))
    return LIMIT / (time.perf_counter() - begun)


def templates() -> list[bytes]:
    """Return JPEG files cut from bundled photographs."""
    generator = np.random.default_rng(0)
    photographs = [data.astronaut(), data.coffee(), data.rocket(), data.chelsea()]
    files = []
    for number in range(TEMPLATES):
        photograph = photographs[number % len(photographs)]
        top, left = (generator.integers(0, side - SIDE) for side in photograph.shape[:2])
        file = io.BytesIO()
        cut = photograph[top : top + SIDE, left : left + SIDE]
        Image.fromarray(cut).save(file, "JPEG", quality=85)
        files.append(file.getvalue())
    return files


class Peak:
    """The most memory that this process has had resident, looked at every tenth of a second."""

    def __init__(self) -> None:
        self.most = 0
        self._done = threading.Event()
        self._watch = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> "Peak":
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._watch.join()

    def _look(self) -> None:
        while not self._done.wait(0.1):
            self.most = max(self.most, psutil.Process().memory_info().rss)


if __name__ == "__main__":
    main()
