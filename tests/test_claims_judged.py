"""Verdicts on claims beside fabricated results, kind by kind."""

import math
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from priorbench.files import read_json, write_json, write_rows
from priorbench.results import SCORE_COLUMNS, Results
from tests.fabricated import CUT, TEST, Fabricated
from tests.stated import VALUE, alike, few, full, judged, mean, state
from workflow.claims import claims_table, shown
from workflow.judging import evaluate
from workflow.rendering import markdown


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Fabricated:
    return full(tmp_path_factory.mktemp("made"))


def test_an_order_under_the_same_protocol_is_reproduced(made: Fabricated, tmp_path: Path) -> None:
    found = judged(made.results, tmp_path)
    assert (found.verdict, found.differs, found.why) == ("reproduced", (), "")
    least = found.least
    assert least is not None
    assert 0 < least.low < least.difference < least.high
    assert least.difference == pytest.approx(mean(made.results, "dip") - mean(made.results, "glo"))
    assert found.speaks_of == "these trained models"


def test_an_order_the_other_way_is_contradicted(made: Fabricated, tmp_path: Path) -> None:
    assert judged(made.results, tmp_path, rows=["glo"], against=["dip"]).verdict == "contradicted"


def test_five_seeds_speak_of_methods_and_controls_of_images(
    made: Fabricated, tmp_path: Path
) -> None:
    more = few(tmp_path, methods={"dip": {}, "glo": {}}, seeds=[0, 1, 2, 3, 4])
    assert judged(more.results, tmp_path).speaks_of == "these methods as set here"
    value = {**VALUE, "rows": ["mean fill"], "labels": {"mean fill": "DIP"}}
    assert judged(made.results, tmp_path, **value).speaks_of == "these test images"


def test_a_verdict_rests_on_the_row_with_the_fewest_seeds(tmp_path: Path) -> None:
    rows: dict[str, Any] = {"dip": {}, "glo": {}, "lcm": {}}
    more = few(tmp_path, methods=rows, seeds=[0, 1, 2, 3, 4])
    path = more.scores / "hole.csv"
    scores = pd.read_csv(path)
    scores[(scores["method"] != "glo") | (scores["seed"] < 2)].to_csv(path, index=False)
    found = judged(more.results, tmp_path)
    assert (found.seeds, found.speaks_of) == (2, "these trained models")
    assert judged(more.results, tmp_path, against=["lcm"]).seeds == 5
    stated = evaluate(more.results, state(tmp_path, {}, {"against": ["lcm"]}))
    text = markdown(claims_table(more.results, shown(more.results, stated)))
    assert "the fewest of the rows compared: 2: claim0; 5: claim1." in text
    assert "Fewer than 5 seeds" in text


LINES = {"task": None, "same_images": False, "metric": {"plugin": "continuity"}, "ends": 0.05}


def with_lines(folder: Path, even: dict[str, float], ends: dict[str, float]) -> Results:
    """Fabricate results of lines between codes: how even they are, and how far off at the ends."""
    made = few(folder, metrics={"psnr": {}, "continuity": {}})
    rows = [
        ("photos", "sample", row, 0, "continuity", region, line, value, "a line")
        for row in even
        for region, told in (("raw", even), ("ends", ends))
        for line in range(5)
        if row in told
        for value in [told[row] + line / 1000 + (row != "glo") * line**2 / 1000]
    ]
    write_rows(made.scores / "samples.csv", SCORE_COLUMNS, rows)
    return made.results


@pytest.mark.parametrize(
    ("ends", "verdict", "why"),
    [
        ({"lcm": 0.2, "glo": 0.2}, "reproduced", ""),
        ({"lcm": 0.4, "glo": 0.2}, "inconclusive", "LCM: its lines end farther from their images"),
        ({"lcm": 0.2, "glo": 0.4}, "reproduced", ""),
        ({"lcm": 0.2}, "inconclusive", "no error at the ends of its lines"),
    ],
)
def test_even_lines_that_end_far_from_their_images_are_no_better(
    ends: dict[str, float], verdict: str, why: str, tmp_path: Path
) -> None:
    results = with_lines(tmp_path, {"lcm": 1.2, "glo": 1.6}, ends)
    found = judged(results, tmp_path, rows=["lcm"], against=["glo"], **LINES)
    assert found.verdict == verdict
    assert why in found.why
    assert found.least is not None
    assert found.least.difference == pytest.approx(0.4, abs=0.02)
    # and whoever loses the order does not lose it to a blur
    back = judged(results, tmp_path, rows=["glo"], against=["lcm"], **LINES)
    assert back.verdict == ("contradicted" if verdict == "reproduced" else verdict)


