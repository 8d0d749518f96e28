"""An image set plugin for tests: four pictures of three sizes, and squares of their centres."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from priorbench.pictures import Pictures

LABEL = "gallery"
IN_FILES = True
TEST_ONLY = True
SIZES = ((32, 48), (64, 32), (32, 48), (48, 48))


@dataclass(frozen=True)
class Config:
    crop: int = 0  # pixels: only the central square


def build(cfg: Config) -> Pictures:
    """Return waves of many frequencies."""

    def read(row: int) -> NDArray[np.uint8]:
        height, width = SIZES[row]
        y, x = np.mgrid[:height, :width] / 8
        waves = [np.sin((row + 1) * x / 2 + channel) * np.cos(y) for channel in range(3)]
        picture = np.rint(127.5 * (1 + np.stack(waves))).astype(np.uint8)
        top, left = ((side - cfg.crop) // 2 if cfg.crop else 0 for side in (height, width))
        return picture[:, top : height - top, left : width - left]

    facts = dict.fromkeys(("source", "licence", "split_rule", "cluster", "sampling"), "generated")
    return Pictures(
        names=[f"wave {row}" for row in range(len(SIZES))],
        read=read,
        split=["test"] * len(SIZES),
        card=facts,
        shape=(3, cfg.crop, cfg.crop) if cfg.crop else None,
    )
