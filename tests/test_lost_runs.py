"""Runs that diverged: what is left of their rows, and what is said of it."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from priorbench.files import read_json, write_json, write_rows
from priorbench.results import CURVE_COLUMNS, SCORE_COLUMNS
from tests.fabricated import Fabricated, experiment
from tests.test_expectations import judged
from tests.test_figures import draw
from tests.test_tables import notes, quality, row
from workflow.scripts import summary, tables


def two_rows(folder: Path, **changes: object) -> Fabricated:
    methods: dict[str, dict[str, object]] = {"glo": {}, "dip": {}}
    made = experiment(methods=methods, metrics={"psnr": {}}, energy={}, **changes)
    return Fabricated(folder, made)


def lose(made: Fabricated, method: str, seed: int) -> None:
    """Let the restoration of the hole diverge with one seed."""
    for folder in made.runs("restore", method, "hole"):
        if folder.name.startswith(f"{seed}-"):
            record = read_json(folder / "run.json")
            lost = {"status": "diverged at step 3 of restore, hole", "task_seconds": {}}
            write_json(folder / "run.json", record | lost)
    path = made.scores / "hole.csv"
    scores = pd.read_csv(path)
    kept = scores[(scores["method"] != method) | (scores["seed"] != seed)]
    write_rows(path, SCORE_COLUMNS, kept[SCORE_COLUMNS].to_numpy().tolist())


def test_a_mean_over_the_seeds_that_survived_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made = two_rows(tmp_path, seeds=[0, 1, 2])
    lose(made, "glo", 1)
    table = quality(made.results)
    place = table.columns.index("hole, pasted")
    assert row(table, "GLO").cells[place].text.endswith("‡")
    assert not row(table, "DIP").cells[place].text.endswith("‡")
    assert not any(cell.text.endswith("‡") for cell in row(table, "GLO").cells[place + 1 :])
    assert "did not diverge: GLO, hole: 2 of 3." in notes(table)
    monkeypatch.chdir(tmp_path)
    tables.main([*made.options, "--out", "results/toy/tables"])
    write_json(Path("toy.yaml"), made.experiment.config)
    summary.main(["--configfile", "toy.yaml"])
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("GLO")]
    assert len(lines) == 1


def test_a_row_that_diverged_is_not_judged_though_it_left_no_scores(tmp_path: Path) -> None:
    made = two_rows(tmp_path, seeds=[0])
    lose(made, "glo", 0)
    found = judged(made.results, tasks=["hole"], above=["dip"], below=["glo"])
    assert found.verdict == "not judged: GLO is diverged at step 3 of restore, hole"


def test_what_befell_a_restoration_is_not_held_against_the_range(tmp_path: Path) -> None:
    made = two_rows(tmp_path, seeds=[0])
    for folder in made.runs("restore", "glo"):  # as `unit: all` leaves it
        place = folder.parents[1]
        if place.name == "hole":
            place.rename(place.with_name("all"))
    unit = made.store / "restore" / "photos" / "all"
    for path in unit.rglob("run.json"):
        lost = {"status": "diverged at step 3 of restore, hole", "task_seconds": {"sr4": 1.0}}
        write_json(path, read_json(path) | lost)
    assert made.results.status("photos", "glo", "hole").startswith("diverged")
    assert made.results.status("photos", "glo", "represent") == "plateau"


def test_a_second_stage_that_ran_away_is_drawn(tmp_path: Path) -> None:
    made = two_rows(tmp_path, seeds=[0])
    rows = [("", "first", step, "loss", -1, 0.1 / step) for step in range(1, 50)]
    rows += [("", "second", step, "loss", -1, 10.0**step) for step in range(1, 20)]
    rows += [("", "second", 20, "loss", -1, float("nan"))]
    for folder in made.runs("train", "glo"):
        write_rows(folder / "curve.csv", CURVE_COLUMNS, rows)
    low, high = draw("training", made.results).figure.axes[0].get_ylim()
    assert np.isfinite([low, high]).all()
