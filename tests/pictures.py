"""Networks that need no weights, for the tests of metrics."""

import pytest
import torch

from metrics import _inception, _perceptual, _sets, _vgg
from priorbench.conformance.material import Bytes, Floats


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
