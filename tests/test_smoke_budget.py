"""`budget: smoke`: every shipped config is cut short, and needs no data and no weights."""

from itertools import product
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from priorbench import registry, smoke, tuning
from priorbench.config import Experiment
from priorbench.errors import UserError
from priorbench.loop import Loop
from priorbench.plan import Plan
from priorbench.step import configured
from tests.test_config import CONFIGS


def shortened(path: Path) -> Experiment:
    config = yaml.safe_load(path.read_text(encoding="utf-8"))
    return Experiment.check({**config, "budget": "smoke"}, path.name)


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_generated_images_stand_in_at_the_same_size(path: Path) -> None:
    config = yaml.safe_load(path.read_text(encoding="utf-8"))
    experiment = shortened(path)
    assert [*experiment.imagesets] == [*config["imagesets"]]
    for row, entry in experiment.imagesets.items():
        about = registry.describe("imagesets", config["imagesets"][row].get("plugin", row))
        own = about.configs["Config"].get("size")  # sets of many sizes have none
        size = config["imagesets"][row].get("size", own.default if own else smoke.SIDE)
        assert (entry.plugin, entry.options["size"]) == ("disks", size)
        Plan(experiment).prepare(row)  # whatever is at hand
    assert Experiment.from_json(experiment.to_json()).config == experiment.config


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_every_job_of_a_shipped_config_can_be_planned(path: Path) -> None:
    for experiment in (Experiment.check(yaml.safe_load(path.read_text()), ""), shortened(path)):
        plan = Plan(experiment)
        for imageset, method in product(experiment.imagesets, experiment.methods):
            for unit in experiment.units_of(imageset):
                assert plan.restore(imageset, unit, method, 0).key
            assert plan.represent(imageset, method, 0).key


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_the_discs_suffice_for_every_batch_of_a_shipped_config(path: Path) -> None:
    experiment = shortened(path)
    asked = []
    for imageset, method in product(experiment.imagesets, experiment.methods):
        plugin = registry.load("methods", experiment.methods[method].plugin)
        if hasattr(plugin, "TrainConfig"):
            options = experiment.method_config(method, "train", imageset)
            batch = getattr(configured(plugin.TrainConfig, options), "batch", 0)
            asked.append(max(batch) if isinstance(batch, tuple) else batch)
    for entry in experiment.imagesets.values():
        assert entry.options["train"] < 500  # preparing and encoding them takes the time
        assert max(asked, default=0) <= entry.options["train"]


def test_every_space_of_choices_fits_a_method() -> None:
    for path in sorted((registry.ROOT / "config" / "tuning").glob("*.yaml")):
        names = registry.available("methods")
        fits = []
        for name in names:
            try:
                fits.append(bool(tuning.read(str(path), registry.describe("methods", name), "")))
            except UserError:
                continue
        assert fits, path


@pytest.mark.parametrize(
    ("imagesets", "sizes"),
    [
        ({"cifar10": {}}, [32]),
        ({"set5": {"fit": "mod8"}}, [32]),
        ({"photos": {"size": 64}, "set14": {"crop": 64, "trained_on": "photos"}}, [64, 64]),
    ],
)
def test_discs_stand_in_for_sets_without_a_size(imagesets: Any, sizes: list[int]) -> None:
    config = yaml.safe_load((registry.ROOT / "tests" / "smoke.yaml").read_text())
    changed = {**config, "imagesets": imagesets, "energy": {}, "budget": "smoke"}
    experiment = Experiment.check(changed, "x.yaml")
    assert [entry.options["size"] for entry in experiment.imagesets.values()] == sizes


def test_a_method_says_what_it_does_without_files() -> None:
    config: dict[str, Any] = {
        "experiment": "short",
        "budget": "smoke",
        "imagesets": {"photos": {}},
        "tasks": {"hole": {}},
        "methods": {
            "lcm": {"imagesets": {"photos": {"train": {"inner": 40, "batch": 9}, "restore": {}}}},
            "glo": {"train": {"dim": 9}},
            "wgan_gp": {"tasks": {"hole": {"restore": {"restarts": 7, "steps": 9}}}},
        },
        "metrics": {"psnr": {}},
    }
    experiment = Experiment.check(config, "short.yaml")
    assert experiment.method_config("lcm", "train", "photos") == {"inner": 1, "batch": 9}
    restoring = experiment.method_config("wgan_gp", "restore", "photos", "hole")
    assert restoring == {"restarts": 1, "steps": 9}
    assert experiment.method_config("glo", "train", "photos") == {"dim": 9}


def test_stages_and_batches_are_cut_short(tmp_path: Path) -> None:
    short, full = (Loop(tmp_path / b, 0, budget=b) for b in ("smoke", "full"))
    assert [len(list(loop.steps(50))) for loop in (short, full)] == [smoke.STEPS, 50]
    drawn = [loop.batch(torch.arange(30), 10) for loop in (short, full)]
    assert [len(batch) for batch in drawn] == [smoke.BATCH, 10]


def test_a_short_result_never_passes_for_a_full_one() -> None:
    config = yaml.safe_load((registry.ROOT / "tests" / "smoke.yaml").read_text())
    keys = {
        Plan(Experiment.check({**config, "budget": budget}, "x")).train("disks", "glo", 0).key
        for budget in ("smoke", "full")
    }
    assert len(keys) == 2


def test_an_unknown_budget_is_refused() -> None:
    config = yaml.safe_load((registry.ROOT / "tests" / "smoke.yaml").read_text())
    with pytest.raises(UserError, match="budget `smok`: did you mean `smoke`"):
        Experiment.check({**config, "budget": "smok"}, "x.yaml")
