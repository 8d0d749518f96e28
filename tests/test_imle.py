"""GLANN's way to draw codes: a map from noise that is learned when GLO is done."""

import signal
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from methods import glo
from methods._codes import Gaussian
from methods._imle import BATCH, HIDDEN, MAPPED, NOISE, Sampler, fit, nearest_noise
from priorbench import milestones
from priorbench.contract import Images
from priorbench.errors import UserError
from priorbench.loop import Loop
from priorbench.seeds import seed_torch
from tests import toy

SMALL: dict[str, Any] = {"dim": 8, "width": 8, "batch": 4, "steps": 6}


def clusters(count: int = 300) -> Tensor:
    """Return codes (count, 6) in three tight clusters: no Gaussian has them."""
    torch.manual_seed(4)
    centres = torch.tensor([[0.8, 0.0], [-0.4, 0.7], [-0.4, -0.7]]) @ torch.eye(6)[:2]
    return centres[torch.arange(count) % 3] + 0.02 * torch.randn(count, 6)


def away(drawn: Tensor, codes: Tensor) -> float:
    """Return how far drawn codes are from the nearest that were learned, on average."""
    return float(torch.cdist(drawn, codes).min(1).values.mean())


def drawn(source: Sampler | Gaussian, count: int = 400) -> Tensor:
    seed_torch(0, "sample")
    with torch.no_grad():
        return source.draw(count)


def run(folder: Path, model: glo.Model, loop: type[Loop] = Loop, **settings: Any) -> Loop:
    cfg = glo.TrainConfig(**SMALL, **settings)
    made = loop(folder, 0, model=model, checkpoint_seconds=0.0)
    glo.train(model, Images(toy.smooth()), cfg, made)
    return made


def new(**settings: Any) -> glo.Model:
    seed_torch(0, "model")
    return glo.Model(glo.TrainConfig(**SMALL, **settings), (3, toy.SIDE, toy.SIDE))


def test_the_map_has_the_sizes_of_the_authors() -> None:
    sampler = Sampler(64)
    assert (NOISE, HIDDEN, BATCH) == (32, 128, 128)
    # no biases; two normalisations with scale and shift
    weights = 32 * 128 + 128 * 128 + 128 * 64
    assert sum(p.numel() for p in sampler.parameters()) == weights + 4 * 128
    assert drawn(sampler, 5).shape == (5, 64)


def test_each_code_takes_the_noise_that_was_mapped_nearest() -> None:
    codes = clusters(40)
    torch.manual_seed(0)
    sampler = Sampler(6).eval()
    seed_torch("noise")
    found = nearest_noise(sampler, codes)
    seed_torch("noise")
    noise = torch.randn(MAPPED * 40, NOISE)
    with torch.no_grad():
        mapped = sampler(noise)
    for code, taken in zip(codes, found, strict=True):
        assert torch.equal(taken, noise[(mapped - code).square().sum(1).argmin()])


def test_samples_come_nearer_to_the_codes_than_before_and_than_a_gaussians(tmp_path: Path) -> None:
    codes = clusters()
    torch.manual_seed(0)
    sampler = Sampler(6).eval()
    before = away(drawn(sampler), codes)
    fit(sampler.train(), codes, 1000, Loop(tmp_path, 0))
    sampler.eval()
    gaussian = Gaussian(6)
    gaussian.fit(codes.mean(0), codes.T.cov())
    after = away(drawn(sampler), codes)
    assert after < 0.7 * before
    assert after < 0.8 * away(drawn(gaussian), codes)
    # all three clusters are drawn from
    nearest = torch.cdist(drawn(sampler), codes).argmin(1) % 3
    assert (nearest.bincount(minlength=3) > 60).all()


def test_a_pass_takes_every_code_once(tmp_path: Path) -> None:
    seen: list[Tensor] = []

    class Watched(Loop):
        def descend(self, loss: Tensor, *optimisers: torch.optim.Optimizer) -> None:
            super().descend(loss, *optimisers)
            seen.append(self._kept[1].clone())

    codes = clusters(2 * BATCH)
    fit(Sampler(6), codes, 4, Watched(tmp_path, 0))
    first, again, second, _ = seen
    assert torch.equal(first, again)
    assert not torch.equal(first, second)
    for order in (first, second):
        assert torch.equal(order.sort().values, torch.arange(2 * BATCH))


def test_the_generator_of_a_seed_is_the_same_however_codes_are_drawn(tmp_path: Path) -> None:
    plain, mapped = new(), new(steps_sampler=9)
    for name, value in plain.state_dict().items():
        assert torch.equal(value, mapped.state_dict()[name])
    run(tmp_path / "plain", plain)
    loop = run(tmp_path / "mapped", mapped, steps_sampler=9)
    state = mapped.state_dict()
    for name, value in plain.state_dict().items():
        assert torch.equal(value, state.pop(name))
    assert state and all(name.startswith("sampler.") for name in state)
    # no image is seen for it
    assert loop.counters == {"steps": 15, "updates": 15, "images_seen": 24}


def test_mapped_samples_are_others_than_a_gaussians_and_lie_in_the_ball(tmp_path: Path) -> None:
    model = new(steps_sampler=9)
    run(tmp_path, model, steps_sampler=9)
    model.eval()
    seed_torch(0, "sample")
    mapped = model.draw(50)
    assert (mapped.norm(dim=1) < 1 + 1e-6).all()
    model.sampler = None
    seed_torch(0, "sample")
    assert not torch.allclose(mapped, model.draw(50), atol=1e-3)


def test_a_model_says_how_its_codes_are_drawn() -> None:
    assert new().drawn == glo.SAMPLES
    assert new(steps_sampler=1).drawn == glo.MAPPED != glo.SAMPLES


@pytest.mark.parametrize("stop", [2, 6, 7, 11])
def test_a_run_that_was_stopped_goes_on_to_the_same_map(stop: int, tmp_path: Path) -> None:
    whole = new(steps_sampler=9)
    run(tmp_path / "whole", whole, steps_sampler=9)

    class Stopped(Loop):
        def descend(self, loss: Tensor, *optimisers: torch.optim.Optimizer) -> None:
            super().descend(loss, *optimisers)
            if self.counters["updates"] == stop:
                signal.raise_signal(signal.SIGTERM)

    with pytest.raises(SystemExit):
        run(tmp_path / "parts", new(steps_sampler=9), Stopped, steps_sampler=9)
    resumed = new(steps_sampler=9)
    run(tmp_path / "parts", resumed, steps_sampler=9)
    for name, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[name]), name


def test_the_maps_stage_is_no_learning_of_the_generators(tmp_path: Path) -> None:
    model = new(steps_sampler=50)
    run(tmp_path, model, steps_sampler=50)
    found = milestones.learned(tmp_path, model)
    assert max(int(path.stem.split("-")[1]) for _, path in found) == 56
    assert found[-1][0] == SMALL["steps"]


def test_one_code_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="steps_sampler: a map to one code"):
        fit(Sampler(6), clusters(1), 5, Loop(tmp_path, 0))
