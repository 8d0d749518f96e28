"""`priorbench estimate` counts the jobs that Snakemake plans, for any row of a config."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from priorbench.config import Experiment
from priorbench.counting import embedded
from priorbench.estimate import estimate
from priorbench.jobs import RESULTS
from priorbench.plan import Plan
from priorbench.reference import FOLDER, Reference, compared
from priorbench.registry import ROOT
from tests.project import SMOKE

CLASSICAL: dict[str, Any] = {"total_variation": {}, "non_local_means": {}, "biharmonic": {}}
LENT = ("glo", "ae")
COUNTED = {
    **{verb: verb for verb in (*RESULTS, "score")},
    "score_models": "score",
    "split": "score",
}


def config(**changes: Any) -> dict[str, Any]:
    methods = {
        **SMOKE["methods"],
        **CLASSICAL,
        "ae": {"tune": str(ROOT / "config/tuning/vector.yaml")},
    }
    tasks: dict[str, Any] = {"hole": {}, "denoising": {}}
    return {**SMOKE, "methods": methods, "tasks": tasks, "device": "cpu", **changes}


def lend(plan: Plan) -> None:
    """Keep what tables take of some rows, in the reference that the config names."""
    kept = FOLDER / "kept" / "config.yaml"
    kept.parent.mkdir(parents=True)
    kept.touch()
    for method in LENT:
        for job, name in compared(plan, "disks", method, 0):
            file = Reference("kept").file(job, name)
            file.parent.mkdir(parents=True)
            file.touch()


def planned() -> Counter[str]:
    """Return how many jobs of each step a dry run of Snakemake's has."""
    program = (sys.executable, "-m", "snakemake", "--quiet", "rules")
    run = subprocess.run(
        [*program, "--snakefile", str(ROOT / "Snakefile"), "-n", "--configfile", "c.yaml"],
        env={**os.environ, "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr + run.stdout
    found: Counter[str] = Counter()
    for line in run.stdout.split("Job stats:")[1].split("total")[0].splitlines()[3:]:
        rule, count = line.split()
        if rule in COUNTED:
            found[COUNTED[rule]] += int(count)
    return found


@pytest.mark.parametrize(
    "changes",
    [{"unit": "all", "seeds": [0, 1]}, {"unit": "task"}, {"unit": "task", "reference": "kept"}],
    ids=["all", "task", "lent"],
)
def test_the_jobs_are_those_of_a_dry_run(
    changes: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("c.yaml").write_text(yaml.safe_dump(config(**changes)))
    plan = Plan(Experiment.read(Path("c.yaml")))
    if "reference" in changes:
        lend(plan)
    found = estimate(plan, [], 1)
    assert Counter(part.verb for part in found.to_do) == planned()
    rows = {part.method for part in found.parts}
    assert {*CLASSICAL} <= rows and ("reference" in changes) != ({*LENT} <= rows)


def test_options_that_are_lists_are_counted_as_a_step_has_them() -> None:
    few = {"size": 16, "train": 3, "val": 2, "test": 4, "held": [0.15, 0.2]}
    row = {"disks": few}
    experiment = Experiment.check(config(imagesets=row, energy={}), "c.yaml")
    assert embedded(experiment, "disks") == {"train": 3, "val": 2, "test": 4}
