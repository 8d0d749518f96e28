"""Observations on disk: one file for the tasks of a unit, the same for every method."""

from pathlib import Path
from typing import Any

import torch

from priorbench import identity, registry
from priorbench.contract import Observation
from priorbench.errors import UserError
from priorbench.files import Array, read_arrays, write_arrays
from priorbench.step import configured


def write_observations(
    path: Path, seen: dict[str, Observation], told: dict[str, Any], original: str
) -> None:
    """Write observations by name; `original`: checksum of the images they show.

    told: of each its task's plugin, config and protocol.
    """
    arrays: dict[str, Array] = {}
    tasks: dict[str, Any] = {}
    for name, observation in seen.items():
        arrays[f"{name}/y"] = observation.y.numpy()
        for parameter, value in observation.parameters.items():
            arrays[f"{name}/parameters/{parameter}"] = value.numpy()
        about = {"shape": observation.shape, "ids": observation.ids.tolist()}
        tasks[name] = told[name] | about
    write_arrays(path, arrays, tasks=tasks, original=original)


def read_observations(path: Path, device: str = "cpu") -> dict[str, Observation]:
    """Return the observations in a file by name, in the order they were written in."""
    arrays, facts = read_arrays(path)
    seen = {}
    for name in ("tasks", "original"):
        if name not in facts:
            raise UserError(f"{path}: no field `{name}`; fields: {', '.join(facts) or 'none'}")
    for task, about in facts["tasks"].items():
        plugin = registry.load("tasks", about["plugin"])
        prefix = f"{task}/parameters/"
        if f"{task}/y" not in arrays:
            raise UserError(f"{path}: no array `{task}/y`; arrays: {', '.join(arrays) or 'none'}")
        y = torch.from_numpy(arrays[f"{task}/y"]).to(device)
        seen[task] = Observation(
            y=y,
            task=plugin,
            cfg=configured(plugin.Config, about["config"]),
            shape=tuple(about["shape"]),
            ids=torch.tensor(about["ids"]),
            parameters={
                name.removeprefix(prefix): torch.from_numpy(value).to(device)
                for name, value in arrays.items()
                if name.startswith(prefix)
            },
        )
    return seen


def undamaged(images: torch.Tensor, ids: torch.Tensor | None = None) -> Observation:
    """Return the observation of clean images, float (n, 3, h, w): A is the identity.

    ids: their numbers, (n,); without them they count from 0.
    """
    return Observation(
        y=images,
        task=identity,
        cfg=identity.Config(),
        shape=(3, images.shape[2], images.shape[3]),
        ids=torch.arange(len(images)) if ids is None else ids,
    )
