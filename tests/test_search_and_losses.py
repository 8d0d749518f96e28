"""The search behind every restoration, and what it minimises."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor

from methods._losses import Kernel, Weights, lap_mse, laplacian, mse
from methods._search import search
from priorbench.loop import Loop
from tests.toy import as_floats, clean, observe, pooled, smooth

X = as_floats(smooth(4))


def kernel(name: Kernel) -> NDArray[np.float64]:
    """The 5x5 blur, written out."""
    bell = np.exp(-(np.arange(-2, 3) ** 2) / (2 * 2.0**2)) ** 2  # a squared Gaussian of sigma 2
    flat = np.ones(5)
    full: NDArray[np.float64] = np.outer(bell, bell)
    if name == "lcm_official":
        full = np.outer(bell, flat) + np.outer(flat, bell)
    return np.asarray(full / full.sum())


def pyramid(image: NDArray[np.float64], levels: int, name: Kernel) -> list[NDArray[np.float64]]:
    """Laplacian pyramid of (c, h, w) by scipy."""
    bands = []
    for _ in range(levels - 1):
        low = np.stack([ndimage.correlate(plane, kernel(name), mode="constant") for plane in image])
        bands.append(image - low)
        c, h, w = low.shape
        even = low[:, : h // 2 * 2, : w // 2 * 2]
        image = even.reshape(c, h // 2, 2, w // 2, 2).mean((2, 4))
    return [*bands, image]


@pytest.mark.parametrize("name", ["gaussian", "lcm_official"])
@pytest.mark.parametrize(("weights", "base"), [("falling", 4.0), ("equal", 1.0)])
@pytest.mark.parametrize("size", [(16, 16), (21, 12)])
def test_lap_l1_is_the_weighted_difference_of_two_pyramids(
    name: Kernel, weights: Weights, base: float, size: tuple[int, int]
) -> None:
    a, b = np.random.default_rng(0).random((2, 3, *size))
    bands = zip(pyramid(a, 4, name), pyramid(b, 4, name), strict=True)
    expected = sum(base**-level * abs(p - q).mean() for level, (p, q) in enumerate(bands))
    found = laplacian(torch.from_numpy(a - b)[None], kernel=name, weights=weights)
    assert found.item() == pytest.approx(expected, rel=1e-12)


def test_a_single_level_of_a_constant_difference_is_that_constant() -> None:
    assert laplacian(torch.full((1, 3, 8, 8), -0.3), levels=1).item() == pytest.approx(0.3)


@pytest.mark.parametrize(("side", "levels"), [(1, 1), (2, 2), (4, 3), (8, 4), (16, 4)])
def test_small_images_have_fewer_levels(side: int, levels: int) -> None:
    difference = torch.rand(2, 3, side, side, generator=torch.Generator().manual_seed(0))
    assert torch.equal(laplacian(difference), laplacian(difference, levels=levels))
    if levels > 1:
        assert not torch.equal(laplacian(difference), laplacian(difference, levels=levels - 1))


def test_the_loss_of_an_image_does_not_depend_on_the_others() -> None:
    together = lap_mse(X, X.flip(0))
    alone = torch.cat([lap_mse(X[i : i + 1], X.flip(0)[i : i + 1]) for i in range(4)])
    assert together.shape == (4,)
    torch.testing.assert_close(together, alone)
    torch.testing.assert_close(lap_mse(X, X.flip(0)), laplacian(X.flip(0) - X) + mse(X, X.flip(0)))


def sigmoid_search(loop: Loop, seen: Any = None, **settings: Any) -> Tensor:
    """Search pixels directly, through a sigmoid."""
    seen = clean(X) if seen is None else seen
    rows = len(seen) * settings.get("restarts", 1)
    settings = {"steps": 40, "lr": 0.5, "start": torch.zeros(rows, *seen.shape), **settings}
    return search(torch.sigmoid, seen=seen, loop=loop, **settings)


@pytest.mark.parametrize("loss", ["lap_mse", "mse", "l1"])
def test_the_search_finds_what_was_seen(tmp_path: Path, loss: str) -> None:
    found = sigmoid_search(Loop(tmp_path, 0), steps=100, lr=0.1, loss=loss)
    assert (found - X).abs().mean() < 0.01


def test_an_observation_of_4x4_pixels_is_fitted(tmp_path: Path) -> None:
    seen = pooled(X, 4)
    found = sigmoid_search(Loop(tmp_path, 0), seen, steps=100, lr=0.1)
    assert seen.y.shape[2:] == (4, 4)
    assert (seen.degrade(found) - seen.y).abs().mean() < 0.01


@pytest.mark.parametrize("optimiser", ["adam", "sgd"])
def test_the_path_of_an_image_does_not_depend_on_the_others(tmp_path: Path, optimiser: str) -> None:
    seen = clean(X)
    together = sigmoid_search(Loop(tmp_path / "all", 0), seen, optimiser=optimiser)
    some = seen[torch.tensor([2])]
    alone = sigmoid_search(Loop(tmp_path / "one", 0), some, optimiser=optimiser)
    torch.testing.assert_close(together[2:3], alone)


def test_of_several_restarts_the_best_is_kept(tmp_path: Path) -> None:
    start = torch.stack([X.logit(1e-3), torch.zeros_like(X), X.flip(0)], 1)
    start[1] = start[1].flip(0)
    seen = observe(X, degrade=lambda x, cfg: x)
    found = sigmoid_search(
        Loop(tmp_path, 0), seen, start=start.flatten(0, 1), restarts=3, steps=1, lr=0.0
    )
    torch.testing.assert_close(found, X, atol=2e-3, rtol=0)


def test_the_average_forgets_outputs_before_its_first_step(tmp_path: Path) -> None:
    outputs = iter([0.9, 0.8, 0.2, 0.4, 0.6])
    found = search(
        lambda w: w + next(outputs),
        torch.zeros_like(X),
        clean(X),
        Loop(tmp_path, 0),
        steps=5,
        lr=0.0,
        average=0.75,
        average_from=2,
    )
    expected = 0.75 * (0.75 * 0.2 + 0.25 * 0.4) + 0.25 * 0.6
    torch.testing.assert_close(found, torch.full_like(X, expected))


def test_every_tensor_is_projected_after_every_step(tmp_path: Path) -> None:
    norms = []

    def decode(weights: list[Tensor]) -> Tensor:
        norms.append(max(float(w.detach().abs().max()) for w in weights))
        return weights[0] + weights[1]

    start = [torch.zeros_like(X), torch.zeros_like(X)]
    search(
        decode,
        start,
        clean(X),
        Loop(tmp_path, 0),
        steps=5,
        lr=0.5,
        project=lambda w: w.clamp(-0.1, 0.1),
    )
    assert max(norms) == pytest.approx(0.1)
    assert len(norms) == 6


class Killed(Exception):
    """What ends a run in the middle."""


class Mortal(Loop):
    """A loop that dies in the middle of step `last`, or at the end if it has no such step."""

    last = 0

    def steps(self, count: int, stage: str = "train") -> Iterator[int]:
        for step in super().steps(count, stage):
            if step == self.last:
                raise Killed
            yield step
        raise Killed


@pytest.mark.parametrize("backtrack", [0.0, 0.5])
@pytest.mark.parametrize("last", [1, 7, 10])
def test_a_search_killed_at_any_step_goes_on_bit_for_bit(
    tmp_path: Path, last: int, backtrack: float
) -> None:
    settings: dict[str, Any] = {"steps": 10, "average": 0.5}

    def run(loop: Loop, fall: float) -> Tensor:
        start = torch.zeros_like(X)
        back: dict[str, Any] = {"backtrack": fall, "backtrack_every": 2}
        return search(shaken, start, clean(X), loop, lr=0.5, **settings, **back)

    whole = run(Loop(tmp_path / "whole", 0), backtrack)
    dying = Mortal(tmp_path / "killed", 0, checkpoint_seconds=0)
    dying.last = last
    with pytest.raises(Killed):
        run(dying, backtrack)
    assert torch.equal(whole, run(Loop(tmp_path / "killed", 0), backtrack))
    if backtrack:
        assert not torch.equal(whole, run(Loop(tmp_path / "never", 0), 0.0))


def shaken(w: Tensor) -> Tensor:
    """Pixels through a sigmoid, each image shifted by a random amount."""
    return torch.sigmoid(w) + 0.3 * torch.randn(len(w), 1, 1, 1)


FALLS = {
    "a fall of more than 5 dB": (1, [0, 0, 5.1, 0, 0], {2: 1}),
    "a fall of less": (1, [0, 0, 4.9, 0, 0], {}),
    "a fall in two halves": (1, [0, 3, 6, 9, 9], {}),
    "two falls from the same copy": (1, [0, 0, 6, 6, 0], {2: 1, 3: 1}),
    "looks at every other step": (2, [0, 0, 0, 6, 6, 0], {4: 2}),
    "a fall that is over before the look": (2, [0, 9, 0, 9, 0], {}),
}


@pytest.mark.parametrize(("every", "losses", "back"), FALLS.values(), ids=list(FALLS))
def test_an_image_that_fits_much_worse_goes_back_to_its_copy(
    every: int, losses: list[float], back: dict[int, int], tmp_path: Path
) -> None:
    """losses: dB that the second image's PSNR is below that at first, step by step.

    back: steps that are taken back, to the weights of which step.
    """
    seen = clean(X[:2])
    errors = torch.stack([torch.full((len(losses) + 1,), 0.1) for _ in seen.ids], 1)
    errors[:-1, 1] *= 10 ** (torch.tensor(losses) / 20)
    path: list[Tensor] = []

    def decode(weights: list[Tensor]) -> Tensor:
        path.append(torch.stack([weights[0].detach()[:, 0], weights[1].detach()[:, 0, 0, 0]]))
        still = sum((w - w.detach()).flatten(1).sum(1) for w in weights)
        return seen.y + (errors[len(path) - 1] + still)[:, None, None, None]

    search(
        decode,
        [torch.zeros(2, 1), torch.zeros_like(seen.y)],
        seen,
        Loop(tmp_path, 0),
        steps=len(losses),
        lr=0.1,
        loss="l1",
        backtrack=5.0,
        backtrack_every=every,
    )
    # Adam by hand: the gradient of the mean distance is 1 for either row, so a step is -lr
    expected = torch.zeros(len(losses) + 1, 2)
    for step in range(len(losses)):
        expected[step + 1] = expected[step] - 0.1
        if step in back:
            expected[step + 1, 1] = expected[back[step], 1]
    torch.testing.assert_close(torch.stack(path), expected[:, None].expand(-1, 2, -1))


def test_going_back_leaves_the_optimiser_as_it_is(tmp_path: Path) -> None:
    seen, errors, path = clean(X[:1]), [0.1, 0.8, 0.1, 0.1, 0.1], []

    def decode(w: Tensor) -> Tensor:
        path.append(w.item())
        return seen.y + errors[len(path) - 1] + (w - w.detach())

    start = torch.zeros(1, 1, 1, 1)
    search(decode, start, seen, Loop(tmp_path, 0), steps=4, lr=0.1, loss="mse", backtrack=5.0)
    w = torch.zeros(1, requires_grad=True)
    adam = torch.optim.Adam([w], lr=0.1)
    expected = [0.0]
    for step, error in enumerate(errors[:-1]):
        w.grad = torch.tensor([2 * error])  # of the mean square
        adam.step()
        if step == 1:
            w.data.fill_(expected[0])
        expected.append(w.item())
    assert path == pytest.approx(expected, rel=1e-4)
    assert path[2] == path[0] == 0


def test_the_last_weights_may_be_decoded_otherwise(tmp_path: Path) -> None:
    found = sigmoid_search(Loop(tmp_path / "a", 0), final=lambda w: torch.sigmoid(w) / 2)
    plain = sigmoid_search(Loop(tmp_path / "b", 0))
    torch.testing.assert_close(found, plain / 2)
