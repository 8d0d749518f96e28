"""Tables of all pairs of methods: what is compared, what is said of it, what is left out."""

import math
from itertools import combinations
from pathlib import Path

import pandas as pd
import pytest

from tests.fabricated import CUT, GAINS, TASKS, Fabricated, experiment
from workflow.comparisons import comparison_table, comparison_tables, pairs
from workflow.quality import Quality
from workflow.rendering import Table, csv, latex, markdown
from workflow.sampling import samples_table


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Fabricated:
    return Fabricated(tmp_path_factory.mktemp("made"), experiment())


@pytest.fixture(scope="module")
def psnr(made: Fabricated) -> Table:
    return comparison_table(made.results, "photos", "psnr")


def small(folder: Path, **changes: object) -> Fabricated:
    few: dict[str, object] = {
        "methods": {"glo": {}, "dip": {}},
        "metrics": {"psnr": {}, "fid": {}},
        "energy": {},
    }
    return Fabricated(folder, experiment(**{**few, **changes}))


def test_every_pair_of_judged_methods_stands_once_in_each_task(psnr: Table) -> None:
    judged = {frozenset(pair) for pair in combinations(set(GAINS) - {CUT}, 2)}
    assert set(psnr.data["task"]) == {*TASKS}  # not what saw the originals
    for _, rows in psnr.data.groupby("task"):
        found = [frozenset(pair) for pair in zip(rows["a"], rows["b"], strict=True)]
        assert set(found) == judged
        assert len(found) == len(judged)
    assert len(psnr.groups) == len(TASKS)
    assert "† stopped by its budget" in "".join(psnr.notes)


@pytest.mark.parametrize(("metric", "sign"), [("psnr", 1), ("lpips", -1)])
def test_a_difference_is_that_of_the_quality_table(
    made: Fabricated, metric: str, sign: int
) -> None:
    table = Quality(made.results, "photos", metric).table().data
    means = table[table["headline"]].set_index(["task", "method"])["mean"]
    for line in comparison_table(made.results, "photos", metric).data.to_dict("records"):
        known = sign * (means[line["task"], line["a"]] - means[line["task"], line["b"]])
        assert line["difference"] == pytest.approx(known, abs=1e-9)
        assert line["low"] <= line["difference"] <= line["high"]


def test_bold_in_a_quality_table_is_the_verdict_on_the_pair_with_the_best(
    made: Fabricated, psnr: Table
) -> None:
    table = Quality(made.results, "photos", "psnr").table().data
    bold = table[table["headline"]].set_index(["task", "method"])["bold"]
    judged = 0
    for task, rows in psnr.data.groupby("task"):
        best = rows["a"].iloc[0]
        assert bold[task, best]
        for line in rows[rows["a"] == best].to_dict("records"):
            assert bold[task, line["b"]] == (line["verdict"] != "better")
            judged += 1
    assert judged == len(TASKS) * (len(GAINS) - 2)
    assert set(psnr.data["verdict"]) == {"better", "not told apart"}


def test_a_corrected_value_is_never_below_the_plain_one(psnr: Table) -> None:
    assert (psnr.data["corrected"] >= psnr.data["p"]).all()
    assert (psnr.data["corrected"] > psnr.data["p"]).any()


def test_a_better_row_says_so_in_every_text(psnr: Table) -> None:
    first = psnr.groups[0][0]
    assert first.label == "hole, pasted: DIP before LCM"
    assert first.cells[0].bold
    assert first.cells[-1].text == "better"
    for text in (markdown(psnr), latex(psnr), csv(psnr)):
        assert "not told apart" in text
        assert "nan" not in text


def test_few_seeds_are_said_to_speak_of_these_models_only(tmp_path: Path) -> None:
    for seeds, said in (([0], "One seed"), ([0, 1], "Fewer than 5 seeds"), ([*range(5)], "")):
        made = small(tmp_path / str(len(seeds)), seeds=seeds, tasks={"hole": {}})
        for table in (
            comparison_table(made.results, "photos", "psnr"),
            Quality(made.results, "photos", "psnr").table(),
        ):
            told = [note for note in table.notes if "these trained models" in note]
            assert [note[: len(said)] for note in told] == [said] * bool(said)


def test_one_image_and_one_seed_are_compared_and_not_tested(tmp_path: Path) -> None:
    made = small(tmp_path, seeds=[0], tasks={"hole": {}})
    for name in ("hole", "represent"):
        scores = pd.read_csv(made.scores / f"{name}.csv")
        scores[scores["image"] == 0].to_csv(made.scores / f"{name}.csv", index=False)
    table = comparison_table(made.results, "photos", "psnr")
    assert [cell.text for cell in table.groups[0][0].cells[1:4]] == ["–"] * 3
    assert table.groups[0][0].cells[-1].text == "not tested"
    both = markdown(table) + csv(table) + markdown(Quality(made.results, "photos", "psnr").table())
    assert "nan" not in both


def test_a_metric_without_weights_leaves_a_table_that_says_so(tmp_path: Path) -> None:
    made = small(tmp_path, metrics={"psnr": {}, "lpips": {}}, tasks={"hole": {}})
    scores = pd.read_csv(made.scores / "hole.csv")
    scores.loc[scores["metric"] == "lpips", "value"] = math.nan
    scores.to_csv(made.scores / "hole.csv", index=False)
    assert not pairs(made.results, "photos", "lpips", "hole")
    table = comparison_table(made.results, "photos", "lpips")
    assert not table.groups
    assert "No two methods to compare" in markdown(table)


def test_only_metrics_of_images_are_compared(made: Fabricated) -> None:
    names = [table.name for table in comparison_tables(made.results, "photos")]
    kinds = ("psnr", "lpips", "class_accuracy")
    assert names == [f"comparisons-photos-{metric}" for metric in kinds]


def test_sets_have_the_spread_of_their_seeds_and_no_interval(tmp_path: Path) -> None:
    both, one = (
        samples_table(small(tmp_path / str(len(s)), seeds=s).results, "photos")
        for s in ([0, 1], [0])
    )
    # the two seeds are 5 apart: a standard deviation of 5 / sqrt(2)
    assert both.groups[0][0].cells[0].aside == "± 3.54"
    assert both.data["fid_spread"].iloc[0] == pytest.approx(5 / math.sqrt(2))
    assert one.groups[0][0].cells[0].aside == ""
    assert "With one seed small differences may be chance" in "".join(one.notes)
    assert not both.groups[-1][0].cells[0].aside  # the floor is drawn once


def test_a_set_of_restorations_has_the_spread_of_its_seeds(tmp_path: Path) -> None:
    made = small(tmp_path, tasks={"hole": {}})
    path = made.scores / "hole.csv"
    rows = [
        f"photos,hole,{method},{seed},fid,raw,-1,{value},fid/1"
        for method, values in (("glo", (10.0, 14.0)), ("dip", (20.0, 20.0)))
        for seed, value in enumerate(values)
    ]
    path.write_text(path.read_text() + "\n".join([*rows, ""]))
    table = Quality(made.results, "photos", "fid").table()
    cells = {row.label: row.cells[0] for row in table.groups[0]}
    assert (cells["GLO"].text, cells["GLO"].aside) == ("12.00", "± 2.83")
    assert (cells["DIP"].text, cells["DIP"].aside) == ("20.00", "± 0.00")
    assert not any(cell.bold for cell in cells.values())
    assert table.data["low"].isna().all()
    assert table.data["spread"].tolist() == pytest.approx([8**0.5, 0])
    assert "±: its standard deviation over seeds" in "".join(table.notes)
