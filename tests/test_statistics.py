"""Intervals and comparisons: what they are over, where they are known, where there are none."""

import tracemalloc
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from priorbench.statistics import compare, compare_all, corrected, summarise
from priorbench.verdicts import of_order

Floats = NDArray[np.float64]
NUMBERS = ["mean", "low", "high"]


def long(values: dict[str, Floats], clusters: int | None = None) -> pd.DataFrame:
    """Return scores (seeds, images) per method as rows; images in `clusters`, else alone."""
    rows = [
        (method, seed, image, table[seed, image], None if clusters is None else image % clusters)
        for method, table in values.items()
        for seed, image in product(*map(range, table.shape))
    ]
    return pd.DataFrame(rows, columns=["method", "seed", "image", "value", "cluster"])


def random(seeds: int, images: int, stream: int = 0) -> Floats:
    return np.random.default_rng(stream).normal(size=(seeds, images))


def row(table: pd.DataFrame, method: str = "a") -> dict[str, Any]:
    return {str(key): value for key, value in table.loc[method].items()}


def width(table: pd.DataFrame) -> float:
    return float(row(table)["high"] - row(table)["low"])


def test_the_interval_of_one_seed_is_that_of_the_mean_over_images() -> None:
    values = random(1, 400)
    table = summarise(long({"a": values}), better="higher", name="x")
    error = values.std() / np.sqrt(400)
    assert row(table)["mean"] == pytest.approx(values.mean())
    assert width(table) == pytest.approx(2 * 1.96 * error, rel=0.06)
    assert row(table)["over"] == "images"


def test_the_interval_of_one_image_is_that_of_the_mean_over_seeds() -> None:
    values = random(300, 1)
    table = summarise(long({"a": values}), better="higher", name="x")
    assert width(table) == pytest.approx(2 * 1.96 * values.std() / np.sqrt(300), rel=0.06)
    assert row(table)["over"] == "seeds"


def test_seeds_and_images_are_resampled_independently() -> None:
    by_seed, by_image = random(60, 1, 1), random(1, 80, 2)
    table = summarise(long({"a": by_seed + by_image}), better="higher", name="x")
    error = np.hypot(by_seed.std() / np.sqrt(60), by_image.std() / np.sqrt(80))
    assert width(table) == pytest.approx(2 * 1.96 * error, rel=0.06)
    assert row(table)["over"] == "seeds and images"


def test_images_of_one_cluster_count_as_one() -> None:
    values = np.tile(random(1, 10), 40)
    clustered = summarise(long({"a": values}, clusters=10), better="higher", name="x")
    alone = summarise(long({"a": values[:, :10]}), better="higher", name="x")
    assert width(clustered) == pytest.approx(width(alone), rel=1e-9)
    assert row(clustered)["over"] == "clusters"
    assert (row(clustered)["clusters"], row(clustered)["images"]) == (10, 400)


def test_clusters_of_unequal_size_weigh_by_their_images() -> None:
    scores = long({"a": np.array([[0.0, 0.0, 0.0, 1.0]])}).assign(cluster=["big"] * 3 + ["small"])
    table = summarise(scores, better="higher", name="x")
    assert [row(table)[key] for key in NUMBERS] == [0.25, 0.0, 1.0]


def test_a_small_difference_on_the_same_images_is_seen_through_their_spread() -> None:
    values = random(1, 30)
    scores = long({"a": values + 0.05 + 0.01 * random(1, 30, 1), "b": values})
    table = summarise(scores, better="higher", name="x")
    assert row(table)["low"] < row(table, "b")["high"]
    assert table["bold"].tolist() == [True, False]
    for first, second, better, said in (
        ("a", "b", "higher", "holds"),
        ("b", "a", "higher", "contradicted"),
        ("a", "b", "lower", "contradicted"),
    ):
        found = compare(scores, first, second, better=better, name="x")  # type: ignore[arg-type]
        assert of_order(found.difference, found.p) == said


def test_seeds_of_two_methods_are_not_paired() -> None:
    by_seed = random(5, 1) + np.zeros((1, 12))
    verdict = compare(long({"a": by_seed, "b": by_seed}), "a", "b", better="higher", name="x")
    assert verdict.difference == 0
    assert verdict.low < 0 < verdict.high


