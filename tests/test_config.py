"""Configs: what is wrong is said in one line that names file, key and the nearest choice."""

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from priorbench.config import Experiment
from priorbench.errors import UserError
from priorbench.plan import Plan, fingerprint
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


def changed(*keys: str, value: Any) -> dict[str, Any]:
    """A copy of the good config with one value set."""
    config = copy.deepcopy(GOOD)
    place = config
    for key in keys[:-1]:
        place = place[key]
    place[keys[-1]] = value
    return config


WRONG = [
    (changed("metods", value={}), "unknown key `metods`: did you mean `methods`?"),
    (changed("tasks", value=None), "`tasks` is missing"),
    (changed("seeds", value=3), "`seeds` must be a list, found 3"),
    (changed("seeds", value=[1, 1]), "`seeds` must be different whole numbers"),
    (changed("samples", value=-1), "`samples` must be positive, found -1"),
    (changed("samples", value=True), "`samples` must be a whole number, found True"),
    (changed("device", value="gpu"), "device `gpu`: "),
    (changed("unit", value="tasks"), "unit `tasks`: did you mean `task`?"),
    (changed("experiment", value="../up"), "experiment `../up`: letters, digits"),
    (changed("experiment", value="store"), "cannot be named `store`"),
    (changed("methods", "lmc", value={}), "unknown method `lmc`: did you mean `lcm`?"),
    (changed("methods", "a/b", value={}), "methods: `a/b`: letters, digits"),
    (changed("methods", "mine", value={"plugin": "mine.py"}), "`mine.py`: no such file"),
    (changed("methods", "mine", value={"plugin": "no.such"}), "`no.such`: no such module"),
    (changed("imagesets", "photoss", value={}), "did you mean `photos`?"),
    (
        changed("imagesets", "kodak", value={"fti": "whole"}),
        "unknown key `fti`: did you mean `fit`?",
    ),
    (changed("metrics", value={"psrn": {}}), "unknown metric `psrn`: did you mean `psnr`?"),
    (changed("methods", "glo", "trian", value={}), "unknown key `trian`: did you mean `train`?"),
    (changed("methods", "glo", "train", value={"dmi": 3}), "`dmi`: did you mean `dim`?"),
    (changed("methods", "glo", "train", value={"dim": "big"}), "`dim` must be int, found 'big'"),
    (changed("methods", "glo", "train", value={"dim": 1.5}), "`dim` must be int, found 1.5"),
    (changed("methods", "glo", "train", value=3), "a mapping of options expected, found 3"),
    (changed("methods", "glo", "imagesets", value={"digit": {}}), "did you mean `digits`?"),
    (changed("methods", "glo", "tasks", value={"holes": {}}), "did you mean `hole`?"),
    (
        changed("imagesets", "photos", value={"split": "up"}),
        "`split` 'up': choices: across, within",
    ),
    (changed("tasks", "random", "imagesets", value=["photo"]), "did you mean `photos`?"),
    (changed("tasks", "hole", value={"sigam": 0.1}), "did you mean `sigma`?"),
    (changed("energy", value={"photos": "dpi"}), "energy: unknown row `dpi`"),
    (changed("energy", value={"photos": ["dip"]}), "energy: unknown row `['dip']`"),
    (changed("contrasts", value={"a": ["glo", "gol"]}), "contrasts.a: unknown row `gol`"),
    (changed("contrasts", value={"a": ["glo"]}), "contrasts.a: two rows of methods expected"),
    (changed("contrasts", value={"a": "dip"}), "contrasts.a: two rows of methods expected"),
    (changed("methods", "glo", value=3), "methods.glo: a mapping of options expected, found 3"),
    (changed("methods", "glo", "plugin", value=3), "unknown method `3`"),
    (changed("methods", "glo", "imagesets", value=["digits"]), "a mapping of options expected"),
    (changed("methods", "glo", "train", value={"steps": -5}), "`steps` must not be negative"),
    (changed("metrics", value=["psnr"]), "`metrics` must be a mapping, found ['psnr']"),
    (changed("metrics", "psnr", value="x"), "metrics.psnr: a mapping of options expected"),
    (changed("tasks", "hole", "imagesets", value="photos"), "a mapping of options expected"),
    (changed("tasks", "represent", value={"plugin": "hole"}), "this name is taken"),
    (
        changed("metrics", value={"fid": {"dims": 100}}),
        "`dims` 100: choices: 192, 2048, 64, 768",
    ),
    (
        changed("metrics", value={"psnr_y": {"plugin": "psnr", "channel": "Y"}}),
        "metrics.psnr_y: `channel` 'Y': choices: rgb, y",
    ),
    (changed("metrics", value={"ssim": {"border": -1}}), "`border` must not be negative"),
    (changed("metrics", value={"lpips": {"net": "vgg16"}}), "`net` 'vgg16': did you mean `vgg`?"),
    (
        changed("metrics", value={"fid": {}}) | {"samples": 9},
        "`samples` must be 256 or more for fid",
    ),
]


@pytest.mark.parametrize(("config", "said"), WRONG, ids=[said for _, said in WRONG])
def test_a_mistake_is_named_with_its_file(config: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError) as caught:
        Experiment.check(config, "my.yaml")
    message = str(caught.value)
    assert message.startswith("my.yaml: ")
    assert said in message
    assert "\n" not in message


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


def test_a_folder_that_is_not_there_is_told_before_anything_runs(tmp_path: Path) -> None:
    away = {"mine": {"plugin": "folder", "path": str(tmp_path / "away")}}
    plan = Plan(Experiment.check(changed("imagesets", value=GOOD["imagesets"] | away), "my.yaml"))
    with pytest.raises(UserError, match=r"imagesets\.mine: no folder .*away$"):
        plan.check_folders()
