"""Networks of metrics: rightly built from their files; with real weights, the published numbers.

What needs the real weights says so where it is left out.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pytorch_fid import inception
from torchvision import models

from metrics import _inception, _perceptual, fid, kid, lpips
from metrics._inception import Config
from priorbench import weights
from priorbench.conformance.material import noisy, patches
from priorbench.errors import MissingWeights
from tests.pictures import stand_in


@pytest.fixture
def stand_ins(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch)


@pytest.fixture
def random_inception(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """Lay Inception with random weights where the real ones belong, and return its state."""
    with monkeypatch.context() as patched, torch.random.fork_rng():
        torch.manual_seed(0)
        patched.setattr(inception, "load_state_dict_from_url", lambda *_, **__: {})
        patched.setattr(torch.nn.Module, "load_state_dict", lambda *_: None)
        state: dict[str, Any] = inception.fid_inception_v3().state_dict()
        # normalisations that do something, and keep the signal alive through fifty layers
        ranges = {"running_mean": (-0.1, 0.1), "running_var": (0.1, 0.2), "bn.bias": (-0.1, 0.1)}
        for key, value in state.items():
            for end, limits in ranges.items():
                if key.endswith(end):
                    value.uniform_(*limits)
    path = tmp_path / "inception.pth"
    torch.save(state, path)
    monkeypatch.setattr(weights, "find", lambda name: path)
    monkeypatch.setattr(weights, "state", lambda name: "official")
    _inception.network.cache_clear()
    yield state
    _inception.network.cache_clear()


def test_features_are_those_of_pytorch_fid(
    random_inception: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inception, "load_state_dict_from_url", lambda *_, **__: random_inception)
    images = patches(2)
    theirs = inception.InceptionV3([1, 2, 3]).eval()
    with torch.inference_mode():
        maps = theirs(torch.from_numpy(images).float() / 255)
    layers = Config(192), Config(768), Config(2048)
    for cfg, expected in zip(layers, maps, strict=True):
        found = _inception.compute(images, cfg)
        assert found.shape == (2, cfg.dims)
        wanted = expected.mean((2, 3)).numpy()
        np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=1e-4 * wanted.std())


@pytest.mark.usefixtures("stand_ins")
def test_the_features_of_a_set_are_computed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    real, generated = patches(256), noisy(patches(256), 0.1)
    fid.score(generated, real, Config())
    monkeypatch.setattr(_inception, "compute", lambda images, cfg: pytest.fail("once more"))
    kid.score(generated.copy(), real, Config())
    fid.score(real, generated, Config())


@pytest.mark.parametrize(
    ("dims", "labels"),
    [(2048, ("FID", "KID x 1000")), (192, ("FID@192", "KID@192 x 1000"))],
)
def test_another_dimension_than_2048_is_in_the_name_and_the_protocol(
    dims: Any, labels: tuple[str, str]
) -> None:
    for metric, label in zip((fid, kid), labels, strict=True):
        cfg = Config(dims)
        assert metric.label(cfg) == label
        assert metric.protocol(cfg).startswith(f"{label}: {metric.PROTOCOL}, ")
        assert f" 6726825d, {dims} dimensions" in metric.protocol(cfg)


def test_a_file_of_lower_layers_does_not_pass_for_the_whole_network(
    random_inception: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights, "state", lambda name: "features only")
    with pytest.raises(
        MissingWeights, match=r"2048 dimensions need the whole pt_incep.*\.pth: .* and run `python"
    ):
        _inception.network(2048)
    assert _inception.compute(patches(1), Config(192)).shape == (1, 192)


@pytest.mark.parametrize(
    ("net", "file", "made"),
    [
        ("alex", "alexnet", models.alexnet),
        ("squeeze", "squeezenet", models.squeezenet1_1),
        ("vgg", "vgg16", lambda: models.VGG(models.vgg.make_layers(models.vgg.cfgs["D"]))),
    ],
)
def test_the_backbone_of_lpips_is_read_from_its_file(
    net: str, file: str, made: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # classifiers of partial files are nan; lpips must not care
    features = made().features.state_dict()
    state = {f"features.{key}": value for key, value in features.items()}
    torch.save(state | {"classifier.1.weight": torch.full((1,), torch.nan)}, tmp_path / "a.pth")
    monkeypatch.setattr(weights, "find", {file: tmp_path / "a.pth"}.__getitem__)
    _perceptual.network.cache_clear()
    network = _perceptual.network(net, "0.1", *lpips.WEIGHTS[net])
    _perceptual.network.cache_clear()
    for key, value in network.net.state_dict().items():
        torch.testing.assert_close(value, features[key.split(".", 1)[1]], rtol=0, atol=0)
    assert all(float(head.model[-1].weight.detach().min()) >= 0 for head in network.lins)


def test_real_features_tell_photographs_from_noise() -> None:
    if weights.state("inception") not in ("official", "features only"):
        pytest.skip(f"needs {weights.FILES['inception'].name}: run `{weights.COMMAND}`")
    _inception.network.cache_clear()
    sets = patches(8), noisy(patches(16)[8:], 0.02), noisy(patches(16)[8:], 0.5)
    first, near, far = (_inception.compute(images, Config(192)) for images in sets)
    assert first.shape == (8, 192)
    assert fid.distance(near, first) < fid.distance(far, first)
    assert kid.discrepancy(near, first) < kid.discrepancy(far, first)
