"""The method that the README shows whole is a method."""

from pathlib import Path

import pytest
import torch

from priorbench import registry
from priorbench.config import Experiment
from tests.test_methods import Subject, observation

TEXT = (registry.ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture
def plugin(tmp_path: Path) -> str:
    """The path of a file that holds the README's only block of Python."""
    blocks = TEXT.split("```python\n")[1:]
    assert len(blocks) == 1
    path = tmp_path / "shown.py"
    path.write_text(blocks[0].split("```")[0], encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("task", ["hole", "denoising"])
def test_the_method_of_the_readme_learns_and_restores(
    plugin: str, task: str, tmp_path: Path
) -> None:
    subject = Subject(plugin, {})
    seen = observation(task)
    model = subject.trained(tmp_path / "train")
    restored = subject.restored(model, tmp_path / "restore", seen)
    assert restored.shape == (2, 3, 32, 32)
    assert torch.isfinite(restored).all()
    known = seen.degrade(restored)
    nothing = seen.degrade(torch.full_like(restored, 0.5))
    assert (known - seen.y).square().mean() < (nothing - seen.y).square().mean()


def test_a_config_takes_the_method_of_the_readme_by_its_path(plugin: str) -> None:
    config = {
        "experiment": "shown",
        "imagesets": {"digits": {}},
        "tasks": {"hole": {}},
        "methods": {"mine": {"plugin": plugin}},
        "metrics": {"psnr": {}},
    }
    assert Experiment.check(config, "my.yaml").methods["mine"].about.learns
