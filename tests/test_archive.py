"""An archive holds what tables and figures are made from, whole, and leads nowhere else."""

import json
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from priorbench import archive, bundle
from priorbench.__main__ import main
from priorbench.config import Experiment
from priorbench.errors import UserError
from priorbench.files import read_json, write_json
from priorbench.registry import ROOT
from priorbench.results import Results
from tests.fabricated import TEST, Fabricated, experiment
from workflow.papers import PAPERS
from workflow.scripts import figure, tables

FEW = {"methods": {"glo": {}, "dip": {}}, "tasks": {"hole": {}}, "seeds": [0]}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Fabricated:
    """Return a finished experiment with its tables and the list that they were made from."""
    found = Fabricated(tmp_path_factory.mktemp("made"), experiment(**FEW))
    folder = found.root / "results" / "toy"
    (folder / "photos.txt").write_text("".join(f"{path}\n" for path in found.paths))
    tables.main([*found.options, "--out", str(folder / "tables")])
    return found


def written(made: Fabricated, out: Path) -> Path:
    archive.make(made.experiment, out, made.root / "results")
    return out


@pytest.fixture(scope="module")
def packed(made: Fabricated, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(made, tmp_path_factory.mktemp("packed") / "toy.zip")


def asked(path: Path, **changes: object) -> Experiment:
    return experiment(**FEW, source="archive", archive=str(path), **changes)


def rewritten(packed: Path, out: Path, change: Callable[[str, bytes], bytes | None]) -> Path:
    """Write an archive anew with changed members; None leaves one out."""
    with zipfile.ZipFile(packed) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            if (data := change(name, old.read(name))) is not None:
                new.writestr(name, data)
    return out


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


def test_a_changed_byte_and_a_missing_and_a_strange_member_are_named(
    packed: Path, tmp_path: Path
) -> None:
    def change(name: str, data: bytes) -> bytes | None:
        if name == "score/photos/hole.csv":
            return data.replace(b"psnr", b"pSnr", 1)
        return None if name == "score/photos/samples.csv" else data

    path = rewritten(packed, tmp_path / "bad.zip", change)
    with zipfile.ZipFile(path, "a") as file:
        file.writestr("score/photos/more.csv", "x")
    with pytest.raises(UserError) as error:
        archive.verify(path)
    for said in ("hole.csv: changed", "samples.csv: missing", "more.csv: not in manifest.json"):
        assert f"score/photos/{said}" in str(error.value)
    with pytest.raises(UserError, match=r"hole\.csv: changed"):
        archive.opened(asked(path), "toy.yaml", tmp_path)
    assert not [*(tmp_path / "archive").glob("*")]


def test_a_damaged_file_is_named(packed: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(packed) as file:
        member = file.getinfo("score/photos/hole.csv")
    data = bytearray(packed.read_bytes())
    data[member.header_offset + 100] ^= 1  # in its compressed bytes
    (tmp_path / "bad.zip").write_bytes(data)
    with pytest.raises(UserError, match=r"score/photos/hole\.csv: changed"):
        archive.verify(tmp_path / "bad.zip")
    (tmp_path / "cut.zip").write_bytes(data[:1000])
    with pytest.raises(UserError, match=r"cut\.zip: cannot be read"):
        archive.verify(tmp_path / "cut.zip")


@pytest.mark.parametrize(
    "name",
    [
        "../evil.csv",
        "/evil.csv",
        "store/../../evil.csv",
        "store\\..\\evil.csv",
        "c:evil",
        "evil.py",
    ],
)
def test_a_hostile_member_is_refused_by_name(name: str, packed: Path, tmp_path: Path) -> None:
    path = rewritten(packed, tmp_path / "bad.zip", lambda _, data: data)
    with zipfile.ZipFile(path, "a") as file:
        file.writestr(name, "x")
    with pytest.raises(UserError, match="does not belong there"):
        archive.opened(asked(path), "toy.yaml", tmp_path / "into")
    assert {found.name for found in tmp_path.rglob("*") if found.is_file()} == {"bad.zip"}


def test_a_link_is_refused(made: Fabricated, packed: Path, tmp_path: Path) -> None:
    path = rewritten(packed, tmp_path / "bad.zip", lambda _, data: data)
    link = zipfile.ZipInfo("score/link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "a") as file:
        file.writestr(link, "/etc/hostname")
    folder = written(made, tmp_path / "folder")
    (folder / "score" / "link").symlink_to(tmp_path)
    for bad in (path, folder):
        with pytest.raises(UserError, match="'score/link' does not belong there"):
            archive.verify(bad)


def test_too_much_is_refused(packed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle, "MOST_BYTES", 1000)
    with pytest.raises(UserError, match="at most 100000 and 1000"):
        archive.verify(packed)


def test_an_archive_of_another_experiment_is_refused(packed: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"of the experiment `toy`, but mine\.yaml is `mine`"):
        archive.opened(asked(packed, experiment="mine"), "mine.yaml", tmp_path)


def test_the_config_of_the_archive_is_drawn_and_differences_are_told(
    packed: Path, tmp_path: Path
) -> None:
    given = asked(packed, test_images=3)
    found = archive.opened(given, "toy.yaml", tmp_path)
    assert found.experiment.config["test_images"] == 16
    assert archive.differences(given, found.experiment) == ["test_images"]


def test_a_config_that_leads_elsewhere_is_refused(made: Fabricated, tmp_path: Path) -> None:
    folder = written(made, tmp_path / "folder")
    config = read_json(folder / "config.json")
    write_json(folder / "config.json", {**config, "experiment": "../../elsewhere"})
    manifest = read_json(folder / "manifest.json")
    data = (folder / "config.json").read_bytes()
    manifest["members"]["config.json"] = archive.fact(data)
    write_json(folder / "manifest.json", manifest)
    with pytest.raises(UserError, match="letters, digits and underscores"):
        archive.opened(asked(folder), "toy.yaml", tmp_path)


@pytest.mark.parametrize("text", ["", "[]", '{"members": 3}', '{"format": "other"}'])
def test_a_manifest_that_is_none_is_refused(text: str, packed: Path, tmp_path: Path) -> None:
    path = rewritten(
        packed, tmp_path / "bad.zip", lambda n, data: text.encode() if "manifest" in n else data
    )
    with pytest.raises(UserError, match=r"manifest\.json"):
        archive.verify(path)


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
    assert main(["archive", str(config), "--out", out]) == 0
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
