"""Kernel distance of Inception features between two sets of images (KID), times 1000.

Bińkowski, Sutherland, Arbel and Gretton, ICLR 2018 (arXiv:1801.01401): the unbiased estimate
of the squared maximum mean discrepancy with the kernel (x.y / d + 1)^3. Its expectation does
not depend on the number of images, as FID's does; between sets alike it may be below zero.

Departures: one estimate over the whole sets instead of a mean over random subsets, so that
nothing is drawn.
"""

import numpy as np

from metrics import _inception
from metrics._images import Bytes, Floats
from metrics._inception import Config

LABEL = "KID x 1000"
BETTER = "lower"
PER = "set"
PROTOCOL = "kid/1"
WEIGHTS = ("inception",)
REGIONS = ("raw",)

SCALE = 1000  # KIDs are small; the label says it


def label(cfg: Config) -> str:
    """Return the label, as "KID@768 x 1000" or "KID-clean x 1000"."""
    name, unit = LABEL.split(" ", 1)
    return f"{_inception.label(name, cfg)} {unit}"


def protocol(cfg: Config) -> str:
    """Return the label, PROTOCOL and the network."""
    return f"{label(cfg)}: {PROTOCOL}, {_inception.protocol(cfg)}"


def score(generated: Bytes, real: Bytes, cfg: Config) -> float:
    """Return 1000 KID of two sets of uint8 images (n, 3, h, w), 256 or more each."""
    return SCALE * discrepancy(*_inception.features(generated, real, cfg))


def discrepancy(a: Floats, b: Floats) -> float:
    """Return the unbiased squared discrepancy between features (n, d) and (m, d)."""
    within = [(gram.sum() - np.trace(gram)) / (n * (n - 1)) for gram, n in _squares(a, b)]
    return float(sum(within) - 2 * kernel(a, b).mean())


def kernel(a: Floats, b: Floats) -> Floats:
    """Return the cubic polynomial kernel between rows, (n, m)."""
    cubes: Floats = (a @ b.T / a.shape[1] + 1) ** 3
    return cubes


def _squares(*sets: Floats) -> list[tuple[Floats, int]]:
    return [(kernel(rows, rows), len(rows)) for rows in sets]
