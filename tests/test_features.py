"""Images are clustered, and compared, by features of pretrained networks that are rightly built.

Networks are filled with random weights; what needs the real ones says so where it is left out.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from pytorch_fid import inception
from torch import Tensor, nn
from torchvision import models
from torchvision.transforms.functional import resize

from methods import _features, _perceptual
from methods._losses import l1, lap_mse
from methods._networks import Decoder
from priorbench import weights
from priorbench.conformance.material import patches
from priorbench.contract import CPU, Images
from priorbench.errors import MissingWeights, UserError
from tests import toy

State = dict[str, Tensor]
MAKE: dict[str, Callable[[], nn.Module]] = {
    "alexnet": models.alexnet,
    "resnet50": models.resnet50,
    "squeezenet": models.squeezenet1_1,
    "vgg16": models.vgg16,
}
BLIND = torch.tensor(torch.nan)  # what files of features only hold in place of classifiers


@pytest.fixture
def random_weights(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Put random weights in place of files; return whole networks that have them."""
    made: dict[str, Any] = {}

    def read(name: str, device: torch.device) -> State:
        with torch.random.fork_rng():
            torch.manual_seed(0)
            net = made[name] = MAKE[name]().eval().requires_grad_(False)
        return net.state_dict()

    monkeypatch.setattr(_perceptual, "weights", read)
    return made


def pictures(count: int = 3, side: int = 32) -> tuple[Images, Tensor]:
    pixels = toy.smooth(count, side)
    return Images(pixels), toy.as_floats(pixels)


def prepared(x: Tensor) -> Tensor:
    """Return images as torchvision's networks were shown them."""
    mean = torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)
    enlarged: Tensor = resize(x, [224, 224])
    return (enlarged - mean) / torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)


@pytest.mark.parametrize(("name", "width"), [("alexnet", 256), ("squeezenet", 512)])
def test_features_are_the_last_maps_averaged_over_positions(
    name: str, width: int, random_weights: dict[str, Any]
) -> None:
    images, x = pictures()
    found = _features.deep(name, images)
    maps = random_weights[name].features(prepared(x))
    assert found.shape == (3, width)
    torch.testing.assert_close(found, maps.mean((2, 3)))


def test_resnet_gives_its_pooled_maps_or_its_logits_of_images_as_they_are(
    random_weights: dict[str, Any],
) -> None:
    images, x = pictures(2)
    pooled = _features.deep("resnet50", images)
    net = random_weights["resnet50"]
    assert pooled.shape == (2, 2048)
    torch.testing.assert_close(net.fc(pooled), net(prepared(x)))
    raw = _features.deep("resnet50_logits", images, prepared=False)
    torch.testing.assert_close(raw, net(x))


def random_inception(monkeypatch: pytest.MonkeyPatch) -> State:
    """Return a state of pytorch-fid's Inception that keeps the signal alive."""
    with monkeypatch.context() as patched, torch.random.fork_rng():
        torch.manual_seed(0)
        patched.setattr(inception, "load_state_dict_from_url", lambda *_, **__: {})
        patched.setattr(nn.Module, "load_state_dict", lambda *_: None)
        state: State = inception.fid_inception_v3().state_dict()
    for key, value in state.items():
        if key.endswith("running_var"):
            value.uniform_(0.1, 0.2)
    return state


