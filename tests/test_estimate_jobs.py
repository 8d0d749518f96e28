"""`priorbench estimate` counts the jobs that Snakemake plans, for any row of a config."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from priorbench import reference
from priorbench.config import Experiment
from priorbench.counting import embedded
from priorbench.estimate import estimate
from priorbench.files import write_json
from priorbench.jobs import RESULTS
from priorbench.plan import Plan
from tests.project import SMOKE, Project

CLASSICAL: dict[str, Any] = {"total_variation": {}, "non_local_means": {}, "biharmonic": {}}
LENT = ("glo", "ae")
COUNTED = {
    **{verb: verb for verb in (*RESULTS, "score")},
    "score_models": "score",
    "split": "score",
}


def config(**changes: Any) -> dict[str, Any]:
    tasks: dict[str, Any] = {"hole": {}, "denoising": {}}
    methods = {**SMOKE["methods"], **CLASSICAL}
    return {**SMOKE, "methods": methods, "tasks": tasks, "device": "cpu", **changes}


def lend(plan: Plan) -> None:
    """Keep what tables take of some rows, in the reference that the config names."""
    kept = reference.FOLDER / "kept" / "config.yaml"
    kept.parent.mkdir(parents=True)
    kept.touch()
    for method in LENT:
        for job, name in reference.files(plan, "disks", method, 0):
            file = reference.Reference("kept").file(job, name)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()


def begin(plan: Plan) -> None:
    """Leave results of one task and one method, as a run does that was stopped."""
    row = "disks", "glo", 0
    jobs = {
        "prepare": plan.prepare("disks"),
        "degrade": plan.degrade("disks", "hole"),
        "train": plan.train(*row),
        "represent": plan.represent(*row),
        "restore": plan.restore("disks", "hole", "glo", 0),
    }
    card = {"shape": [3, 16, 16], "counts": {"train": 3, "val": 2, "test": 4}}
    for verb, job in jobs.items():
        for name in RESULTS[verb]:
            write_json(job.folder / name, card)  # of the others only that they are there counts


def planned(project: Project) -> Counter[str]:
    """Return how many jobs of each step a dry run of Snakemake's has."""
    said = project.snakemake("--dry-run", "--quiet", "rules", config="c.yaml")
    found: Counter[str] = Counter()
    for line in said.split("Job stats:")[1].splitlines()[3:]:
        rule, count = line.split()
        if rule == "total":
            break
        if rule in COUNTED:
            found[COUNTED[rule]] += int(count)
    return found


@pytest.mark.parametrize(
    "changes",
    [
        {"unit": "all", "seeds": [0, 1]},
        {"unit": "task"},
        {"unit": "task", "reference": "kept"},
        {"unit": "task", "gaps": True},
    ],
    ids=["all", "task", "lent", "gaps"],
)
def test_the_jobs_are_those_of_a_dry_run(
    changes: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = Project(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(reference, "FOLDER", Path("results/reference"))
    Path("c.yaml").write_text(yaml.safe_dump(config(**changes)))
    plan = Plan(Experiment.read(Path("c.yaml")))
    if "reference" in changes:
        lend(plan)
    if "gaps" in changes:
        begin(plan)
    found = estimate(plan, [], 1)
    to_do = Counter(part.verb for part in found.to_do)
    assert to_do == planned(project)
    rows = {part.method for part in found.parts} - {""}
    if "gaps" in changes:
        assert rows == {"glo"} and to_do == {"control": 1, "score": 3}
    else:
        assert {*CLASSICAL} <= rows and ("reference" in changes) != ({*LENT} <= rows)


def test_options_that_are_lists_are_counted_as_a_step_has_them() -> None:
    few = {"size": 16, "train": 3, "val": 2, "test": 4, "held": [0.15, 0.2]}
    row = {"disks": few}
    experiment = Experiment.check(config(imagesets=row, energy={}), "c.yaml")
    assert embedded(experiment, "disks") == {"train": 3, "val": 2, "test": 4}
