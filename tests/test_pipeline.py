"""The whole graph on the smoke config: it runs, and runs nothing twice.

The tests share one copy of the project and one results folder, and run in order.
"""

import csv
import re
import shutil
from pathlib import Path

import pytest
import yaml

from priorbench.registry import ROOT, describe
from tests.project import SMOKE, Project

QUALITY = "results/smoke/tables/quality-disks-psnr.csv"
STORE = Path("results/store")


@pytest.fixture(scope="module")
def first_run(project: Project) -> str:
    return project.snakemake()


def test_the_smoke_config_has_every_method_that_does_its_task() -> None:
    plugins = {row.get("plugin", name) for name, row in SMOKE["methods"].items()}
    every = {p.stem for p in (ROOT / "methods").glob("[a-z]*.py")}
    tasks = {name: describe("methods", name).constants.get("TASKS", ("hole",)) for name in every}
    assert plugins == {name for name in every if "hole" in tasks[name]}


def test_the_whole_graph_runs_without_metric_weights(project: Project, first_run: str) -> None:
    assert "100%" in first_run
    table = (project.folder / QUALITY).read_text()
    assert all(name in table for name in SMOKE["methods"] if name != "exploding")
    lpips = (project.folder / QUALITY.replace("psnr", "lpips")).with_suffix(".md").read_text()
    assert "no alexnet-owt-7be5be79.pth" in lpips
    parts = (project.folder / "results/smoke/tables/error_split-disks.csv").read_text()
    searching = SMOKE["methods"].keys() - {"exploding", "biharmonic"}
    assert all(f",{name},search," in parts for name in searching)
    assert (project.folder / "results/smoke/report.html").stat().st_size > 10_000
    assert not project.files("results/store/state/**/checkpoint*")


def test_a_diverged_training_is_a_row_that_says_so(project: Project, first_run: str) -> None:
    table = (project.folder / QUALITY).with_suffix(".md").read_text()
    assert re.search(r"^\|.*exploding.*diverged", table, flags=re.MULTILINE)
    assert "diverged" in (project.folder / "results/smoke/report.html").read_text()


def test_a_second_run_has_nothing_to_do(project: Project, first_run: str) -> None:
    assert "Nothing to be done" in project.snakemake()


def test_gaps_are_left_and_what_is_there_is_scored(project: Project, first_run: str) -> None:
    config = dict(SMOKE, experiment="gappy", gaps=True, metrics={"psnr": {}}, energy={})
    config["methods"] = {name: SMOKE["methods"][name] for name in ("pca", "nearest")}
    config["methods"]["never"] = {"plugin": "glo", "train": {"dim": 3}}
    (project.folder / "gappy.yaml").write_text(yaml.safe_dump(config))
    said = project.snakemake("tables", config="gappy.yaml")
    assert "train" not in re.findall(r"^Job \d+: (\w+)", said, flags=re.MULTILINE)
    table = (project.folder / QUALITY.replace("smoke", "gappy")).read_text()
    assert ",PCA," in table and ",never," not in table


def test_no_original_is_an_input_of_a_restoration(project: Project, first_run: str) -> None:
    said = project.snakemake("--dry-run", "--forcerun", "restore", "--printshellcmds")
    commands = re.findall(r"workflow\.scripts\.restore .*", said)
    told = {option for line in commands for option in re.findall(r" --(\w+)", line)}
    assert told <= {"spec", "model", "tuned", "observations", "out"}
    read = re.findall(r" --(?:model|tuned|observations) (\S+)", " ".join(commands))
    made = {(Path(path).parts[2], Path(path).name) for path in read}
    assert made == {
        ("train", "model.safetensors"),
        ("tune", "chosen.json"),
        ("degrade", "observations.safetensors"),
    }


def test_no_test_image_is_an_input_of_a_training(project: Project, first_run: str) -> None:
    said = project.snakemake("--dry-run", "--forcerun", "train", "--printshellcmds")
    told = re.findall(r"workflow\.scripts\.train .*--images (\S+)", said)
    assert told and {Path(path).name for path in told} == {"train.npy"}


def test_editing_one_method_runs_only_its_jobs(project: Project, first_run: str) -> None:
    source = project.folder / "methods" / "glo.py"
    before = source.read_text()
    project.edit("methods/glo.py", "LABEL = ", "STEEPER = 1.0\nLABEL = ")
    project.edit("methods/glo.py", "cfg.lr_code", "STEEPER * cfg.lr_code")
    planned = project.planned()
    touched = {method for _, method in planned if method}
    rules = {rule for rule, method in planned if method == "glo"}
    assert touched == {"glo", "exploding"}  # the rows of this plugin
    assert rules == {"train", "restore", "represent", "sample"}
    source.write_text(before)
    assert project.planned() == set()