def test_an_order_lost_to_a_blur_still_counts_in_the_correction(tmp_path: Path) -> None:
    ends = {"lcm": 0.4, "glo": 0.2, "dip": 0.2}  # only dip and glo end near their images
    results = with_lines(tmp_path, {"lcm": 1.2, "dip": 1.4, "glo": 1.6}, ends)
    entries = [{"rows": [row], "against": ["glo"], **LINES} for row in ("lcm", "dip")]
    lost, kept = (each.comparisons[0] for each in evaluate(results, state(tmp_path, *entries)))
    assert (lost.evidence.p, lost.outcome) == (1.0, "inconclusive")
    assert 0 < kept.corrected == pytest.approx(2 * kept.evidence.p)


def test_lines_are_clusters_of_their_own(tmp_path: Path) -> None:
    made = few(tmp_path, metrics={"psnr": {}, "continuity": {}})
    head = ("photos", "sample", "lcm", 0, "continuity", "raw")
    rows = [(*head, line, 1.0, "a line") for line in range(5)]
    write_rows(made.scores / "samples.csv", SCORE_COLUMNS, rows)
    found = made.results.scores(task="sample")
    assert [*found["cluster"]] == [f"line {line}" for line in range(5)]
    assert set(made.results.scores(task="hole")["cluster"]) == {f"photo{n}" for n in range(4)}


def test_one_of_several_that_was_not_run_leaves_a_claim_open(
    made: Fabricated, tmp_path: Path
) -> None:
    found = judged(made.results, tmp_path, against=["glo", "pca"])
    assert (found.verdict, found.why) == ("inconclusive", "no method pca")
    # one that contradicts refutes it all the same
    refuted = judged(made.results, tmp_path, rows=["glo"], against=["dip", "pca"])
    assert refuted.verdict == "contradicted"


def test_a_row_cut_short_takes_no_part(made: Fabricated, tmp_path: Path) -> None:
    found = judged(made.results, tmp_path, against=[CUT])
    assert (found.verdict, found.why) == ("inconclusive", "budget-limited: WGAN-GP")
    assert found.least is None
    both = judged(made.results, tmp_path, against=["glo", CUT])
    assert both.verdict == "inconclusive"
    assert [c.outcome for c in both.comparisons] == ["holds", "budget-limited"]


def test_equal_within_a_margin_beyond_it_and_neither(tmp_path: Path) -> None:
    results = alike(few(tmp_path), "glo", "dip", 0.2)
    sides = {"kind": "equal", "rows": ["glo"], "against": ["dip"]}
    for margin, verdict in ((0.5, "reproduced"), (0.1, "contradicted")):
        assert judged(results, tmp_path, margin=margin, **sides).verdict == verdict
    apart = {"kind": "equal", "rows": ["dip"], "against": ["lcm"]}
    difference = mean(results, "dip") - mean(results, "lcm")
    assert judged(results, tmp_path, margin=difference + 0.01, **apart).verdict == "inconclusive"


def test_not_worse_within_a_margin_and_worse_beyond_it(tmp_path: Path) -> None:
    results = few(tmp_path).results
    sides = {"kind": "not_worse", "rows": ["glo"], "against": ["dip"]}
    assert judged(results, tmp_path, margin=5.0, **sides).verdict == "reproduced"
    assert judged(results, tmp_path, margin=0.1, **sides).verdict == "contradicted"
    better = {"kind": "not_worse", "rows": ["dip"], "against": ["glo"], "margin": 0.1}
    assert judged(results, tmp_path, **better).verdict == "reproduced"


