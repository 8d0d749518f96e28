"""The parts of an error: what they are known to be, for every task found in the folder."""

import importlib
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
import torch
from torch import Tensor

from priorbench.contract import Observation
from priorbench.error_split import is_linear, misfit, split
from tasks import colorization, denoising, hole, super_resolution
from workflow.scripts.degrade import observe

FOLDER = Path(__file__).parent.parent / "tasks"
TASKS = [importlib.import_module(f"tasks.{path.stem}") for path in sorted(FOLDER.glob("[!_]*.py"))]
every_task = pytest.mark.parametrize("task", TASKS, ids=lambda task: task.__name__)


def pictures(stream: int, count: int = 3, side: int = 16) -> Tensor:
    generator = torch.Generator().manual_seed(stream)
    return torch.rand(count, 3, side, side, generator=generator, dtype=torch.float64)


def seen(task: ModuleType, x: Tensor, **options: float) -> Observation:
    return observe(task, task.Config(**options), x, 0, "test")


def near(x: Tensor, far: float, stream: int) -> Tensor:
    return x + far * (pictures(stream) - 0.5)


def error(images: Tensor, x: Tensor) -> Tensor:
    return (images - x).square().mean((1, 2, 3))


@every_task
def test_the_parts_are_never_negative_and_sum_to_the_error(task: ModuleType) -> None:
    x = pictures(0)
    for restored, represented in ((0.5, 0.1), (0.1, 0.5), (0.3, 0.3)):
        one, other = near(x, restored, 1), near(x, represented, 2)
        parts = split(one, other, x, seen(task, x))
        assert (parts >= 0).all()
        assert torch.allclose(parts.sum(0), error(one, x), rtol=1e-12)


@every_task
def test_the_misfit_is_that_of_the_pseudo_inverse(task: ModuleType) -> None:
    x, images = pictures(0, 1, 8), pictures(1, 1, 8)
    observed = seen(task, x, sigma=0.2)
    observed = observed if task is not super_resolution else seen(task, x, sigma=0.2, factor=4)
    basis = torch.eye(images.numel(), dtype=torch.float64).view(-1, *images.shape)
    columns = [observed.degrade(one).flatten() for one in basis]
    inverse = torch.linalg.pinv(torch.stack(columns, 1))
    change = inverse @ (observed.degrade(images) - observed.y).flatten()
    assert misfit(images, observed).item() == pytest.approx(change.square().mean().item(), rel=1e-6)


@every_task
def test_an_original_explains_its_own_observation(task: ModuleType) -> None:
    x = pictures(0)
    assert misfit(x, seen(task, x, sigma=0.0)).max() < 1e-20


def test_what_is_wrong_among_seen_pixels_is_search_and_in_the_hole_ambiguity() -> None:
    x = pictures(0)
    observed = seen(hole, x)
    known = hole.known(x)
    at_sight = known.double().mean().item()
    represented = x + 0.1
    restored = x + torch.where(known, 0.3, 0.5)
    parts = split(restored, represented, x, observed)
    by_hand = [0.01, 0.08 * at_sight, 0.24 * (1 - at_sight)]
    for part, value in zip(parts, by_hand, strict=True):
        assert part.tolist() == pytest.approx([value] * 3, rel=1e-6)


def test_a_wrong_hue_of_the_right_luminance_is_ambiguity() -> None:
    x = pictures(0)
    hue = torch.tensor([0.114, 0.0, -0.299], dtype=torch.float64).view(1, 3, 1, 1)
    parts = split(x + hue, x, x, seen(colorization, x))
    assert parts[2].tolist() == pytest.approx([float(hue.square().mean())] * 3)
    grey = torch.tensor(colorization.LUMA, dtype=torch.float64).view(1, 3, 1, 1)
    parts = split(x + grey, x, x, seen(colorization, x))
    assert parts[1].tolist() == pytest.approx([float(grey.square().mean())] * 3)


def test_a_restoration_no_worse_than_the_clean_image_is_all_range() -> None:
    x = pictures(0)
    represented = near(x, 0.4, 1)
    for restored in (represented, x + (represented - x) / 2):
        parts = split(restored, represented, x, seen(super_resolution, x))
        assert torch.allclose(parts[0], error(restored, x))
        assert parts[1:].abs().max() < 1e-12


def test_fitting_noise_is_ambiguity_and_leaving_it_alone_is_not_punished() -> None:
    x = pictures(0)
    observed = seen(denoising, x, sigma=0.1)
    parts = split(observed.y, x, x, observed)
    assert torch.allclose(parts[2], error(observed.y, x))
    blurred = x.mean((2, 3), keepdim=True).expand_as(x)
    parts = split(blurred, x, x, observed)
    assert (parts[1] > 0.5 * error(blurred, x)).all()


def test_a_method_that_found_the_clean_image_but_not_from_the_data_failed_in_its_search() -> None:
    x = pictures(0)
    parts = split(torch.zeros_like(x), x, x, seen(denoising, x, sigma=0.0))
    assert torch.allclose(parts[1], error(torch.zeros_like(x), x))


@every_task
def test_the_tasks_are_linear(task: ModuleType) -> None:
    assert is_linear(seen(task, pictures(0)))


def test_what_is_not_linear_is_told() -> None:
    def degrade(x: Tensor, cfg: denoising.Config) -> Tensor:
        return x.clamp(0, 1)

    clipping = SimpleNamespace(degrade=degrade)
    x = pictures(0)
    told = Observation(x, clipping, denoising.Config(), (3, 16, 16), torch.arange(3))  # type: ignore[arg-type]
    assert not is_linear(told)


def test_images_are_split_one_by_one() -> None:
    x, restored, represented = pictures(0), pictures(1), near(pictures(0), 0.2, 2)
    observed = seen(super_resolution, x)
    together = split(restored, represented, x, observed)
    for i in range(3):
        index = torch.tensor([i])
        alone = split(restored[index], represented[index], x[index], observed[index])
        assert np.allclose(alone[:, 0], together[:, i], rtol=1e-6, atol=1e-12)
