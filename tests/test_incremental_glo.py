"""Incremental GLO grows over subsets, keeps what it has learned, and ends with an encoder."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torchvision.models import vgg

from methods import _features, incremental_glo
from methods._losses import l1, lap_mse
from methods._subsets import split
from priorbench.contract import Images
from priorbench.errors import MissingWeights, UserError
from priorbench.loop import Loop
from tests import toy

SMALL: dict[str, Any] = {
    **{"dim": 8, "width": 8, "batch": 8, "feature_dim": 4, "clusters": 2},
    **{"representatives": (1, 2), "steps": (1, 1, 1), "steps_all": 1, "steps_encoder": 1},
}


class Staged(Loop):
    """A loop that notes the code table at the end of each stage."""

    def steps(self, count: int, stage: str = "train") -> Any:
        self.after = getattr(self, "after", {"start": self.table()})
        yield from super().steps(count, stage)
        self.after[stage] = self.table()

    def table(self) -> Tensor:
        return self.tables[0][torch.arange(len(self.tables[0]))]


def run(folder: Path, **settings: Any) -> tuple[incremental_glo.Model, Staged]:
    pixels = toy.smooth()
    cfg = incremental_glo.TrainConfig(**{**SMALL, **settings})
    torch.manual_seed(0)
    model = incremental_glo.Model(cfg, pixels.shape[1:])
    loop = Staged(folder, 0, model=model)
    incremental_glo.train(model, Images(pixels), cfg, loop)
    return model.eval().requires_grad_(False), loop


def subsets(loop: Loop) -> list[Tensor]:
    """Return the subsets of a run, which were computed once."""
    made = loop.once("subsets", dict)
    return [made[name] for name in sorted(made)]


@pytest.mark.parametrize("representatives", [(1,), (2, 3), (1, 1, 1)])
def test_subsets_are_disjoint_and_together_all_images(representatives: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    parts = split(torch.randn(60, 4), 5, representatives)
    assert len(parts) == len(representatives) + 1
    assert torch.equal(torch.cat(parts).sort().values, torch.arange(60))
    for part, k in zip(parts, representatives, strict=False):
        assert 5 <= len(part) <= 5 * k


def test_representatives_are_the_members_nearest_to_the_centre_of_their_cluster() -> None:
    random = np.random.default_rng(0)
    centres = np.array([[0.0, 0.0], [100.0, 0.0], [0.0, 100.0]])
    label = random.permutation(np.repeat(np.arange(3), 20))
    points = centres[label] + random.normal(size=(60, 2))
    expected: set[int] = set()
    for cluster in range(3):
        members = np.flatnonzero(label == cluster)
        middle = points[members].mean(0)
        distance = np.linalg.norm(points[members] - middle, axis=1)
        expected |= set(members[np.argsort(distance)[:4]].tolist())
    first, _ = split(torch.from_numpy(points), 3, (4,))
    assert set(first.tolist()) == expected


def test_more_clusters_than_images_are_refused() -> None:
    with pytest.raises(UserError, match="9 asked for, 8 images are left"):
        split(torch.randn(8, 2), 9, (1,))
    with pytest.raises(UserError, match="no images are left"):
        split(torch.randn(8, 2), 8, (1,))


def test_each_subset_needs_its_number_of_steps(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="3 numbers expected"):
        run(tmp_path, steps=(1, 1))


def test_codes_of_earlier_images_are_fixed_while_a_subset_is_learned(tmp_path: Path) -> None:
    _, loop = run(tmp_path, steps=(5, 5, 5), steps_all=5)
    first, second, third = subsets(loop)
    stages = ["start", "subset1", "subset2", "subset3", "all", "encoder"]
    moved = {
        stage: set(
            torch.nonzero((loop.after[stage] != loop.after[before]).any(1)).flatten().tolist()
        )
        for before, stage in pairwise(stages)
    }
    assert moved["subset1"] == set(first.tolist())
    assert moved["subset2"] == set(second.tolist())
    assert moved["subset3"] == set(third.tolist())
    assert moved["all"] == set(range(8))
    assert not moved["encoder"]
    assert loop.table().norm(dim=1).max() < 1 + 1e-6


def test_earlier_images_are_not_forgotten(tmp_path: Path) -> None:
    """The generator alone moves while they wait; without their term they would fade."""
    errors = []
    for alpha in (0.0, 1.0):
        folder = tmp_path / str(alpha)
        model, loop = run(folder, steps=(150, 100, 1), steps_all=0, steps_encoder=0, alpha=alpha)
        first = subsets(loop)[0]
        made = model.decode(loop.after["subset2"][first])
        errors.append(l1(made, toy.as_floats(toy.smooth())[first]).mean())
    assert errors[1] < errors[0]


def test_training_overfits_eight_images_and_fills_their_holes(tmp_path: Path) -> None:
    model, loop = run(tmp_path / "train", steps=(60, 40, 40), steps_all=200)
    assert toy.psnr(model.decode(loop.table()), toy.as_floats(toy.smooth())) > 23
    toy.check_hole(incremental_glo, model, toy.smooth(), tmp_path, gain=1.0, steps=80)


def test_the_noise_term_makes_near_codes_give_near_images(tmp_path: Path) -> None:
    blur = []
    for weight in (0.0, 5.0):
        settings = {"noise_weight": weight, "noise": 0.2, "steps_encoder": 0, "steps_all": 200}
        model, loop = run(tmp_path / str(weight), steps=(20, 20, 20), **settings)
        torch.manual_seed(1)
        z = loop.table().repeat(20, 1)
        change = model.decode(z + 0.2 * torch.randn_like(z)) - model.decode(z)
        blur.append(change.abs().mean())
    assert blur[1] < 0.8 * blur[0]


def test_the_encoder_learns_codes_of_images_that_it_has_not_seen(tmp_path: Path) -> None:
    pixels = toy.smooth(96)
    settings = {**SMALL, "batch": 16, "steps": (20, 20, 20), "steps_all": 150}
    x = toy.as_floats(toy.smooth(32, seed=1))
    errors = []
    for steps in (1, 150):
        folder = tmp_path / str(steps)
        model = toy.trained(incremental_glo, pixels, folder, **{**settings, "steps_encoder": steps})
        with torch.no_grad():
            errors.append(l1(model.decode(model.encode(x)), x).mean())
    assert errors[1] < 0.7 * errors[0]


def test_a_perceptual_loss_reaches_the_restored_image_through_its_features() -> None:
    torch.manual_seed(0)
    layers = vgg.make_layers(vgg.cfgs["D"])[: _features.VGG_TAPS[-1] + 1]
    loss = _features.deep_l1(layers.eval().requires_grad_(False))
    restored, original = torch.rand(2, 3, 32, 32).requires_grad_(), torch.rand(2, 3, 32, 32)
    (deep,) = torch.autograd.grad(loss(restored, original).sum(), restored)
    (pixels,) = torch.autograd.grad(l1(restored, original).sum(), restored)
    assert not torch.allclose(deep, pixels, atol=0.01 * float(pixels.abs().max()))
    assert torch.equal(loss(original, original), torch.zeros(2))


def test_without_a_perceptual_loss_pixels_are_compared() -> None:
    assert _features.perceptual("none", torch.device("cpu")) is lap_mse
    assert _features.perceptual("l1", torch.device("cpu")) is l1
    with pytest.raises(UserError, match="did you mean `vgg16`"):
        _features.perceptual("vgg19", torch.device("cpu"))


@pytest.mark.parametrize(
    ("settings", "file"),
    [
        ({"features": "resnet50"}, "resnet50-0676ba61.pth"),
        ({"perceptual": "vgg16"}, "vgg16-397923af.pth"),
    ],
)
def test_missing_weights_are_named(
    settings: dict[str, str], file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
    with pytest.raises(MissingWeights, match=file):
        run(tmp_path / "train", **settings)
    (tmp_path / "hub" / "checkpoints").mkdir(parents=True)
    torch.save({}, tmp_path / "hub" / "checkpoints" / file)
    with pytest.raises(UserError, match="not the official file"):
        run(tmp_path / "train", **settings)


def test_weights_that_carry_their_checksum_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    monkeypatch.setattr(_features, "official", lambda path: True)
    (tmp_path / "checkpoints").mkdir()
    layers = vgg.make_layers(vgg.cfgs["D"])
    state = {f"features.{name}": value for name, value in layers.state_dict().items()}
    torch.save(state, tmp_path / "checkpoints" / "vgg16-397923af.pth")
    read = _features.vgg16(torch.device("cpu"))
    assert isinstance(read, nn.Sequential)
    assert torch.equal(read[0].weight, layers[0].weight)  # type: ignore[arg-type]
    assert not any(p.requires_grad for p in read.parameters())
