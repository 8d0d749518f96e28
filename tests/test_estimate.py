"""`priorbench estimate`: hours and disk that follow, in closed form, from fabricated records."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from priorbench import recorded
from priorbench.__main__ import main
from priorbench.config import Experiment
from priorbench.estimate import Estimate, estimate
from priorbench.files import read_json, write_json
from priorbench.jobs import Part, Work
from priorbench.paths import STORE
from priorbench.plan import Plan
from priorbench.throughput import (
    AGAIN,
    NOTHING,
    OTHERWISE,
    Kind,
    Range,
    Run,
)
from tests.took import CONFIG, COUNTS, around, restored, told, trained

pytestmark = pytest.mark.usefixtures("place")


def test_the_same_training_with_other_steps_takes_in_proportion() -> None:
    trained(10.0)
    found = told(recorded.runs())
    assert found.seconds("train") == around(30)
    assert found.unlike == {}


def test_threads_are_cores_and_share_the_time() -> None:
    trained(10.0, threads=2)
    runs = recorded.runs()
    assert told(runs).seconds("train") == around(60)
    two = told(runs, cores=2, torch_threads=2)
    assert two.seconds("train") == around(60) and two.wall == around(30)


def test_a_search_takes_by_images_and_steps_of_every_task() -> None:
    trained(0.0)
    restored(2.0)
    found = told(recorded.runs())
    each = 2.0 / 4 / 100  # a gradient of an image
    assert found.seconds("restore") == around(each * 2 * 16 * 50)
    # the same for clean test images, and for validation images twice
    assert found.seconds("represent") == around(each * (16 + 2 * 8) * 50)


def test_an_option_of_unknown_price_widens_the_range_and_is_named() -> None:
    trained(10.0)
    methods = {"glo": {"train": {"steps": 300, "width": 8, "dim": 7, "lr": 0.5}}}
    found = told(recorded.runs(), methods=methods)
    assert found.seconds("train") == around(30, AGAIN * OTHERWISE)
    assert found.unlike == {"glo": ["dim"]}


def test_a_row_without_a_record_is_named_and_not_counted() -> None:
    trained(10.0)
    found = told(recorded.runs(), methods={"glo": {}, "dip": {}})
    assert found.seconds("restore") == NOTHING
    reason = "no record of a search (cpu): run its `budget: smoke` first"
    assert found.unknown[reason] == ["glo on disks", "dip on disks"]


def test_a_gpu_is_told_by_records_of_a_gpu_only() -> None:
    trained(10.0, device="cuda")
    plan = Plan(Experiment.check(CONFIG, "toy.yaml"))
    assert told(recorded.runs()).seconds("train") == NOTHING
    assert estimate(plan, recorded.runs(), 8, "cuda").seconds("train") == around(30)


def test_finished_jobs_are_not_counted_again() -> None:
    trained(10.0)
    plan = Plan(Experiment.check(CONFIG, "toy.yaml"))
    folder = plan.train("disks", "glo", 0).folder
    folder.mkdir(parents=True)
    for name in ("model.safetensors", "run.json"):
        (folder / name).write_text("{}")
    found = told(recorded.runs(), seeds=[0, 1])
    trains = [part.done for part in found.parts if part.verb == "train"]
    assert trains == [True, False] and found.seconds("train") == around(30)


TRAINING = "method plugin device hardware status effective shape parameters updates seconds"
SEARCH = "method plugin device hardware effective task_seconds images parameters"


@pytest.mark.parametrize(
    ("record", "field"),
    [(trained, name) for name in TRAINING.split()] + [(restored, name) for name in SEARCH.split()],
)
def test_a_record_that_lacks_a_field_is_passed_over(
    record: Callable[[], None], field: str, place: Path
) -> None:
    trained()
    restored()
    whole = len(recorded.runs())
    (path,) = place.glob(f"{STORE}/{'train' if record is trained else 'restore'}/**/run.json")
    facts = read_json(path)
    del facts[field]
    write_json(path, facts)
    assert whole == 2 and len(recorded.runs()) < whole


def test_every_job_of_the_workflow_is_there_once() -> None:
    changes: dict[str, Any] = {
        "seeds": [0, 1],
        "methods": {"glo": {}, "dip": {}},
        "energy": {"disks": "dip"},
    }
    verbs = [part.verb for part in told([], **changes).parts]
    counted = {verb: verbs.count(verb) for verb in verbs}
    # two tasks, two seeds, one of two methods learns; scores: of both tasks twice, of models
    few = {"prepare": 1, "degrade": 2, "control": 2, "train": 2, "restore": 8}
    assert counted == {**few, "represent": 4, "sample": 2, "energy": 1, "score": 5}


def test_wall_time_is_shared_work_or_the_longest_chain() -> None:
    kind = Kind("train", "glo", "cpu", 1.0, 1.0, 1.0, False, {})
    runs = (Run(kind, 1.0, "", Path(), False, False),)

    def job(verb: str, seconds: float, method: str) -> Part:
        return Part(verb, "disks", False, (Work(kind, runs, seconds),), method)

    parts = [job("train", 30, "a"), job("restore", 10, "a"), job("represent", 5, "a")]
    assert Estimate(parts, "cpu", 8, 1, NOTHING).wall == around(40)
    assert Estimate(parts, "cpu", 1, 1, NOTHING).wall == around(45)
    parts += [job("train", 30, "b"), job("train", 25, "c")]
    assert Estimate(parts, "cpu", 2, 1, NOTHING).wall == around(50)
    shared = Estimate(parts, "cpu", 2, 1, Range(2.0, 2.0, 2.0)).wall
    assert shared.likely == pytest.approx(50 + 5 * 2 / 2)


def test_disk_is_counted_from_images_models_and_codes() -> None:
    trained(10.0)
    restored(2.0)
    found = told(recorded.runs()).disk
    image = 3 * 16 * 16
    assert found["prepare"] == 160 * image
    assert found["degrade"] == 2 * 16 * image * 4
    assert found["sample"] == 32 * image
    assert found["train"] == 2 * 4 * 1000 + 100 * 128 * 4  # with an earlier state, and codes
    assert found["checkpoints"] == 2 * 3 * 4 * 1000 + 100 * 128 * 4


def test_a_set_in_files_that_is_not_prepared_is_named(place: Path) -> None:
    trained(10.0)
    (place / "pictures").mkdir()
    counting_of = {"mine": {"plugin": "folder", "path": str(place / "pictures"), "size": 16}}
    found = told(recorded.runs(), imagesets=counting_of, methods={"glo": {}, "nearest": {}})
    assert found.seconds("train").likely > 0  # by steps, whatever the number of images
    assert "prepare mine" in found.unsized
    folder = STORE / "prepare" / "mine" / "other"
    write_json(folder / "card.json", {"shape": [3, 64, 64], "counts": COUNTS})
    assert told(recorded.runs(), imagesets=counting_of).disk["prepare"] == 160 * 3 * 16 * 16


def test_the_command_tells_it_in_lines_and_as_json(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trained(10.0)
    (place / "toy.yaml").write_text(
        json.dumps(CONFIG | {"methods": CONFIG["methods"] | {"dip": {}}})
    )
    assert main(["estimate", "--configfile", "toy.yaml", "--cores", "2"]) == 0
    said = capsys.readouterr().out
    assert "train          1     0      1" in said
    assert "dip on disks: no record of a search (cpu): run its `budget: smoke` first" in said
    assert main(["estimate", "--configfile", "toy.yaml", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["steps"]["train"]["seconds"]["likely"] == pytest.approx(30)
    assert facts["seconds"]["low"] == pytest.approx(30 / AGAIN)
    assert facts["recorded_on"] == {"a machine": 1}


def test_a_folder_that_is_not_there_is_told_with_the_estimate(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    away = {"disks": {"plugin": "folder", "path": "away"}}
    (place / "toy.yaml").write_text(json.dumps({**CONFIG, "imagesets": away}))
    assert main(["estimate", "--configfile", "toy.yaml"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("the run would stop: toy.yaml: imagesets.disks: no folder away\n")


def test_images_that_are_not_counted_are_prepared_by_a_command_that_can_be_copied() -> None:
    kind = Kind("restore", "glo", "cpu", 1.0, 1.0, 1.0, False, {})
    uncounted = Work(kind, (Run(kind, 1.0, "", Path(), False, False),), None)
    parts = [Part("restore", "disks", False, (uncounted,), "glo")]
    (reason,) = replace(told([]), parts=parts).unknown
    assert "`priorbench images disks --configfile toy.yaml` prepares it" in reason


@pytest.mark.parametrize(
    ("change", "said"),
    [({"source": "archive"}, "`source: archive`: tables"), ({"gaps": True}, "`gaps: true`: what")],
)
def test_what_is_only_drawn_takes_no_job(
    place: Path, change: dict[str, Any], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    trained(10.0)
    (place / "toy.yaml").write_text(json.dumps({**CONFIG, **change}))
    assert main(["estimate", "--configfile", "toy.yaml"]) == 0
    assert capsys.readouterr().out.startswith(said)
    assert main(["estimate", "--configfile", "toy.yaml", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["steps"] == {} and facts["total_seconds"]["high"] == 0


@pytest.mark.parametrize(
    ("change", "said"),
    [({"budget": "smoke"}, "toy.yaml: `budget: smoke` takes minutes"), ({"seed": 0}, "`seeds`")],
)
def test_a_config_that_cannot_be_estimated_is_told_in_a_line(
    place: Path, change: dict[str, Any], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "toy.yaml").write_text(json.dumps({**CONFIG, **change}))
    assert main(["estimate", "--configfile", "toy.yaml"]) == 1
    assert said in capsys.readouterr().err
