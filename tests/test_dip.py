"""Deep Image Prior: what its paper says, on smooth images and small networks."""

from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from methods import _skipnets, dip
from methods._convnets import enlarge
from methods._skipnets import Layout, first_weights, outputs
from priorbench.errors import UserError
from priorbench.loop import Loop
from tests.test_search_and_losses import Killed, Mortal
from tests.toy import as_floats, check_hole, clean, psnr, restored, smooth

PIXELS = smooth(4, side=32)
X = as_floats(PIXELS)
SMALL: dict[str, Any] = {"widths": (8, 16), "channels": 8}
Call = tuple[list[Tensor], Tensor]  # weights and inputs that networks were computed with


@pytest.mark.parametrize(
    ("kernel", "side", "count"),
    [(3, 16, 3), (3, 32, 4), (3, 64, 5), (3, 128, 5), (3, 6, 1), (5, 6, 1), (5, 32, 3), (5, 96, 5)],
)
def test_small_images_have_fewer_scales(kernel: Any, side: int, count: int) -> None:
    cfg = dip.RestoreConfig(kernel_down=kernel)
    shape = (3, side, 2 * side)
    assert dip.scales(cfg, shape) == count
    net = dip.layout(cfg, shape)
    weights = [w[None] for w in first_weights(dip.first_input(cfg, shape), net)]
    assert outputs(weights, dip.first_input(cfg, shape)[None], net).shape == (1, *shape)


