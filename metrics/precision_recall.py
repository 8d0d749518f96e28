"""Share of drawn images that could be real, and of real ones that could be drawn.

Kynkäänniemi, Karras, Laine, Lehtinen and Aila, NeurIPS 2019 (arXiv:1904.06991): a set of features
covers the balls around its points, each as wide as the distance to its third neighbour in the set.
Precision is the share of drawn images that the real ones cover, recall that of real images that
the drawn ones cover. Traps: both rise as images become fewer, so compare equal counts only; one
outlier covers a large ball; and training images do not reach 1.

Departures: torchvision's VGG16 instead of the authors' file of the same network. On Inception
features (`net: inception`) the numbers are others, and the name says it.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from metrics import _inception, _sets, _vgg
from metrics._images import Bytes, Floats

LABEL = "precision"
BETTER = "higher"
PER = "set"
PROTOCOL = "precision_recall/1"
WEIGHTS = {"vgg": ("vgg16",), "inception": ("inception",)}  # by `net`
REGIONS = ("raw",)

NEIGHBOUR = 3  # the third nearest: the radius of a ball
ROUNDING = 1e-12  # of the squared norms: below, two points are one


@dataclass(frozen=True)
class Config:
    part: Literal["precision", "recall"] = "precision"
    net: Literal["vgg", "inception"] = "vgg"  # whose features are compared
    dims: Literal[64, 192, 768, 2048] = 2048  # of Inception


def label(cfg: Config) -> str:
    """Return "precision" or "recall", or as "recall, Inception@768" on other features."""
    if cfg.net == "vgg":
        return cfg.part
    return f"{cfg.part}, {_inception.label('Inception', _inception.Config(cfg.dims))}"


def protocol(cfg: Config) -> str:
    """Return the label, PROTOCOL and the network."""
    net = _vgg.protocol()
    if cfg.net == "inception":
        net = _inception.protocol(_inception.Config(cfg.dims))
    return f"{label(cfg)}: {PROTOCOL}, {net}"


def score(generated: Bytes, real: Bytes, cfg: Config) -> float:
    """Return the share, in [0, 1], for two sets of uint8 images (n, 3, h, w), 256 or more each."""
    if cfg.net == "vgg":
        drawn, found = _sets.features(generated, real, "vgg", _vgg.compute)
    else:
        drawn, found = _inception.features(generated, real, _inception.Config(cfg.dims))
    return covered(drawn, found) if cfg.part == "precision" else covered(found, drawn)


def covered(points: Floats, by: Floats) -> float:
    """Return the share of `points` (n, d) in a ball around one of `by` (m, d)."""
    radii = np.partition(distances(by, by), NEIGHBOUR, axis=1)[:, NEIGHBOUR]  # 0: the point itself
    return float((distances(points, by) <= radii).any(1).mean())


def distances(a: Floats, b: Floats) -> Floats:
    """Return the squared distances between rows, (n, m); exactly zero between equal ones."""
    norms = np.square(a).sum(1)[:, None] + np.square(b).sum(1)
    squares: Floats = norms - 2 * a @ b.T
    squares[squares < ROUNDING * norms] = 0
    return squares