def test_bold_are_the_best_and_all_not_shown_to_be_worse() -> None:
    good, noise = random(2, 40), random(2, 40, 1)
    scores = long({"best": good, "near": good - 0.001 + noise, "far": good - 3})
    for better, sign in (("higher", 1), ("lower", -1)):
        signed = scores.assign(value=sign * scores["value"])
        table = summarise(signed, better=better, name="x")  # type: ignore[arg-type]
        assert table["bold"].to_dict() == {"best": True, "near": True, "far": False}


def test_an_excluded_method_is_shown_but_takes_no_part() -> None:
    scores = long({"a": random(1, 20), "unfinished": random(1, 20) + 5})
    table = summarise(scores, better="higher", name="x", excluded={"unfinished"})
    assert table["bold"].tolist() == [True, False]
    assert table["excluded"].tolist() == [False, True]
    assert row(table, "unfinished")["mean"] == pytest.approx(scores["value"][20:].mean())


def test_a_control_of_one_run_stands_beside_methods_of_three_seeds() -> None:
    scores = long({"a": random(3, 20) + 1, "naive": random(1, 20, 1)})
    scores.loc[scores["method"] == "naive", "seed"] = -1
    table = summarise(scores, better="higher", name="x")
    assert table["over"].tolist() == ["seeds and images", "images"]
    assert table["bold"].tolist() == [True, False]


def test_constant_scores_have_an_interval_without_width() -> None:
    table = summarise(long({"a": np.full((2, 7), 0.3)}), better="higher", name="x")
    assert [row(table)[key] for key in NUMBERS] == pytest.approx([0.3] * 3)
    assert row(table)["bold"]


def test_one_number_per_method_has_no_interval_and_no_verdict() -> None:
    scores = long({"a": np.array([[1.0]]), "b": np.array([[2.0]]), "c": np.array([[1.0]])})
    table = summarise(scores, better="lower", name="x")
    assert table[["low", "high"]].isna().to_numpy().all()
    assert table["over"].tolist() == ["", "", ""]
    assert table["bold"].tolist() == [True, False, True]
    verdict = compare(scores, "a", "b", better="lower", name="x")
    assert verdict.difference == 1
    assert of_order(verdict.difference, verdict.p) == "inconclusive"


def test_one_cluster_of_many_images_has_no_interval() -> None:
    table = summarise(long({"a": random(1, 9)}, clusters=1), better="higher", name="x")
    assert table[["low", "high"]].isna().to_numpy().all()


def test_a_method_without_values_is_a_row_without_numbers() -> None:
    scores = long({"a": random(1, 5), "lacking": np.full((1, 5), np.nan)})
    table = summarise(scores, better="higher", name="x")
    assert all(np.isnan(row(table, "lacking")[key]) for key in NUMBERS)
    assert table["bold"].tolist() == [True, False]
    alone = summarise(scores[scores["method"] == "lacking"], better="higher", name="x")
    assert not alone["bold"].any()


def test_methods_scored_on_different_images_are_refused_by_name() -> None:
    scores = long({"a": random(1, 5), "b": random(1, 5)}).iloc[:-1]
    with pytest.raises(ValueError, match="b lacks some"):
        summarise(scores, better="higher", name="x")


def test_the_same_scores_give_the_same_bits_in_any_order_of_rows_and_any_table() -> None:
    scores = long({"a": random(3, 20), "b": random(3, 20, 1)}, clusters=6)
    first = summarise(scores, better="higher", name="x")
    again = summarise(scores.sample(frac=1, random_state=0), better="higher", name="x")
    pd.testing.assert_frame_equal(first, again.loc[first.index], check_exact=True)
    other = summarise(scores, better="higher", name="y")
    pd.testing.assert_frame_equal(first, other, check_exact=True)


def test_another_method_in_the_table_changes_no_interval() -> None:
    scores = long({"a": random(3, 20), "b": random(3, 20, 1)})
    both = summarise(scores, better="higher", name="x")
    alone = summarise(scores[scores["method"] == "a"], better="higher", name="x")
    assert [row(both)[key] for key in NUMBERS] == [row(alone)[key] for key in NUMBERS]


