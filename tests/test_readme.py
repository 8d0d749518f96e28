"""The method that the README shows whole is a method."""

from pathlib import Path

import pytest
import torch

from priorbench import registry
from priorbench.config import Experiment
from priorbench.conformance import check_method, material
from priorbench.conformance.running import Subject

TEXT = (registry.ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture
def plugin(tmp_path: Path) -> str:
    """The path of a file that holds the README's only block of Python."""
    blocks = TEXT.split("```python\n")[1:]
    assert len(blocks) == 1
    path = tmp_path / "shown.py"
    path.write_text(blocks[0].split("```")[0], encoding="utf-8")
    return str(path)


def test_the_method_of_the_readme_keeps_the_contract(plugin: str) -> None:
    assert check_method(plugin)


@pytest.mark.parametrize("task", ["hole", "denoising"])
def test_the_method_of_the_readme_explains_what_was_seen(plugin: str, task: str) -> None:
    subject = Subject(plugin)
    seen = material.observe(task, material.originals())
    known = seen.degrade(subject.found[task])
    nothing = seen.degrade(torch.full_like(subject.found[task], 0.5))
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
