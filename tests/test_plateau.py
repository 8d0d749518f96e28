"""Whether a training reached its plateau: judged by the last fifth of what moved the decoder."""

from argparse import Namespace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from numpy.typing import NDArray

from priorbench import milestones, models, registry
from priorbench.config import Experiment
from priorbench.conformance.material import smooth
from priorbench.loop import Loop
from priorbench.plan import Plan
from tests.test_tuning import prepared
from workflow.scripts import represent, train

ORIGINALS = smooth(4, 1)


class Found:
    """Stands for a search that finds images with a given error, by the name of the state."""

    def __init__(self, plugin: ModuleType, spec: dict[str, Any], errors: dict[str, int]) -> None:
        self.plugin, self.spec, self.errors = plugin, spec, errors

    def __call__(self, model: Any, originals: NDArray[np.uint8], name: str) -> NDArray[np.uint8]:
        return np.where(
            originals < 128, originals + self.errors[name], originals - self.errors[name]
        )


def trained(folder: Path, method: str) -> tuple[models.Trained, dict[str, Any]]:
    """Train a method as `train` does, with the settings of the smoke config."""
    config = yaml.safe_load((registry.ROOT / "tests" / "smoke.yaml").read_text())
    plan = Plan(Experiment.check(config, "smoke.yaml"))
    images = prepared(folder / "images", smooth(4, 2))
    out = folder / f"train/disks/{method}/0-0123456789/model.safetensors"
    spec = plan.train("disks", method, 0).spec
    told = {"spec": spec, "images": images.with_name("train.npy"), "out": out, "tuned": None}
    train.main(Namespace(**told), folder / "state")
    return models.load(out, spec), spec


def judged(folder: Path, method: str, errors: dict[str, int]) -> tuple[dict[str, float], str]:
    found, spec = trained(folder, method)
    search: Any = Found(registry.load("methods", method), spec, errors)
    return represent._plateau(search, found, ORIGINALS)


def test_the_encoders_stage_does_not_count(tmp_path: Path) -> None:
    found, _ = trained(tmp_path, "incremental_glo")
    laps = found.record["laps"]
    of_decoder = laps["all"]["steps"]
    assert laps["encoder"]["steps"] > of_decoder
    steps, total, _ = found.milestone()
    assert total == of_decoder
    assert 0.6 * total <= steps <= 0.8 * total


class Two(torch.nn.Module):
    """A decoder and an encoder of one number each."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))
        self.encoder = torch.nn.Parameter(torch.zeros(1))

    def draw(self, count: int) -> torch.Tensor:
        return torch.ones(count, 1)

    def decode(self, codes: torch.Tensor) -> torch.Tensor:
        return codes * self.weight


@pytest.mark.parametrize(
    ("stages", "kept"),
    [
        ({"train": 50}, (40, 50)),
        ({"first": 50, "second": 50}, (80, 100)),
        ({"first": 30, "second": 20, "third": 50, "encoder": 500}, (80, 100)),
        ({"first": 90, "second": 10}, (72, 100)),  # of photographs after 72, 90, 92 ...
        ({"train": 1}, (0, 1)),
    ],
)
def test_the_state_that_is_kept_is_after_eighty_percent_of_the_learning(
    stages: dict[str, int], kept: tuple[int, int], tmp_path: Path
) -> None:
    model = Two()
    loop = Loop(tmp_path, 0, model=model)
    for stage, count in stages.items():
        for _ in loop.steps(count, stage):
            learning = model.encoder if stage == "encoder" else model.weight
            learning.data += 1
    model.weight.data += 0.5  # what is done after the last stage stays
    milestones.keep(tmp_path / "kept.safetensors", milestones.learned(tmp_path, model))
    steps, total, state = milestones.read(tmp_path / "kept.safetensors")
    assert (steps, total) == kept
    assert not state or int(state["weight"]) == steps
    assert model.weight.item() % 1 == 0.5


@pytest.mark.parametrize(
    ("errors", "status"),
    [
        ({"final": 10, "before": 10, "untrained": 90}, "plateau"),
        ({"final": 10, "before": 11, "untrained": 90}, "budget-limited"),  # 0.8 dB
        ({"final": 10, "before": 10, "untrained": 13}, "budget-limited"),  # 2.3 dB: hardly begun
    ],
)
def test_a_plateau_is_little_change_after_much(
    errors: dict[str, int], status: str, tmp_path: Path
) -> None:
    psnrs, found = judged(tmp_path, "glo", errors)
    assert found == status
    assert psnrs["final"] == pytest.approx(20 * np.log10(255 / 10))