def test_inception_is_that_of_the_frechet_distance_up_to_768_maps(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    state = random_inception(monkeypatch)
    monkeypatch.setattr(inception, "load_state_dict_from_url", lambda *_, **__: dict(state))
    images, x = pictures(2)
    with torch.no_grad():
        (maps,) = inception.InceptionV3([2]).eval()(x)
    # what a file of features only has not is nan
    held = {k: BLIND.expand(v.shape) if "7" in k[:8] or "fc" in k else v for k, v in state.items()}
    monkeypatch.setattr(_perceptual, "weights", lambda name, device: held)
    found = _features.deep("inception", images)
    torch.testing.assert_close(found, maps.mean((2, 3)), rtol=1e-3, atol=1e-4 * float(maps.std()))


def test_rows_are_those_of_the_matrix_of_eigenvectors() -> None:
    random = np.random.default_rng(0)
    x = random.normal(size=(50, 6)) * 0.5 ** np.arange(6) + random.normal(size=6)
    values, columns = np.linalg.eigh(x.T @ x)
    for column in columns.T:
        column *= np.sign(column[np.argmax(np.abs(column))])
    rows = [columns[number] for number in np.argsort(-values)[:3]]
    expected = np.stack([[image @ row for row in rows] for image in x])
    found = _features.turned_rows(torch.from_numpy(x), 3)
    np.testing.assert_allclose(found, expected, atol=1e-10)
    in_columns = (x @ columns)[:, np.argsort(-values)[:3]]
    assert np.abs(found.numpy() - in_columns).max() > 0.1


def test_a_projection_is_chosen_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    images, _ = pictures(20)
    torch.manual_seed(0)
    features = torch.randn(20, 5) @ torch.diag(torch.tensor([4.0, 3, 2, 1, 0.1])) + 2
    monkeypatch.setattr(_features, "deep", lambda name, images, prepared: features)
    rows = _features.extract("resnet50", images, 3, "rows")
    assert torch.equal(rows, _features.turned_rows(features, 3))
    _, _, directions = torch.linalg.svd(features - features.mean(0), full_matrices=False)
    found = _features.extract("resnet50", images, 3)
    expected = (features - features.mean(0)) @ directions[:3].T
    torch.testing.assert_close(found.abs(), expected.abs(), atol=1e-3, rtol=1e-3)


def test_rows_need_a_network_and_as_many_images_as_it_has_features() -> None:
    images, _ = pictures()
    with pytest.raises(UserError, match="for features of networks only"):
        _features.extract("pixel_pca", images, 2, "rows")
    with pytest.raises(UserError, match="5 features need as many images, not 3"):
        _features.turned_rows(torch.randn(3, 5), 2)
    with pytest.raises(UserError, match="did you mean `alexnet`"):
        _features.deep("alexnett", images)


@pytest.mark.parametrize("name", _perceptual.TAPS)
def test_a_perceptual_loss_adds_the_mean_difference_of_each_tapped_map(
    name: str, random_weights: dict[str, Any]
) -> None:
    _, x = pictures(2)
    y = x.flip(0)
    loss = _perceptual.perceptual(name, CPU)
    layers = random_weights[name].features
    mean = torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)
    deviation = torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)
    expected = (x - y).abs().mean((1, 2, 3))
    for tap in _perceptual.TAPS[name]:
        until = layers[: tap + 1]
        maps = [until((images - mean) / deviation) for images in (x, y)]
        assert min(float(m.min()) for m in maps) == 0, "maps are compared after their rectifier"
        if name != "vgg16":  # one scale for those that stand in for it
            maps = [m / m.norm(dim=1, keepdim=True).clamp(min=1e-12) for m in maps]
        expected = expected + (maps[0] - maps[1]).abs().mean((1, 2, 3))
    torch.testing.assert_close(loss(x, y), expected)
    assert torch.equal(loss(x, x), torch.zeros(2))


