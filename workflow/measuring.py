"""The values that a claim is judged by, image by image or run by run, and in what unit."""

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from priorbench.claims import MEASURES, Claim
from priorbench.errors import MISSING
from priorbench.images import mean_psnr
from priorbench.results import Pixels, Results
from priorbench.statistics import Better
from workflow import summaries
from workflow.matching import Place
from workflow.pace import paces_by_seed

PACES = ("images_seen", "core_seconds")  # to an equal loss
ORIGINALS = "originals"  # the control that encoded images are compared with
COLUMNS = ["method", "seed", "image", "value", "cluster"]


@dataclass(frozen=True)
class Measured:
    """Values of the rows that a claim means in one place."""

    scores: pd.DataFrame  # columns as `statistics.summarise` takes them
    name: str  # of the column: claims of one column are corrected together
    better: Better
    unit: str
    lacking: dict[str, str]  # row: why it has no value
    # values of two rows, where each pair has its own: what it took to a loss that both reach
    pairs: dict[tuple[str, str], pd.DataFrame] | None = None

    def pair(self, a: str, b: str) -> pd.DataFrame:
        """Return the values of two rows; empty where they cannot be compared."""
        if self.pairs is None:
            return self.scores[self.scores["method"].isin((a, b))]
        return self.pairs.get((a, b), self.scores[:0])


def measure(results: Results, claim: Claim, place: Place) -> Measured:
    """Return the values of a claim's rows in a place where none of the config is missing."""
    rows = list(dict.fromkeys(row for found in place.rows.values() for row in found))
    pairs = None
    if claim.metric:
        parts = {
            "imageset": place.imageset,
            "metric": place.metric,
            "task": place.task,
            "region": place.region,
        }
        found = results.scores(**parts)
        unit = _unit(summaries.metric_name(results, place.imageset, place.metric))
        better = summaries.better(results, place.metric)
    else:
        parts = {"imageset": place.imageset, "measure": claim.measure}
        if claim.measure in PACES:
            pairs = _paces(results, claim, place)
            found = pd.concat([pd.DataFrame(columns=COLUMNS), *pairs.values()])
        else:
            lines = [
                (row, *told) for row in rows for told in _values(results, place, row, claim.measure)
            ]
            found = pd.DataFrame(lines, columns=COLUMNS)
        better, unit = MEASURES[claim.measure]
    found = found[found["method"].isin(rows)]
    whole = found.dropna(subset="value")
    told = found.set_index("method")["protocol"] if "protocol" in found else pd.Series(dtype="str")
    lacking = {
        row: summaries.absent(told[told.index == row])
        if any(text.startswith(MISSING) for text in told[told.index == row])
        else "no loss in common"
        if claim.measure in PACES
        else "no result"
        for row in rows
        if row not in set(whole["method"])
    }
    kept = whole[COLUMNS].astype({"method": "str"}).reset_index(drop=True)
    return Measured(kept, "/".join(("claims", *parts.values())), better, unit, lacking, pairs)


def images_differ(
    results: Results, claim: Claim, place: Place, measured: Measured
) -> tuple[str, ...]:
    """Return in what the test images, or the samples, are not known to be those of the source."""
    if claim.measure not in ("", "sharpness_test") or measured.scores.empty:
        return ()
    images = measured.scores["image"]
    drawn = bool((images < 0).all())
    count = results.experiment.config["samples"] if drawn else images.nunique()
    if claim.tested and count != claim.tested:
        return (f"{count} {'samples' if drawn else 'test images'} instead of {claim.tested}",)
    if place.other_images or place.task == summaries.SAMPLE:
        return ()
    if not claim.same_images:
        return ("which images of the set are tested",)
    known = results.card(place.imageset).get("known_pixels", True)
    return () if known else ("pixels of test images other than those known",)


def _unit(name: str) -> str:
    """Return the unit in brackets of a metric's name, else the name without its aside."""
    found = re.search(r"\[(.+)\]", name)
    return found[1] if found else name.partition(" (")[0]


def _paces(results: Results, claim: Claim, place: Place) -> dict[tuple[str, str], pd.DataFrame]:
    """Return what two rows took to the least loss that both reach, by pairs of the two sides."""
    sides = [
        [row for name in side for row in place.rows[name]] for side in (claim.rows, claim.against)
    ]
    found = {}
    for pair in itertools.product(sides[0], sides[1]):
        if runs := paces_by_seed(results, place.imageset, pair):
            lines = [
                (row, seed, 0, float(getattr(pace, claim.measure)), "all")
                for row in pair
                for seed, pace in runs[row].items()
            ]
            found[pair] = pd.DataFrame(lines, columns=COLUMNS)
    return found


def _values(
    results: Results, place: Place, row: str, measure: str
) -> Iterator[tuple[int, int, float, str]]:
    """Yield seed, image, value and cluster of what no metric scores."""
    imageset = place.imageset
    seed = results.experiment.seeds[0]
    if measure == "reconstruction":
        shown = results.shown(imageset, row)
        for image, pair in enumerate(_pairs(shown.get("reconstructions"), shown.get("training"))):
            yield seed, image, mean_psnr(*pair), f"training image {image}"
        return
    test = measure == "sharpness_test"
    methods = results.experiment.methods_of(imageset)
    for method in methods if row == ORIGINALS else [row]:
        encoded, originals = _encoded(results, imageset, method, test=test)
        images = list(_pairs(encoded, originals))
        for image, (ours, theirs) in enumerate(images):
            cluster = results.cluster(imageset, image) if test else f"training image {image}"
            yield seed, image, sharpness(theirs if row == ORIGINALS else ours), cluster
        if images and row == ORIGINALS:  # the same images for every method
            return


def _encoded(
    results: Results, imageset: str, method: str, *, test: bool
) -> tuple[Pixels | None, Pixels | None]:
    """Return images that went through an encoder, and their originals."""
    if not test:
        shown = results.shown(imageset, method)
        return shown.get("encoded"), shown.get("training")
    encoded = results.encoded(imageset, method)
    if encoded is None or not isinstance(originals := results.originals(imageset), np.ndarray):
        return None, None
    return encoded, originals[: len(encoded)]


def _pairs(first: Pixels | None, second: Pixels | None) -> Iterator[tuple[Pixels, Pixels]]:
    """Yield pairs of single images, (1, 3, h, w) each; nothing where either are absent."""
    if first is not None and second is not None:
        for one, other in zip(first, second, strict=True):
            yield one[None], other[None]


def sharpness(images: Pixels) -> float:
    """Return the mean step between neighbouring pixels of uint8 (n, 3, h, w), in grey levels."""
    values = images.astype(np.float64)
    steps = [np.abs(np.diff(values, axis=axis)).mean() for axis in (2, 3)]
    return float(np.mean(steps))
