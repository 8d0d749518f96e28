"""Discs of known centre, radius and colours on plain ground, some radii held out.

Training and validation never show a radius from the middle of the range; the test split
shows all radii alike, so that a prior can be asked whether it interpolates.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from priorbench.errors import UserError
from priorbench.imageset import SPLITS, ImageSet

LABEL = "discs"

SMALLEST, LARGEST = 0.1, 0.4  # radius, of the side
LEVELS = 256  # of each colour channel
CONTRAST = 64  # levels, least difference of ground and disc in each channel
DECIMALS = 4  # of radius and centre on the card: the discs are drawn from these very numbers


@dataclass(frozen=True)
class Config:
    size: int = 32  # pixels, side of an image
    held: tuple[float, float] = (0.2, 0.3)  # radii of the side that only the test split has
    train: int = 2000  # images
    val: int = 100  # images
    test: int = 300  # images
    seed: int = 0  # of the parameters


def build(cfg: Config) -> ImageSet:
    """Return the discs, ranges of radius (the clusters) in turn; no labels."""
    check(cfg)
    ranges = bins(cfg)
    pixels: dict[str, NDArray[np.uint8]] = {}
    clusters: dict[str, list[str]] = {}
    facts: dict[str, Any] = {}
    for stream, split in enumerate(SPLITS):
        shown = [row for row in ranges if split == "test" or not held(row, cfg)]
        count = {"train": cfg.train, "val": cfg.val, "test": cfg.test}[split]
        row = [shown[index % len(shown)] for index in range(count)]
        clusters[split] = [f"radius {low:.3f}-{high:.3f}" for low, high in row]
        facts[split] = parameters(row, np.random.default_rng([cfg.seed, stream]))
        pixels[split] = drawn(facts[split], cfg.size)
    listed = {
        split: {name: value.tolist() for name, value in facts[split].items()} for split in SPLITS
    }
    return ImageSet(**pixels, clusters=clusters, labels=None, card=card(cfg, listed))


def check(cfg: Config) -> None:
    """Raise UserError where sizes, counts or the radii held out are impossible."""
    low, high = cfg.held
    if not SMALLEST < low < high < LARGEST:
        raise UserError(
            f"disks: held {low:g}-{high:g} must lie inside {SMALLEST:g}-{LARGEST:g}, e.g. 0.2-0.3"
        )
    if cfg.size < 8 or min(cfg.train, cfg.val, cfg.test) < 1 or cfg.seed < 0:
        raise UserError("disks: `size` begins at 8, `train`, `val`, `test` at 1, `seed` at 0")


def bins(cfg: Config) -> list[tuple[float, float]]:
    """Return ranges of radius: two below those held out, two among, two above."""
    edges = [SMALLEST, cfg.held[0], cfg.held[1], LARGEST]
    halves = [(low, (low + high) / 2, high) for low, high in pairwise(edges)]
    return [pair for low, mid, high in halves for pair in ((low, mid), (mid, high))]


def held(row: tuple[float, float], cfg: Config) -> bool:
    """Return whether a range of radius is kept from training."""
    return cfg.held[0] <= row[0] < cfg.held[1]


def parameters(
    ranges: list[tuple[float, float]], generator: np.random.Generator
) -> dict[str, NDArray[Any]]:
    """Draw a disc per range: radius and centre (x, y) in units of the side, colours in levels."""
    low, high = np.array(ranges).T
    radius = generator.uniform(low, high)
    centre = generator.uniform(radius, 1 - radius, (2, len(ranges))).T
    ground = generator.integers(0, LEVELS, (len(ranges), 3))
    # a step around the circle of levels keeps both colours uniform and apart
    step = generator.integers(CONTRAST, LEVELS - CONTRAST, ground.shape, endpoint=True)
    return {
        "radius": np.round(radius, DECIMALS),
        "centre": np.round(centre, DECIMALS),
        "disc": (ground + step) % LEVELS,
        "ground": ground,
    }


def drawn(facts: dict[str, NDArray[Any]], size: int) -> NDArray[np.uint8]:
    """Draw discs with edges one pixel soft, (n, 3, size, size)."""
    pixel = (np.arange(size) + 0.5) / size
    x, y = facts["centre"].T[:, :, None, None]
    distance = np.hypot(pixel[None, None, :] - x, pixel[None, :, None] - y)
    inside = np.clip((facts["radius"][:, None, None] - distance) * size + 0.5, 0, 1)[:, None]
    paint, ground = facts["disc"][:, :, None, None], facts["ground"][:, :, None, None]
    images: NDArray[np.float64] = inside * paint + (1 - inside) * ground
    return np.rint(images).astype(np.uint8)


def card(cfg: Config, listed: dict[str, Any]) -> dict[str, Any]:
    """Return the rules and the true parameters of every disc."""
    low, high = cfg.held
    return {
        "source": "generated",
        "licence": "none needed",
        "split_rule": f"drawn independently; radii of {low:g}-{high:g} of the side in test only, "
        f"a third of it; all others of {SMALLEST:g}-{LARGEST:g} in every split",
        "cluster": "range of radius",
        "disjoint_clusters": False,
        "held_out": [f"radius {a:.3f}-{b:.3f}" for a, b in bins(cfg) if held((a, b), cfg)],
        "parameters": listed,
        "seed": cfg.seed,
    }
