"""Latent Convolutional Models: what its paper says, on eight smooth images."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from methods import _convnets, lcm
from methods._hourglass import Hourglass, LatentNets, Wide
from priorbench.contract import Images
from priorbench.errors import UserError
from priorbench.loop import Loop
from tests.toy import as_floats, check_hole, clean, hole, psnr, restored, smooth

SHAPE = (3, 32, 32)
PIXELS = smooth(side=32)
SMALL: dict[str, Any] = {"latent": 8, "width": 8, "narrowest": 4, "batch": 8}
CONVOLUTIONAL = 2 * 8 * 9 + 8 * 16 * 9 + 16 * 32 * 9 + 32 * 8 * 9  # weights of f in SMALL


def run(folder: Path, model: lcm.Model, pixels: np.ndarray = PIXELS, **settings: Any) -> Tensor:
    """Train `model` and return the rows phi of all images."""
    cfg = lcm.TrainConfig(**{**SMALL, **settings})
    loop = Loop(folder, 0, model=model)
    lcm.train(model.train(), Images(pixels), cfg, loop)
    return loop.tables[0][torch.arange(len(pixels))]


def build(**settings: Any) -> lcm.Model:
    torch.manual_seed(0)
    return lcm.Model(lcm.TrainConfig(**{**SMALL, **settings}), SHAPE)


def decoded(model: lcm.Model, monkeypatch: pytest.MonkeyPatch) -> list[Tensor]:
    """Return a list that fills with the rows that the model is asked to decode."""
    seen: list[Tensor] = []
    decode = model.decode

    def note(codes: Tensor) -> Tensor:
        seen.append(codes.detach().clone())
        return decode(codes)

    monkeypatch.setattr(model, "decode", note)
    return seen


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> tuple[lcm.Model, Tensor]:
    """A model that has seen eight images many times, and their rows phi."""
    model = build()
    rows = run(tmp_path_factory.mktemp("train"), model, visits=30, inner=5)
    return model.eval().requires_grad_(False), rows


def test_the_networks_have_as_many_parameters_as_the_papers() -> None:
    with torch.device("meta"):
        generator = Hourglass(64, 64, 16, (3, 128, 128))
        nets = LatentNets(64, (3, 128, 128), 42)
    assert sum(p.numel() for p in generator.parameters()) == 38_696_224
    assert nets.first.shape == (24_448,)
    assert nets.noise.shape == (1, 2, 40, 40)
    z = LatentNets(64, (3, 128, 128), 42)
    assert z(z.first[None]).shape == (1, 64, 32, 32)


@pytest.mark.parametrize("side", [16, 32, 48, 64, 128])
def test_images_of_many_sizes_are_decoded(side: int) -> None:
    model = lcm.Model(lcm.TrainConfig(latent=4, width=2), (3, side, side)).eval()
    assert model.decode(model.draw(2)).shape == (2, 3, side, side)


def test_a_size_that_cannot_be_halved_is_refused() -> None:
    with pytest.raises(UserError, match="36x36"):
        lcm.Model(lcm.TrainConfig(), (3, 36, 36))


def test_convolutional_weights_stay_in_the_box_and_the_others_do_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = build()
    seen = decoded(model, monkeypatch)
    rows = run(tmp_path, model, visits=3, inner=3)
    assert len(seen) == 9
    for codes in [*seen[1:], rows]:  # the first step begins outside
        assert codes[:, :CONVOLUTIONAL].abs().max() <= 0.01
        assert codes[:, CONVOLUTIONAL:].max() > 0.9
    assert seen[0][:, :CONVOLUTIONAL].abs().max() > 0.1


def test_the_box_may_hold_all_of_phi_as_the_paper_writes(tmp_path: Path) -> None:
    model = build(box="all")
    rows = run(tmp_path, model, visits=2, inner=2)
    seen = (rows != model.f.first).any(1)
    assert seen.any()
    assert rows[seen].abs().max() <= 0.01
    assert model.draw(5).abs().max() <= 0.01


def test_the_step_of_phi_does_not_depend_on_the_batch_size(tmp_path: Path) -> None:
    # copies of one image: the statistics of a batch do not depend on its size either
    copies = np.repeat(PIXELS[:1], 8, 0)
    few, many = (
        run(tmp_path / str(batch), build(), copies, batch=batch, visits=1, inner=1, bound=10.0)
        for batch in (2, 8)
    )
    start = build().f.first
    moved = (few - start).abs().amax(1) > 0
    assert moved.sum() == 2
    assert (many - start).abs().max() > 1e-5
    torch.testing.assert_close(few[moved], many[moved], rtol=1e-3, atol=1e-7)


def test_the_noise_map_is_fixed_by_its_own_seed(tmp_path: Path) -> None:
    model = build()
    before = model.f.get_buffer("noise").clone()
    run(tmp_path, model, visits=2, inner=2)
    torch.manual_seed(1)
    other = lcm.Model(lcm.TrainConfig(**SMALL), SHAPE)
    assert torch.equal(model.f.get_buffer("noise"), before)
    assert torch.equal(other.f.get_buffer("noise"), before)
    assert torch.equal(other.f.first, model.f.first)
    assert not torch.equal(build(noise_seed=43).f.get_buffer("noise"), before)
    assert before.min() >= 0
    assert before.max() <= 0.1


def test_the_nets_of_a_batch_equal_one_net_after_another() -> None:
    nets = build().f.double()
    noise = torch.randn(5, len(nets.first), generator=torch.Generator().manual_seed(0))
    phi = (nets.first + 0.1 * noise.double()).requires_grad_()
    together = nets(phi)
    alone = torch.cat([nets(row[None]) for row in phi])
    weights = torch.rand_like(together)
    gradients = [torch.autograd.grad((z * weights).sum(), phi)[0] for z in (together, alone)]
    torch.testing.assert_close(together, alone, rtol=1e-9, atol=1e-12)
    torch.testing.assert_close(*gradients, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("side", [1, 2, 4, 6])
def test_both_forms_of_the_dilated_convolution_agree(side: int) -> None:
    layer = Wide(6).double()
    x = torch.rand(2, 6, side, side, dtype=torch.float64)
    torch.testing.assert_close(layer(x), nn.Conv2d.forward(layer, x))


def test_the_blur_of_the_loss_is_a_choice_of_training_and_of_restoring(
    learned: tuple[lcm.Model, Tensor], tmp_path: Path
) -> None:
    kernels = ("gaussian", "lcm_official")
    rows, images = [], []
    for name in kernels:
        settings: dict[str, Any] = {"visits": 1, "inner": 2, "laplacian": name}
        rows.append(run(tmp_path / f"train-{name}", build(), **settings))
        seen, folder = clean(as_floats(PIXELS)), tmp_path / name
        images.append(restored(lcm, learned[0], seen, folder, steps=2, laplacian=name))
    assert not torch.equal(*rows)
    assert not torch.equal(*images)


def test_training_overfits_eight_images(learned: tuple[lcm.Model, Tensor]) -> None:
    model, rows = learned
    assert psnr(model.decode(rows), as_floats(PIXELS)) > 22


def test_restoring_a_training_image_approaches_it(
    learned: tuple[lcm.Model, Tensor], tmp_path: Path
) -> None:
    x = as_floats(PIXELS)
    first, later = (
        psnr(restored(lcm, learned[0], clean(x), tmp_path / str(steps), steps=steps), x)
        for steps in (1, 60)
    )
    assert later > first + 6


def test_restoration_fills_a_hole_and_ignores_what_it_hides(
    learned: tuple[lcm.Model, Tensor], tmp_path: Path
) -> None:
    check_hole(lcm, learned[0], PIXELS, tmp_path, gain=3, steps=60)


def test_codes_are_drawn_with_the_mean_and_spread_of_the_trained_ones(
    learned: tuple[lcm.Model, Tensor],
) -> None:
    model, rows = learned
    torch.manual_seed(0)
    drawn = model.draw(4000)
    assert drawn[:, :CONVOLUTIONAL].abs().max() <= 0.01
    free = slice(CONVOLUTIONAL, None)  # the bound changes the others' moments
    mean, covariance = rows[:, free].mean(0), rows[:, free].T.cov()
    assert (drawn[:, free].mean(0) - mean).norm() < 0.1 * covariance.trace().sqrt()
    assert (drawn[:, free].T.cov() - covariance).norm() < 0.1 * covariance.norm()


@pytest.mark.parametrize(
    ("settings", "length"),
    [
        ({"bound": 0.0}, CONVOLUTIONAL + 2 * (8 + 16 + 32)),
        ({"space": "maps"}, 8 * 8 * 8),
        ({"space": "vectors", "dim": 12}, 12),
    ],
)
def test_other_spaces_learn_with_the_same_generator(
    settings: dict[str, Any], length: int, tmp_path: Path
) -> None:
    model, box = build(**settings), build()
    assert model.f.first.shape == (length,)
    assert {n: p.shape for n, p in model.g.named_parameters()} == {
        n: p.shape for n, p in box.g.named_parameters()
    }
    lr = 100.0 if settings.get("space") == "maps" else 1.0
    rows = run(tmp_path, model, visits=30, inner=5, lr_phi=lr, **settings)
    model.eval().requires_grad_(False)
    assert rows.std(0).max() > 0
    assert psnr(model.decode(rows), as_floats(PIXELS)) > 16
    if settings.get("space") == "vectors":
        assert rows.norm(dim=1).max() <= 1 + 1e-6
        assert model.clamp(3 * rows).norm(dim=1).max() <= 1 + 1e-6
    else:
        assert torch.equal(model.clamp(9 * rows), 9 * rows)


def test_maps_begin_where_the_networks_begin() -> None:
    maps, nets = build(space="maps"), build()
    start = nets.f(nets.f.first[None])
    assert torch.equal(maps.f(maps.f.first[None]), start)


def test_rows_kept_in_half_precision_are_back_in_the_box_when_they_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = build()
    seen = decoded(model, monkeypatch)
    rows = run(tmp_path, model, visits=3, inner=2, half=True)
    assert rows[:, :CONVOLUTIONAL].abs().max() > 0.01  # what float16 makes of the bound
    assert all(codes[:, :CONVOLUTIONAL].abs().max() <= 0.01 for codes in seen)


def test_the_band_around_a_hole_weighs_more() -> None:
    seen = hole(as_floats(smooth(1, side=32)), side=8)
    weight = lcm.around(seen, 5.0)[0, 0]
    expected = torch.ones(32, 32)
    expected[12 - 5 : 20 + 5, 12 - 5 : 20 + 5] = 5
    expected[12:20, 12:20] = 1
    assert torch.equal(weight, expected)


def test_the_band_changes_what_is_found(learned: tuple[lcm.Model, Tensor], tmp_path: Path) -> None:
    seen = hole(as_floats(PIXELS), side=12)
    images = [
        restored(lcm, learned[0], seen, tmp_path / str(band), steps=5, band=band)
        for band in (1.0, 5.0)
    ]
    assert not torch.equal(*images)


def test_after_the_first_clamp_the_first_layer_varies_less_than_its_normalisation_allows() -> None:
    """Its epsilon of 1e-5 is then part of the model: the output's variance is 0.13, not 1."""
    nets = LatentNets(64, (3, 128, 128), 42)
    phi = nets.clamp(nets.first[None], 0.01)
    weight = phi[:, : 2 * 8 * 9].view(1, 8, 2, 3, 3)
    before = _convnets.convolve(nets.noise, weight)
    after = _convnets.normalise(before, torch.ones(1, 8), torch.zeros(1, 8))
    assert before.var(dim=(2, 3)).mean() < 1e-5
    assert 0.1 < after.var(dim=(2, 3)).mean() < 0.2
