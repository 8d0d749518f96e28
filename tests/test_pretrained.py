"""Models whose weights were trained elsewhere: by file, with its content in the key."""

import json
from argparse import Namespace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from priorbench import models, pretrained, registry
from priorbench.config import Experiment
from priorbench.download import digest
from priorbench.errors import UserError
from priorbench.files import read_json
from priorbench.plan import Plan
from tests import toy
from workflow.scripts import represent, train

PLUGIN = '''"""Somebody's generator, trained by somebody."""
from dataclasses import dataclass

from torch import nn

from methods._adapters import Generator, load
from methods._adapters import SearchConfig as RestoreConfig, search_codes as restore

SAMPLES = "codes drawn from the prior N(0, I)"

@dataclass(frozen=True)
class TrainConfig:
    checkpoint: str = ""
    part: str = ""
    dim: int = 4

class Model(Generator):
    def __init__(self, cfg, shape):
        layers = nn.Linear(cfg.dim, 3 * shape[1] * shape[2]), nn.Sigmoid()
        super().__init__(nn.Sequential(*layers, nn.Unflatten(1, shape)), (cfg.dim,))
'''
SHAPE = (3, 16, 16)


@pytest.fixture
def plugin(tmp_path: Path) -> str:
    path = tmp_path / "theirs.py"
    path.write_text(PLUGIN)
    registry.describe.cache_clear()
    return str(path)


def weights(seed: int = 0, dim: int = 4) -> dict[str, torch.Tensor]:
    drawn = torch.Generator().manual_seed(seed)
    out = SHAPE[0] * SHAPE[1] * SHAPE[2]
    return {
        "0.weight": torch.randn(out, dim, generator=drawn),
        "0.bias": torch.randn(out, generator=drawn),
    }


def written(folder: Path, name: str = "w.safetensors", **about: Any) -> Path:
    path = folder / name
    if name.endswith(".safetensors"):
        save_file(weights(**about), path)
    else:
        torch.save({"epoch": 3, "state_dict": weights(**about)}, path)
    return path


def config(plugin: str, **options: Any) -> dict[str, Any]:
    return {
        "experiment": "mine",
        "imagesets": {"disks": {"size": 16}},
        "tasks": {"hole": {}},
        "methods": {"theirs": {"plugin": plugin, "train": options}},
        "metrics": {"psnr": {}},
    }


def key(plugin: str, **options: Any) -> str:
    plan = Plan(Experiment.check(config(plugin, **options), "my.yaml"))
    return plan.train("disks", "theirs", 0).key


@pytest.mark.parametrize("name", ["w.safetensors", "w.pt"])
def test_weights_are_loaded_and_not_trained(plugin: str, tmp_path: Path, name: str) -> None:
    part = {} if name.endswith("safetensors") else {"part": "state_dict"}
    file = written(tmp_path, name)
    experiment = Experiment.check(config(plugin, checkpoint=str(file), **part), "my.yaml")
    job = Plan(experiment).train("disks", "theirs", 0)
    images = tmp_path / "train.npy"
    np.save(images, toy.smooth(4))
    out = tmp_path / "results" / job.folder.relative_to("results") / "model.safetensors"
    told = Namespace(spec=json.loads(job.json), out=out, images=images, tuned=None)
    train.main(told, tmp_path / "state")
    trained = models.load(out, told.spec)
    assert all(torch.equal(trained.model.net.state_dict()[n], w) for n, w in weights().items())
    record = read_json(out.with_name("run.json"))
    assert record["steps"] == 0 and record["status"] == "finished"
    search: Any = type("Search", (), {"plugin": registry.load("methods", plugin)})
    assert represent._plateau(search, trained, toy.smooth(1)) == ({}, "pretrained")


def test_what_a_file_holds_is_part_of_the_key(plugin: str, tmp_path: Path) -> None:
    file = written(tmp_path)
    first = key(plugin, checkpoint=str(file))
    written(tmp_path, seed=1)
    assert key(plugin, checkpoint=str(file)) != first
    written(tmp_path)
    assert key(plugin, checkpoint=str(file)) == first


def test_a_file_that_was_exchanged_since_the_plan_is_refused(plugin: str, tmp_path: Path) -> None:
    method = registry.load("methods", plugin)
    cfg = method.TrainConfig(checkpoint=str(written(tmp_path)))
    with pytest.raises(UserError, match=r"w\.safetensors: has changed since the run was planned"):
        pretrained.fill(method, method.Model(cfg, SHAPE), cfg, "0" * 64)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "methods.theirs.train: `checkpoint` is missing: the file of weights"),
        ({"checkpoint": "gone.pt"}, "methods.theirs.train: `checkpoint`: no such file 'gone.pt'"),
        ({"checkpiont": "a.pt"}, "unknown key `checkpiont`: did you mean `checkpoint`?"),
    ],
)
def test_a_file_that_is_not_there_is_told_by_its_key(
    plugin: str, options: dict[str, Any], said: str
) -> None:
    with pytest.raises(UserError) as caught:
        Experiment.check(config(plugin, **options), "my.yaml")
    assert str(caught.value).startswith("my.yaml: ") and said in str(caught.value)


def test_a_plugin_that_loads_from_nowhere_is_told(plugin: str) -> None:
    Path(plugin).write_text(PLUGIN.replace("checkpoint", "weights"))
    with pytest.raises(UserError, match=r"`load` needs TrainConfig\.checkpoint"):
        Experiment.check(config(plugin), "my.yaml")


class Surprise:
    """An object of a class of one's own: what a file must not bring to life."""


WRONG = {
    "other sizes": (lambda path: save_file(weights(dim=5), path), "size mismatch for 0.weight"),
    "a name too many": (
        lambda path: save_file(weights() | {"x": torch.ones(1)}, path),
        "Unexpected key",
    ),
    "cut off": (lambda path: cut(path, save_file), "cannot be read as weights"),
    "empty": (lambda path: path.write_bytes(b""), "cannot be read as weights"),
}
WRONG_PT = {
    "cut off": (lambda path: cut(path, torch.save), "cannot be read as weights"),
    "empty": (lambda path: path.write_bytes(b""), "cannot be read as weights"),
    "text": (lambda path: path.write_text("not found"), "cannot be read as weights"),
    "an object": (lambda path: torch.save(Surprise(), path), "cannot be read as weights"),
    "a level too deep": (
        lambda path: torch.save({"ema": weights(), "epoch": 1}, path),
        "no tensors by name; `part`: choices: ema",
    ),
}


def cut(path: Path, write: Any) -> None:
    write(weights(), path)
    path.write_bytes(path.read_bytes()[:-100])


@pytest.mark.parametrize(
    ("suffix", "write", "said"),
    [
        *((".safetensors", *case) for case in WRONG.values()),
        *((".pt", *case) for case in WRONG_PT.values()),
    ],
    ids=[*(f"safetensors: {name}" for name in WRONG), *(f"torch: {name}" for name in WRONG_PT)],
)
def test_a_wrong_file_is_told_in_one_line(
    plugin: str, tmp_path: Path, suffix: str, write: Any, said: str
) -> None:
    path = tmp_path / f"w{suffix}"
    write(path)
    method = registry.load("methods", plugin)
    cfg = method.TrainConfig(checkpoint=str(path))
    with pytest.raises(UserError) as caught:
        pretrained.fill(method, method.Model(cfg, SHAPE), cfg, digest(path, "sha256"))
    assert said in str(caught.value) and str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_part_that_is_not_there_is_told_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no part `statedict`: did you mean `state_dict`"):
        pretrained.read(written(tmp_path, "w.pt"), "statedict")
