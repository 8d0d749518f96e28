"""The critic's slope is held near 1, in both directions, image by image."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from methods import wgan_gp
from methods._networks import Encoder
from priorbench.contract import Images
from priorbench.loop import Loop
from tests import toy

SMALL: dict[str, Any] = {"dim": 4, "width": 4, "critic_width": 4, "batch": 4, "average": 0.0}
SHAPE = (3, 16, 16)


class Linear(nn.Module):
    """D(x) = <w, x>: its slope is w everywhere."""

    def __init__(self, length: float) -> None:
        super().__init__()
        w = torch.randn(SHAPE, generator=torch.Generator().manual_seed(0))
        self.w = nn.Parameter(length * w / w.norm())
        self.asked = torch.zeros(0)

    def forward(self, x: Tensor) -> Tensor:
        self.asked = x.detach()
        return (self.w * x).sum((1, 2, 3))


@pytest.mark.parametrize("length", [0.5, 1.0, 3.0])
def test_the_penalty_of_a_linear_critic_is_that_of_its_length(length: float) -> None:
    critic = Linear(length)
    penalty = wgan_gp.gradient_penalty(critic, torch.rand(4, *SHAPE), torch.rand(4, *SHAPE))
    torch.testing.assert_close(penalty, torch.tensor((length - 1) ** 2), atol=1e-5, rtol=0)
    penalty.backward()
    assert critic.w.grad is not None
    expected = 2 * (length - 1) * critic.w.detach() / length
    torch.testing.assert_close(critic.w.grad, expected, atol=1e-5, rtol=0)


def test_the_penalty_is_taken_between_each_real_image_and_its_generated_one() -> None:
    critic = Linear(1.0)
    real, fake = torch.ones(64, *SHAPE), torch.zeros(64, *SHAPE)
    wgan_gp.gradient_penalty(critic, real, fake)
    shares = critic.asked.flatten(1)
    assert torch.equal(shares, shares[:, :1].expand_as(shares))
    assert 0 <= shares.min() < 0.2 and 0.8 < shares.max() <= 1
    assert len(shares[:, 0].unique()) == 64


def test_the_penalty_can_be_differentiated_where_the_critic_is_flat() -> None:
    critic = Linear(0.0)
    wgan_gp.gradient_penalty(critic, torch.rand(4, *SHAPE), torch.rand(4, *SHAPE)).backward()
    assert critic.w.grad is not None
    assert critic.w.grad.isfinite().all()


def test_the_penalty_of_the_critic_has_the_gradient_of_finite_differences() -> None:
    torch.manual_seed(3)
    critic = Encoder(1, SHAPE, 4, norm="none").double()
    for weight in critic.parameters():
        nn.init.normal_(weight, 0, 0.3)
    real, fake = torch.rand(2, 4, *SHAPE, dtype=torch.float64)

    def penalty() -> Tensor:
        torch.manual_seed(5)
        return wgan_gp.gradient_penalty(critic, real, fake)

    penalty().backward()
    layer = critic[2].weight
    assert isinstance(layer, nn.Parameter) and layer.grad is not None
    direction = torch.randn_like(layer)
    layer.data += 1e-6 * direction
    above = penalty()
    layer.data -= 2e-6 * direction
    slope = (above - penalty()).detach() / 2e-6
    torch.testing.assert_close((layer.grad * direction).sum(), slope, rtol=1e-4, atol=1e-6)


def test_the_critic_judges_each_image_by_itself() -> None:
    critic = Encoder(1, SHAPE, 4, norm="none")
    images = torch.rand(4, *SHAPE)
    torch.testing.assert_close(critic(images)[:1], critic(images[:1]))


@pytest.mark.parametrize("critic_steps", [1, 3])
def test_the_critic_takes_its_steps_for_each_of_the_generator(
    critic_steps: int, tmp_path: Path
) -> None:
    pixels = toy.smooth()
    cfg = wgan_gp.TrainConfig(**SMALL, steps=6, critic_steps=critic_steps)
    model = wgan_gp.Model(cfg, SHAPE)
    loop = Loop(tmp_path, 0, model=model)
    wgan_gp.train(model, Images(pixels), cfg, loop)
    assert loop.counters["updates"] == 6 * (critic_steps + 1)
    assert loop.counters["images_seen"] == 6 * critic_steps * cfg.batch


def test_the_game_brings_samples_near_eight_images(tmp_path: Path) -> None:
    pixels = toy.smooth()
    x = toy.as_floats(pixels)
    settings = {"dim": 8, "width": 8, "critic_width": 8, "batch": 8, "critic_steps": 3}
    short = toy.trained(wgan_gp, pixels, tmp_path / "short", steps=1, lr=2e-3, **settings)
    long = toy.trained(
        wgan_gp, pixels, tmp_path / "long", steps=250, lr=2e-3, average=0.9, **settings
    )
    near = []
    for name, model in (("short", short), ("long", long)):
        seen, folder = toy.clean(x), tmp_path / f"restored-{name}"
        near.append(toy.psnr(toy.restored(wgan_gp, model, seen, folder, steps=150), x))
    assert near[1] > near[0] + 2
    toy.check_hole(wgan_gp, long, pixels, tmp_path / "hole", gain=-3.0, steps=60)


def test_the_generator_kept_is_the_moving_average_of_the_one_that_plays() -> None:
    kept, player = nn.BatchNorm2d(2), nn.BatchNorm2d(2)
    nn.init.constant_(player.weight, 3.0)
    player.running_mean = torch.tensor([2.0, 4.0])
    for _ in range(2):
        wgan_gp.follow(kept, player, decay=0.5)
    torch.testing.assert_close(kept.weight.detach(), torch.full((2,), 2.5))
    torch.testing.assert_close(kept.running_mean, torch.tensor([1.5, 3.0]))


def test_more_restarts_come_closer_to_what_was_seen(tmp_path: Path) -> None:
    pixels = toy.smooth()
    x = toy.as_floats(pixels)
    model = toy.trained(wgan_gp, pixels, tmp_path / "train", **SMALL, steps=20)
    errors = [
        (toy.restored(wgan_gp, model, toy.clean(x), tmp_path / str(n), restarts=n, steps=5) - x)
        .square()
        .mean()
        for n in (1, 8)
    ]
    assert errors[1] < errors[0]


def test_decay_pulls_the_noise_vector_towards_zero(tmp_path: Path) -> None:
    pixels = toy.smooth()
    model = toy.trained(wgan_gp, pixels, tmp_path / "train", **SMALL, steps=5)
    seen = toy.clean(toy.as_floats(pixels))
    pulled = toy.restored(
        wgan_gp, model, seen, tmp_path / "pulled", steps=3, lr=0.1, decay=10.0, restarts=1
    )
    # lr x decay = 1: nothing is left of z after a step
    assert torch.equal(pulled, model.decode(torch.zeros(8, 4)))