@pytest.mark.parametrize(
    ("settings", "size", "said"),
    [
        ({}, (33, 32), "33x32 pixels; sides must be 4, 6, 8"),
        ({"kernel_down": 5}, (4, 32), "4x32 pixels; sides must be 6, 8, 10"),
        ({"widths": (8, 16), "skip": (4, 4, 4)}, (32, 32), "for 2, 2 and 3 scales"),
        ({"widths_up": (8, 16)}, (32, 32), "for 5, 2 and 5 scales"),
        ({"backtrack": 5.0, "backtrack_every": 0}, (32, 32), "`backtrack_every` is 0"),
    ],
)
def test_what_cannot_be_is_refused(
    settings: dict[str, Any], size: tuple[int, int], said: str, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=said) as caught:
        restored(dip, None, clean(torch.rand(1, 3, *size)), tmp_path, steps=1, **settings)
    assert "\n" not in str(caught.value)


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


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"skip": 0},
        {"upsampling": "nearest", "skip": 3},
        {"skip": (0, 4), "widths_up": (12, 4)},
        {"kernel_down": 5, "pointwise_up": False, "skip": 0, "upsampling": "nearest"},
        {"kernel_up": 5, "downsampling": "average"},
    ],
)
def test_networks_side_by_side_equal_one_after_another(
    settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    net = dip.layout(dip.RestoreConfig(**{**SMALL, **settings}), (3, 16, 16))
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(3, 8, 16, 16, generator=generator, dtype=torch.float64)
    torch.manual_seed(0)
    each = zip(*(first_weights(one, net) for one in x), strict=True)
    weights = [torch.stack(same).requires_grad_() for same in each]
    together = outputs(weights, x, net)
    monkeypatch.setattr(_skipnets, "TOGETHER", (0, 0))
    alone = outputs(weights, x, net)
    assert len(net.down) == 2
    torch.testing.assert_close(together, alone, rtol=1e-9, atol=1e-12)
    direction = torch.rand(together.shape, generator=generator, dtype=torch.float64)
    pairs = [torch.autograd.grad((y * direction).sum(), weights) for y in (together, alone)]
    for a, b in zip(*pairs, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize(
    ("widths", "side", "turns"), [((8, 64), 64, 1), ((8, 80), 32, 3), ((8, 16), 80, 3)]
)
def test_large_networks_are_computed_in_turn(
    widths: tuple[int, ...], side: int, turns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    net = dip.layout(dip.RestoreConfig(widths=widths[:1] * 2, widths_up=widths), (3, side, side))
    x = torch.rand(3, 32, side, side)
    weights = [w.expand(3, *w.shape) for w in first_weights(x[0], net)]
    counts: list[int] = []
    call = _skipnets.SkipNets.__call__

    def counted(nets: _skipnets.SkipNets, x: Tensor) -> Tensor:
        counts.append(nets.count)
        return call(nets, x)

    monkeypatch.setattr(_skipnets.SkipNets, "__call__", counted)
    outputs(weights, x, net)
    assert counts == [3 // turns] * turns


def test_enlarging_is_bilinear_interpolation() -> None:
    x = torch.rand(2, 3, 4, 6, dtype=torch.float64)
    expected = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
    torch.testing.assert_close(enlarge(x), expected)


def test_a_grid_tells_each_pixel_its_column_and_its_row() -> None:
    grid = dip.first_input(dip.RestoreConfig(input="meshgrid"), (3, 4, 6))
    expected = [[[column / 5, row / 3] for column in range(6)] for row in range(4)]
    torch.testing.assert_close(grid, torch.tensor(expected).permute(2, 0, 1))


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[Call]:
    """With what networks are computed from now on, call by call."""
    made: list[Call] = []

    def noted(weights: list[Tensor], x: Tensor, net: Layout) -> Tensor:
        made.append(([w.detach().clone() for w in weights], x.clone()))
        return outputs(weights, x, net)

    monkeypatch.setattr(dip, "outputs", noted)
    return made


@pytest.mark.parametrize(
    ("settings", "clean_input"),
    [
        ({"output": "clean"}, True),
        ({"output": "noisy"}, False),
        ({"output": "average", "average": 0.0}, False),
    ],
)
def test_the_final_image_is_that_of_the_final_weights_at_the_input_named(
    settings: dict[str, Any], clean_input: bool, tmp_path: Path, calls: list[Call]
) -> None:
    found = restored(dip, None, clean(X), tmp_path / "a", steps=3, **SMALL, **settings)
    weights, x = calls[-1]
    noisy = calls[-2][1]
    assert len(calls) == 4
    calls.clear()
    restored(dip, None, clean(X), tmp_path / "b", steps=1, jitter=0.0, **SMALL)
    first = calls[0][1]
    assert first.min() >= 0 and first.max() <= 0.1
    assert torch.equal(x, first if clean_input else noisy)
    assert 0.02 < (noisy - first).std() < 0.04
    net = dip.layout(dip.RestoreConfig(**SMALL), (3, 32, 32))
    assert torch.equal(found, outputs(weights, x, net))


def test_the_average_is_that_of_the_outputs_of_the_steps(tmp_path: Path, calls: list[Call]) -> None:
    settings = {**SMALL, "average": 0.75, "average_from": 1}
    found = restored(dip, None, clean(X), tmp_path, steps=4, **settings)
    net = dip.layout(dip.RestoreConfig(**SMALL), (3, 32, 32))
    y = [outputs(*call, net) for call in calls]
    assert len(y) == 4
    torch.testing.assert_close(found, 0.75 * (0.75 * y[1] + 0.25 * y[2]) + 0.25 * y[3])


@pytest.mark.parametrize("last", [3, 9])
def test_a_restoration_killed_goes_on_bit_for_bit(tmp_path: Path, last: int) -> None:
    settings: dict[str, Any] = {**SMALL, "steps": 9, "lr": 0.3, "jitter": 0.5, "output": "noisy"}
    cfg = dip.RestoreConfig(**settings, backtrack=0.1, backtrack_every=2)
    seen = clean(X)
    whole = dip.restore(None, seen, cfg, Loop(tmp_path / "whole", 0, ids=seen.ids))
    never = dip.restore(
        None, seen, dip.RestoreConfig(**settings), Loop(tmp_path / "never", 0, ids=seen.ids)
    )
    assert not torch.equal(whole, never)
    dying = Mortal(tmp_path / "killed", 0, ids=seen.ids, checkpoint_seconds=0)
    dying.last = last
    with pytest.raises(Killed):
        dip.restore(None, seen, cfg, dying)
    resumed = dip.restore(None, seen, cfg, Loop(tmp_path / "killed", 0, ids=seen.ids))
    assert torch.equal(whole, resumed)
