"""Configs: what they mean, and which jobs they lead to."""

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from priorbench.config import Experiment
from priorbench.errors import UserError
from priorbench.fingerprint import fingerprint
from priorbench.plan import Plan
from priorbench.registry import ROOT

CONFIGS = [p for p in sorted((ROOT / "config").rglob("*.yaml")) if p.parent.name != "tuning"]
GOOD: dict[str, Any] = {
    "experiment": "good",
    "imagesets": {"photos": {"split": "within"}, "digits": {}},
    "tasks": {"hole": {}, "random": {"plugin": "random_pixels", "imagesets": ["photos"]}},
    "methods": {
        "glo": {
            "train": {"dim": 64},
            "restore": {"steps": 20},
            "imagesets": {"digits": {"train": {"dim": 32}}},
            "tasks": {"hole": {"restore": {"steps": 30}}},
        },
        "glo_small": {"plugin": "glo", "train": {"dim": 8}},
    },
    "metrics": {"psnr": {}},
}


def changed(*keys: Any, value: Any) -> dict[str, Any]:
    """A copy of the good config with one value set."""
    config = copy.deepcopy(GOOD)
    place = config
    for key in keys[:-1]:
        place = place[key]
    place[keys[-1]] = value
    return config


@pytest.mark.parametrize(
    "keys", [("methods", "glo", "imagesets"), ("methods", "glo", "tasks"), ("tasks", "hole")]
)
def test_an_entry_without_anything_below_it_is_an_empty_one(keys: tuple[str, ...]) -> None:
    experiment = Experiment.check(changed(*keys, value=None), "my.yaml")
    assert experiment.method_config("glo", "restore", "photos", "hole")
    assert experiment.tasks_of("photos")


def test_an_option_of_a_task_goes_before_that_of_an_image_set_and_of_the_entry() -> None:
    experiment = Experiment.check(GOOD, "my.yaml")
    assert experiment.method_config("glo", "train", "photos") == {"dim": 64}
    assert experiment.method_config("glo", "train", "digits") == {"dim": 32}
    assert experiment.method_config("glo", "restore", "photos", "hole") == {"steps": 30}
    assert experiment.method_config("glo", "restore", "photos", "random") == {"steps": 20}
    assert experiment.tasks_of("digits") == ["hole"]


def test_a_row_may_have_another_name_than_its_plugin() -> None:
    experiment = Experiment.check(GOOD, "my.yaml")
    assert experiment.methods["glo_small"].label == "glo small"
    assert experiment.methods["glo"].label == "GLO"


def test_a_row_needs_the_weights_of_its_own_network() -> None:
    rows = {
        "psnr": {},
        "lpips": {},
        "lpips_vgg": {"plugin": "lpips", "net": "vgg"},
        "recall": {"plugin": "precision_recall", "part": "recall"},
        "recall_inception": {"plugin": "precision_recall", "net": "inception"},
    }
    experiment = Experiment.check(changed("metrics", value=rows), "my.yaml")
    needed = {name: entry.weights for name, entry in experiment.metrics.items()}
    assert needed == {
        "psnr": (),
        "lpips": ("alexnet",),
        "lpips_vgg": ("vgg16",),
        "recall": ("vgg16",),
        "recall_inception": ("inception",),
    }


def test_a_config_survives_being_a_line() -> None:
    experiment = Experiment.check(GOOD, "my.yaml")
    assert Experiment.from_json(experiment.to_json()).config == experiment.config


@pytest.mark.parametrize("path", CONFIGS, ids=[path.name for path in CONFIGS])
def test_every_shipped_config_is_right(path: Path) -> None:
    assert Experiment.check(yaml.safe_load(path.read_text()), path.name).methods


def test_only_what_a_job_depends_on_enters_its_key() -> None:
    def keys(config: dict[str, Any]) -> dict[str, str]:
        plan = Plan(Experiment.check(config, "my.yaml"))
        return {
            "train": plan.train("photos", "glo", 0).key,
            "train digits": plan.train("digits", "glo", 0).key,
            "hole": plan.restore("photos", "hole", "glo", 0).key,
            "random": plan.restore("photos", "random", "glo", 0).key,
        }

    def moved(config: dict[str, Any]) -> set[str]:
        before, after = keys(GOOD), keys(config)
        return {name for name in before if before[name] != after[name]}

    assert moved(changed("methods", "glo", "train", value={"dim": 65})) == {
        "train",
        "hole",
        "random",
    }
    assert moved(changed("methods", "glo", "tasks", value={})) == {"hole"}
    assert moved(changed("methods", "glo_small", "train", value={"dim": 9})) == set()
    assert moved(changed("experiment", value="other")) == set()
    assert moved(changed("test_images", value=3)) == {"hole", "random"}
    assert moved(changed("torch_threads", value=2)) == {"train", "train digits", "hole", "random"}


def test_a_default_that_is_written_out_is_no_other_experiment() -> None:
    written = changed("imagesets", "photos", value={"split": "within", "size": 32})
    written["methods"]["glo"]["train"] |= {"batch": 64, "lr": 1e-3}
    written["methods"]["glo"]["imagesets"]["digits"]["train"]["dim"] = 128  # back to the default
    plain = changed("methods", "glo", "imagesets", value={"digits": {"train": {"dim": 128}}})
    told, left = (Plan(Experiment.check(config, "my.yaml")) for config in (written, plain))
    for imageset in ("photos", "digits"):
        assert told.prepare(imageset).key == left.prepare(imageset).key
        assert told.train(imageset, "glo", 0).key == left.train(imageset, "glo", 0).key
    assert told.train("digits", "glo", 0).key != told.train("photos", "glo", 0).key


def test_what_lies_in_a_folder_counts_and_links_that_lead_back_do_not(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "a.png").write_bytes(b"a")
    before = fingerprint(tmp_path)
    for place in (tmp_path, tmp_path / "inner"):
        (place / "up").symlink_to(tmp_path)
        (place / "again").symlink_to(tmp_path)
    assert fingerprint(tmp_path) == before
    (tmp_path / "inner" / "b.png").write_bytes(b"b")
    assert fingerprint(tmp_path) != before


def test_a_folder_with_what_was_fetched_only_counts_as_none(tmp_path: Path) -> None:
    (tmp_path / ".fetched").mkdir()
    (tmp_path / ".fetched" / "archive.zip").write_bytes(b"fetched")
    assert fingerprint(tmp_path) == fingerprint(tmp_path / "away") == ""


def test_a_folder_that_is_not_there_is_told_before_anything_runs(tmp_path: Path) -> None:
    away = {"mine": {"plugin": "folder", "path": str(tmp_path / "away")}}
    plan = Plan(Experiment.check(changed("imagesets", value=GOOD["imagesets"] | away), "my.yaml"))
    with pytest.raises(UserError, match=r"imagesets\.mine: no folder .*away$"):
        plan.check_folders()
