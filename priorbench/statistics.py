"""Means with 95 % intervals, and comparisons of methods, by a crossed bootstrap.

A score varies with the training seed and with the image; images of one photograph or scan
vary together. So whole seeds and whole clusters of images are resampled, independently of
each other (the pigeonhole bootstrap: Owen, Annals of Applied Statistics 1, 2007, 386-411).
Two methods are compared on the same resampled images, each with its own resampled seeds.
With very few seeds or clusters such intervals are too narrow; a single one adds nothing.
Which methods differ is decided by a test (priorbench/significance.py), corrected for all pairs
of the column, or for all comparisons of a statement. docs/statistics.md has an example to follow
by hand.
"""

from collections.abc import Collection
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from priorbench.resampling import resampled
from priorbench.significance import LEVEL, holm, improvement, paired_test

Floats = NDArray[np.float64]
Better = Literal["higher", "lower"]

TAILS = (2.5, 97.5)  # percentiles: a 95 % interval
ENOUGH_SEEDS = 5  # fewer say too little of how training varies to speak of methods


@dataclass(frozen=True)
class Difference:
    """How far method a is better than b: a positive difference speaks for a."""

    difference: float
    low: float  # 95 % interval of the difference; nan with one number per method
    high: float
    p: float  # two-sided, of this comparison alone; nan with one number per method


@dataclass(frozen=True)
class Pair:
    """Two methods of a column, `a` the one of the better mean: how much better, how surely."""

    a: str
    b: str
    difference: float  # not negative
    low: float  # 95 % interval of the difference, not corrected for the number of pairs
    high: float
    p: float  # two-sided; nan with one number per method
    corrected: float  # p after Holm's correction over all pairs of the column
    improvement: float  # probability that a scores better than b on an image

    @property
    def differ(self) -> bool:
        """Whether a is significantly better than b."""
        return self.corrected < LEVEL


class Column:
    """The scores of some methods on the same images, and one set of resampled clusters.

    scores and name: as in `summarise`; ValueError where a method lacks images of the others.
    """

    def __init__(self, scores: pd.DataFrame, name: str) -> None:
        present = scores.dropna(subset="value")
        first = present.drop_duplicates("image").set_index("image").sort_index()
        single = pd.Series([f"image {image}" for image in first.index], index=first.index)
        cluster, clusters = pd.factorize(first["cluster"].astype(object).fillna(single))
        self.name = name
        self.sizes = np.bincount(cluster, minlength=len(clusters)).astype(np.float64)
        self.values: dict[str, Floats] = {}  # (seeds, images)
        self.sums: dict[str, Floats] = {}  # (seeds, clusters), summed over a cluster's images
        for method, rows in present.groupby("method", sort=False):
            table = rows.pivot(index="seed", columns="image", values="value")
            if not table.columns.equals(first.index) or table.isna().to_numpy().any():
                raise ValueError(f"{name}: {method} lacks some of the images of the others")
            values = table.to_numpy(np.float64)
            summed = [np.bincount(cluster, row, len(clusters)) for row in values]
            self.values[str(method)] = values
            self.sums[str(method)] = np.stack(summed).astype(np.float64)
        self._means = resampled(self.sums, self.sizes)

    def mean(self, method: str) -> float:
        """Return the mean over seeds and images."""
        sums = self.sums[method]
        return float(sums.sum() / (len(sums) * self.sizes.sum()))

    def varies(self, *methods: str) -> bool:
        """Tell whether there is anything to resample."""
        return len(self.sizes) > 1 or any(len(self.sums[method]) > 1 for method in methods)

    def over(self, method: str) -> str:
        """Name what the interval of a method is over; empty where there is none."""
        images = "images" if len(self.sizes) == self.sizes.sum() else "clusters"
        over = {"seeds": len(self.sums[method]), images: len(self.sizes)}
        return " and ".join(word for word, count in over.items() if count > 1)

    def interval(self, method: str) -> tuple[float, float]:
        """Return the ends of the interval of a mean; nan where there is nothing to resample."""
        return _interval(self._means[method]) if self.varies(method) else (np.nan, np.nan)

    def compare(self, a: str, b: str, better: Better) -> Difference:
        """Return how much better a is than b, with a test of this comparison alone."""
        sign = 1.0 if better == "higher" else -1.0
        difference = sign * (self.mean(a) - self.mean(b))
        low, high = np.nan, np.nan
        if self.varies(a, b):
            low, high = _interval(sign * (self._means[a] - self._means[b]))
        return Difference(
            difference, low, high, paired_test(self.sums[a], self.sums[b], self.sizes)
        )

    def pairs(self, methods: Collection[str], better: Better) -> list[Pair]:
        """Compare all pairs of some methods, best means first."""
        sign = 1.0 if better == "higher" else -1.0
        ordered = sorted(methods, key=lambda method: -sign * self.mean(method))
        paired = list(combinations(ordered, 2))
        found = [self.compare(a, b, better) for a, b in paired]
        pairs = []
        for (a, b), told, p in zip(paired, found, corrected(found), strict=True):
            chance = improvement(sign * self.values[a], sign * self.values[b])
            pairs.append(Pair(a, b, told.difference, told.low, told.high, told.p, p, chance))
        return pairs


