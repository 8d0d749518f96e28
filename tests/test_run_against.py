"""`priorbench run NAME --against ROW`: what is kept is compared with, and not trained again."""

import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
import yaml

from priorbench import reference
from priorbench.__main__ import main
from priorbench.commands import run
from priorbench.config import Experiment
from priorbench.estimate import estimate
from priorbench.files import write_json
from priorbench.plan import Plan
from tests.project import Project

CONFIG: dict[str, Any] = {
    "experiment": "tiny",
    "unit": "all",
    "test_images": 4,
    "samples": 4,
    "imagesets": {"disks": {"size": 16, "train": 40, "test": 8, "val": 8}},
    "tasks": {"hole": {}},
    "methods": {"pca": {"train": {"dim": 8}}},
    "metrics": {"psnr": {}},
}


def command(project: Project, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `priorbench` in the project."""
    run = [sys.executable, "-m", "priorbench", *arguments]
    environment = {**project.environment, "PYTHONPATH": str(project.folder)}
    return subprocess.run(
        run, cwd=project.folder, env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Run a tiny experiment, keep it as a reference, and forget the rest."""
    project = Project(tmp_path_factory.mktemp("kept"))
    (project.folder / "tiny.yaml").write_text(yaml.safe_dump(CONFIG))
    project.snakemake("tables", config="tiny.yaml")
    keep = [sys.executable, "-m", "workflow.scripts.keep", "--configfile", "tiny.yaml"]
    keep += ["--out", "results/reference/tiny", "--free", "disks"]
    subprocess.run(keep, cwd=project.folder, env=project.environment, check=True)
    shutil.rmtree(project.folder / "results/store")
    return project


def test_what_is_kept_has_scores_records_and_images_and_names_the_device(kept: Project) -> None:
    names = {path.name for path in kept.files("results/reference/tiny/**/*") if path.is_file()}
    assert names >= {"all.csv", "run.json", "restored.safetensors", "represented.safetensors"}
    assert not names & {"model.safetensors", "samples.safetensors"}
    config = yaml.safe_load((kept.folder / "results/reference/tiny/config.yaml").read_text())
    assert config == {**CONFIG, "device": "cpu"}


def means(project: Project, experiment: str) -> dict[str, float]:
    table = pd.read_csv(project.folder / f"results/{experiment}/tables/quality-disks-psnr.csv")
    chosen = (table["task"] == "hole") & table["headline"] & (table["kind"] == "method")
    return dict(table[chosen].set_index("method")["mean"])


def test_a_method_of_ones_own_stands_beside_a_kept_row_that_is_not_trained_again(
    kept: Project, tmp_path: Path
) -> None:
    mine = tmp_path / "flat.py"
    mine.write_text(
        '"""Every pixel grey: what any prior has to beat."""\n\n'
        "from dataclasses import dataclass\n\nimport torch\n\n"
        'from priorbench.contract import Observation\n\nLABEL = "flat"\n\n\n'
        "@dataclass(frozen=True)\nclass RestoreConfig:\n    level: float = 0.5\n\n\n"
        "def restore(model, seen: Observation, cfg: RestoreConfig, loop):\n"
        "    return torch.full((len(seen), *seen.shape), cfg.level)\n"
    )
    asked = ("run", str(mine), "--against", "pca", "--reference", "tiny", "--restore", "level=0.4")
    done = command(kept, *asked)
    assert done.returncode == 0, done.stderr + done.stdout
    assert "pca: results/reference/tiny (" in done.stdout
    for verb in ("train", "restore", "represent", "sample"):
        assert not kept.files(f"results/store/{verb}/**/pca/*"), f"{verb} pca again"
    found = means(kept, "run_flat")
    assert found.pop("flat") < found["pca"]
    assert found == means(kept, "tiny")


def test_a_row_whose_code_has_changed_is_not_lent(kept: Project) -> None:
    file = kept.folder / "methods/pca.py"
    before = file.read_text()
    file.write_text(before.replace("    variance = seen.sigma**2 +", "    variance = 1e-6 +"))
    try:
        assert file.read_text() != before
        done = command(kept, "run", "nearest", "--against", "pca", "--reference", "tiny")
    finally:
        file.write_text(before)
    assert done.returncode == 1
    assert "pca on disks: results/reference/tiny has it with other code" in done.stderr
    assert "--retrain" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("nearest", "--reference", "tinny"), "reference `tinny`: did you mean `tiny`?"),
        (("nearest", "--reference", "tiny", "--against", "pka"), "did you mean `pca`?"),
        (("neares", "--reference", "tiny"), "unknown method `neares`: did you mean `nearest`?"),
        (("pca", "--reference", "tiny", "--against", "pca"), "--against pca: a row cannot be"),
        (
            ("nearest", "--reference", "tiny", "--against", "pca", "plain"),
            "no row `plain` of methods",
        ),
        (
            ("pca", "--reference", "tiny", "--train", "dimm=3"),
            "unknown key `dimm`: did you mean `dim`?",
        ),
    ],
)
def test_a_mistake_is_one_line(kept: Project, asked: tuple[str, ...], said: str) -> None:
    done = command(kept, "run", *asked)
    assert done.returncode == 1
    assert said in done.stderr and done.stderr.count("\n") == 1


