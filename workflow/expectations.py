"""Orderings stated before a run, and what the run says of each."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from priorbench import verdicts
from priorbench.errors import UserError, nearest
from priorbench.files import read_yaml
from priorbench.results import Results
from priorbench.statistics import Difference, compare, corrected
from priorbench.verdicts import NOT_RUN, Outcome
from workflow import summaries

STATED = Path(__file__).resolve().parents[1] / "published" / "expectations.yaml"
KEYS = {
    *("id", "statement", "grounds", "imageset", "tasks", "metric", "above", "below"),
    *("level", "before", "after", "silent"),
}
NOT_JUDGED = "not judged"
TESTED: tuple[Outcome, ...] = ("holds", "contradicted", "inconclusive")
ITERATIONS = "iterations"


@dataclass(frozen=True)
class Comparison:
    """Whether `a` is better than `b` in one place; a positive difference speaks for `a`."""

    a: str
    b: str
    where: str  # task and region, or what was fitted
    unit: str
    outcome: str  # "holds", "contradicted", "inconclusive", "not judged: why" or "not run"
    difference: float = np.nan
    low: float = np.nan
    high: float = np.nan
    p: float = np.nan  # corrected for all comparisons of the statement
    seeds: int = 0  # the fewer of the two; 0: no training was compared

    @property
    def by(self) -> str:
        """How much better `a` is, in words; empty where nothing was compared."""
        return f"{self._said(self.difference)} {self.unit}" if np.isfinite(self.difference) else ""

    @property
    def between(self) -> str:
        """The interval of that difference; empty where there is none."""
        ends = (self.low, self.high)
        return f"[{', '.join(map(self._said, ends))}]" if np.isfinite(ends).all() else ""

    def _said(self, value: float) -> str:
        largest = abs(self.difference)
        whole = largest >= 10 or self.unit == ITERATIONS
        # adding zero takes the sign from a negative one
        return f"{value + 0.0:+.{1 if whole else 2 if largest >= 0.1 else 4}f}"


@dataclass(frozen=True)
class Judged:
    """A statement with its verdict, and the comparisons that it rests on."""

    id: str
    statement: str
    grounds: str
    verdict: str
    comparisons: tuple[Comparison, ...]
    away: str = ""  # the image set that it speaks of, where that takes no part

    @property
    def tally(self) -> str:
        """How many comparisons came out how, e.g. "4 hold, 1 not judged"."""
        words = [comparison.outcome.partition(":")[0] for comparison in self.comparisons]
        told = {word: word.replace("holds", "hold") for word in dict.fromkeys(words)}
        return ", ".join(f"{words.count(word)} {said}" for word, said in told.items())

    @property
    def seeds(self) -> int:
        """The fewest training seeds that a row compared has; 0 where nothing trained was."""
        return min((c.seeds for c in self.comparisons if c.seeds), default=0)

    @property
    def least(self) -> Comparison | None:
        """The comparison that speaks least for the statement."""
        compared = [c for c in self.comparisons if np.isfinite(c.difference)]
        return min(compared, key=lambda c: c.difference) if compared else None


def read(path: Path = STATED) -> list[dict[str, Any]]:
    """Return the statements of a file; UserError names an entry and a key that is unknown."""
    entries: list[dict[str, Any]] = read_yaml(path)
    for number, entry in enumerate(entries, 1):
        for key in entry:
            if key not in KEYS:
                raise UserError(f"{path}: {entry.get('id')}: `{key}`: {nearest(key, KEYS)}")
        for key in ("id", "statement", "grounds"):
            if key not in entry:
                raise UserError(f"{path}: entry {number}: `{key}` is missing")
    return entries


def evaluate(results: Results, entries: list[dict[str, Any]] | None = None) -> list[Judged]:
    """Return a verdict for each statement, in their order.

    Of an image set that takes no part, what states nothing is left out.
    """
    found = []
    for entry in read() if entries is None else entries:
        imageset = entry.get("imageset", "")
        away = bool(imageset) and imageset not in results.experiment.imagesets
        if entry.get("silent"):
            if away:
                continue
            comparisons, verdict = [], "no statement"
        else:
            look = _energies if "level" in entry else _scores
            comparisons = _decided([*look(results, entry)])
            verdict = _verdict(comparisons)
        told = (entry["id"], entry["statement"], entry["grounds"])
        found.append(Judged(*told, verdict, tuple(comparisons), imageset * away))
    return found


def _decided(found: list[tuple[Comparison, Difference | None]]) -> list[Comparison]:
    """Decide the comparisons of one statement, corrected for their number."""
    chances = iter(corrected([difference for _, difference in found if difference]))
    decided = []
    for made, difference in found:
        if difference:
            by, p = difference.difference, next(chances)
            low, high = difference.low, difference.high
            said = verdicts.of_order(by, p)
            made = replace(made, outcome=said, difference=by, low=low, high=high, p=p)
        decided.append(made)
    return decided


def _verdict(comparisons: list[Comparison]) -> str:
    """Return the verdict that the comparisons judged establish, and whether these are all.

    A claim of a paper stays open where a row takes no part. A statement is of this experiment: it
    is confirmed as far as it was judged, and says so.
    """
    outcomes = {comparison.outcome for comparison in comparisons}
    judged = [word for word in TESTED if word in outcomes]
    if judged:
        said = verdicts.verdict(judged, "as stated")
        whole = outcomes <= {*TESTED} or said != verdicts.AGREES["as stated"]
        return said if whole else f"{said}, as far as judged"
    told = {c.outcome.partition(": ")[2] for c in comparisons if c.outcome.startswith(NOT_JUDGED)}
    return f"{NOT_JUDGED}: {', '.join(sorted(told))}" if told else NOT_RUN


def _scores(
    results: Results, entry: dict[str, Any]
) -> Iterator[tuple[Comparison, Difference | None]]:
    """Compare rows of a quality table, column by column."""
    imageset, metric = entry["imageset"], entry["metric"]
    known = results.experiment
    labels = {name: about.label for name, about in known.methods.items()}
    for task in entry["tasks"]:
        run = metric in known.metrics and imageset in known.imagesets
        region = summaries.headline(results, imageset, metric, task) if run else "raw"
        parts = {"imageset": imageset, "metric": metric, "task": task, "region": region}
        scores = results.scores(**parts).dropna(subset="value")
        where = f"{summaries.task_label(results, task)}, {region}"
        for a in entry["above"]:
            for b in entry["below"]:
                pair = (labels.get(a, a), labels.get(b, b), where)
                unit = summaries.metric_name(results, imageset, metric) if run else metric
                out = sorted({a, b} & results.excluded(imageset, task))
                if not run or not {a, b} - {*out} <= set(scores["method"]):
                    yield Comparison(*pair, unit, NOT_RUN), None
                elif out:
                    why = f"{labels[out[0]]} is {results.status(imageset, out[0], task)}"
                    yield Comparison(*pair, unit, f"{NOT_JUDGED}: {why}"), None
                else:
                    name = "/".join(["expectation", *parts.values()])
                    better = summaries.better(results, metric)
                    compared = compare(scores, a, b, better=better, name=name)
                    seeds = summaries.fewest_seeds(scores[scores["method"].isin((a, b))])
                    yield Comparison(*pair, unit, "", seeds=seeds), compared


def _energies(
    results: Results, entry: dict[str, Any]
) -> Iterator[tuple[Comparison, Difference | None]]:
    """Compare iterations until the loss is down at the level, image by image."""
    imageset = entry["imageset"]
    curves = results.curves("energy", imageset=imageset)
    curves = curves[(curves["name"] == "loss") & (curves["image"] >= 0)]
    iterations = reached(curves, entry["level"])
    iterations["cluster"] = [results.cluster(imageset, image) for image in iterations["image"]]
    for a in entry["before"]:
        for b in entry["after"]:
            pair = (a, b, f"loss down at {entry['level']:g}, or never")
            if not {a, b} <= set(iterations["method"]):
                yield Comparison(*pair, ITERATIONS, NOT_RUN), None
            else:
                name = f"expectation/energy/{imageset}"
                compared = compare(iterations, a, b, better="lower", name=name)
                yield Comparison(*pair, ITERATIONS, ""), compared


def reached(curves: pd.DataFrame, level: float) -> pd.DataFrame:
    """Return the first step at which each target's loss is at most `level`.

    One that never is counts as one step more than there were. Columns: method (the target),
    seed, image, value.
    """
    rows = []
    for (target, seed, image), curve in curves.groupby(["task", "seed", "image"], sort=False):
        down = curve.loc[curve["value"] <= level, "step"]
        rows.append((target, seed, image, down.min() if len(down) else curve["step"].max() + 1))
    return pd.DataFrame(rows, columns=["method", "seed", "image", "value"])
