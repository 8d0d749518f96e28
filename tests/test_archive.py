"""An archive holds what tables and figures are made from, whole."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from priorbench import archive
from priorbench.__main__ import main
from priorbench.config import Experiment
from priorbench.errors import UserError
from priorbench.registry import ROOT
from priorbench.results import Results
from tests.archives import FEW, asked, finished, written
from tests.fabricated import TEST, Fabricated, experiment
from workflow.papers import PAPERS
from workflow.scripts import figure, tables


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Fabricated:
    """Return a finished experiment with its tables and the list that they were made from."""
    found = finished(tmp_path_factory.mktemp("made"))
    tables.main([*found.options, "--out", str(found.root / "results" / "toy" / "tables")])
    return found


@pytest.fixture(scope="module")
def packed(made: Fabricated, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(made, tmp_path_factory.mktemp("packed") / "toy.zip")


@pytest.mark.parametrize("name", ["toy.zip", "folder"])
def test_tables_and_figures_drawn_from_an_archive_have_the_same_bytes(
    name: str, made: Fabricated, tmp_path: Path
) -> None:
    path = written(made, tmp_path / name)
    found = archive.opened(asked(path), "toy.yaml", tmp_path)
    told = ["--experiment", found.experiment.to_json()]
    told += ["--inputs", *map(str, found.results_of("photos"))]
    tables.main([*told, "--out", str(tmp_path / "tables")])
    before = made.root / "results" / "toy" / "tables"
    files = sorted(path.name for path in before.glob("*.*"))
    assert len(files) > 20
    for file in files:
        assert (tmp_path / "tables" / file).read_bytes() == (before / file).read_bytes(), file
        assert (found.folder / "tables" / file).read_bytes() == (before / file).read_bytes()
    for options, out in ((made.options, "before.png"), (told, "after.png")):
        what = ["--name", "restorations", "--imageset", "photos", "--out", str(tmp_path / out)]
        figure.main([*options, *what])
    assert (tmp_path / "before.png").read_bytes() == (tmp_path / "after.png").read_bytes()


def test_the_same_results_make_the_same_archive(
    made: Fabricated, packed: Path, tmp_path: Path
) -> None:
    assert written(made, tmp_path / "again.zip").read_bytes() == packed.read_bytes()


def test_rows_lent_by_a_reference_are_in_the_archive(tmp_path: Path) -> None:
    found = Fabricated(tmp_path, experiment(**FEW))
    lent = tmp_path / "results" / "reference" / "toy" / "runs" / "restore"
    lent.parent.mkdir(parents=True)
    (found.store / "restore").rename(lent)
    listed = [*found.paths, *(path for path in lent.rglob("*") if path.is_file())]
    (tmp_path / "results" / "toy" / "photos.txt").write_text("".join(f"{p}\n" for p in listed))
    path = written(found, tmp_path / "toy.zip")
    assert archive.verify(path)["experiment"] == "toy"
    drawn = archive.opened(asked(path), "toy.yaml", tmp_path)
    results = Results(drawn.results_of("photos"), drawn.experiment)
    assert results.restored("photos", "hole", "dip", 0) is not None


def test_an_archive_has_no_models_and_few_pictures(
    made: Fabricated, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "IMAGES", 3)
    path = written(made, tmp_path / "toy.zip")
    found = archive.opened(asked(path), "toy.yaml", tmp_path)
    results = Results(found.results_of("photos"), found.experiment)
    restored = results.restored("photos", "hole", "dip", 0)
    assert restored is not None
    assert (len(restored), len(results.originals("photos"))) == (3, 3)
    assert results.scores(task="hole", metric="psnr", method="dip")["image"].nunique() == TEST
    with zipfile.ZipFile(path) as file:
        assert not [name for name in file.namelist() if "model" in name or "observ" in name]


def test_a_whole_archive_is_verified(packed: Path) -> None:
    manifest = archive.verify(packed)
    assert manifest["experiment"] == "toy"
    assert len(manifest["members"]) > 20


def test_the_config_of_the_archive_is_drawn_and_differences_are_told(
    packed: Path, tmp_path: Path
) -> None:
    given = asked(packed, test_images=3)
    found = archive.opened(given, "toy.yaml", tmp_path)
    assert found.experiment.config["test_images"] == 16
    assert archive.differences(given, found.experiment) == ["test_images"]


def test_what_only_a_run_needs_may_have_gone_from_an_archived_config(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    config = experiment(**FEW, budget="smoke").config | {"images_dir": str(file)}
    with pytest.raises(UserError, match="is no folder"):
        Experiment.check(config, "toy.yaml")
    found = Experiment.check(config, "toy.yaml", archived=True)
    assert (found.name, found.config["samples"]) == ("toy_smoke", 2)


def test_results_that_are_gone_are_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"photos\.txt: not there: run the experiment first"):
        archive.make(experiment(**FEW), tmp_path / "toy.zip", tmp_path)
    assert not (tmp_path / "toy.zip").exists()


def test_the_command_makes_and_verifies(
    made: Fabricated,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(archive, "RESULTS", made.root / "results")
    config, out = tmp_path / "toy.yaml", str(tmp_path / "toy.zip")
    config.write_text(json.dumps(made.experiment.config))
    assert main(["archive", "--configfile", str(config), "--out", out]) == 0
    assert main(["archive", "--verify", out]) == 0
    assert "experiment toy" in capsys.readouterr().out
    assert main(["archive", "--verify", str(tmp_path)]) == 1
    assert main(["archive"]) == 2


def test_from_an_archive_nothing_is_trained(packed: Path) -> None:
    config = packed.with_name("toy.yaml")
    config.write_text(json.dumps(read_json_of(packed)))
    program = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "-n"]
    told = [
        "all",
        *PAPERS,
        "--configfile",
        str(config),
        "--config",
        "source=archive",
        f"archive={packed}",
    ]
    run = subprocess.run(
        [*program, *told], cwd=packed.parent, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr + run.stdout
    counts = run.stdout.split("Job stats:")[1].split("total")[0]
    rules = {line.split()[0] for line in counts.splitlines()[3:] if line.strip()}
    assert {"gather", "tables", "figure", "report", "paper", "all", *PAPERS} <= rules
    assert not rules & {"prepare", "degrade", "control", "train", "restore", "represent", "sample"}
    assert not rules & {"energy", "score", "split", "tune"}


def read_json_of(packed: Path) -> object:
    with zipfile.ZipFile(packed) as file:
        return json.loads(file.read("config.json"))
