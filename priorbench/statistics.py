"""Means with 95 % intervals, and comparisons of methods, by a crossed bootstrap.

A score varies with the training seed and with the image; images of one photograph or scan
vary together. So whole seeds and whole clusters of images are resampled, independently of
each other (the pigeonhole bootstrap: Owen, Annals of Applied Statistics 1, 2007, 386-411).
Two methods are compared on the same resampled images, each with its own resampled seeds.
With very few seeds or clusters such intervals are too narrow; a single one adds nothing.
"""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Better = Literal["higher", "lower"]

RESAMPLES = 4_000
TAILS = (2.5, 97.5)  # percentiles: a 95 % interval


@dataclass(frozen=True)
class Verdict:
    """How far method a is better than b: a positive difference speaks for a."""

    difference: float
    low: float  # 95 % interval of the difference; nan with one number per method
    high: float
    outcome: Literal["holds", "contradicted", "inconclusive"]  # of "a is better than b"


@dataclass(frozen=True)
class _Column:
    """The scores of some methods on the same images, and one set of resampled clusters."""

    sums: dict[str, Floats]  # method -> (seeds, clusters), summed over a cluster's images
    sizes: Floats  # (clusters,) images of each
    drawn: Floats  # (RESAMPLES, clusters) how often each is drawn
    name: str

    def mean(self, method: str) -> float:
        """Return the mean over seeds and images."""
        sums = self.sums[method]
        return float(sums.sum() / (len(sums) * self.sizes.sum()))

    def means(self, method: str) -> Floats:
        """Return the mean of each resample, (RESAMPLES,)."""
        sums = self.sums[method]
        seeds = _drawn(len(sums), self.name, method)
        total = ((seeds @ sums) * self.drawn).sum(1)
        return np.asarray(total / (len(sums) * (self.drawn @ self.sizes)))

    def varies(self, *methods: str) -> bool:
        """Tell whether there is anything to resample."""
        return len(self.sizes) > 1 or any(len(self.sums[method]) > 1 for method in methods)

    def resampled(self, method: str) -> str:
        """Name what the interval of a method is over; empty where there is none."""
        images = "images" if len(self.sizes) == self.sizes.sum() else "clusters"
        over = {"seeds": len(self.sums[method]), images: len(self.sizes)}
        return " and ".join(word for word, count in over.items() if count > 1)

    def compare(self, a: str, b: str, better: Better) -> Verdict:
        """Judge whether a is better than b."""
        sign = 1.0 if better == "higher" else -1.0
        difference = sign * (self.mean(a) - self.mean(b))
        low, high = np.nan, np.nan
        if self.varies(a, b):
            low, high = _interval(sign * (self.means(a) - self.means(b)))
        outcome: Literal["holds", "contradicted", "inconclusive"] = "inconclusive"
        if low > 0:
            outcome = "holds"
        elif high < 0:
            outcome = "contradicted"
        return Verdict(difference, low, high, outcome)


def summarise(
    scores: pd.DataFrame, *, better: Better, name: str, excluded: Collection[str] = ()
) -> pd.DataFrame:
    """Return mean, interval and standing of each method in one column of a table.

    scores: columns method, seed, image, value, cluster (missing: an image by itself); one
    value per method, seed and image, the same images for every method. Values that are
    missing altogether give a row of nan.
    better: "higher" or "lower". excluded: methods shown without a part in the comparison
    (budget-limited, diverged, controls). name: of the column; it seeds the resampling.

    Indexed by method, as they come: mean, low, high (nan where nothing can be resampled),
    over (what was: "seeds and clusters", "images", ...), seeds, images, clusters, bold (the
    best, and all that the interval of the paired difference does not show to be worse;
    without an interval the best alone), excluded.
    """
    column = _column(scores, name)
    rows = {}
    for method in scores["method"].unique():
        row = dict.fromkeys(("mean", "low", "high"), np.nan)
        if method in column.sums:
            row["mean"] = column.mean(method)
            if column.varies(method):
                row["low"], row["high"] = _interval(column.means(method))
        rows[method] = row | {
            "over": column.resampled(method) if method in column.sums else "",
            "seeds": len(column.sums.get(method, ())),
            "images": int(column.sizes.sum()) if method in column.sums else 0,
            "clusters": len(column.sizes) if method in column.sums else 0,
            "bold": False,
            "excluded": method in excluded,
        }
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("method")
    compared = table.loc[~table["excluded"] & table["mean"].notna(), "mean"]
    if len(compared):
        best = str(compared.idxmax() if better == "higher" else compared.idxmin())
        for method in compared.index:
            verdict = column.compare(best, method, better)
            table.loc[method, "bold"] = verdict.difference == 0 or verdict.low <= 0
    return table


def judge(scores: pd.DataFrame, a: str, b: str, *, better: Better, name: str) -> Verdict:
    """Judge the statement "a is better than b" on one column; arguments as in `summarise`."""
    return _column(scores[scores["method"].isin((a, b))], name).compare(a, b, better)


def _column(scores: pd.DataFrame, name: str) -> _Column:
    """Arrange long scores by method, seed and cluster."""
    present = scores.dropna(subset="value")
    first = present.drop_duplicates("image").set_index("image").sort_index()
    single = pd.Series([f"image {image}" for image in first.index], index=first.index)
    cluster, clusters = pd.factorize(first["cluster"].astype(object).fillna(single))
    sums = {}
    for method, rows in present.groupby("method", sort=False):
        table = rows.pivot(index="seed", columns="image", values="value")
        if not table.columns.equals(first.index) or table.isna().to_numpy().any():
            raise ValueError(f"{name}: {method} lacks some of the images of the others")
        values = table.to_numpy(np.float64)
        summed = [np.bincount(cluster, row, len(clusters)) for row in values]
        sums[str(method)] = np.stack(summed).astype(np.float64)
    sizes = np.bincount(cluster, minlength=len(clusters)).astype(np.float64)
    return _Column(sums, sizes, _drawn(len(clusters), name), name)


def _drawn(count: int, *names: str) -> Floats:
    """Draw `count` of `count` things with replacement: (RESAMPLES, count) occurrences."""
    if count < 2:
        return np.ones((RESAMPLES, count))
    digest = hashlib.sha256("\n".join(names).encode()).digest()
    generator = np.random.default_rng(int.from_bytes(digest[:8], "big"))
    return generator.multinomial(count, np.full(count, 1 / count), RESAMPLES).astype(np.float64)


def _interval(values: Floats) -> tuple[float, float]:
    low, high = np.percentile(values, TAILS)
    return float(low), float(high)
