"""The loop: a run that was killed anywhere, and resumed, equals one that was not."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from priorbench.contract import Images
from priorbench.errors import UserError
from priorbench.loop import DivergedError, Loop

IMAGES = Images(np.random.default_rng(0).integers(0, 255, (20, 3, 2, 2)).astype(np.uint8))
STEPS = {"first": 9, "second": 12}


class Killed(Exception):
    """Stands for a kill between two steps."""


def staged_training(loop: Loop, kill_at: int | None = None) -> dict[str, Tensor]:
    """Train a toy with rows, noise, two stages, an expensive result and Adam."""
    assert loop.model is not None
    seen = 0
    start = loop.once("start", lambda: {"row": torch.randn(4)})["row"]
    codes = loop.codes(start.expand(len(IMAGES), -1))
    for stage, count in STEPS.items():
        adam = loop.keep(torch.optim.Adam(loop.model.parameters(), lr=0.01))
        running = loop.keep(torch.zeros(12))
        for _ in loop.steps(count, stage):
            i = loop.batch(len(IMAGES), 6, order="shuffle" if stage == "first" else "once")
            rows = codes[i].requires_grad_()
            sgd = torch.optim.SGD([rows], lr=0.1)
            for _ in range(2):
                found = loop.model(rows + 0.01 * torch.randn(6, 4))
                loop.descend((found - IMAGES[i].flatten(1)).pow(2).mean(), adam, sgd)
            codes[i] = rows
            running.mul_(0.9).add_(found.detach().mean(0))
            pictures = found.view(6, 3, 2, 2).sigmoid()
            loop.log(lambda: pictures, loss=found.mean(), each=found.mean(1))  # noqa: B023
            seen += 1
            if seen == kill_at:
                raise Killed
    moments = codes.moments()
    return {
        **loop.model.state_dict(),
        "codes": codes[torch.arange(len(IMAGES))],
        "mean": moments[0],
        "covariance": moments[1],
        "curve": torch.tensor([row[-1] for row in loop.curve.rows], dtype=torch.float64),
        "counters": torch.tensor(list(loop.counters.values())),
        "trace": torch.stack(list(loop.trace.values())),
    }


def new_loop(folder: Path, seed: int = 3) -> Loop:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Dropout(0.2), nn.Linear(8, 12))
    ids = torch.arange(14, 20)  # two of them are traced
    return Loop(folder, seed, model=model, ids=ids, checkpoint_seconds=0)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Tensor]:
    return staged_training(new_loop(tmp_path_factory.mktemp("whole")))


def assert_equal(found: dict[str, Tensor], expected: dict[str, Tensor]) -> None:
    for name, value in expected.items():
        assert torch.equal(found[name], value), name


@pytest.mark.parametrize("kill_at", range(1, sum(STEPS.values()) + 1))
def test_a_run_killed_at_any_step_resumes_bit_for_bit(
    kill_at: int, tmp_path: Path, whole: dict[str, Tensor]
) -> None:
    with pytest.raises(Killed):
        staged_training(new_loop(tmp_path), kill_at)
    assert_equal(staged_training(new_loop(tmp_path)), whole)


@pytest.mark.parametrize("kill_at", [4, 11, 17])
def test_a_torn_checkpoint_falls_back_to_the_older_one(
    kill_at: int, tmp_path: Path, whole: dict[str, Tensor]
) -> None:
    with pytest.raises(Killed):
        staged_training(new_loop(tmp_path), kill_at)
    newest = max(tmp_path.glob("checkpoint-*.pt"))
    newest.write_bytes(newest.read_bytes()[:100])
    assert_equal(staged_training(new_loop(tmp_path)), whole)


def test_rows_survive_a_kill_between_checkpoint_and_file(
    tmp_path: Path, whole: dict[str, Tensor], monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = new_loop(tmp_path)
    saves = 0
    save = loop._checkpoints.write

    def save_and_die(state: dict[str, object]) -> None:
        nonlocal saves
        save(state)
        saves += 1
        if saves == 7:
            raise Killed

    monkeypatch.setattr(loop._checkpoints, "write", save_and_die)
    with pytest.raises(Killed):
        staged_training(loop)
    assert_equal(staged_training(new_loop(tmp_path)), whole)


def test_killed_twice_is_as_good_as_once(tmp_path: Path, whole: dict[str, Tensor]) -> None:
    for kill_at in (5, 3, 6):
        with pytest.raises(Killed):
            staged_training(new_loop(tmp_path), kill_at)
    assert_equal(staged_training(new_loop(tmp_path)), whole)


def test_another_seed_is_another_run(tmp_path: Path, whole: dict[str, Tensor]) -> None:
    other = staged_training(new_loop(tmp_path, seed=4))
    assert not torch.equal(other["codes"], whole["codes"])


def test_a_finished_run_yields_no_step(tmp_path: Path, whole: dict[str, Tensor]) -> None:
    staged_training(new_loop(tmp_path))
    loop = new_loop(tmp_path)
    assert_equal(staged_training(loop, kill_at=1), whole)


def test_a_loss_that_is_not_finite_ends_the_run_as_diverged(tmp_path: Path) -> None:
    loop = new_loop(tmp_path)
    weight = torch.ones(1, requires_grad=True)
    with pytest.raises(DivergedError, match="diverged at step"):
        for step in loop.steps(5):
            loss = (weight * (float("nan") if step == 2 else 1.0)).sum()
            loop.descend(loss, torch.optim.SGD([weight], lr=0.1))


def test_each_image_has_random_numbers_of_its_own_in_any_chunk(tmp_path: Path) -> None:
    def draw(ids: list[int], name: str) -> Tensor:
        loop = Loop(tmp_path / name, 0, ids=torch.tensor(ids))
        return torch.cat([loop.each(lambda: torch.randn(3)) for _ in loop.steps(2)])

    both, alone = draw([4, 7], "both"), draw([7], "alone")
    assert torch.equal(both[1::2], alone)
    assert not torch.equal(both[0], both[1])


@pytest.mark.parametrize("order", ["shuffle", "once", "fixed"])
def test_batches_visit_all_images_and_none_twice_at_once(order: str, tmp_path: Path) -> None:
    loop = Loop(tmp_path, 0)
    batches = [loop.batch(10, 4, order) for _ in loop.steps(10)]
    assert all(len(set(batch.tolist())) == 4 for batch in batches)
    assert set(torch.cat(batches).tolist()) == set(range(10))


def test_batches_of_one_step_differ(tmp_path: Path) -> None:
    loop = Loop(tmp_path, 0)
    for _ in loop.steps(1):
        assert not torch.equal(loop.batch(1000, 8), loop.batch(1000, 8))


def test_batches_draw_from_given_members(tmp_path: Path) -> None:
    loop = Loop(tmp_path, 0)
    members = torch.tensor([3, 5, 9])
    for _ in loop.steps(3):
        assert set(loop.batch(members, 2).tolist()) <= {3, 5, 9}


def test_a_batch_bigger_than_the_set_is_a_mistake(tmp_path: Path) -> None:
    loop = Loop(tmp_path, 0)
    with pytest.raises(UserError, match="8 images asked for, the set has 5"):
        for _ in loop.steps(1):
            loop.batch(5, 8)


def test_two_stages_of_one_name_are_a_mistake(tmp_path: Path) -> None:
    loop = Loop(tmp_path, 0)
    list(loop.steps(1))
    with pytest.raises(UserError, match="stage `train` is run twice"):
        list(loop.steps(1))


def test_the_curve_of_a_long_run_stays_short(tmp_path: Path) -> None:
    loop = Loop(tmp_path, 0)
    for step in loop.steps(5000):
        loop.log(step=float(step))
    rows = loop.curve.rows
    assert 200 <= len(rows) <= 400
    assert rows[0][-1] == pytest.approx(12.0)  # mean of the first window, 0 to 24


def test_the_first_images_are_traced_ever_more_rarely(tmp_path: Path) -> None:
    loop = Loop(tmp_path, 0, ids=torch.tensor([15, 16]))
    for step in loop.steps(60):
        loop.log(lambda: torch.full((2, 3, 1, 1), step / 100))  # noqa: B023
    assert list(loop.trace) == [1, 2, 5, 10, 20, 50]
    assert all(images.shape == (1, 3, 1, 1) for images in loop.trace.values())
    assert int(loop.trace[20][0, 0]) == 51  # 0.2 of 255