# of two image sets, a task and an option of which are for one of them alone
WIDE: dict[str, Any] = {
    **CONFIG,
    "experiment": "wide",
    "unit": "task",
    "device": "cpu",
    "imagesets": {**CONFIG["imagesets"], "few": {"plugin": "disks", "size": 16, "train": 8}},
    "tasks": {"hole": {}, "denoising": {}, "random_pixels": {"imagesets": ["few"]}},
    "methods": {"pca": {"train": {"dim": 6}, "imagesets": {"few": {"train": {"dim": 4}}}}},
}


@pytest.fixture
def wide(kept: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Work in the project with a second reference, of which no run is kept; nothing is run."""
    monkeypatch.chdir(kept.folder)
    monkeypatch.setattr(reference, "FOLDER", Path("results/reference"))
    finished = SimpleNamespace(run=lambda *_, **__: SimpleNamespace(returncode=0))
    monkeypatch.setattr(run, "subprocess", finished)
    shutil.rmtree("results/reference/wide", ignore_errors=True)
    Path("results/reference/wide").mkdir()
    Path("results/reference/wide/config.yaml").write_text(yaml.safe_dump(WIDE))
    return kept


def lend(imageset: str) -> Path:
    """Keep a row's runs in the second reference, and return the last of their files."""
    plan = Plan(Experiment.check(WIDE, "wide.yaml"))
    for job, name in reference.files(plan, imageset, "pca", 0):
        path = reference.Reference("wide").file(job, name)
        write_json(path, {"started": "2026-01-02T03:04", "hardware": "a machine"})
    return path


def planned() -> set[tuple[str, str, str]]:
    """What a run of the config that was written would do of methods: verb, method, image set."""
    plan = Plan(Experiment.read(Path("results/run_nearest/config.yaml")))
    return {(p.verb, p.method, p.imageset) for p in estimate(plan, [], 1).to_do if p.method}


ASKED = ("run", "nearest", "--against", "pca", "--reference", "wide")


def test_retrain_trains_what_the_reference_cannot_lend(
    wide: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    lend("few")
    assert main([*ASKED]) == 1
    assert "pca on disks: results/reference/wide has it with other" in capsys.readouterr().err
    assert main([*ASKED, "--retrain"]) == 0
    said = capsys.readouterr().out
    assert "pca: trained now: disks, seed 0; results/reference/wide (2026-01-02, a mach" in said
    trained = {(method, imageset) for verb, method, imageset in planned() if verb == "train"}
    assert ("pca", "disks") in trained and ("pca", "few") not in trained


def test_one_image_set_is_run_with_its_own_tasks_and_options_alone(wide: Project) -> None:
    lend("few")
    assert main([*ASKED, "--imageset", "few"]) == 0
    written = yaml.safe_load(Path("results/run_nearest/config.yaml").read_text())
    assert [*written["imagesets"]] == ["few"] and "random_pixels" in written["tasks"]
    assert {imageset for _, _, imageset in planned()} == {"few"}
    lend("disks")
    assert main([*ASKED, "--imageset", "disks"]) == 0
    written = yaml.safe_load(Path("results/run_nearest/config.yaml").read_text())
    assert {*written["tasks"]} == {"hole", "denoising"}
    assert written["methods"]["pca"] == {"train": {"dim": 6}, "imagesets": {}}


def test_where_each_task_is_a_job_a_row_is_lent_only_with_all_of_them(
    wide: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    last = lend("disks")
    assert main([*ASKED, "--imageset", "disks"]) == 0
    assert "pca: results/reference/wide (2026-01-02, a machine): disks" in capsys.readouterr().out
    assert {method for _, method, _ in planned()} == {"nearest"}
    assert "denoising" in str(last)  # of the second task, not the first
    last.unlink()
    assert main([*ASKED, "--imageset", "disks"]) == 1
    assert "add --retrain" in capsys.readouterr().err


def test_an_image_set_that_the_reference_has_not_is_one_line(
    wide: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*ASKED, "--imageset", "disk"]) == 1
    line = capsys.readouterr().err
    assert "no row `disk` of imagesets: did you mean `disks`?" in line and line.count("\n") == 1
