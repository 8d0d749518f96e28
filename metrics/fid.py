"""Fréchet distance of Inception features between two sets of images (FID).

Heusel, Ramsauer, Unterthiner, Nessler and Hochreiter, NeurIPS 2017 (arXiv:1706.08500):
|m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^1/2), for means m and covariances S. Traps: it falls with
the number of images, so compare equal counts only; and a general matrix square root of S1 S2
turns complex or NaN where images are fewer than dimensions. Both forms below stay real.
By default the number is pytorch-fid's own, `resize: clean` takes the aliasing out of it. Features
of a lower layer are cheaper and tell more of textures; the name says it, as FID@768.
"""

import numpy as np

from metrics import _inception
from metrics._images import Bytes, Floats
from metrics._inception import Config

LABEL = "FID"
BETTER = "lower"
PER = "set"
PROTOCOL = "fid/1"
WEIGHTS = ("inception",)
REGIONS = ("raw",)


def label(cfg: Config) -> str:
    """Return "FID", or as "FID@768" for another layer, "FID-clean" for the other resizing."""
    return _inception.label(LABEL, cfg)


def protocol(cfg: Config) -> str:
    """Return the label, PROTOCOL and the network."""
    return f"{label(cfg)}: {PROTOCOL}, {_inception.protocol(cfg)}"


def score(generated: Bytes, real: Bytes, cfg: Config) -> float:
    """Return the distance between two sets of uint8 images (n, 3, h, w), 256 or more each."""
    return distance(*_inception.features(generated, real, cfg))


def distance(a: Floats, b: Floats) -> float:
    """Return the Fréchet distance between features (n, d) and (m, d): real, never negative."""
    if min(len(a), len(b)) < a.shape[1]:
        return from_few(a, b)
    moments = [(x.mean(0), np.cov(x, rowvar=False)) for x in (a, b)]
    return from_moments(*moments[0], *moments[1])


def from_moments(m1: Floats, s1: Floats, m2: Floats, s2: Floats) -> float:
    """Return the distance from means and covariances.

    tr (S1 S2)^1/2 is the sum of the roots of the eigenvalues of S1^1/2 S2 S1^1/2, which is
    symmetric; rounding below zero is cut off.
    """
    values, vectors = np.linalg.eigh(s1)
    root = (vectors * np.sqrt(values.clip(0))) @ vectors.T
    common = np.sqrt(np.linalg.eigvalsh(root @ s2 @ root).clip(0)).sum()
    return _total(m1 - m2, np.trace(s1) + np.trace(s2), common)


def from_few(a: Floats, b: Floats) -> float:
    """Return the distance from fewer samples than dimensions, without any covariance.

    With centred samples A, B and S = A^T A / (n - 1), tr (S1 S2)^1/2 is the sum of the
    singular values of A B^T, over the root of (n - 1)(m - 1).
    """
    a0, b0 = ((x - x.mean(0)) / np.sqrt(len(x) - 1) for x in (a, b))
    common = np.linalg.svd(a0 @ b0.T, compute_uv=False).sum()
    return _total(a.mean(0) - b.mean(0), np.square(a0).sum() + np.square(b0).sum(), common)


def _total(shift: Floats, traces: float, common: float) -> float:
    return max(0.0, float(shift @ shift + traces - 2 * common))
