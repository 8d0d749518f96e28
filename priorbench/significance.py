"""Which of several methods differ: a test of two, the correction for many, ranks over image sets.

The test of a pair respects what the scores share. Images of one cluster vary together, and are
compared in pairs, since both methods restored them; training seeds belong to one method each.
The variance of the difference is the sum of what clusters and what either method's seeds
contribute (two-way clustering: Cameron, Gelbach and Miller, Journal of Business and Economic
Statistics 29, 2011, 238-249), and Student's t has Satterthwaite's degrees of freedom (Biometrics
Bulletin 2, 1946, 110-114). What a seed does to single images counts in both sums and is not
taken off again: that errs on the safe side, and no variance can be negative.

Why not the share of bootstrap resamples beyond zero: with ten clusters and one seed it calls about
3 % of equal pairs different at the level of 0.5 % that a correction for many pairs asks for, this
test less than 1 % (`python -m benchmarks.significance`); and a few thousand resamples cannot tell
apart values as small as 190 pairs need.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]

LEVEL = 0.05  # of the error of calling any pair of a column different that is not
ROUNDING = 1e-12  # of the larger mean: a difference below it is one of rounding


def paired_test(a: Floats, b: Floats, sizes: Floats) -> float:
    """Return the two-sided p-value of "two methods have the same mean"; nan without variation.

    a, b: (seeds, clusters), scores summed over the images of a cluster; the two may differ in
    their seeds. sizes: (clusters,), images of each. Constant differences have no variance: the
    value is 1 where they are zero, else 0.
    """
    total = sizes.sum()
    parts = [
        (values.mean(1) * len(sizes) / total).var(ddof=1) / len(values)
        for values in (a, b)
        if len(values) > 1
    ]
    freedom = [len(values) - 1 for values in (a, b) if len(values) > 1]
    apart = a.mean(0) - b.mean(0)
    difference = apart.sum() / total
    if len(sizes) > 1:
        # of a ratio: clusters of unequal size weigh by their images
        deviation = apart - difference * sizes
        correction = len(sizes) / (len(sizes) - 1)
        parts.append(correction * np.square(deviation).sum() / total**2)
        freedom.append(len(sizes) - 1)
    if not parts:
        return float("nan")
    variance = sum(parts)
    largest = max(abs(values.mean(0).sum() / total) for values in (a, b))
    error = max(np.sqrt(variance), ROUNDING * largest, np.finfo(np.float64).tiny)
    weights = sum(part**2 / count for part, count in zip(parts, freedom, strict=True))
    degrees = variance**2 / weights if weights > 0 else min(freedom)
    return float(2 * stats.t.sf(abs(difference) / error, degrees))


def holm(values: Floats) -> Floats:
    """Return p-values (n,) corrected for their number: the chance of any error is at most `LEVEL`.

    Holm, Scandinavian Journal of Statistics 6, 1979, 65-70. What is nan stays so and does not
    count.
    """
    corrected = np.full(len(values), np.nan)
    known = np.flatnonzero(np.isfinite(values))
    order = known[np.argsort(values[known], kind="stable")]
    times = np.arange(len(order), 0, -1)
    corrected[order] = np.minimum(np.maximum.accumulate(times * values[order]), 1)
    return corrected


def improvement(a: Floats, b: Floats) -> float:
    """Return how often a score of `a` is above one of `b` on the same image; a tie is a half.

    a, b: (seeds, images). Every seed of one meets every seed of the other (Agarwal et al., NeurIPS
    2021, arXiv:2108.13264, there without pairs of images).
    """
    pairs = a[:, None] - b[None]
    return float((np.sign(pairs) / 2 + 0.5).mean())


def mean_ranks(scores: Floats) -> Floats:
    """Return the mean rank of each method, (methods,); scores (sets, methods), the highest is 1."""
    ranks: Floats = stats.rankdata(-scores, axis=1).mean(0)
    return ranks


def friedman(scores: Floats) -> float:
    """Return the p-value of "all methods rank alike"; scores (image sets, methods), n > 1, k > 1.

    Friedman's test with the F statistic of Iman and Davenport (Demsar, Journal of Machine Learning
    Research 7, 2006, 1-30, section 3.2.2).
    """
    n, k = scores.shape
    ranks = mean_ranks(scores)
    chi = 12 * n / (k * (k + 1)) * (np.square(ranks).sum() - k * (k + 1) ** 2 / 4)
    room = n * (k - 1) - chi
    if room <= ROUNDING:  # every image set ranks them alike
        return 0.0
    return float(stats.f.sf((n - 1) * chi / room, k - 1, (k - 1) * (n - 1)))


def critical_difference(methods: int, sets: int) -> float:
    """Return how far apart the mean ranks of two methods are, at least, that differ (Nemenyi).

    Demsar, section 3.2.2: q sqrt(k (k + 1) / (6 n)), at `LEVEL`.
    """
    q = stats.studentized_range.ppf(1 - LEVEL, methods, np.inf) / np.sqrt(2)
    return float(q * np.sqrt(methods * (methods + 1) / (6 * sets)))


def cliques(ranks: Floats, difference: float) -> list[tuple[float, float]]:
    """Return the first and last rank of each largest group of methods that do not differ."""
    ordered = np.sort(ranks)
    ends = [int(np.flatnonzero(ordered <= rank + difference)[-1]) for rank in ordered]
    # a group that ends where the one before it ends lies within that one
    new = [end > begin and end not in ends[:begin] for begin, end in enumerate(ends)]
    return [(float(ordered[i]), float(ordered[ends[i]])) for i in np.flatnonzero(new)]
