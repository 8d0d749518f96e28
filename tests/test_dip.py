"""Deep Image Prior: what its paper says, on smooth images and small networks."""

from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from methods import dip
from methods._convnets import enlarge
from priorbench.errors import UserError
from priorbench.loop import Loop
from tests.toy import as_floats, check_hole, clean, psnr, restored, smooth

PIXELS = smooth(4, side=32)
X = as_floats(PIXELS)
SMALL: dict[str, Any] = {"widths": (8, 16), "channels": 8}


@pytest.mark.parametrize(
    ("settings", "count"),
    [({}, 2_217_831), ({"skip": 128, "upsampling": "nearest"}, 3_002_627)],
)
def test_the_networks_have_as_many_parameters_as_the_papers(
    settings: dict[str, Any], count: int
) -> None:
    cfg = dip.RestoreConfig(**settings)
    depth = dip.scales(cfg, (3, 64, 64))
    made = dip.first_weights(dip.first_input(cfg, (3, 64, 64)), cfg, depth)
    assert depth == 5
    assert sum(w.numel() for w in made) == count


@pytest.mark.parametrize(("side", "count"), [(16, 3), (32, 4), (64, 5), (128, 5), (6, 1)])
def test_small_images_have_fewer_scales(side: int, count: int) -> None:
    assert dip.scales(dip.RestoreConfig(), (3, side, side)) == count


def test_a_size_that_cannot_be_halved_is_refused() -> None:
    with pytest.raises(UserError, match="33x32"):
        dip.scales(dip.RestoreConfig(), (3, 33, 32))


def losses(folder: Path, x: Tensor) -> list[float]:
    """Mean loss over images, step by step."""
    loop = Loop(folder, 0, ids=torch.arange(len(x)))
    dip.restore(None, clean(x), dip.RestoreConfig(steps=60, **SMALL), loop)
    by_step: dict[int, list[float]] = {}
    for _, step, _, _, value in loop.curve.rows:
        by_step.setdefault(step, []).append(value)
    return [sum(values) / len(values) for values in by_step.values()]


def test_images_are_fitted_sooner_than_noise(tmp_path: Path) -> None:
    draws = torch.rand(X.shape, generator=torch.Generator().manual_seed(0))
    noise = X.mean() + (draws - 0.5) * X.std() / draws.std()  # as much energy as the images
    image = losses(tmp_path / "image", X)
    shuffled = losses(tmp_path / "shuffled", X.flatten(2)[..., torch.randperm(1024)].view_as(X))
    unordered = losses(tmp_path / "noise", noise)
    assert image[-1] < 0.2 * shuffled[-1]
    assert image[-1] < 0.2 * unordered[-1]


def test_the_average_of_the_outputs_is_a_better_denoiser_than_the_last(tmp_path: Path) -> None:
    seen = clean(X, sigma=0.1)
    settings = {"steps": 120, "average_from": 60, **SMALL}
    last, mean = (
        psnr(restored(dip, None, seen, tmp_path / str(a), average=a, **settings), X)
        for a in (0.0, 0.95)
    )
    assert mean > last + 1
    assert mean > psnr(seen.y.clamp(0, 1), X) + 3


def test_restoration_fills_a_hole_and_ignores_what_it_hides(tmp_path: Path) -> None:
    check_hole(dip, None, PIXELS, tmp_path, gain=3, steps=80, average_from=40, **SMALL)


@pytest.mark.parametrize("start", ["noise", "meshgrid"])
def test_an_image_begins_the_same_in_any_chunk(tmp_path: Path, start: str) -> None:
    seen = clean(X)
    settings = {**SMALL, "steps": 0, "average": 0.0, "input": start}
    together = restored(dip, None, seen, tmp_path / "all", **settings)
    alone = restored(dip, None, seen[torch.tensor([2])], tmp_path / "one", **settings)
    torch.testing.assert_close(together[2:3], alone, atol=1e-5, rtol=0)
    assert not torch.allclose(together[:1], together[1:2], atol=1e-3)


@pytest.mark.parametrize("settings", [{}, {"skip": 0}, {"upsampling": "nearest", "skip": 3}])
def test_networks_side_by_side_equal_one_after_another(
    settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    cfg = dip.RestoreConfig(**{**SMALL, **settings})
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(3, 8, 16, 16, generator=generator, dtype=torch.float64)
    torch.manual_seed(0)
    each = zip(*(dip.first_weights(one, cfg, 2) for one in x), strict=True)
    weights = [torch.stack(same).requires_grad_() for same in each]
    together = dip.outputs(weights, x, cfg, 2)
    monkeypatch.setattr(dip, "TOGETHER", (0, 0))
    alone = dip.outputs(weights, x, cfg, 2)
    torch.testing.assert_close(together, alone, rtol=1e-9, atol=1e-12)
    direction = torch.rand(together.shape, generator=generator, dtype=torch.float64)
    pairs = [torch.autograd.grad((y * direction).sum(), weights) for y in (together, alone)]
    for a, b in zip(*pairs, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-7, atol=1e-9)


def test_enlarging_is_bilinear_interpolation() -> None:
    x = torch.rand(2, 3, 4, 6, dtype=torch.float64)
    expected = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
    torch.testing.assert_close(enlarge(x), expected)
