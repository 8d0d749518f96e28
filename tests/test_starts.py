"""A search for a code begins where the generator answers, and as near as some draws come."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from methods import glo, incremental_glo
from methods._losses import mse
from methods._starts import DRAWS, best_drawn
from priorbench.loop import Loop
from tests import toy

DIM = 8


@pytest.fixture(params=[glo, incremental_glo], ids=["glo", "incremental_glo"])
def dead(request: pytest.FixtureRequest) -> tuple[Any, Any]:
    """A method, and a model of it whose rectifiers let nothing through at the mean code.

    Normalised, what the first layer makes of a code on the sphere is N(0, 1); half a deviation
    is taken off, which leaves nothing of the mean code, zero.
    """
    method = request.param
    torch.manual_seed(0)
    model = method.Model(method.TrainConfig(dim=DIM, width=8), (3, toy.SIDE, toy.SIDE)).eval()
    linear, _, norm = list(model.decode.children())[:3]
    norm.running_var.fill_(float(linear.weight.detach().square().mean()))
    torch.nn.init.constant_(norm.bias, -0.5)
    return method, model.requires_grad_(False)


def errors(method: Any, model: Any, folder: Path, **options: Any) -> Tensor:
    """Return the squared error of two images that the generator can make, after a few steps."""
    torch.manual_seed(1)
    seen = toy.clean(model.decode(model.draw(2)))
    return mse(toy.restored(method, model, seen, folder, steps=20, **options), seen.y)


def test_from_the_mean_code_a_search_may_stand_still_but_not_from_drawn_ones(
    dead: tuple[Any, Any], tmp_path: Path
) -> None:
    method, model = dead
    mean = model.decode(model.codes.mean[None])
    assert torch.equal(mean, model.decode(torch.full((1, DIM), 1e-3)))
    still = errors(method, model, tmp_path / "mean", start="mean")
    moved = errors(method, model, tmp_path / "drawn")  # the default
    assert (moved < still / 4).all()


def test_the_draw_nearest_to_what_was_seen_is_taken(tmp_path: Path) -> None:
    x = toy.as_floats(toy.smooth(3))
    seen = toy.hole(x)
    given: list[Tensor] = []

    def draw(count: int) -> Tensor:
        given.append(torch.rand(count, 3))
        return given[-1]

    def decode(z: Tensor) -> Tensor:  # one colour
        return z[:, :, None, None].expand(-1, -1, toy.SIDE, toy.SIDE)

    start = best_drawn(draw, decode, seen, Loop(tmp_path, 0, ids=seen.ids), "mse")
    assert [len(z) for z in given] == [DRAWS] * 3  # each image has its own
    for number, codes in enumerate(given):
        y = seen[torch.tensor([number])]
        each = [mse(y.degrade(decode(z[None])), y.y) for z in codes]
        assert torch.equal(start[number], codes[int(torch.cat(each).argmin())])