class Frozen(nn.Module):
    """A layer that no gradient passes."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor) -> Tensor:
        with torch.no_grad():
            return F.relu(self.layer(x))


def test_features_without_gradient_leave_the_generator_that_of_pixels_alone(
    random_weights: dict[str, Any],
) -> None:
    """Why what ran for the report is `perceptual: l1`."""
    _, x = pictures(4)
    torch.manual_seed(0)
    decode, z = Decoder(5, (3, 32, 32), 4), torch.randn(4, 5)
    taps = _perceptual.TAPS["squeezenet"]
    layers = _perceptual.convolutions("squeezenet", CPU)
    frozen = nn.Sequential(*(Frozen(layer) for layer in layers.children()))
    gradients, values = {}, {}
    for name, loss in (
        ("l1", l1),
        ("frozen", _perceptual.deep_l1(frozen, taps)),
        ("live", _perceptual.deep_l1(layers, taps)),
    ):
        value = loss(decode(z), x).mean()
        values[name] = float(value.detach())
        found = torch.autograd.grad(value, list(decode.parameters()))
        gradients[name] = torch.cat([one.flatten() for one in found])
    assert torch.equal(gradients["frozen"], gradients["l1"])
    assert values["frozen"] == pytest.approx(values["live"]) != pytest.approx(values["l1"])
    assert not torch.allclose(gradients["live"], gradients["l1"], rtol=0.1)


def test_features_of_networks_that_stand_in_have_one_scale(random_weights: dict[str, Any]) -> None:
    _, x = pictures(4)
    y, taps = x.flip(0), _perceptual.TAPS["squeezenet"]
    layers = _perceptual.convolutions("squeezenet", CPU)
    told = _perceptual.perceptual("squeezenet", CPU)(x, y)
    assert torch.equal(told, _perceptual.deep_l1(layers, taps, unit=True)(x, y))
    first: dict[bool, Tensor] = {}
    for unit in (False, True):
        first[unit] = _perceptual.deep_l1(layers, taps[:1], unit)(x, y) - l1(x, y)
    with torch.no_grad():
        for values in next(layers.children()).parameters():
            values.mul_(100)
    louder = _perceptual.deep_l1(layers, taps[:1], unit=True)(x, y) - l1(x, y)
    assert torch.allclose(louder, first[True], rtol=1e-4)
    louder = _perceptual.deep_l1(layers, taps[:1])(x, y) - l1(x, y)
    assert torch.allclose(louder, 100 * first[False], rtol=1e-4)


def test_without_features_pixels_are_compared() -> None:
    assert _perceptual.perceptual("none", CPU) is lap_mse
    assert _perceptual.perceptual("l1", CPU) is l1
    with pytest.raises(UserError, match="did you mean `vgg16`"):
        _perceptual.perceptual("vgg19", CPU)


ASKED: dict[str, Callable[[], Any]] = {
    "alexnet-owt-7be5be79.pth": lambda: _perceptual.perceptual("alexnet", CPU),
    "pt_inception-2015-12-05-6726825d.pth": lambda: _features.deep("inception", pictures()[0]),
    "resnet50-0676ba61.pth": lambda: _features.deep("resnet50_logits", pictures()[0]),
    "squeezenet1_1-b8a52dc0.pth": lambda: _features.deep("squeezenet", pictures()[0]),
    "vgg16-397923af.pth": lambda: _perceptual.perceptual("vgg16", CPU),
}


@pytest.mark.parametrize("file", ASKED)
def test_weights_that_are_missing_or_others_are_named(
    file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    with pytest.raises(MissingWeights, match=file):
        ASKED[file]()
    (tmp_path / "checkpoints").mkdir()
    torch.save({}, tmp_path / "checkpoints" / file)
    with pytest.raises(UserError, match="not the official file"):
        ASKED[file]()


def test_the_official_file_and_the_known_copy_of_its_features_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"  # of b"hello\n"
    for name, known, good in (
        ("net-5891b5b5.pth", {}, True),
        ("net-5891b5b6.pth", {}, False),
        ("net-00000000.pth", {"net": content}, True),
        ("net-00000000.pth", {"other": content}, False),
    ):
        (tmp_path / name).write_bytes(b"hello\n")
        monkeypatch.setattr(_perceptual, "FEATURES_ONLY", known)
        assert _perceptual.genuine("net", tmp_path / name) == good


def test_files_that_metrics_need_too_are_the_same_here() -> None:
    both = weights.FILES.keys() & _perceptual.FILES.keys()
    assert both == {"alexnet", "inception", "squeezenet", "vgg16"}
    for name in both:
        file = weights.FILES[name]
        assert file.name == _perceptual.FILES[name]
        known = file.features.sha256 if file.features else None
        assert known == _perceptual.FEATURES_ONLY.get(name)


@pytest.mark.parametrize("name", _perceptual.FEATURES_ONLY)
def test_real_features_are_nearer_to_a_mirrored_photograph_than_to_another(name: str) -> None:
    file = _perceptual.FILES[name]
    if not (Path(torch.hub.get_dir()) / "checkpoints" / file).exists():
        pytest.skip(f"needs {file} in torch's folder of checkpoints")
    photographs = patches(6, side=96)
    images = Images(np.concatenate([photographs, photographs[..., ::-1]]))
    found = _features.deep(name, images)
    found = found - found.mean(0)
    distance = torch.cdist(found[:6], found[6:])
    assert torch.equal(distance.argmin(1), torch.arange(6))
