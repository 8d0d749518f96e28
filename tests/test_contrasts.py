"""Ablations: differences of two rows on the same images, as table and figure."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.collections import LineCollection

from priorbench.results import Results
from priorbench.significance import LEVEL, holm
from tests.fabricated import CUT, TASKS, Fabricated, experiment
from workflow.contrasts import contrast_table, contrast_tables, contrasts
from workflow.figures.contrasts import draw
from workflow.rendering import Row, Table

CONTRASTS = {"an encoder": ["ae", "glo"], "noise": ["vae", "ae"], "a critic": [CUT, "ae"]}


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    made = experiment(contrasts=CONTRASTS | {"itself": ["dip", "dip"], "deep": ["dip", "glo"]})
    return Fabricated(tmp_path_factory.mktemp("finished"), made).results


def row(table: Table, label: str) -> Row:
    return next(row for group in table.groups for row in group if row.label.startswith(label))


def mean(results: Results, metric: str, method: str) -> float:
    parts = {"imageset": "photos", "metric": metric, "task": "denoise", "region": "raw"}
    return float(results.scores(**parts, method=method)["value"].mean())


@pytest.mark.parametrize(("metric", "sign"), [("psnr", 1), ("lpips", -1)])
def test_a_contrast_is_the_difference_of_means_towards_the_better(
    results: Results, metric: str, sign: int
) -> None:
    verdict = contrasts(results, "photos", metric, "denoise")["deep"]
    difference = mean(results, metric, "dip") - mean(results, metric, "glo")
    assert np.isclose(verdict.difference, sign * difference)
    assert verdict.low < verdict.difference < verdict.high
    assert verdict.outcome == "holds"


def test_a_clear_difference_is_bold_and_none_is_not(results: Results) -> None:
    table = contrast_table(results, "photos", "psnr")
    assert len(row(table, "deep").cells) == len(TASKS) + 1  # what the range can express, too
    *restored, represented = row(table, "deep").cells
    assert all(cell.bold for cell in restored)
    assert represented.text and not represented.bold  # it saw the originals
    told = contrasts(results, "photos", "psnr", "represent")["deep"]
    assert told.p < LEVEL and np.isnan(told.corrected)
    assert "`represent` saw the originals, so it is not tested." in table.notes
    itself = row(table, "itself").cells
    assert {cell.text for cell in itself} == {"+0.00"}
    assert not any(cell.bold for cell in itself)


def test_a_row_cut_short_is_marked_and_never_bold(results: Results) -> None:
    table = contrast_table(results, "photos", "psnr")
    cut = row(table, "a critic")
    assert cut.label == "a critic†"
    assert cut.faded
    assert not any(cell.bold for cell in cut.cells)
    assert "† a row of it was cut short" in "".join(table.notes)
    assert not row(table, "an encoder").faded


def test_contrasts_of_a_column_are_corrected_for_those_that_are_judged(results: Results) -> None:
    found = contrasts(results, "photos", "psnr", "hole")
    cut = found.pop("a critic")
    assert np.isnan(cut.corrected)
    assert cut.outcome == "inconclusive"
    values = np.array([verdict.p for verdict in found.values()])
    assert [verdict.corrected for verdict in found.values()] == holm(values).tolist()
    for verdict in found.values():
        assert (verdict.outcome == "inconclusive") == (verdict.corrected >= LEVEL)


def test_a_row_without_scores_leaves_a_gap(tmp_path: Path) -> None:
    methods: dict[str, object] = {"glo": {}, "ae": {}, "vae": {}}
    made = Fabricated(tmp_path, experiment(methods=methods, energy={}))
    made.drop_scores("hole", ",vae,")
    table = contrast_table(made.results, "photos", "psnr")
    assert row(table, "noise").cells[0].text == "–"
    assert "–" not in [cell.text for cell in row(table, "an encoder").cells]
    made.drop_scores("represent", "psnr")
    assert "represent" not in "".join(contrast_table(made.results, "photos", "psnr").notes)


def test_without_contrasts_there_is_no_table(tmp_path: Path) -> None:
    made = Fabricated(tmp_path, experiment(methods={"glo": {}}, energy={}))
    assert list(contrast_tables(made.results, "photos")) == []


def test_the_figure_has_a_point_and_an_interval_per_contrast(results: Results) -> None:
    panels = [axes for axes in draw(results, "photos").axes if axes.get_title()]
    assert len(panels) == len(TASKS) + 1
    verdict = contrasts(results, "photos", "psnr", "denoise")["deep"]
    panel = next(axes for axes in panels if axes.get_title().startswith("denois"))
    spans = [line for line in panel.collections if isinstance(line, LineCollection)]
    ends = [np.asarray(span.get_segments()[0])[:, 0].tolist() for span in spans]
    assert [verdict.low, verdict.high] in ends
    points = {float(np.asarray(line.get_xdata())[0]): line for line in panel.lines[1:]}
    assert verdict.difference in points
    assert sum(p.get_markerfacecolor() == "white" for p in points.values()) == 1
