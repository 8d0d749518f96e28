"""The autoencoder searches from its mean code; the variational one pays for its codes in nats."""

import math
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

from methods import ae, vae
from methods._codes import MOMENTUM
from priorbench.contract import Images
from priorbench.loop import Loop
from tests import toy

SMALL = {"dim": 8, "width": 8, "batch": 8}
Fitted = tuple[ModuleType, Any]


def curve(folder: Path, cfg: vae.TrainConfig) -> tuple[vae.Model, dict[str, list[float]]]:
    """Train a VAE on toy images; return it and what it logged."""
    pixels = toy.smooth()
    torch.manual_seed(0)
    model = vae.Model(cfg, pixels.shape[1:])
    loop = Loop(folder, 0, model=model)
    vae.train(model, Images(pixels), cfg, loop)
    values: dict[str, list[float]] = {}
    for _, _, name, _, value in loop.curve.rows:
        values.setdefault(name, []).append(value)
    return model, values


@pytest.fixture(scope="module", params=[ae, vae], ids=["ae", "vae"])
def fitted(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Fitted:
    """Each of the two methods, with a model of it that has learned the toy images."""
    method: ModuleType = request.param
    settings = {"alpha": 1e-3, "warm_up": 50} if method is vae else {}
    folder = tmp_path_factory.mktemp("train")
    model = toy.trained(method, toy.smooth(), folder, **SMALL, steps=300, lr=3e-3, **settings)
    return method, model


def test_training_overfits_eight_images(fitted: Fitted) -> None:
    _, model = fitted
    x = toy.as_floats(toy.smooth())
    assert toy.psnr(model.decode(model.encode(x)), x) > 24


@pytest.mark.parametrize("start", ["mean", "encoder"])
def test_a_hole_is_filled_with_what_was_learned_and_not_with_what_it_hides(
    fitted: Fitted, start: str, tmp_path: Path
) -> None:
    toy.check_hole(*fitted, toy.smooth(), tmp_path, gain=1.0, start=start, steps=80)


def test_a_search_may_begin_at_the_code_of_the_naive_inverse(
    fitted: Fitted, tmp_path: Path
) -> None:
    method, model = fitted
    seen = toy.hole(toy.as_floats(toy.smooth()))
    begun = toy.restored(method, model, seen, tmp_path, steps=0, start="encoder")
    assert torch.equal(begun, model.decode(model.encode(seen.naive())))


def test_the_autoencoder_keeps_the_gaussian_of_its_codes(tmp_path: Path) -> None:
    pixels = toy.smooth()
    model = toy.trained(ae, pixels, tmp_path / "train", **SMALL, steps=400, lr=1e-4)
    codes = model.encode(toy.as_floats(pixels))
    torch.testing.assert_close(model.codes.mean, codes.mean(0))
    torch.testing.assert_close(model.codes.covariance, codes.T.cov(correction=0))
    begun = toy.restored(ae, model, toy.clean(toy.as_floats(pixels)), tmp_path / "mean", steps=0)
    assert torch.equal(begun, model.decode(model.codes.mean.expand(8, -1)))


def test_divergence_is_that_of_two_gaussians_in_nats() -> None:
    mean, log_variance = torch.tensor([[1.0, 0.0]]), torch.tensor([[math.log(4.0), 0.0]])
    # by hand: (1 + 4 - 1 - log 4) / 2, and nothing where q is the prior
    expected = torch.tensor([[2 - math.log(2.0), 0.0]])
    torch.testing.assert_close(vae.divergence(mean, log_variance), expected)
    mean, log_variance = torch.randn(2, 4, 5)
    q = torch.distributions.Normal(mean, (log_variance / 2).exp())
    exact = torch.distributions.kl_divergence(q, torch.distributions.Normal(0.0, 1.0))
    torch.testing.assert_close(vae.divergence(mean, log_variance), exact)


def test_divergence_is_the_mean_of_the_ratio_of_densities() -> None:
    torch.manual_seed(0)
    mean, log_variance = torch.randn(2, 6)
    q, p = torch.distributions.Normal(mean, (log_variance / 2).exp()), torch.distributions.Normal
    z = q.sample((200_000,))
    ratio = q.log_prob(z) - p(0.0, 1.0).log_prob(z)
    error = ratio.std(0) / len(z) ** 0.5
    assert ((ratio.mean(0) - vae.divergence(mean, log_variance)).abs() < 4 * error).all()


def test_the_variance_of_the_likelihood_decides_whether_codes_collapse(tmp_path: Path) -> None:
    small: dict[str, Any] = {
        "dim": 4,
        "width": 4,
        "batch": 8,
        "steps": 150,
        "warm_up": 1,
        "lr": 3e-3,
    }
    model, sharp = curve(tmp_path / "sharp", vae.TrainConfig(**small, alpha=1e-3))
    collapsed, vague = curve(tmp_path / "vague", vae.TrainConfig(**small, alpha=1e3))
    assert model.facts() == {"active": 4} and collapsed.facts() == {"active": 0}
    assert sharp["active"][-1] == 4 and sharp["divergence"][-1] > 3
    # codes are drawn: only narrow posteriors let the decoder tell images apart
    _, log_variance = model.posterior(toy.as_floats(toy.smooth()))
    assert log_variance.mean() < -1
    assert vague["active"][-1] == 0 and vague["divergence"][-1] < 0.05


def test_the_model_keeps_what_each_dimension_carried_of_late(tmp_path: Path) -> None:
    model, values = curve(tmp_path, vae.TrainConfig(dim=4, width=4, batch=8, steps=60))
    expected = 0.0
    for value in values["divergence"]:
        expected += MOMENTUM * (value - expected)
    assert model.nats.shape == (4,)
    assert float(model.nats.sum()) == pytest.approx(expected, rel=1e-4)


def test_the_divergence_counts_little_at_first(tmp_path: Path) -> None:
    small: dict[str, Any] = {
        "dim": 4,
        "width": 4,
        "batch": 8,
        "steps": 60,
        "alpha": 1e3,
        "lr": 3e-3,
    }
    _, late = curve(tmp_path / "late", vae.TrainConfig(**small, warm_up=10_000))
    _, early = curve(tmp_path / "early", vae.TrainConfig(**small, warm_up=1))
    assert late["divergence"][-1] > 2 * early["divergence"][-1]


def test_the_log_variance_stays_within_its_bounds() -> None:
    model = vae.Model(vae.TrainConfig(dim=4, width=4), (3, 16, 16))
    with torch.no_grad():
        [*model.encoder.parameters()][-2].mul_(1e6)
    _, log_variance = model.posterior(torch.rand(8, 3, 16, 16))
    assert log_variance.abs().max() == vae.CLAMP


def test_samples_of_the_vae_come_from_the_prior() -> None:
    torch.manual_seed(0)
    codes = vae.Model(vae.TrainConfig(dim=3, width=4), (3, 16, 16)).draw(20_000)
    torch.testing.assert_close(codes.mean(0), torch.zeros(3), atol=0.03, rtol=0)
    torch.testing.assert_close(codes.T.cov(), torch.eye(3), atol=0.04, rtol=0)