@pytest.mark.parametrize("seeds", [[0], [0, 1], [0, 1, 2, 3, 4]])
def test_a_value_on_the_very_images_is_judged_by_runs_not_by_images(
    seeds: list[int], tmp_path: Path
) -> None:
    results = few(tmp_path, methods={"dip": {}}, seeds=seeds).results
    value = {**VALUE, "rows": ["dip"], "labels": {"dip": "DIP"}}
    near = judged(results, tmp_path, dip=round(mean(results, "dip") - 0.2, 2), **value)
    assert near.verdict == "reproduced"
    least = near.least
    assert least is not None
    # five runs show how runs vary, fewer speak of themselves
    assert math.isnan(least.corrected) is (len(seeds) < 5)
    assert math.isnan(least.low) if len(seeds) == 1 else 0 < least.high - least.low < 1
    assert judged(results, tmp_path, dip=20.0, **value).verdict == "contradicted"


def test_a_value_on_other_images_takes_its_images_for_a_sample(tmp_path: Path) -> None:
    results = few(tmp_path).results
    value = {**VALUE, "rows": ["dip"], "labels": {"dip": "DIP"}, "images_tested": 100}
    found = judged(results, tmp_path, dip=round(mean(results, "dip"), 2), **value)
    assert found.verdict == "inconclusive"  # four photographs tell little
    assert f"{TEST} test images instead of 100" in found.differs
    far = judged(results, tmp_path, dip=10.0, **value)
    assert far.verdict == "fails, protocol differs"


def test_as_many_images_are_not_the_same_images(tmp_path: Path) -> None:
    results = few(tmp_path).results
    value = {**VALUE, "rows": ["dip"], "labels": {"dip": "DIP"}, "same_images": False}
    found = judged(results, tmp_path, dip=round(mean(results, "dip"), 2), **value)
    assert found.verdict == "inconclusive"  # four photographs tell little
    assert found.differs == ("which images of the set are tested",)


def test_foreign_pixels_are_not_the_same_images(tmp_path: Path) -> None:
    made = few(tmp_path)
    path = made.store / "prepare" / "photos" / "k0" / "card.json"
    value = {**VALUE, "rows": ["dip"], "labels": {"dip": "DIP"}, "dip": 30.0}
    for known, differs in ((True, ()), (False, ("pixels of test images other than those known",))):
        write_json(path, {**read_json(path), "known_pixels": known})
        assert judged(made.results, tmp_path, **value).differs == differs


def test_ranks_are_reported_without_a_threshold(made: Fabricated, tmp_path: Path) -> None:
    rank = {**VALUE, "kind": "rank", "margin": None, "rows": ["dip", "lcm", "glo"]}
    found = judged(made.results, tmp_path, **rank)
    means = [mean(made.results, row) for row in ("dip", "lcm", "glo")]
    assert means == sorted(means, reverse=True)
    assert (found.verdict, found.tau) == ("reported", 1.0)
    backward = judged(made.results, tmp_path, dip=10.0, **rank)
    assert backward.tau == pytest.approx(-1 / 3)


def test_claims_of_a_column_are_corrected_together(made: Fabricated, tmp_path: Path) -> None:
    entries: list[dict[str, Any]] = [{}, {"rows": ["lcm"]}, {"rows": ["lcm"], "region": "pasted"}]
    found = evaluate(made.results, state(tmp_path, *entries))
    first, second, other = (judged.comparisons[0] for judged in found)
    small, large = sorted((first.evidence.p, second.evidence.p))
    assert sorted((first.corrected, second.corrected)) == pytest.approx(
        [2 * small, max(2 * small, large)]
    )
    assert other.corrected == other.evidence.p


def test_one_image_and_constant_scores_are_defined(tmp_path: Path) -> None:
    made = few(tmp_path, methods={"dip": {}, "glo": {}})
    results = alike(made, "dip", "glo", 1.0)
    assert judged(results, tmp_path).verdict == "reproduced"
    path = made.scores / "hole.csv"
    scores = pd.read_csv(path)
    scores[scores["image"] == 0].to_csv(path, index=False)
    found = judged(made.results, tmp_path)
    assert found.verdict == "inconclusive"
    assert "nothing to test with" in found.why
