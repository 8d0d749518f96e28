"""Options are chosen on validation images, by a stated metric, and every trial is kept."""

import json
from argparse import Namespace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from priorbench import registry, tuning
from priorbench.config import Experiment
from priorbench.conformance.material import smooth
from priorbench.errors import UserError
from priorbench.files import read_json
from priorbench.images import write_prepared
from priorbench.plan import Plan
from priorbench.records import told
from workflow.scripts import train, tune

SPACE: tuning.Space = {"restore": {"lr": [1e-9, 0.05], "start": ["mean", "encoder"]}}


def write(path: Path, space: Any) -> str:
    path.write_text(yaml.safe_dump(space))
    return str(path)


def experiment(path: str, **changes: Any) -> Experiment:
    config = {
        "experiment": "tuned",
        "imagesets": {"disks": {}},
        "tasks": {"hole": {}, "denoising": {}},
        "methods": {
            "ae": {
                "train": {"dim": 8, "steps": 20, "batch": 8, "width": 8},
                "restore": {"steps": 20},
                "tune": path,
            }
        },
        "metrics": {"psnr": {}, "lpips": {}},
        "tuning": {"trials": 4, "images": 4},
        "samples": 256,
    }
    return Experiment.check({**config, **changes}, "tuned.yaml")


def prepared(folder: Path, test: np.ndarray) -> Path:
    card: dict[str, Any] = {"name": "disks", "clusters": {}, "labels": None}
    card |= {"disjoint_clusters": True, "cluster": "disc"}
    write_prepared(folder, card, {"train": smooth(32, 0), "val": smooth(4, 1), "test": test})
    return folder / "card.json"


def asked(spec: dict[str, Any], images: Path, out: Path, model: Path | None = None) -> Namespace:
    splits = {split: images.with_name(f"{split}.npy") for split in ("train", "val")}
    return Namespace(spec=spec, images=images, **splits, model=model, out=out)


def run(plan: Plan, images: Path, out: Path) -> Path:
    """Train the method and tune its restoration."""
    trained = out / "train/disks/ae/0-0123456789/model.safetensors"
    spec = plan.train("disks", "ae", 0).spec
    told = {"spec": spec, "images": images.with_name("train.npy"), "out": trained, "tuned": None}
    train.main(Namespace(**told), out / "state" / "train")
    chosen = out / "tune/disks/ae/0-0123456789/chosen.json"
    spec = plan.tune("disks", "ae", 0).spec
    tune.main(asked(spec, images, chosen, model=trained), out / "state" / "tune")
    return chosen


def test_the_best_trial_on_validation_images_is_chosen_and_all_are_kept(tmp_path: Path) -> None:
    plan = Plan(experiment(write(tmp_path / "space.yaml", SPACE)))
    kept = []
    for name, test in (("one", smooth(4, 2)), ("other", np.zeros_like(smooth(4, 2)))):
        images = prepared(tmp_path / name / "images", test)
        chosen = run(plan, images, tmp_path / name)
        kept.append((read_json(chosen), chosen.with_name("trials.csv").read_text()))
    assert kept[0] == kept[1]  # what the test split shows changes nothing
    found, _ = kept[0]
    table = pd.read_csv(tmp_path / "one/tune/disks/ae/0-0123456789/trials.csv")
    assert sorted(table["trial"].unique()) == [0, 1, 2, 3]
    assert set(table["task"]) == {"hole", "denoising"}
    assert (table["evaluations"] == 20).all()
    assert set(table.loc[table["trial"] == 0, "restore"]) == {"{}"}
    means = table.groupby("trial")["value"].mean()
    assert found["trial"] == means.idxmax()
    assert found["restore"].get("lr") != 1e-9


def test_a_training_may_be_tuned(tmp_path: Path) -> None:
    space = {"train": {"lr": [1e-9, 1e-2]}}
    plan = Plan(experiment(write(tmp_path / "space.yaml", space), tuning={"trials": 3}))
    assert plan.tuned("disks", "ae", "train") == [plan.tune("disks", "ae", 0)]
    images = prepared(tmp_path / "images", smooth(4, 2))
    chosen = tmp_path / "tune/disks/ae/0-0123456789/chosen.json"
    spec = plan.tune("disks", "ae", 0).spec | {"images": 4}
    tune.main(asked(spec, images, chosen), tmp_path / "state")
    assert tuning.chosen(chosen, "train") != {"lr": 1e-9}
    assert "trial" in told(chosen, "train")


