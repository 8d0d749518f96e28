"""What is resampled: drawn once, and the same for whoever asks."""

from collections.abc import Iterator
from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray

from priorbench import resampling
from priorbench.resampling import RESAMPLES, resampled

METHODS, SEEDS, IMAGES = [f"m{i}" for i in range(20)], 5, 2_000
TASKS = ["denoise", "random", "hole", "color", "sr"]


class Counted:
    """A generator that counts how many numbers are drawn, and draws each thing once."""

    drawn = 0

    def multinomial(self, count: int, chances: NDArray[np.float64], size: int) -> object:
        Counted.drawn += count * size
        return np.ones((size, len(chances)), np.int64)


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    resampling._kept.clear()
    resampling._clusters.cache_clear()
    yield
    resampling._kept.clear()
    resampling._clusters.cache_clear()


def column(clusters: int, seeds: int = SEEDS, number: int = 0) -> dict[str, NDArray[np.float64]]:
    generator = np.random.default_rng(number)
    return {method: generator.normal(size=(seeds, clusters)) for method in METHODS}


@pytest.mark.parametrize("clusters", [10, IMAGES])
def test_tables_and_pairs_of_a_large_experiment_draw_the_seeds_of_each_column_once(
    clusters: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks = {task: column(clusters, number=n) for n, task in enumerate(TASKS)}
    sizes = np.full(clusters, IMAGES / clusters)
    monkeypatch.setattr(Counted, "drawn", 0)
    monkeypatch.setattr(np.random, "default_rng", lambda seed: Counted())
    for _ in range(2):  # as the table of means and that of all pairs do
        for sums in tasks.values():
            resampled(sums, sizes)
    for sums in tasks.values():  # as verdicts do
        for pair in combinations(METHODS, 2):
            resampled({method: sums[method] for method in pair}, sizes)
    assert Counted.drawn == RESAMPLES * (clusters + len(TASKS) * len(METHODS) * SEEDS)


def test_pairs_asked_one_by_one_draw_the_clusters_once(monkeypatch: pytest.MonkeyPatch) -> None:
    sums, sizes = column(50), np.ones(50)
    monkeypatch.setattr(Counted, "drawn", 0)
    monkeypatch.setattr(np.random, "default_rng", lambda seed: Counted())
    for pair in combinations(METHODS, 2):
        resampled({method: sums[method] for method in pair}, sizes)
    assert Counted.drawn == RESAMPLES * (50 + len(METHODS) * SEEDS)


def test_what_is_kept_equals_what_is_drawn_anew() -> None:
    sums, sizes = column(30), np.arange(1.0, 31)
    first = resampled(sums, sizes)
    again = resampled(dict(reversed(sums.items())), sizes)
    resampling._kept.clear()
    resampling._clusters.cache_clear()
    alone = resampled({"m3": sums["m3"]}, sizes)
    assert all(np.array_equal(first[method], again[method]) for method in METHODS)
    assert np.array_equal(first["m3"], alone["m3"])


def test_other_scores_sizes_or_methods_are_not_mistaken_for_what_is_kept() -> None:
    sums, sizes = {"a": column(30)["m0"]}, np.ones(30)
    first = resampled(sums, sizes)["a"]
    others = [
        resampled({"b": sums["a"]}, sizes)["b"],
        resampled({"a": -sums["a"]}, sizes)["a"],
        resampled(sums, np.arange(1.0, 31))["a"],
        resampled({"a": sums["a"][:1]}, sizes)["a"],
    ]
    assert not any(np.array_equal(first, other) for other in others)


def test_only_so_many_rows_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resampling, "KEPT", 5)
    sums, sizes = column(3, seeds=1), np.ones(3)
    assert set(resampled(sums, sizes)) == set(METHODS)
    assert len(resampling._kept) == 5
