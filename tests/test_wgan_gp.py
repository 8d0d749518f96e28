"""The critic's slope is held near 1, in both directions, image by image."""

from itertools import product
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call

from methods import wgan_gp
from methods._networks import Encoder
from priorbench.contract import Images
from priorbench.loop import Loop
from tests import toy

SMALL: dict[str, Any] = {"dim": 4, "width": 4, "critic_width": 4, "batch": 4, "average": 0.0}
SHAPE = (3, 16, 16)
PAPER: dict[str, Any] = {
    "architecture": "resnet",
    "critic_norm": "layer",
    "beta1": 0,  # as YAML has it
    "slopes": "signed",
    "average": 0.0,
}
CRITICS = [*product(["dcgan", "resnet"], ["none", "layer", "group"])]


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


@pytest.mark.parametrize("length", [0.5, 2.0, 3.0])
def test_slopes_may_be_stated_for_values_that_span_more(length: float) -> None:
    # D(x) = <w, x> of x in [0, 1] is <w / 2, u> + const of u = 2 x - 1
    real, fake = torch.rand(2, 4, *SHAPE)
    penalty = wgan_gp.gradient_penalty(Linear(length), real, fake, span=2.0)
    torch.testing.assert_close(penalty, torch.tensor((length / 2 - 1) ** 2), atol=1e-5, rtol=0)


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


def slopes(critic: nn.Module, images: Tensor) -> Tensor:
    images = images.clone().requires_grad_()
    return torch.autograd.grad(critic(images).sum(), images)[0]


@pytest.mark.parametrize(("architecture", "norm"), CRITICS)
def test_the_critic_judges_each_image_by_itself(architecture: Any, norm: Any) -> None:
    cfg = wgan_gp.TrainConfig(architecture=architecture, critic_width=4, critic_norm=norm)
    critic = wgan_gp.new_critic(cfg, SHAPE)
    images, others = torch.rand(2, 4, *SHAPE)
    others[0] = images[0]
    for of in (critic, lambda x: slopes(critic, x)):
        torch.testing.assert_close(of(images)[0], of(others)[0])
        torch.testing.assert_close(of(images)[:1], of(images[:1]))


def test_batch_normalisation_would_mix_the_slopes_of_images() -> None:
    critic = Encoder(1, SHAPE, 4, norm="batch")
    images, others = torch.rand(2, 4, *SHAPE)
    others[0] = images[0]
    change = (slopes(critic, images) - slopes(critic, others))[0].norm()
    assert change > 0.1 * slopes(critic, images)[0].norm()


@pytest.mark.parametrize("norm", ["none", "layer", "group"])
def test_the_penalty_of_the_residual_critic_can_be_differentiated_twice(norm: Any) -> None:
    torch.manual_seed(3)
    cfg = wgan_gp.TrainConfig(architecture="resnet", critic_width=4, critic_norm=norm)
    critic = wgan_gp.new_critic(cfg, (3, 8, 8)).double()
    names, weights = zip(*critic.named_parameters(), strict=True)
    real, fake = torch.rand(2, 3, 3, 8, 8, dtype=torch.float64)

    def penalty(*weights: Tensor) -> Tensor:
        torch.manual_seed(5)
        given = dict(zip(names, weights, strict=True))
        stub = nn.Module()
        stub.forward = lambda x: functional_call(critic, given, (x,))
        return wgan_gp.gradient_penalty(stub, real, fake)

    assert torch.autograd.gradcheck(penalty, weights, fast_mode=True)


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


def test_so_does_the_game_of_the_paper(tmp_path: Path) -> None:
    pixels = toy.smooth()
    x = toy.as_floats(pixels)
    settings: dict[str, Any] = {"dim": 8, "width": 4, "critic_width": 8, "batch": 8, "lr": 3e-3}
    settings |= {"critic_steps": 3, **PAPER}
    near = []
    for steps in (1, 100):
        model = toy.trained(wgan_gp, pixels, tmp_path / f"{steps}", steps=steps, **settings)
        folder = tmp_path / f"restored-{steps}"
        near.append(toy.psnr(toy.restored(wgan_gp, model, toy.clean(x), folder, steps=100), x))
    assert near[1] > near[0] + 2


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


class Faint(nn.Module):
    """g(z): grey images as bright as the first number of z."""

    def __init__(self) -> None:
        super().__init__()
        self.times = nn.Parameter(torch.ones(1))

    def forward(self, z: Tensor) -> Tensor:
        return (self.times * z[:, :1, None, None]).expand(-1, *SHAPE)


@pytest.mark.parametrize(("prior", "expected"), [(0.0, 0.6), (1.0, 0.4), (4.0, 0.2)])
def test_the_prior_weighs_the_noise_vector_against_what_was_seen(
    prior: float, expected: float, tmp_path: Path
) -> None:
    model = wgan_gp.Model(wgan_gp.TrainConfig(dim=2, width=4), SHAPE)
    model.decode = Faint()  # type: ignore[assignment]
    seen = toy.clean(torch.full((2, *SHAPE), 0.6))
    settings: dict[str, Any] = {"steps": 300, "lr": 0.05, "restarts": 2, "loss": "mse"}
    loop = Loop(tmp_path, 0, ids=seen.ids)
    cfg = wgan_gp.RestoreConfig(**settings, prior=prior)
    found = wgan_gp.restore(model, seen, cfg, loop)
    # (z - y)^2 + prior z^2 / 2 is least at z = 2 y / (2 + prior)
    torch.testing.assert_close(found, torch.full_like(found, expected), atol=2e-3, rtol=0)
    # and is there 2 prior y^2 / (2 (2 + prior)), once the other number of z has gone
    least = prior * 0.6**2 / (2 + prior)
    assert loop.curve.rows[-1][-1] == pytest.approx(least, abs=2e-3)


class Rates(Loop):
    """A loop that notes the learning rate of each step."""

    noted: list[float]

    def descend(self, loss: Tensor, *optimisers: torch.optim.Optimizer) -> None:
        super().descend(loss, *optimisers)
        self.noted += [group["lr"] for o in optimisers for group in o.param_groups]


@pytest.mark.parametrize(("schedule", "last"), [("constant", 0.01), ("linear", 0.0025)])
def test_the_learning_rate_of_both_falls_to_zero_along_a_line_if_asked(
    schedule: Any, last: float, tmp_path: Path
) -> None:
    cfg = wgan_gp.TrainConfig(**SMALL, steps=4, critic_steps=1, lr=0.01, schedule=schedule)
    model = wgan_gp.Model(cfg, SHAPE)
    loop = Rates(tmp_path, 0, model=model)
    loop.noted = []
    wgan_gp.train(model, Images(toy.smooth()), cfg, loop)
    line = torch.linspace(0.01, last, 4, dtype=torch.float64).repeat_interleave(2)
    assert loop.noted == pytest.approx(line.tolist())
