"""What a table calls a metric, and what stands in a cell that has no number."""

import math
from pathlib import Path

import pandas as pd
import pytest

from tests.fabricated import TASKS, Fabricated, experiment
from workflow.quality import Quality
from workflow.rendering import Row, Table, csv, markdown
from workflow.sampling import samples_table


@pytest.fixture
def made(tmp_path: Path) -> Fabricated:
    methods, metrics = ("glo", "dip"), ("psnr", "lpips", "fid")
    return Fabricated(
        tmp_path, experiment(methods=dict.fromkeys(methods), metrics=dict.fromkeys(metrics))
    )


def quality(made: Fabricated, metric: str) -> Table:
    return Quality(made.results, "photos", metric).table()


def glo(table: Table) -> Row:
    return next(row for group in table.groups for row in group if row.label.startswith("GLO"))


def test_a_label_that_depends_on_options_stands_before_the_protocol(made: Fabricated) -> None:
    for task in [*TASKS, "represent"]:
        made.edit_scores(task, "psnr/1;", "psnr/1 RGB and identical: 100 dB;")
    assert quality(made, "psnr").title.startswith("PSNR [dB] ↑")
    for task in [*TASKS, "represent"]:
        made.edit_scores(task, "psnr/1 RGB", "PSNR-Y [dB]: psnr/1 Y")
    assert quality(made, "psnr").title.startswith("PSNR-Y [dB] ↑")


def test_missing_weights_leave_a_cell_that_says_so(made: Fabricated) -> None:
    for name in [*TASKS, "represent", "samples"]:
        path = made.scores / f"{name}.csv"
        scores = pd.read_csv(path)
        missing = scores.drop_duplicates(["method", "seed", "metric", "region"]).copy()
        missing["image"], missing["value"] = -1, math.nan
        missing["protocol"] = "missing: alexnet.pth is not in /somewhere"
        missing.to_csv(path, index=False)
    table, samples = quality(made, "lpips"), samples_table(made.results, "photos")
    assert {cell.text for cell in glo(table).cells} == {"no alexnet.pth"}
    assert glo(samples).cells[0].text == "no alexnet.pth"
    assert "was not on the machine" in "".join(table.notes)
    assert "/somewhere" not in markdown(table) + csv(table).split("protocol")[0]


def test_too_few_images_leave_a_cell_with_their_count(made: Fabricated) -> None:
    path = made.scores / "samples.csv"
    scores = pd.read_csv(path)
    scores["value"], scores["protocol"] = math.nan, "missing: 100 images, 256 are needed"
    scores.to_csv(path, index=False)
    assert glo(samples_table(made.results, "photos")).cells[0].text == "100 images"
