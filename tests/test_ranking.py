"""Ranks over image sets: from six on, of methods judged on all of them, as table and picture."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib import rc_context
from matplotlib.figure import Figure

from priorbench.files import write_json, write_rows
from priorbench.results import SCORE_COLUMNS, Results
from priorbench.significance import LEVEL
from tests.fabricated import experiment
from workflow.figures import LEAST_SETS, _style, ranks
from workflow.ranking import rankings, ranks_table
from workflow.rendering import csv, markdown
from workflow.scripts import figure

METHODS = ("lcm", "glo", "dip", "ae", "vae", "pca", "nearest")
LEADS = 3.0  # decibels of the first method over the second, and so on


def scored(folder: Path, sets: int, lead: float = LEADS, lacking: str = "") -> Results:
    """Return results of some image sets: each method leads the next, but for chance of 1 dB.

    lacking: a method that the last set has no scores of.
    """
    names = [f"set{i}" for i in range(sets)]
    made = experiment(
        imagesets={name: {"plugin": "photos"} for name in names},
        methods={method: {} for method in METHODS},
        tasks={"hole": {}, "denoise": {"plugin": "denoising", "imagesets": names[:2]}},
        metrics={"lpips": {}},
        energy={},
        seeds=[0],
    )
    for number, name in enumerate(names):
        chance = np.random.default_rng(number).normal(size=len(METHODS))
        rows = [
            (name, task, method, 0, "lpips", "raw", image, lead * place + chance[place], "lpips/1")
            for task in ("hole", "denoise")
            for place, method in enumerate(METHODS)
            for image in range(2)
            if (name, method) != (names[-1], lacking)
        ]
        folder_of_set = folder / "results" / "toy" / "score" / name
        write_rows(folder_of_set / "all.csv", SCORE_COLUMNS, rows)
    return Results([path for path in folder.rglob("*") if path.is_file()], made)


def drawn(results: Results) -> Figure:
    with rc_context(_style.RC):
        return ranks.draw(results)


def test_five_image_sets_are_too_few_and_the_table_says_so(tmp_path: Path) -> None:
    results = scored(tmp_path, LEAST_SETS - 1)
    assert rankings(results) == {}
    text = markdown(ranks_table(results))
    assert "Ranks need 6 image sets" in text
    assert "this run has 5 image sets" in text
    assert csv(ranks_table(results)).count("\n") == 1
    assert "this run has 5" in " ".join(drawn(results).texts[0].get_text().split())


def test_the_better_mean_ranks_first_on_tasks_with_image_sets_enough(tmp_path: Path) -> None:
    found = rankings(scored(tmp_path, 8))
    assert [*found] == ["hole"]  # denoise was restored on two
    assert found["hole"].methods == [*METHODS]  # of LPIPS less is better
    assert found["hole"].sets == 8
    assert found["hole"].ranks.sum() == pytest.approx(len(METHODS) * (len(METHODS) + 1) / 2)
    assert found["hole"].p < 1e-6


def test_a_method_that_one_image_set_lacks_or_cut_short_is_not_ranked(tmp_path: Path) -> None:
    lacking = rankings(scored(tmp_path / "lacking", 6, lacking="dip"))["hole"]
    assert lacking.methods == [m for m in METHODS if m != "dip"]
    folder = tmp_path / "cut" / "results" / "store" / "represent" / "set0" / "glo" / "0-0123456789"
    write_json(folder / "run.json", {"status": "budget-limited"})
    cut = rankings(scored(tmp_path / "cut", 6))["hole"]
    assert cut.methods == [m for m in METHODS if m != "glo"]
    assert cut.difference < rankings(scored(tmp_path / "all", 6))["hole"].difference


def test_the_picture_names_every_method_once_and_joins_those_that_are_near(tmp_path: Path) -> None:
    results = scored(tmp_path, 8)
    (axes,) = drawn(results).axes
    told = [text.get_text().strip() for text in axes.texts]
    labels = [results.experiment.methods[m].label for m in METHODS]
    assert all(sum(text.startswith(f"{label}  ") for text in told) == 1 for label in labels)
    ranking = rankings(results)["hole"]
    bars = [line.get_xdata() for line in axes.lines if line.get_linewidth() > 2]
    assert bars
    for first, last in (np.asarray(bar, float) for bar in bars):
        assert 0 < last - first - 0.06 <= ranking.difference


def test_methods_that_friedmans_test_finds_alike_are_joined_as_one(tmp_path: Path) -> None:
    results = scored(tmp_path, 6, lead=0.0)
    ranking = rankings(results)["hole"]
    assert ranking.p >= LEVEL
    bars = [line.get_xdata() for line in drawn(results).axes[0].lines if line.get_linewidth() > 2]
    (ends,) = (np.asarray(bar, float) for bar in bars)
    assert ends.tolist() == pytest.approx([ranking.ranks[0] - 0.03, ranking.ranks[-1] + 0.03])
    assert "not shown to differ at all" in markdown(ranks_table(results))


def test_no_labels_of_the_picture_overlap(tmp_path: Path) -> None:
    made = drawn(scored(tmp_path, 12))
    made.draw_without_rendering()
    texts = [text for axes in made.axes for text in (*axes.texts, axes.title)]
    boxes = [text.get_window_extent().shrunk(0.9, 0.8) for text in texts if text.get_text()]
    pairs = [(i, j) for j in range(len(boxes)) for i in range(j) if boxes[i].overlaps(boxes[j])]
    assert len(boxes) > 2 * len(METHODS)
    assert pairs == []
    width, height = made.get_size_inches() * _style.DPI
    assert all(box.x0 >= 0 and box.x1 <= width and box.y1 <= height for box in boxes)


def test_the_picture_is_written_without_naming_an_image_set(tmp_path: Path) -> None:
    results = scored(tmp_path, 6)
    paths = [str(path) for path in tmp_path.rglob("*.csv")]
    told = ["--experiment", results.experiment.to_json(), "--inputs", *paths]
    figure.main([*told, "--name", "ranks", "--out", str(tmp_path / "ranks.png")])
    assert (tmp_path / "ranks.pdf").stat().st_size > 1000