def test_an_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    trials = long({f"trial {i}": random(1, 40, i) for i in range(200)})
    table = summarise(trials, better="higher", name="x")
    assert 0.89 <= ((table["low"] <= 0) & (table["high"] >= 0)).mean() <= 0.99


def test_bold_is_corrected_for_all_pairs_of_a_column() -> None:
    """The example of docs/statistics.md: alone b is worse than a, beside c that is open."""
    a = np.array([[30.0, 28.0, 26.0, 24.0]])
    b = a - [[1.0, 2.0, 1.0, 3.0]]  # mean 1.75, variance 11 / 12: t = 3.656, 3 degrees of freedom
    alone = compare_all(long({"a": a, "b": b}), better="higher", name="x")
    assert [(pair.a, pair.b, pair.difference) for pair in alone] == [("a", "b", 1.75)]
    assert alone[0].p == alone[0].corrected == pytest.approx(0.0354, abs=5e-5)
    assert summarise(long({"a": a, "b": b}), better="higher", name="x")["bold"].tolist() == [1, 0]
    three = long({"a": a, "b": b, "c": a - [[2.0, 1.0, 3.0, 1.0]]})
    pairs = compare_all(three, better="higher", name="x")
    assert [pair.a + pair.b for pair in pairs] == ["ab", "ac", "bc"]
    assert [pair.p for pair in pairs] == pytest.approx([alone[0].p, alone[0].p, 1])
    assert [pair.corrected for pair in pairs] == pytest.approx([3 * alone[0].p] * 2 + [1])
    assert summarise(three, better="higher", name="x")["bold"].tolist() == [1, 1, 1]


def test_an_interval_beyond_zero_does_not_decide_where_the_test_does_not() -> None:
    apart = np.array([[0.1, 0.2, 3.0, 3.0, 0.1]])  # t = 1.822, 4 degrees of freedom
    found = compare(long({"a": apart, "b": 0 * apart}), "a", "b", better="higher", name="x")
    assert found.low > 0
    assert found.p == pytest.approx(0.1425, abs=5e-5)
    assert of_order(found.difference, found.p) == "inconclusive"


def test_one_of_many_comparisons_has_to_be_the_surer() -> None:
    a = np.array([[1.0, 2.0, 1.0, 3.0]])  # the example of docs/statistics.md: p = 0.035
    found = compare(long({"a": a, "b": 0 * a}), "a", "b", better="higher", name="x")
    assert [of_order(1.75, p) for p in corrected([found])] == ["holds"]
    assert [of_order(1.75, p) for p in corrected([found, found])] == ["inconclusive"] * 2


def test_pairs_name_the_better_first_whatever_the_direction() -> None:
    scores = long({"low": random(2, 9), "high": random(2, 9, 1) + 3})
    for better, order in (("higher", ("high", "low")), ("lower", ("low", "high"))):
        pair = compare_all(scores, better=better, name="x")[0]  # type: ignore[arg-type]
        assert (pair.a, pair.b) == order
        assert 0 < pair.low < pair.difference < pair.high
        assert pair.improvement > 0.5


def test_pairs_leave_out_what_is_excluded() -> None:
    scores = long({name: random(1, 9, i) for i, name in enumerate("abc")})
    pairs = compare_all(scores, better="higher", name="x", excluded={"b"})
    assert [{pair.a, pair.b} for pair in pairs] == [{"a", "c"}]


def test_a_pair_of_single_numbers_is_not_tested() -> None:
    scores = long({"a": np.array([[1.0]]), "b": np.array([[2.0]])})
    pair = compare_all(scores, better="higher", name="x")[0]
    assert np.isnan([pair.low, pair.p, pair.corrected]).all()
    assert not pair.differ
    assert (pair.difference, pair.improvement) == (1, 1)


def test_a_large_column_needs_no_more_memory_than_its_scores_and_some_resamples() -> None:
    methods, seeds, images = 20, 5, 2_000
    hard = 3 * random(1, images)
    scores = long({f"{m}": hard + random(seeds, images, m + 1) for m in range(methods)})
    tracemalloc.start()
    table = summarise(scores, better="higher", name="x")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(table) == methods
    # all resamples of all images at once would be 64 MB more
    assert peak < 60e6
