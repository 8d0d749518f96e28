"""Whether a training reached its plateau: judged by the last stage that moved the decoder."""

from argparse import Namespace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import yaml
from numpy.typing import NDArray

from priorbench import models, registry
from priorbench.config import Experiment
from priorbench.plan import Plan
from tests.test_methods import smooth
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


def test_the_encoders_stage_does_not_decide(tmp_path: Path) -> None:
    errors = {"final": 10, "stage-all": 14, "stage-encoder": 10, "untrained": 90}
    psnrs, status = judged(tmp_path, "incremental_glo", errors)
    assert status == "budget-limited"
    assert [*psnrs] == ["final", "all"]
    assert psnrs["final"] - psnrs["all"] == pytest.approx(20 * np.log10(1.4), abs=1e-6)


@pytest.mark.parametrize(
    ("errors", "status"),
    [
        ({"final": 10, "stage-train": 10, "untrained": 90}, "plateau"),
        ({"final": 10, "stage-train": 11, "untrained": 90}, "budget-limited"),  # 0.8 dB
        ({"final": 10, "stage-train": 10, "untrained": 11}, "budget-limited"),  # hardly begun
    ],
)
def test_a_plateau_is_little_change_after_much(
    errors: dict[str, int], status: str, tmp_path: Path
) -> None:
    psnrs, found = judged(tmp_path, "glo", errors)
    assert found == status
    assert psnrs["final"] == pytest.approx(20 * np.log10(255 / 10))
