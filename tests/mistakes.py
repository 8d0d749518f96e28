"""What users get wrong, done on purpose: a bench on which steps are run as the rules run them."""

import json
import os
import runpy
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from priorbench.results import SCORE_COLUMNS
from tests.sets import prepared

Do = Callable[["Bench"], None]
KEY = "0123456789"
MODEL = "model.safetensors"
SEEN = "observations.safetensors"
HEADER = ",".join(SCORE_COLUMNS)
METHOD = """
from dataclasses import dataclass
import numpy as np
import torch
from torch import nn

@dataclass(frozen=True)
class TrainConfig:
    batch: int = 4

@dataclass(frozen=True)
class RestoreConfig:
    steps: int = 1

class Model(nn.Module):
    def __init__(self, cfg, shape):
        super().__init__()
        self.mean = nn.Parameter(torch.zeros(shape))

def train(model, images, cfg, loop):
    for _ in loop.steps(2):
        batch = images[loop.batch(len(images), cfg.batch)]

def restore(model, seen, cfg, loop):
    images = seen.naive()
    return images
"""
TASK = """
from dataclasses import dataclass

@dataclass(frozen=True)
class Config:
    sigma: float = 0.0

def check(cfg, shape): pass
def protocol(cfg, shape): return "mine/1"
def draw(cfg, shape, generator): return {}
def degrade(x, cfg): return x
def degraded(y, cfg, shape): return y
def naive(y, cfg, shape): return {"itself": y}
"""
METRIC = """
LABEL, BETTER, PER, PROTOCOL, REGIONS = "mine", "higher", "image", "mine/1", ("raw",)

def score(ours, theirs):
    return [1.0] * len(ours)
"""
IMAGESET = """
from dataclasses import dataclass
import numpy as np
from priorbench.imageset import SPLITS, ImageSet

@dataclass(frozen=True)
class Config:
    size: int = 8

def build(cfg):
    pixels = {s: np.zeros((2, 3, cfg.size, cfg.size), np.uint8) for s in SPLITS}
    names = {s: [f"{s} {i}" for i in range(2)] for s in SPLITS}
    return ImageSet(**pixels, clusters=names, labels=None, card={})
"""
PLUGINS = {"methods": METHOD, "tasks": TASK, "metrics": METRIC, "imagesets": IMAGESET}


