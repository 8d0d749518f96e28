"""Every task found in the folder keeps the contract."""

import dataclasses
import importlib
from pathlib import Path
from types import ModuleType
from typing import Any, get_args, get_type_hints

import pytest
import torch
from torch import Tensor

from priorbench.errors import UserError

FOLDER = Path(__file__).parent.parent / "tasks"
TASKS = [importlib.import_module(f"tasks.{path.stem}") for path in sorted(FOLDER.glob("[!_]*.py"))]
SHAPE = (3, 32, 32)


def name(task: ModuleType) -> str:
    return task.__name__.removeprefix("tasks.")


every_task = pytest.mark.parametrize("task", TASKS, ids=name)


def pictures(
    count: int, shape: tuple[int, int, int] = SHAPE, dtype: torch.dtype = torch.float64
) -> Tensor:
    generator = torch.Generator().manual_seed(count)
    return torch.rand(count, *shape, generator=generator, dtype=dtype)


def parameters(task: ModuleType, cfg: Any, count: int, shape: tuple[int, int, int] = SHAPE) -> Any:
    generator = torch.Generator().manual_seed(1)
    drawn = [task.draw(cfg, shape, generator) for _ in range(count)]
    return {name: torch.stack([one[name] for one in drawn]) for name in drawn[0]}


def other_values(field: dataclasses.Field[Any], hint: Any) -> list[Any]:
    if isinstance(field.default, bool):
        return [not field.default]
    choices = get_args(hint) or (float(str(field.default)) / 2 + 0.01,)
    return [choice for choice in choices if choice != field.default]


def test_tasks_are_found_and_some_can_be_pasted_and_hide_pixels() -> None:
    assert len(TASKS) >= 5
    assert sum(hasattr(task, "paste") for task in TASKS) >= 3
    assert sum(hasattr(task, "hidden") for task in TASKS) >= 2


@every_task
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("count", [1, 3])
def test_pictures_and_naive_inverses_are_images(
    task: ModuleType, dtype: torch.dtype, count: int
) -> None:
    cfg = task.Config(sigma=0.3)
    task.check(cfg, SHAPE)
    drawn = parameters(task, cfg, count)
    x = pictures(count, dtype=dtype)
    before = x.clone()
    y = task.degrade(x, cfg, **drawn)
    assert len(y) == count and y.dtype == dtype
    noisy = y + cfg.sigma * torch.randn(y.shape, generator=torch.Generator().manual_seed(2))
    images = task.naive(noisy.to(dtype), cfg, SHAPE, **drawn)
    images["degraded"] = task.degraded(noisy.to(dtype), cfg, SHAPE, **drawn)
    assert len(images) >= 2
    for image in images.values():
        assert image.shape == x.shape and image.dtype == dtype
        assert torch.isfinite(image).all() and image.min() >= 0 and image.max() <= 1
    assert torch.equal(x, before)


@every_task
def test_a_is_linear(task: ModuleType) -> None:
    cfg = task.Config()
    drawn = parameters(task, cfg, 2)
    x, z = pictures(2), pictures(2).flip(2)
    together = task.degrade(2 * x - 3 * z, cfg, **drawn)
    apart = 2 * task.degrade(x, cfg, **drawn) - 3 * task.degrade(z, cfg, **drawn)
    torch.testing.assert_close(together, apart)


@every_task
def test_the_gradient_of_a_is_right(task: ModuleType) -> None:
    shape = (3, 8, 8)
    cfg = task.Config()
    drawn = parameters(task, cfg, 1, shape)
    x = pictures(1, shape).requires_grad_()
    assert torch.autograd.gradcheck(lambda image: task.degrade(image, cfg, **drawn), x)


@every_task
def test_an_image_is_degraded_alike_alone_and_in_a_batch(task: ModuleType) -> None:
    cfg = task.Config()
    drawn = parameters(task, cfg, 3)
    x = pictures(3, dtype=torch.float32)
    y = task.degrade(x, cfg, **drawn)
    last = {name: value[2:] for name, value in drawn.items()}
    torch.testing.assert_close(task.degrade(x[2:], cfg, **last), y[2:])


@every_task
def test_the_generator_alone_decides_what_is_drawn(task: ModuleType) -> None:
    first, second = (parameters(task, task.Config(), 2) for _ in range(2))
    assert all(torch.equal(first[name], second[name]) for name in first)


@every_task
def test_the_protocol_names_every_setting(task: ModuleType) -> None:
    hints = get_type_hints(task.Config)
    plain = task.protocol(task.Config(), SHAPE)
    for field in dataclasses.fields(task.Config):
        for value in other_values(field, hints[field.name]):
            changed = task.Config(**{field.name: value})
            assert task.protocol(changed, SHAPE) != plain, field.name
    assert task.protocol(task.Config(), (3, 64, 64)) != plain


@every_task
@pytest.mark.parametrize("sigma", [-0.1, 25.0])
def test_a_sigma_outside_the_range_is_refused_in_one_line(task: ModuleType, sigma: float) -> None:
    with pytest.raises(UserError, match=r"^[^\n]*sigma[^\n]*$"):
        task.check(task.Config(sigma=sigma), SHAPE)


@pytest.mark.parametrize("task", [t for t in TASKS if hasattr(t, "paste")], ids=name)
def test_a_pasted_image_agrees_with_the_observation(task: ModuleType) -> None:
    cfg = task.Config()
    drawn = parameters(task, cfg, 4)
    x, original = pictures(4), pictures(4).flip(3)
    y = task.degrade(original, cfg, **drawn)
    pasted = task.paste(x, y, cfg, **drawn)
    assert pasted.min() >= 0 and pasted.max() <= 1
    torch.testing.assert_close(task.degrade(pasted, cfg, **drawn), y, atol=1e-12, rtol=0)
    again = task.paste(pasted, y, cfg, **drawn)
    torch.testing.assert_close(again, pasted, atol=1e-9, rtol=0)


@pytest.mark.parametrize("task", [t for t in TASKS if hasattr(t, "hidden")], ids=name)
def test_hidden_pixels_do_not_reach_what_is_shown(task: ModuleType) -> None:
    cfg = task.Config()
    drawn = parameters(task, cfg, 3)
    x = pictures(3)
    hidden = task.hidden(cfg, SHAPE, **drawn)
    assert hidden.dtype == torch.bool and hidden.shape[1:] == (1, 32, 32)
    altered = torch.where(hidden, 1 - x, x)
    y = task.degrade(x, cfg, **drawn)
    assert torch.equal(task.degrade(altered, cfg, **drawn), y)
    pasted = task.paste(torch.zeros_like(x), y, cfg, **drawn)
    assert torch.equal(pasted, torch.where(hidden, 0.0, x))
    # noise is added everywhere, in hidden places too: it must not be seen either
    noisy = torch.where(hidden, 9.0, y)
    assert torch.equal(task.degraded(noisy, cfg, SHAPE, **drawn), y)
    clean = task.naive(y, cfg, SHAPE, **drawn)
    for name, image in task.naive(noisy, cfg, SHAPE, **drawn).items():
        assert torch.equal(image, clean[name])
