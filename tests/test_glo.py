"""GLO keeps a free code per image in the unit ball, and learns it with the generator."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from methods import glo
from methods._codes import Gaussian, unit_ball
from methods._losses import laplacian
from methods._networks import Decoder, Encoder
from methods._row_adam import RowAdam
from priorbench.contract import Images
from priorbench.errors import UserError
from priorbench.loop import Loop
from priorbench.seeds import seed_torch
from tests import toy

SMALL: dict[str, Any] = {"dim": 8, "width": 8, "batch": 4}
# minimal_glo, whose rates 1 and 10 are for images in [-1, 1]
LINEAGE: dict[str, Any] = {
    "optimiser": "sgd",
    "lr": 2.0,
    "lr_code": 20.0,
    "init": "pca",
    "loss": "lap_l1",
    "levels": "equal",
    "laplacian": "lcm_official",
    "output": "tanh",
}


class Watched(Loop):
    """A loop that calls `look` at the end of each step."""

    look: Callable[[], None]
    drawn: Tensor

    def batch(self, members: int | Tensor, size: int, order: str = "shuffle") -> Tensor:
        self.drawn = super().batch(members, size, order)
        return self.drawn

    def log(self, *images: Any, **values: Any) -> None:
        super().log(*images, **values)
        self.look()


def watch(folder: Path, cfg: glo.TrainConfig, look: Callable[[Watched], None]) -> Watched:
    pixels = toy.smooth()
    torch.manual_seed(0)
    model = glo.Model(cfg, pixels.shape[1:])
    loop = Watched(folder, 0, model=model)
    loop.look = lambda: look(loop)
    glo.train(model, Images(pixels), cfg, loop)
    return loop


def table(loop: Loop) -> Tensor:
    return loop.tables[0][torch.arange(8)]


@pytest.mark.parametrize("init", ["pca_scaled", "pca", "normal"])
@pytest.mark.parametrize(
    "settings", [{"lr_code": 0.5}, {**LINEAGE, "lr_code": 1000.0}], ids=["adam", "sgd"]
)
def test_codes_stay_in_the_unit_ball_also_those_outside_the_batch(
    settings: dict[str, Any], init: str, tmp_path: Path
) -> None:
    lengths: list[float] = []
    cfg = glo.TrainConfig(**{**SMALL, **settings, "steps": 40, "init": init})
    watch(tmp_path, cfg, lambda loop: lengths.append(float(table(loop).norm(dim=1).max())))
    assert 0.99 < max(lengths) < 1 + 1e-6


def test_a_code_that_is_not_in_the_batch_does_not_move(tmp_path: Path) -> None:
    seen: list[Tensor] = []

    def look(loop: Watched) -> None:
        now = table(loop)
        if seen:
            moved = (now != seen[-1]).any(1)
            assert moved.sum() == 4
            assert set(torch.nonzero(moved).flatten().tolist()) == set(loop.drawn.tolist())
        seen.append(now)

    watch(tmp_path, glo.TrainConfig(**SMALL, steps=10, lr_code=1e-3), look)
    assert len(seen) == 10


def test_row_adam_takes_the_steps_of_torchs_adam(tmp_path: Path) -> None:
    torch.manual_seed(1)
    start, gradients = torch.randn(5, 3), torch.randn(6, 5, 3)
    loop = Loop(tmp_path, 0)
    row_adam = RowAdam(loop, loop.codes(start), lr=0.1)
    rows, reference = start, start.clone().requires_grad_()
    adam = torch.optim.Adam([reference], lr=0.1)
    for gradient in gradients:
        rows = row_adam.step(torch.arange(5), rows, gradient)
        reference.grad = gradient
        adam.step()
    torch.testing.assert_close(rows, reference.detach())


def test_a_row_visited_late_starts_with_a_step_of_the_learning_rate(tmp_path: Path) -> None:
    loop = Loop(tmp_path, 0)
    row_adam = RowAdam(loop, loop.codes(torch.zeros(2, 3)), lr=0.1)
    gradient = torch.full((1, 3), 2.0)
    for _ in range(200):
        row_adam.step(torch.tensor([0]), torch.zeros(1, 3), gradient)
    late = row_adam.step(torch.tensor([1]), torch.zeros(1, 3), gradient)
    torch.testing.assert_close(late, torch.full((1, 3), -0.1))


@pytest.mark.parametrize("settings", [{}, LINEAGE], ids=["default", "lineage"])
def test_training_overfits_eight_images_and_fills_their_holes(
    tmp_path: Path, settings: dict[str, Any]
) -> None:
    pixels = toy.smooth()
    cfg = glo.TrainConfig(**{"dim": 8, "width": 8, "batch": 8, "steps": 300, **settings})
    torch.manual_seed(0)
    model = glo.Model(cfg, pixels.shape[1:])
    loop = Loop(tmp_path / "train", 0, model=model)
    glo.train(model, Images(pixels), cfg, loop)
    model.eval().requires_grad_(False)
    assert toy.psnr(model.decode(table(loop)), toy.as_floats(pixels)) > 24
    toy.check_hole(glo, model, pixels, tmp_path, gain=2.0, steps=80)


def test_samples_follow_the_moments_of_the_codes() -> None:
    torch.manual_seed(2)
    codes = torch.randn(400, 3) @ torch.randn(3, 3) * 0.1 + torch.tensor([0.1, -0.2, 0.3])
    fit = Gaussian(3)
    fit.fit(codes.mean(0), codes.T.cov())
    drawn = fit.draw(20_000)
    torch.testing.assert_close(drawn.mean(0), codes.mean(0), atol=0.01, rtol=0)
    torch.testing.assert_close(drawn.T.cov(), codes.T.cov(), atol=0.01, rtol=0)


def test_the_model_keeps_the_moments_of_its_training_codes(tmp_path: Path) -> None:
    pixels = toy.smooth()
    cfg = glo.TrainConfig(**SMALL, steps=5)
    model = glo.Model(cfg, pixels.shape[1:])
    loop = Loop(tmp_path, 0, model=model)
    glo.train(model, Images(pixels), cfg, loop)
    torch.testing.assert_close(model.codes.mean, table(loop).mean(0))
    torch.testing.assert_close(model.codes.covariance, table(loop).T.cov())
    assert (model.draw(50).norm(dim=1) < 1 + 1e-6).all()


def test_codes_begin_in_the_ball_along_the_principal_components(tmp_path: Path) -> None:
    pixels = toy.smooth()
    x = toy.as_floats(pixels).flatten(1).double()
    u, s, _ = torch.linalg.svd(x - x.mean(0), full_matrices=False)
    expected = u[:, :4] * s[:4]
    expected = unit_ball(expected / expected.norm(dim=1).mean())
    cfg = glo.TrainConfig(dim=4, width=8, batch=4, steps=1, lr_code=0.0)
    loop = watch(tmp_path, cfg, lambda loop: None)
    torch.testing.assert_close(table(loop).double().abs(), expected.abs(), atol=1e-4, rtol=0)


def test_codes_may_begin_at_principal_coordinates_as_they_are(tmp_path: Path) -> None:
    pixels = toy.smooth()
    x = toy.as_floats(pixels).flatten(1).double()
    u, s, _ = torch.linalg.svd(x - x.mean(0), full_matrices=False)
    cfg = glo.TrainConfig(dim=4, width=8, batch=4, steps=1, lr_code=0.0, init="pca")
    loop = watch(tmp_path, cfg, lambda loop: None)
    expected = unit_ball(u[:, :4] * s[:4])
    torch.testing.assert_close(table(loop).double().abs(), expected.abs(), atol=1e-4, rtol=0)
    assert (table(loop).norm(dim=1) > 1 - 1e-6).all()  # outside of the ball before


def test_codes_may_begin_normal(tmp_path: Path) -> None:
    cfg = glo.TrainConfig(dim=4, width=8, batch=4, steps=1, lr_code=0.0, init="normal")
    loop = watch(tmp_path, cfg, lambda loop: None)
    seed_torch(0, "once", "start")
    torch.testing.assert_close(table(loop), unit_ball(torch.randn(8, 4)))


def test_a_step_is_that_of_images_in_both_signs_at_half_the_rates(tmp_path: Path) -> None:
    pixels = toy.smooth()
    x = toy.as_floats(pixels)
    cfg = glo.TrainConfig(**{**SMALL, **LINEAGE, "batch": 8, "steps": 1})
    torch.manual_seed(0)
    model = glo.Model(cfg, pixels.shape[1:])
    lineage = copy.deepcopy(model.decode)
    loop = Loop(tmp_path, 0, model=model)
    glo.train(model, Images(pixels), cfg, loop)

    z = glo.first_codes(Images(pixels), cfg, loop)[:].requires_grad_()
    signed = nn.Sequential(*list(lineage)[:-1])(z).tanh()
    loss = laplacian(signed - (2 * x - 1), kernel="lcm_official", weights="equal").mean()
    loss.backward()
    assert z.grad is not None
    moved = unit_ball(z.detach() - 10 * z.grad)
    torch.testing.assert_close(table(loop), moved, atol=1e-4, rtol=1e-3)
    assert (moved - z).norm() > 0.01
    for weight, before in zip(model.decode.parameters(), lineage.parameters(), strict=True):
        assert before.grad is not None
        torch.testing.assert_close(weight, before - before.grad, atol=1e-5, rtol=1e-3)


@pytest.mark.parametrize(("dim", "count"), [(100, 3_576_704), (128, 3_806_080)])
def test_the_decoder_has_the_parameters_of_dcgan(dim: int, count: int) -> None:
    decoder = Decoder(dim, (3, 64, 64), 64)
    assert sum(p.numel() for p in decoder.parameters()) == count


@pytest.mark.parametrize("size", [(16, 16), (32, 32), (48, 32), (64, 64), (128, 128)])
def test_encoder_and_decoder_mirror_each_other(size: tuple[int, int]) -> None:
    shape = (3, *size)
    images = Decoder(5, shape, 2)(torch.randn(2, 5))
    assert images.shape == (2, *shape)
    assert images.min() >= 0 and images.max() <= 1
    assert Encoder(5, shape, 2)(images).shape == (2, 5)


@pytest.mark.parametrize("size", [(4, 4), (36, 36), (32, 50)])
def test_sizes_that_cannot_be_halved_are_refused(size: tuple[int, int]) -> None:
    with pytest.raises(UserError, match="sides must be"):
        Decoder(5, (3, *size), 2)