class Bench:
    """A folder with a store in it, and the steps that write there: each ends as its process would.

    asked: further keys of what a step is told.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = folder / "results" / "store"
        self.out: list[Path] = []
        self.method = self.plugin("methods")

    def plugin(self, noun: str, old: str = "", new: str = "") -> str:
        """Write a plugin, changed from `old` to `new`, and return its path."""
        assert old in PLUGINS[noun]
        path = self.folder / f"mine_{noun}.py"
        path.write_text(PLUGINS[noun].replace(old, new, 1) if old else PLUGINS[noun])
        return str(path)

    def file(self, verb: str, name: str) -> Path:
        """Return the path of a result, seen from the folder of the run."""
        inner = {
            "prepare": f"disks/{KEY}",
            "degrade": f"disks/hole/{KEY}",
            "control": f"disks/hole/{KEY}",
            "train": f"disks/mine/0-{KEY}",
            "restore": f"disks/hole/mine/0-{KEY}",
            "represent": f"disks/mine/0-{KEY}",
        }
        return Path("results/store") / verb / inner[verb] / name

    def step(self, verb: str, spec: dict[str, Any], out: list[Path], **inputs: Any) -> None:
        """Run a step; SystemExit where it fails."""
        self.out = out
        for path in (path for path in out if path.exists()):
            path.unlink()
        shutil.rmtree(self.store / "state", ignore_errors=True)  # nothing is gone on with
        words = ["--spec", json.dumps(spec), "--out", *map(str, out)]
        for name, value in inputs.items():
            words += [f"--{name}", str(value)]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "argv", [verb, *words])
            patch.delitem(sys.modules, f"workflow.scripts.{verb}", raising=False)
            runpy.run_module(f"workflow.scripts.{verb}", run_name="__main__")

    def prepare(self, plugin: str, **config: Any) -> None:
        """Prepare an image set under a name of its own."""
        names = ("card.json", "train.npy", "val.npy", "test.npy")
        out = [Path(f"results/store/prepare/mine/{KEY}") / name for name in names]
        self.step("prepare", {"name": "mine", "plugin": plugin, "config": config}, out)

    def degrade(self, plugin: str = "hole", count: int = 2, **config: Any) -> None:
        """Observe test images."""
        tasks = {"hole": {"plugin": plugin, "config": config}}
        out = [self.file("degrade", "observations.safetensors")]
        spec = {"tasks": tasks, "count": count, "seed": 0}
        self.step("degrade", spec, out, images=self.file("prepare", "card.json"))

    def control(self) -> None:
        """Invert the observations naively."""
        seen = self.file("degrade", "observations.safetensors")
        self.step("control", {}, [self.file("control", "controls.safetensors")], observations=seen)

    def told(self, **asked: Any) -> dict[str, Any]:
        return {"method": "mine", "plugin": self.method, "seed": 0, "device": "cpu", **asked}

    def train(self, config: dict[str, Any] | None = None, **asked: Any) -> None:
        """Train the method."""
        names = ("model.safetensors", "milestone.safetensors", "curve.csv", "run.json")
        out = [self.file("train", name) for name in names]
        spec = self.told(config=config or {}, **asked)
        self.step("train", spec, out, images=self.file("prepare", "train.npy"))

    def restore(self, **asked: Any) -> None:
        """Restore the observations with the trained method."""
        names = ("restored.safetensors", "curve.csv", "trace.safetensors", "run.json")
        inputs = {
            "model": self.file("train", "model.safetensors"),
            "observations": self.file("degrade", "observations.safetensors"),
        }
        spec = {"configs": {"hole": {}}, "chunk": 2, **asked}
        self.step("restore", self.told(**spec), [self.file("restore", n) for n in names], **inputs)

    def represent(self, **asked: Any) -> None:
        """Search for the test images themselves."""
        out = [self.file("represent", name) for name in ("represented.safetensors", "run.json")]
        inputs = {
            "model": self.file("train", "model.safetensors"),
            "images": self.file("prepare", "card.json"),
        }
        spec = {"config": {}, "chunk": 2, "count": 2, "shown": 1, "validation": 2, **asked}
        self.step("represent", self.told(**spec), out, **inputs)

    def score(self, plugin: str = "psnr") -> None:
        """Score the controls, and nothing else."""
        inputs = {
            "images": self.file("prepare", "card.json"),
            "observations": self.file("degrade", "observations.safetensors"),
            "controls": self.file("control", "controls.safetensors"),
        }
        spec = {"metrics": {"mine": {"plugin": plugin, "config": {}}}, "count": 2, "samples": 256}
        self.step("score", spec, [Path("results/e/score/disks/hole.csv")], **inputs)

    def tables(self, scores: str) -> None:
        """Make tables of a file of scores."""
        from priorbench.config import Experiment

        rows: dict[str, Any] = {
            "imagesets": {"disks": {}},
            "tasks": {"hole": {}},
            "methods": {"nearest": {}},
        }
        config = {"experiment": "e", **rows, "metrics": {"psnr": {}}}
        path = Path("results/e/score/disks/hole.csv")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(scores)
        words = ["--experiment", Experiment.check(config, "c").to_json(), "--inputs", str(path)]
        self.out = [Path("results/e/tables")]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "argv", ["tables", *words, "--out", str(self.out[0])])
            patch.delitem(sys.modules, "workflow.scripts.tables", raising=False)
            runpy.run_module("workflow.scripts.tables", run_name="__main__")


def laid_out(folder: Path) -> Bench:
    """Return a bench in a new folder: images prepared, observed, a method trained on them."""
    bench = Bench(folder)
    prepared("disks", {"size": 16, "train": 8, "val": 4, "test": 4}, folder / "made")
    home = folder / bench.file("prepare", "card.json").parent
    home.parent.mkdir(parents=True)
    shutil.move(folder / "made" / "out", home)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        bench.degrade()
        bench.control()
        bench.train()
    return bench


def changed(verb: str, name: str, change: Callable[[Path], object], do: Do) -> Do:
    """Change a result of an earlier step before the next one reads it."""

    def doing(bench: Bench) -> None:
        change(bench.file(verb, name))
        do(bench)

    return doing


def halved(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def emptied(path: Path) -> None:
    os.truncate(path, 0)


def method(old: str, new: str, do: Do) -> Do:
    """Work with a method that was broken before the step."""

    def doing(bench: Bench) -> None:
        bench.plugin("methods", old, new)
        do(bench)

    return doing


def returning(new: str) -> Do:
    return method("return images", f"return {new}", Bench.restore)


def training(new: str) -> Do:
    return method("batch = images", f"{new}; batch = images", Bench.train)


def ended(do: Do, bench: Bench, capsys: pytest.CaptureFixture[str]) -> str:
    """Return the one line that a step ended with: status 1, and no part of a result."""
    with pytest.raises(SystemExit) as end:
        do(bench)
    assert end.value.code == 1
    lines = capsys.readouterr().err.splitlines()
    assert not [line for line in lines[:-1] if "out of memory; again" not in line]
    assert "Traceback" not in lines[-1]
    assert bench.out and not [path for path in bench.out if path.exists()]
    return lines[-1]