def test_editing_a_metric_scores_anew_and_trains_nothing(project: Project, first_run: str) -> None:
    project.edit("metrics/ssim.py", "WINDOW = 11", "WINDOW = 9")
    rules = {rule for rule, _ in project.planned()}
    assert {"score", "tables", "figure", "report"} <= rules
    assert not rules & {"tune", "train", "restore", "represent", "sample"}
    project.edit("metrics/ssim.py", "WINDOW = 9", "WINDOW = 11")
    # the metric that options are chosen by
    project.edit("metrics/psnr.py", "IDENTICAL = 100.0", "IDENTICAL = 99.0")
    planned = project.planned()
    assert ("tune", "ae") in planned
    assert {method for _, method in planned} == {"ae", ""}
    project.edit("metrics/psnr.py", "IDENTICAL = 99.0", "IDENTICAL = 100.0")
    project.edit("published/expectations.yaml", "level: 0.005", "level: 0.006")
    assert project.planned() == {("report", "")}
    project.edit("published/expectations.yaml", "level: 0.006", "level: 0.005")
    assert project.planned() == set()


def test_scores_made_again_lead_to_new_tables_and_figures(project: Project, first_run: str) -> None:
    scores = project.folder / "results/smoke/score/disks/all.csv"
    before = scores.read_text()
    scores.write_text(before + before.splitlines()[-1] + "\n")
    rules = {rule for rule, _ in project.planned()}
    assert rules == {"gather", "tables", "figure", "report"}
    scores.write_text(before)
    assert project.planned() == set()


def test_a_new_label_trains_nothing(project: Project, first_run: str) -> None:
    for file, label in (("methods/glo.py", "GLO"), ("imagesets/disks.py", "discs")):
        project.edit(file, f'LABEL = "{label}"', 'LABEL = "another"')
    assert {rule for rule, _ in project.planned()} == {"tables", "figure", "report"}
    for file, label in (("methods/glo.py", "GLO"), ("imagesets/disks.py", "discs")):
        project.edit(file, 'LABEL = "another"', f'LABEL = "{label}"')
    assert project.planned() == set()


def test_a_comment_runs_nothing(project: Project, first_run: str) -> None:
    for path in project.files("methods/*.py"):
        path.write_text(path.read_text() + "\n# a remark\n")
    assert project.planned() == set()


def test_two_runs_with_one_seed_give_identical_quality_tables(
    project: Project, first_run: str
) -> None:
    # the rows whose training and search are random; samples are drawn for metrics of sets only
    closed = ("pca", "nearest", "biharmonic", "exploding")
    rows = {row: told for row, told in SMOKE["methods"].items() if row not in closed}
    config = dict(SMOKE, experiment="again", metrics={"psnr": {}}, energy={}, methods=rows)
    (project.folder / "again.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    restored = [p for row in rows for p in project.files(f"{STORE}/restore/disks/all/{row}/*/*.s*")]
    before = {path: path.read_bytes() for path in restored}
    assert len(before) == 2 * len(rows)  # images, and those on the way
    shutil.rmtree(project.folder / STORE)
    again = QUALITY.replace("smoke", "again")
    project.snakemake(again, config="again.yaml")
    assert {path: path.read_bytes() for path in restored} == before
    texts = [(project.folder / name).read_text().splitlines() for name in (QUALITY, again)]
    tables = [list(csv.DictReader(lines)) for lines in texts]
    for line in (line for table in tables for line in table):
        del line["bold"]  # rows that are left out may have been the best
    learned = [line for line in tables[0] if line["method"] in rows]
    assert len(learned) == 4 * len(rows)  # regions of the hole, and represent
    assert [line for line in tables[1] if line["method"] in rows] == learned


def test_methods_are_ranked_from_six_image_sets_on(project: Project) -> None:
    for count in (5, 6):
        sets = {f"disks{i}": {"plugin": "disks"} for i in range(count)}
        config = dict(SMOKE, experiment="many", imagesets=sets, metrics={"psnr": {}}, energy={})
        config["methods"] = {"pca": {}, "nearest": {}}
        (project.folder / "many.yaml").write_text(yaml.safe_dump(config))
        said = project.snakemake("--dry-run", "figures", config="many.yaml")
        assert ("figure ranks of all image sets" in said) == (count == 6)
