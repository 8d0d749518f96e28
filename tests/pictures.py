"""Small pictures for the tests of metrics, and networks that need no weights."""

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from skimage.data import astronaut
from sklearn.datasets import load_digits

from metrics import _inception, _perceptual, _sets, _vgg

Floats = NDArray[np.float64]
Bytes = NDArray[np.uint8]


def patches(count: int, side: int = 32) -> Bytes:
    """Return patches of a photograph, (n, 3, side, side)."""
    picture = astronaut().transpose(2, 0, 1)
    corners = np.random.default_rng(0).integers(0, 512 - side, (count, 2))
    return np.stack([picture[:, i : i + side, j : j + side] for i, j in corners])


def hues(classes: NDArray[np.int64]) -> Floats:
    """Return a colour for each of ten classes, (n, 3)."""
    angles = 2 * np.pi * (classes[:, None] / 10 + np.array([0, 1 / 3, 2 / 3]))
    return np.asarray(0.6 + 0.4 * np.cos(angles))


def digits() -> tuple[Bytes, NDArray[np.int64]]:
    """Return scanned digits in the colours of their classes, (n, 3, 16, 16), and the classes."""
    scans, classes = load_digits(return_X_y=True)
    strokes = np.kron(scans.reshape(-1, 1, 8, 8) / 16, np.ones((2, 2)))
    return np.rint(255 * strokes * hues(classes)[:, :, None, None]).astype(np.uint8), classes


def noisy(images: Bytes, sigma: float) -> Bytes:
    noise = np.random.default_rng(1).normal(0, 255 * sigma, images.shape)
    return np.clip(images + noise, 0, 255).astype(np.uint8)


def holes(images: NDArray[Any], side: int = 12) -> NDArray[np.bool_]:
    hidden = np.zeros((len(images), 1, *images.shape[2:]), bool)
    start = (images.shape[2] - side) // 2
    hidden[:, :, start : start + side, start : start + side] = True
    return hidden


def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put LPIPS with a random backbone, and pixels as features, in place of real weights."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = _perceptual.unfilled("alex", "0.1")
    monkeypatch.setattr(_perceptual, "network", lambda *asked: network)

    def pixels(images: Bytes, cfg: object = None) -> Floats:
        return images.reshape(len(images), -1)[:, ::37] / 255

    monkeypatch.setattr(_inception, "compute", pixels)
    monkeypatch.setattr(_vgg, "compute", pixels)
    monkeypatch.setattr(_sets, "_computed", {})
