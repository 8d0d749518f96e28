"""The standard toy that plugins are checked on: small pictures, observations, scanned digits."""

import importlib
import shutil
import tempfile
import weakref
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from priorbench import registry
from priorbench.contract import Images, Observation
from priorbench.errors import UserError
from priorbench.seeds import generator

SEED = 5
SIDE = 32  # pixels
TRAINING = 48  # images
COARSE = 5  # pixels of the side that smooth images are enlarged from
TASKS = ("hole", "super_resolution", "denoising")  # something hidden, other size of y, noise
Bytes = NDArray[np.uint8]
Floats = NDArray[np.float64]


def smooth(count: int, seed: int, height: int = SIDE, width: int = SIDE) -> Bytes:
    """Return smooth images in colour, uint8 (count, 3, height, width)."""
    coarse = torch.rand(count, 3, COARSE, COARSE, generator=generator("smooth", seed))
    size = (height, width)
    fine = torch.nn.functional.interpolate(coarse, size, mode="bicubic", align_corners=True)
    return np.asarray((fine.clamp(0, 1) * 255).byte().numpy())


def passing_folder(owner: object) -> Path:
    """Return a new folder, which goes when its owner does."""
    folder = tempfile.mkdtemp(prefix="priorbench-check-")
    weakref.finalize(owner, shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


def step(verb: str) -> ModuleType:
    """Return the module of a step, reached as a job reaches it: by its name."""
    return importlib.import_module(f"workflow.scripts.{verb}")


def observe(task: str, x: Tensor) -> Observation:
    """Observe images x, (n, 3, h, w), as a run does; UserError where they are too small."""
    plugin = registry.load("tasks", task)
    cfg = plugin.Config()
    plugin.check(cfg, tuple(x.shape[1:]))
    seen: Observation = step("degrade").observe(plugin, cfg, x, 0, task)
    return seen


def originals(count: int = 2, height: int = SIDE, width: int = SIDE) -> Tensor:
    """Return images that nothing was learned from, float (count, 3, height, width)."""
    return Images(smooth(count, 1, height, width))[:]


def tasks_of(constants: dict[str, Any]) -> list[str]:
    """Return the tasks that a method is checked on: the usual ones, or those it is made for."""
    asked = constants.get("TASKS", TASKS)
    known = [task for task in asked if task in registry.available("tasks")]
    if not known:
        raise UserError(f"TASKS names none of {', '.join(registry.available('tasks'))}")
    return known


def patches(count: int, side: int = SIDE) -> Bytes:
    """Return patches of a photograph, (count, 3, side, side)."""
    from skimage.data import astronaut

    picture = astronaut().transpose(2, 0, 1)
    corners = np.random.default_rng(0).integers(0, picture.shape[1] - side, (count, 2))
    return np.stack([picture[:, i : i + side, j : j + side] for i, j in corners])


def hues(classes: NDArray[np.int64]) -> Floats:
    """Return a colour for each of ten classes, (n, 3)."""
    angles = 2 * np.pi * (classes[:, None] / 10 + np.array([0, 1 / 3, 2 / 3]))
    return np.asarray(0.6 + 0.4 * np.cos(angles))


@cache
def digits() -> tuple[Bytes, NDArray[np.int64]]:
    """Return scanned digits in the colours of their classes, (n, 3, 16, 16), and the classes."""
    from sklearn.datasets import load_digits

    scans, classes = load_digits(return_X_y=True)
    strokes = np.kron(scans.reshape(-1, 1, 8, 8) / 16, np.ones((2, 2)))
    return np.rint(255 * strokes * hues(classes)[:, :, None, None]).astype(np.uint8), classes


def noisy(images: Bytes, sigma: float) -> Bytes:
    """Return images with noise of standard deviation `sigma`, in units of the range."""
    noise = np.random.default_rng(1).normal(0, 255 * sigma, images.shape)
    return np.clip(images + noise, 0, 255).astype(np.uint8)


def holes(images: NDArray[Any], side: int = 12) -> NDArray[np.bool_]:
    """Return masks (n, 1, h, w), True in a centred hole."""
    hidden = np.zeros((len(images), 1, *images.shape[2:]), bool)
    start = (images.shape[2] - side) // 2
    hidden[:, :, start : start + side, start : start + side] = True
    return hidden
