"""Runs that are killed, refused, failed or cut short.

The tests share one copy of the project and one results folder, and run in order.
"""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from priorbench.registry import ROOT
from tests.processes import training_processes, wait_for
from tests.project import SMOKE, Project


def long_training(project: Project, steps: int) -> str:
    """The target of a training that lasts some seconds; the smoke config is changed for it."""
    path = project.folder / "smoke.yaml"
    config = yaml.safe_load((ROOT / "tests" / "smoke.yaml").read_text())
    config["methods"]["vae"]["train"]["steps"] = steps
    path.write_text(yaml.safe_dump(config))
    code = (
        "import yaml; from priorbench.config import Experiment; from priorbench.plan import Plan;"
        "config = yaml.safe_load(open('smoke.yaml')); plan = Plan(Experiment.check(config, ''));"
        "print(plan.train('disks', 'vae', 0).folder / 'model.safetensors')"
    )
    asked = [sys.executable, "-c", code]
    said = subprocess.check_output(asked, cwd=project.folder, env=project.environment, text=True)
    return said.strip()


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="processes are found in /proc")
def test_kills_of_the_training_and_of_snakemake_change_no_bit(project: Project) -> None:
    project.edit("priorbench/training.py", "CHECKPOINT_SECONDS = 60.0", "CHECKPOINT_SECONDS = 0.2")
    target = long_training(project, steps=400)
    project.snakemake(target)
    model = project.folder / target
    whole = {
        name: (model.parent / name).read_bytes() for name in ("model.safetensors", "curve.csv")
    }
    shutil.rmtree(model.parent)

    def checkpoints() -> list[Path]:
        return project.files("results/store/state/**/checkpoint-*.pt")

    # the training process alone: Snakemake says that the job failed, and the next run goes on
    run = project.start(target)
    wait_for(lambda: len(checkpoints()) == 2)
    for process in training_processes(project.folder):
        os.kill(process, signal.SIGKILL)
    said, _ = run.communicate(timeout=120)
    assert run.returncode != 0, said
    assert "completed successfully" not in said
    assert not model.exists()

    # Snakemake alone: its orphan goes on training; the next run waits for it, or resumes; and
    # where the orphan has finished by then, what Snakemake deletes is still in the state
    for finished in (False, True):
        newest = max(checkpoints(), default=Path())
        run = project.start(target)
        wait_for(lambda newest=newest: checkpoints() and max(checkpoints()) > newest)
        os.kill(run.pid, signal.SIGKILL)
        run.wait()
        if finished:
            wait_for(lambda: not training_processes(project.folder))
            assert model.exists() and checkpoints()
        try:
            project.snakemake(target)
        finally:
            assert run.stdout is not None
            run.stdout.close()  # held open until here: the orphan writes to it
        assert {name: (model.parent / name).read_bytes() for name in whole} == whole
        assert not checkpoints()
        shutil.rmtree(model.parent)


def test_a_second_run_is_refused_by_name(project: Project) -> None:
    target = long_training(project, steps=100_000)
    first = project.start(target)
    try:
        wait_for(lambda: training_processes(project.folder))
        said = project.snakemake("results/smoke/report.html", fails=True)
        assert f"another run is alive: process {first.pid}" in said
    finally:
        os.killpg(first.pid, signal.SIGKILL)
        first.communicate()


def test_the_config_of_a_paper_runs_cut_short_to_its_tables(project: Project) -> None:
    said = project.snakemake("tables", "--config", "budget=smoke", config="config/papers/dip.yaml")
    assert "100%" in said
    table = project.folder / "results/dip_smoke/tables/quality-photos-psnr.csv"
    assert "DIP" in table.read_text()


def test_a_failed_job_has_the_last_word(project: Project) -> None:
    config = dict(SMOKE, experiment="failing", test_images=5000, metrics={"psnr": {}}, energy={})
    config["methods"] = {"nearest": {}}
    (project.folder / "failing.yaml").write_text(yaml.safe_dump(config))
    said = project.snakemake("tables", config="failing.yaml", fails=True)
    last = next(line for line in reversed(said.splitlines()) if " failed: " in line)
    assert last.startswith("degrade failed: results/store/degrade/disks/all/")
    assert "test_images: 5000 asked for, disks has " in last


def test_a_mistake_in_the_config_is_one_line(project: Project) -> None:
    path = project.folder / "wrong.yaml"
    path.write_text((ROOT / "tests" / "smoke.yaml").read_text().replace("methods:", "metods:"))
    run = subprocess.run(
        project.command("--dry-run", config="wrong.yaml"),
        cwd=project.folder,
        env=project.environment,
        capture_output=True,
        text=True,
    )
    assert run.returncode != 0
    said = run.stdout + run.stderr
    assert "wrong.yaml: unknown key `metods`: did you mean `methods`?" in said
    assert "Traceback" not in said
