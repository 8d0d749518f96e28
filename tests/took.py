"""Fabricated records of what runs took, and the estimate that follows from them."""

from pathlib import Path
from typing import Any

import pytest

from priorbench.config import Experiment
from priorbench.estimate import Estimate, estimate
from priorbench.files import write_json
from priorbench.paths import STORE
from priorbench.plan import Plan
from priorbench.registry import describe
from priorbench.throughput import (
    AGAIN,
    Run,
    effective,
)

ROOT = Path(__file__).parents[1]
COUNTS = {"train": 100, "val": 20, "test": 40}
CONFIG: dict[str, Any] = {
    "experiment": "toy",
    "device": "cpu",
    "imagesets": {"disks": {"size": 16}},
    "tasks": {"hole": {}, "denoising": {}},
    "methods": {"glo": {"train": {"steps": 300, "width": 8}, "restore": {"steps": 50}}},
    "metrics": {"psnr": {}},
    "samples": 32,
}
GLO: dict[str, Any] = {"steps": 100, "width": 8, "batch": 64}


def told(runs: list[Run], cores: int = 1, **changes: Any) -> Estimate:
    return estimate(Plan(Experiment.check({**CONFIG, **changes}, "toy.yaml")), runs, cores)


def trained(seconds: float = 10.0, **facts: Any) -> None:
    """Record a training of 100 steps, on images of 16x16."""
    about = describe("methods", "glo")
    record = {
        "verb": "train",
        "imageset": "disks",
        "method": "glo",
        "plugin": "glo",
        "seed": 0,
        "device": "cpu",
        "hardware": "a machine",
        "status": "finished",
        "effective": effective(about, "train", GLO),
        "shape": [3, 16, 16],
        "images": 100,
        "parameters": 1000,
        "updates": 100,
        "seconds": seconds,
        **facts,
    }
    write_json(STORE / "train/disks/glo/0-aaaaaaaaaa/run.json", record)


def restored(seconds: float = 2.0, **facts: Any) -> None:
    """Record a search of 100 steps for 4 images of 16x16."""
    about = describe("methods", "glo")
    record = {
        **{"verb": "restore", "imageset": "disks", "method": "glo", "plugin": "glo", "seed": 0},
        **{"device": "cpu", "hardware": "a machine", "status": "finished"},
        "effective": {"hole": effective(about, "restore", {"steps": 100})},
        "task_seconds": {"hole": seconds},
        "images": 4,
        "parameters": 1000,
        "searched": 128,
        "command": ["restore.py", "--model", "x/train/disks/glo/0-aaaaaaaaaa/model.safetensors"],
        **facts,
    }
    write_json(STORE / "restore/disks/hole/glo/0-bbbbbbbbbb/run.json", record)


def around(likely: float, factor: float = AGAIN) -> Any:
    return pytest.approx((likely / factor, likely, likely * factor))
