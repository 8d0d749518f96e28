"""Networks of somebody else as methods, in a few lines."""

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from methods._adapters import Generator, by_network
from priorbench import registry
from priorbench.contract import Observation
from priorbench.errors import UserError
from tests import toy

GENERATOR = '''"""Somebody's generator."""
from dataclasses import dataclass

import torch
from torch import nn

from methods._adapters import Generator, SearchConfig as RestoreConfig, search_codes as restore

SAMPLES = "codes drawn from the prior N(0, I)"

@dataclass(frozen=True)
class TrainConfig:
    dim: int = 4

class Model(Generator):
    def __init__(self, cfg, shape):
        net = nn.Sequential(nn.Linear(cfg.dim, 3 * shape[1] * shape[2]), nn.Tanh(),
                            nn.Unflatten(1, shape))
        super().__init__(net, (cfg.dim,), values=(-1, 1))

def train(model, images, cfg, loop):
    pass
'''
RESTORER = '''"""Somebody's network that restores."""
from dataclasses import dataclass

from methods._adapters import by_network

TASKS = ("denoising",)

@dataclass(frozen=True)
class RestoreConfig:
    share: float = 0.5

def restore(model, seen, cfg, loop):
    return by_network(lambda y, seen: cfg.share * y + (1 - cfg.share) * seen.naive(), seen)
'''
X = toy.as_floats(toy.smooth(3))


def plugin(folder: Path, text: str) -> tuple[ModuleType, registry.Description]:
    path = folder / "mine.py"
    path.write_text(text)
    return registry.load("methods", str(path)), registry.describe("methods", str(path))


def test_a_generator_is_searched_through_with_the_imported_restore(tmp_path: Path) -> None:
    method, about = plugin(tmp_path, GENERATOR)
    assert {"train", "restore"} <= about.functions
    assert about.configs["RestoreConfig"]["steps"].default == 300
    torch.manual_seed(0)
    model = method.Model(method.TrainConfig(), X.shape[1:]).eval().requires_grad_(False)
    x = model.decode(model.draw(3))
    found = toy.restored(method, model, toy.hole(x), tmp_path, steps=200, prior=1e-6)
    assert toy.psnr(found, x) > 40
    assert found.shape == x.shape and found.min() >= 0 and found.max() <= 1


def test_more_starts_are_never_worse_and_the_first_is_the_code_zero(tmp_path: Path) -> None:
    method, _ = plugin(tmp_path, GENERATOR)
    torch.manual_seed(0)
    model = method.Model(method.TrainConfig(), X.shape[1:]).eval().requires_grad_(False)
    none = toy.restored(method, model, toy.clean(X), tmp_path / "a", steps=0)
    torch.testing.assert_close(none, model.decode(torch.zeros(3, 4)))
    one, many = (
        toy.restored(
            method, model, toy.clean(X), tmp_path / str(n), steps=3, restarts=n, loss="mse"
        )
        for n in (1, 4)
    )
    errors = [(found - X).square().flatten(1).mean(1) for found in (one, many)]
    assert (errors[1] <= errors[0] + 1e-7).all()


@pytest.mark.parametrize("prior", ["normal", "ball", "box"])
def test_codes_are_drawn_from_their_prior_and_pulled_back_into_it(prior: Any) -> None:
    model = Generator(nn.Linear(2, 2), (2, 3, 3), prior)
    torch.manual_seed(0)
    z = model.draw(2000)
    assert z.shape == (2000, 2, 3, 3)
    lengths = z.flatten(1).norm(dim=1)
    if prior == "ball":
        assert lengths.max() <= 1
        assert float((lengths**18).mean()) == pytest.approx(0.5, abs=0.03)  # uniform in it
        assert model.clamp(9 * z).flatten(1).norm(dim=1).max() <= 1 + 1e-6
    else:
        spread = 1.0 if prior == "normal" else 3**-0.5
        assert float(z.std()) == pytest.approx(spread, abs=0.02)
        assert float(model.clamp(9 * z).abs().max()) == (1 if prior == "box" else 9 * z.abs().max())


def test_values_of_a_generator_become_those_of_images() -> None:
    model = Generator(nn.Identity(), (3, 1, 1), values=(-1, 1))
    told = model.decode(torch.tensor([-1.0, 0.0, 3.0]).view(1, 3, 1, 1))
    assert told.flatten().tolist() == [0, 0.5, 1]


def test_a_network_that_restores_sees_y_and_its_observation(tmp_path: Path) -> None:
    method, about = plugin(tmp_path, RESTORER)
    assert about.constants["TASKS"] == ("denoising",) and not about.learns
    seen = toy.clean(X, sigma=0.1)
    found = toy.restored(method, None, seen, tmp_path, share=0.25)
    torch.testing.assert_close(found, (0.25 * seen.y + 0.75 * seen.naive()).clamp(0, 1))


def test_a_network_that_returns_another_size_is_named() -> None:
    class Halving(nn.Module):
        def forward(self, y: Tensor, seen: Observation) -> Tensor:
            return y[:, :, ::2, ::2]

    with pytest.raises(UserError, match=r"Halving returned \(3, 3, 8, 8\), not \(3, 3, 16, 16\)"):
        by_network(Halving(), toy.clean(X))
