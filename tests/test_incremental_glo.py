"""Incremental GLO grows over subsets, keeps what it has learned, and ends with an encoder."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from methods import incremental_glo
from methods._losses import l1, lap_mse, mse
from methods._subsets import Stage, draw, plan, split
from priorbench.contract import Images
from priorbench.errors import UserError
from priorbench.loop import Loop
from priorbench.seeds import seed_torch
from tests import toy

SMALL: dict[str, Any] = {
    **{"dim": 8, "width": 8, "batch": 8, "feature_dim": 4, "clusters": 2},
    **{"representatives": (1, 2), "steps": (1, 1, 1), "steps_all": 1, "steps_encoder": 1},
}


class Staged(Loop):
    """A loop that notes the code table at the end of each stage, batches and losses."""

    def steps(self, count: int, stage: str = "train") -> Any:
        self.after = getattr(self, "after", {"start": self.table()})
        self.drawn = getattr(self, "drawn", {}) | {stage: []}
        self.losses = getattr(self, "losses", {}) | {stage: []}
        self.stage = stage
        yield from super().steps(count, stage)
        self.after[stage] = self.table()

    def batch(self, members: int | Tensor, size: int, order: str = "shuffle") -> Tensor:
        index = super().batch(members, size, order)
        self.drawn[self.stage].append(index)
        return index

    def descend(self, loss: Tensor, *optimisers: torch.optim.Optimizer) -> None:
        self.losses[self.stage].append(float(loss.detach()))
        super().descend(loss, *optimisers)

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


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"steps": (1, 1)}, "steps: 3 numbers expected, one per stage, found 2"),
        ({"batch": (1, 1, 1)}, "batch: 5 numbers expected, one per stage, found 3"),
        ({"batch_earlier": (1,)}, "batch_earlier: 3 numbers expected"),
        ({"stages": (1, 2, 4)}, "there is no subset 4 of 3"),
    ],
)
def test_a_setting_that_fits_no_stage_is_refused(
    settings: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=message):
        run(tmp_path, **settings)


def moved(loop: Staged) -> dict[str, set[int]]:
    """Return the images whose codes each stage moved."""
    return {
        stage: set(torch.nonzero((after != before).any(1)).flatten().tolist())
        for (_, before), (stage, after) in pairwise(loop.after.items())
    }


def test_codes_of_earlier_images_are_fixed_while_a_subset_is_learned(tmp_path: Path) -> None:
    _, loop = run(tmp_path, steps=(5, 5, 5), steps_all=5)
    first, second, third = (set(part.tolist()) for part in subsets(loop))
    expected = [first, second, third, set(range(8)), set()]
    stages = ["subset1", "subset2", "subset3", "all", "encoder"]
    assert moved(loop) == dict(zip(stages, expected, strict=True))
    assert loop.table().norm(dim=1).max() < 1 + 1e-6


def test_a_stage_that_is_repeated_goes_on_with_the_codes_it_had(tmp_path: Path) -> None:
    _, loop = run(tmp_path, stages=(1, 2, 3, 3), steps=(1, 1, 9, 1), order="fixed", batch=2)
    first, second, third = subsets(loop)
    assert moved(loop)["subset3_again"] <= set(third.tolist())
    step = (loop.after["subset3_again"] - loop.after["subset3"]).abs().max()
    assert 0 < step < 5 * incremental_glo.TrainConfig.lr_code
    assert (loop.after["subset3"] - loop.after["start"])[third].abs().max() > step
    again = plan([first, second, third], (1, 2, 3, 3), (1,) * 6, (8,) * 6, (8,) * 4)[3]
    assert torch.equal(again.new, third)
    assert torch.equal(again.earlier, torch.cat([first, second]))


def test_each_stage_has_its_own_batches(tmp_path: Path) -> None:
    _, loop = run(tmp_path, batch=(2, 1, 2, 5, 4), batch_earlier=(7, 1, 3))
    sizes = {stage: [len(index) for index in drawn] for stage, drawn in loop.drawn.items()}
    subset = [[2], [1, 1], [2, 3]]  # new, earlier
    assert [sizes[f"subset{number}"] for number in (1, 2, 3)] == subset
    assert (sizes["all"], sizes["encoder"]) == ([5], [4])


def test_batches_that_are_not_shuffled_are_the_same_in_every_pass(tmp_path: Path) -> None:
    loop = Loop(tmp_path, 0)
    members = torch.tensor([7, 3, 9, 1, 4, 0, 8])
    drawn = [draw(loop, members, 3, step, "fixed").tolist() for step in loop.steps(6)]
    assert drawn == 2 * [[7, 3, 9], [1, 4, 0], [8]]
    assert loop.counters["images_seen"] == 14
    _, run_loop = run(tmp_path / "run", order="fixed", batch=3, steps_all=6)
    assert [index.tolist() for index in run_loop.drawn["all"]] == 2 * [[0, 1, 2], [3, 4, 5], [6, 7]]


def test_the_generator_is_the_reports_of_3_576_704_parameters() -> None:
    model = incremental_glo.Model(incremental_glo.TrainConfig(), (3, 64, 64))
    assert sum(p.numel() for p in model.decode.parameters()) == 3_576_704


def test_codes_may_start_at_random_and_are_pulled_into_the_ball_only_if_they_have_one(
    tmp_path: Path,
) -> None:
    none = {"steps": (0, 0, 0), "steps_all": 0, "steps_encoder": 0, "start": "normal", "dim": 64}
    tables = {}
    for codes in ("free", "ball"):
        model, loop = run(tmp_path / codes, **none, codes=codes)
        tables[codes] = loop.table()
        model.codes.covariance.mul_(100)
        assert (float(model.draw(50).norm(dim=1).max()) > 1 + 1e-6) == (codes == "free")
    assert abs(float(tables["free"].std()) - 1) < 0.1
    lengths = tables["free"].norm(dim=1, keepdim=True)
    torch.testing.assert_close(tables["ball"], tables["free"] / lengths)


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


def test_the_loss_of_the_encoder_falls_on_images_that_it_was_not_fitted_to(tmp_path: Path) -> None:
    pixels = toy.smooth(96)
    settings = {"steps": (20, 20, 20), "steps_all": 150, "steps_encoder": 0, "batch": 16}
    cfg = incremental_glo.TrainConfig(**{**SMALL, **settings})
    torch.manual_seed(0)
    model = incremental_glo.Model(cfg, pixels.shape[1:])
    loop = Loop(tmp_path / "codes", 0, model=model)
    incremental_glo.train(model, Images(pixels), cfg, loop)
    codes, fitted, held_out = loop.tables[0], torch.arange(64), torch.arange(64, 96)
    z, x = codes[held_out], toy.as_floats(pixels)[held_out]
    losses = []
    for steps in (0, 150):
        stage, loop = Stage("encoder", steps, fitted, 16), Loop(tmp_path / str(steps), 0)
        incremental_glo._train_encoder(model.train(), Images(pixels), codes, stage, cfg, loop)
        with torch.no_grad():
            predicted = model.eval().encoder(x)
        losses.append(float((l1(predicted, z) + cfg.encoder_l2 * mse(predicted, z)).mean()))
    assert losses[1] < 0.7 * losses[0]


def test_the_loss_of_variant_3_is_that_of_codes_and_of_noisy_codes(tmp_path: Path) -> None:
    settings = {"steps": (0, 0, 0), "order": "fixed", "alpha": 0.5, "noise_weight": 2.0}
    _, loop = run(tmp_path, **settings, noise=0.3, batch=4)
    torch.manual_seed(0)
    cfg = incremental_glo.TrainConfig(**SMALL)
    untrained = incremental_glo.Model(cfg, (3, toy.SIDE, toy.SIDE)).decode
    z, x = loop.after["start"][:4], toy.as_floats(toy.smooth())[:4]
    seed_torch(0, "all", 0)
    made = untrained(torch.cat([z, z + 0.3 * torch.randn(4, 8)]))
    expected = 0.5 * lap_mse(made[:4], x).mean() + 2.0 * lap_mse(made[4:], x).mean()
    assert loop.losses["all"] == pytest.approx([float(expected.detach())], rel=1e-5)


def test_without_a_weight_no_noisy_codes_are_decoded(tmp_path: Path) -> None:
    model, _ = run(tmp_path / "without", steps=(0, 0, 0), noise_weight=0.0, noise=1e3)
    other, _ = run(tmp_path / "other", steps=(0, 0, 0), noise_weight=0.0, noise=0.0)
    for name, value in model.decode.state_dict().items():
        assert torch.equal(value, other.decode.state_dict()[name])


def test_free_codes_grow_to_escape_the_noise_and_others_cannot(tmp_path: Path) -> None:
    settings = {"steps": (20, 20, 20), "steps_all": 150, "steps_encoder": 0, "perceptual": "l1"}
    lengths, grown = {}, {}
    for codes, weight in (("free", 0.0), ("free", 0.7), ("ball", 0.7)):
        folder = tmp_path / f"{codes}{weight}"
        given = {"codes": codes, "noise_weight": weight, "noise": 1.0, "start": "normal"}
        _, loop = run(folder, **settings, **given)
        lengths[codes, weight] = loop.table().norm(dim=1)
        grown[codes, weight] = lengths[codes, weight] / loop.after["subset3"].norm(dim=1)
    assert grown["free", 0.7].min() > 1.2
    assert lengths["free", 0.7].mean() > 1.3 * lengths["free", 0.0].mean()
    assert lengths["ball", 0.7].max() < 1 + 1e-6


@pytest.mark.parametrize("weight", [0.0, 1.0])
def test_the_loss_of_the_encoder_is_l1_with_some_l2(weight: float, tmp_path: Path) -> None:
    nothing = {"steps": (0, 0, 0), "steps_all": 0, "order": "fixed", "batch": 4}
    _, loop = run(tmp_path, **nothing, encoder_l2=weight)
    torch.manual_seed(0)
    cfg = incremental_glo.TrainConfig(**SMALL)
    untrained = incremental_glo.Model(cfg, (3, toy.SIDE, toy.SIDE)).encoder
    error = untrained(toy.as_floats(toy.smooth())[:4]) - loop.after["start"][:4]
    expected = float((error.abs() + weight * error.square()).mean().detach())
    assert loop.losses["encoder"] == pytest.approx([expected], rel=1e-5)
