"""`priorbench run NAME --against ROW`: what is kept is compared with, and not trained again."""

import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml

from tests.project import Project

CONFIG = {
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
