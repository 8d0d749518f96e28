"""The test of a pair, its correction for many, and ranks: against known cases and by hand."""

from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from priorbench.significance import (
    LEVEL,
    cliques,
    critical_difference,
    friedman,
    holm,
    improvement,
    mean_ranks,
    paired_test,
)


def random(*shape: int, stream: int = 0) -> np.ndarray:
    return np.random.default_rng(stream).normal(size=shape)


def test_with_one_seed_the_test_is_students_over_pairs_of_images() -> None:
    a, b = random(1, 12, stream=1), random(1, 12, stream=2) + 1
    known = stats.ttest_rel(a[0], b[0]).pvalue
    assert paired_test(a, b, np.ones(12)) == pytest.approx(known, rel=1e-9)


def test_with_one_image_the_test_is_welchs_over_seeds() -> None:
    a, b = random(5, 1, stream=1), 3 * random(4, 1, stream=2) + 4
    known = stats.ttest_ind(a[:, 0], b[:, 0], equal_var=False).pvalue
    assert paired_test(a, b, np.ones(1)) == pytest.approx(known, rel=1e-9)


def test_seeds_and_images_add_their_variances() -> None:
    a = np.array([[1.0, 3.0, 8.0], [3.0, 5.0, 10.0]])  # means 4 and 6 of two seeds
    b = np.array([[2.0, 3.0, 1.0]])
    # over images a - b is 0, 1, 8: mean 3, variance 19 / 3; over seeds of a: variance 2 / 2
    images, seeds = 19 / 3, 1.0
    degrees = (images + seeds) ** 2 / (images**2 / 2 + seeds**2 / 1)
    known = 2 * stats.t.sf(3 / np.sqrt(images + seeds), degrees)
    assert paired_test(a, b, np.ones(3)) == pytest.approx(known, rel=1e-12)


def test_images_of_one_cluster_are_one_piece_of_evidence() -> None:
    a, b = random(1, 8, stream=1), random(1, 8, stream=2) + 1
    once, often = np.ones(8), np.full(8, 50.0)
    assert paired_test(50 * a, 50 * b, often) == pytest.approx(paired_test(a, b, once), rel=1e-9)


def test_clusters_of_unequal_size_weigh_by_their_images() -> None:
    a, sizes = np.array([[6.0, 6.0]]), np.array([3.0, 1.0])  # 2, 2, 2 and 6: mean 3
    # 6 - 3 * 3 = -3 and 6 - 3 = 3: variance 2 * 18 / 16 = 1.5 squared, t = 2, one degree
    known = 2 * stats.t.sf(2, 1)
    assert paired_test(a, 0 * a, sizes) == pytest.approx(known, rel=1e-12)


def test_equal_and_constant_scores_are_defined() -> None:
    scores, sizes = random(2, 6), np.ones(6)
    assert paired_test(scores, scores[::-1], sizes) == pytest.approx(1)
    flat = np.full((1, 6), 0.1)
    assert paired_test(flat, flat, sizes) == 1
    assert paired_test(flat * 0, flat * 0, sizes) == 1
    assert paired_test(flat, flat + 0.2, sizes) < 1e-6
    assert np.isnan(paired_test(scores[:1, :1], scores[1:, :1], np.ones(1)))


def test_a_difference_of_rounding_is_none() -> None:
    assert paired_test(np.full((1, 6), 0.3), np.full((1, 6), 0.1 + 0.2), np.ones(6)) > 0.9


def test_holms_correction_is_that_of_the_book() -> None:
    corrected = holm(np.array([0.01, 0.04, np.nan, 0.03, 0.005]))
    assert corrected == pytest.approx([0.03, 0.06, np.nan, 0.06, 0.02], nan_ok=True)
    assert holm(np.array([0.4, 0.9])).tolist() == [0.8, 0.9]
    assert holm(np.array([])).tolist() == []


def test_equal_methods_are_rarely_told_apart_on_ten_images() -> None:
    mistaken = 0
    for trial in range(400):
        methods = random(5, 1, 10, stream=trial)
        found = [paired_test(a, b, np.ones(10)) for a, b in combinations(methods, 2)]
        mistaken += bool((holm(np.array(found)) < LEVEL).any())
    assert mistaken / 400 < LEVEL + 3 * np.sqrt(LEVEL * (1 - LEVEL) / 400)


def test_seeds_that_differ_keep_equal_methods_from_being_told_apart() -> None:
    # whoever forgets the seeds finds most of these different: 50 images, seeds far apart
    found = []
    for trial in range(200):
        seeds = random(2, 3, 1, stream=trial)
        a, b = seeds + 0.3 * random(2, 3, 50, stream=1000 + trial)
        found.append(paired_test(a, b, np.ones(50)))
    assert np.mean(np.array(found) < LEVEL) < 0.1


def test_the_probability_of_improvement_counts_images_and_pairs_of_seeds() -> None:
    a, b = np.array([[1.0, 2.0], [3.0, 2.0]]), np.array([[2.0, 2.0]])
    assert improvement(a, b) == (0 + 0.5 + 1 + 0.5) / 4
    assert improvement(a, b) + improvement(b, a) == 1


def test_the_test_of_ranks_is_friedmans_as_iman_and_davenport_have_it() -> None:
    scores = random(9, 5) + np.linspace(0, 1, 5)  # without ties
    chi = stats.friedmanchisquare(*scores.T).statistic
    known = stats.f.sf(8 * chi / (9 * 4 - chi), 4, 4 * 8)
    assert friedman(scores) == pytest.approx(known, rel=1e-9)
    assert mean_ranks(np.array([[3.0, 1.0, 2.0], [5.0, 5.0, 1.0]])).tolist() == [1.25, 2.25, 2.5]


def test_the_critical_difference_is_that_of_demsars_tables() -> None:
    # table 5 a has q by the number of methods; four on 14 data sets are its section 3.2.2's
    published = {2: 1.960, 4: 2.569, 6: 2.850, 10: 3.164}
    for methods, q in published.items():
        known = q * np.sqrt(methods * (methods + 1) / (6 * 14))
        assert critical_difference(methods, 14) == pytest.approx(known, rel=1e-3)
    assert round(critical_difference(4, 14), 2) == 1.25


def test_sets_that_all_rank_alike_are_beyond_chance() -> None:
    assert friedman(np.tile([3.0, 2.0, 1.0], (6, 1))) == 0
    assert friedman(np.ones((6, 3))) == 1


def test_a_clique_is_a_largest_group_within_the_critical_difference() -> None:
    assert cliques(np.array([1.0, 2.9, 2.0, 4.5]), 1.2) == [(1.0, 2.0), (2.0, 2.9)]
    assert cliques(np.array([1.0, 1.0, 3.0]), 0.5) == [(1.0, 1.0)]
    assert cliques(np.array([1.0, 2.0, 3.0]), 0.5) == []
    assert cliques(np.array([3.0, 1.0, 2.0]), 2.0) == [(1.0, 3.0)]