def test_where_every_trial_diverges_the_row_stays_as_it_stands(tmp_path: Path) -> None:
    space = {"train": {"lr": [1e30]}}
    methods = experiment(write(tmp_path / "space.yaml", space)).config["methods"]
    methods["ae"]["train"]["lr"] = 1e30
    plan = Plan(experiment(str(tmp_path / "space.yaml"), methods=methods))
    images = prepared(tmp_path / "images", smooth(4, 2))
    chosen = tmp_path / "tune/disks/ae/0-0123456789/chosen.json"
    spec = plan.tune("disks", "ae", 0).spec | {"images": 4}
    tune.main(asked(spec, images, chosen), tmp_path / "state")
    assert read_json(chosen)["train"] == {}
    assert read_json(chosen.with_name("run.json"))["status"] == "diverged in every trial"


def test_a_choice_at_the_edge_of_its_range_is_told() -> None:
    space: tuning.Space = {"train": {}, "restore": {"lr": [0.1, 1.0, 10.0], "start": ["mean"]}}
    row: tuning.Choice = {"train": {}, "restore": {"lr": 1.0}}
    at = [tuning.edges(space, {"train": {}, "restore": {"lr": v}}, row) for v in (0.1, 1.0, 10.0)]
    assert at == [["lr"], [], ["lr"]]
    nothing: tuning.Choice = {"train": {}, "restore": {}}
    assert tuning.edges(space, nothing, row) == []
    assert tuning.edges(space, nothing, {"train": {}, "restore": {"lr": 30.0}}) == ["lr"]


def test_a_trial_over_the_cap_is_refused(tmp_path: Path) -> None:
    plan = Plan(experiment(write(tmp_path / "space.yaml", SPACE), tuning={"evaluations": 19}))
    with pytest.raises(UserError, match="trial 0 takes 20 on hole, more than 19"):
        run(plan, prepared(tmp_path / "images", smooth(4, 2)), tmp_path)


def test_trials_differ_and_the_first_is_the_row_as_it_stands() -> None:
    row: tuning.Choice = {"train": {}, "restore": {}}
    drawn = tuning.trials(SPACE, 5, row)
    assert drawn[0] == {"train": {}, "restore": {}}
    assert len({json.dumps(choice) for choice in drawn}) == 5
    assert len(tuning.trials(SPACE, 99, row)) == 5  # 2 x 2 choices, and the row itself
    assert drawn == tuning.trials(SPACE, 5, row)
    assert drawn[1]["restore"] == {"lr": 1e-9, "start": "mean"}  # the first of each list
    ((part, option),) = [(p, o) for p in SPACE for o in SPACE[p] if o == "lr"][:1]
    names = [(p, o) for p in SPACE for o in SPACE[p]]
    row = {p: {o: SPACE[p][o][0] for q, o in names if q == p} for p in ("train", "restore")}
    again = tuning.trials(SPACE, 99, row)
    assert len(again) == 4  # one of the choices is the row
    assert row not in again
    assert (part, option) in names


@pytest.mark.parametrize(
    ("space", "said"),
    [
        ({"restor": {}}, "unknown key `restor`: did you mean `restore`"),
        ({"restore": {"l": [1.0]}}, "restore: unknown key `l`: did you mean `lr`"),
        ({"restore": {"lr": 1.0}}, "restore.lr: a list of choices expected"),
        ({"restore": {"start": ["middle"]}}, "`start` 'middle': choices: encoder, mean"),
        ([], "lists of choices"),
    ],
)
def test_what_is_wrong_with_a_space_is_one_line(space: Any, said: str, tmp_path: Path) -> None:
    path = write(tmp_path / "space.yaml", space)
    about = registry.describe("methods", "ae")
    with pytest.raises(UserError, match=said):
        tuning.read(path, about, "tuned.yaml: methods.ae.tune")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"trial": 3}, "tuning: unknown key `trial`: did you mean `trials`"),
        ({"trials": 0}, "`trials` must be a positive number"),
        ({"metric": "fid"}, "tuning.metric: `fid`"),
    ],
)
def test_what_is_wrong_with_the_settings_is_one_line(
    settings: dict[str, Any], said: str, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=said):
        experiment(write(tmp_path / "space.yaml", SPACE), tuning=settings)


def test_a_space_that_is_not_there_is_told_before_anything_runs(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"methods\.ae\.tune: no such file"):
        experiment(str(tmp_path / "away.yaml"))


def test_a_space_of_the_project_is_found_from_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert experiment("config/tuning/vector.yaml").space("ae")["restore"]["lr"]


def test_tuned_options_reach_the_keys_of_what_they_change(tmp_path: Path) -> None:
    path = tmp_path / "space.yaml"
    keys = []
    for values in ([0.1], [0.1, 0.2]):
        plan = Plan(experiment(write(path, {"restore": {"lr": values}})))
        jobs = plan.train("disks", "ae", 0), plan.restore("disks", "hole", "ae", 0)
        keys.append([job.key for job in jobs])
    assert keys[0][0] == keys[1][0]
    assert keys[0][1] != keys[1][1]
