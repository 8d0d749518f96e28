"""Toy material shared by the tests of methods: smooth images, small operators, short runs."""

from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from priorbench.contract import Images, Observation
from priorbench.loop import Loop
from priorbench.step import configured

SIDE = 16


def smooth(count: int = 8, side: int = SIDE, seed: int = 0) -> NDArray[np.uint8]:
    """Return `count` images of a soft coloured blob on a soft gradient, uint8 (n, 3, h, w)."""
    random = np.random.default_rng(seed)
    rows, columns = np.mgrid[0:side, 0:side] / (side - 1)
    made = np.empty((count, 3, side, side))
    for image in made:
        y, x = random.uniform(0.25, 0.75, 2)
        blob = np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / 0.06)
        blob_colour, low, high = random.uniform(0.05, 0.95, (3, 3, 1, 1))
        image[:] = (1 - blob) * (low + (high - low) * rows) + blob * blob_colour
    return np.rint(made * 255).astype(np.uint8)


def as_floats(pixels: NDArray[np.uint8]) -> Tensor:
    """Return uint8 images as float32 in [0, 1]."""
    return torch.from_numpy(pixels).float() / 255


def observe(x: Tensor, sigma: float = 0.0, **functions: Any) -> Observation:
    """Observe `x` through an operator given by the functions that it has besides identity."""
    parameters = functions.pop("parameters", {})
    operator: dict[str, Any] = {
        "degrade": lambda x, cfg, **_: x,
        "naive": lambda y, cfg, shape, **_: {"as it is": y.clamp(0, 1)},
        **functions,
    }
    task: Any = SimpleNamespace(**operator)
    cfg = SimpleNamespace(sigma=sigma)
    noise = torch.randn(x.shape, generator=torch.Generator().manual_seed(7))
    y = task.degrade(x, cfg, **parameters)
    y = y + sigma * noise.flatten(1)[:, : y[0].numel()].view_as(y)
    _, c, h, w = x.shape
    return Observation(y, task, cfg, (c, h, w), torch.arange(len(x)), parameters)


def clean(x: Tensor, sigma: float = 0.0) -> Observation:
    """Observe the images themselves."""
    return observe(x, sigma)


def inside(shape: tuple[int, ...], side: int = 6) -> Tensor:
    """Return a mask (1, h, w), True in a centred hole."""
    _, h, w = shape
    mask = torch.zeros(1, h, w, dtype=torch.bool)
    mask[:, (h - side) // 2 : (h + side) // 2, (w - side) // 2 : (w + side) // 2] = True
    return mask


def hole(x: Tensor, side: int = 6) -> Observation:
    """Observe all but a centred hole."""
    seen = (~inside(tuple(x.shape[1:]), side)).float()

    def fill(y: Tensor, *_: Any) -> dict[str, Tensor]:
        mean = y.sum((2, 3), keepdim=True) / seen.sum()
        return {"mean fill": y + (1 - seen) * mean}

    return observe(x, degrade=lambda x, cfg: x * seen, naive=fill)


def scattered(x: Tensor, share: float = 0.5) -> Observation:
    """Observe some pixels of each image, drawn anew for each."""
    draws = torch.rand(len(x), 1, *x.shape[2:], generator=torch.Generator().manual_seed(3))
    mask = (draws < share).float()
    return observe(x, degrade=lambda x, cfg, mask: x * mask, parameters={"mask": mask})


def pooled(x: Tensor, factor: int = 4) -> Observation:
    """Observe the means of squares of `factor` pixels."""
    h, w = x.shape[2:]
    return observe(
        x,
        degrade=lambda x, cfg: nn.functional.avg_pool2d(x, factor),
        naive=lambda y, cfg, shape: {"nearest": nn.functional.interpolate(y, (h, w))},
    )


def psnr(restored: Tensor, original: Tensor) -> float:
    """Return the mean PSNR of images in [0, 1], dB."""
    error = (restored - original).square().flatten(1).mean(1)
    return float((-10 * error.log10()).mean())


def trained(method: ModuleType, pixels: NDArray[np.uint8], folder: Path, **settings: Any) -> Any:
    """Train the model of `method` on `pixels` as the engine does; ready to restore."""
    cfg = configured(method.TrainConfig, settings)
    torch.manual_seed(0)
    model = method.Model(cfg, tuple(pixels.shape[1:]))
    images = Images(pixels)
    method.train(model.train(), images, cfg, Loop(folder, 0, model=model))
    return model.eval().requires_grad_(False)


def restored(
    method: ModuleType, model: nn.Module | None, seen: Observation, folder: Path, **settings: Any
) -> Tensor:
    """Restore `seen` with `method` as the engine does."""
    loop = Loop(folder, 0, model=model, ids=seen.ids)
    images: Tensor = method.restore(model, seen, method.RestoreConfig(**settings), loop)
    return images


def check_hole(
    method: ModuleType,
    model: nn.Module | None,
    pixels: NDArray[np.uint8],
    folder: Path,
    gain: float,
    **settings: Any,
) -> None:
    """Assert that holes are filled `gain` dB better than by the mean, whatever they hide."""
    x = as_floats(pixels)
    other = torch.where(inside(tuple(x.shape[1:])), x.flip(0), x)
    images = [
        restored(method, model, hole(truth), folder / name, **settings)
        for name, truth in (("seen", x), ("other", other))
    ]
    assert torch.equal(*images)
    where = inside(tuple(x.shape[1:]))
    filled, naive = ((i - x)[:, :, where[0]] for i in (images[0], hole(x).naive()))
    difference = 10 * (naive.square().mean() / filled.square().mean()).log10()
    assert difference > gain