def summarise(
    scores: pd.DataFrame, *, better: Better, name: str, excluded: Collection[str] = ()
) -> pd.DataFrame:
    """Return mean, interval and standing of each method in one column of a table.

    scores: columns method, seed, image, value, cluster (missing: an image by itself); one
    value per method, seed and image, the same images for every method. Values that are
    missing altogether give a row of nan.
    better: "higher" or "lower". excluded: methods shown without a part in the comparison
    (budget-limited, diverged, controls). name: of the column, for errors.

    Indexed by method, as they come: mean, low, high (nan where nothing can be resampled),
    over (what was: "seeds and clusters", "images", ...), seeds, images, clusters, bold (the
    best, and all that are not significantly worse, corrected for all pairs of the column; the
    best alone where there is nothing to test with), excluded.
    """
    column = Column(scores, name)
    rows = {}
    for method in scores["method"].unique():
        known = method in column.sums
        low, high = column.interval(method) if known else (np.nan, np.nan)
        rows[method] = {
            "mean": column.mean(method) if known else np.nan,
            "low": low,
            "high": high,
            "over": column.over(method) if known else "",
            "seeds": len(column.sums.get(method, ())),
            "images": int(column.sizes.sum()) if known else 0,
            "clusters": len(column.sizes) if known else 0,
            "bold": False,
            "excluded": method in excluded,
        }
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("method")
    compared = table.loc[~table["excluded"] & table["mean"].notna(), "mean"]
    if len(compared):
        best = str(compared.idxmax() if better == "higher" else compared.idxmin())
        table.loc[best, "bold"] = True
        for pair in column.pairs(list(compared.index), better):
            if best in (pair.a, pair.b):
                other = pair.b if pair.a == best else pair.a
                table.loc[other, "bold"] = pair.difference == 0 or pair.corrected >= LEVEL
    return table


def compare_all(
    scores: pd.DataFrame, *, better: Better, name: str, excluded: Collection[str] = ()
) -> list[Pair]:
    """Compare all pairs of methods of one column; arguments as in `summarise`."""
    column = Column(scores, name)
    return column.pairs([method for method in column.sums if method not in excluded], better)


def compare(scores: pd.DataFrame, a: str, b: str, *, better: Better, name: str) -> Difference:
    """Compare two methods of one column; arguments as in `summarise`."""
    return Column(scores[scores["method"].isin((a, b))], name).compare(a, b, better)


def corrected(differences: Collection[Difference]) -> list[float]:
    """Return the p-values of comparisons, by Holm's method for their number; nan stays nan."""
    return [float(p) for p in holm(np.array([each.p for each in differences]))]


def _interval(values: Floats) -> tuple[float, float]:
    low, high = np.percentile(values, TAILS)
    return float(low), float(high)
