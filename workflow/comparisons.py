"""All pairs of methods, column by column: how much better, how surely, how often."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from priorbench.results import Results
from priorbench.significance import LEVEL
from priorbench.statistics import Pair, compare_all
from workflow import summaries
from workflow.quality import GAP, split_notes, status_notes
from workflow.rendering import Cell, Row, Table

COLUMNS = ("difference", "95 % interval", "p", "p, corrected", "P(better)", "verdict")
DATA = [
    *("imageset", "metric", "task", "region", "a", "b", "difference", "low", "high"),
    *("p", "corrected", "improvement", "verdict"),
]
SMALLEST = 1e-4  # p-values below are not told apart


def comparison_tables(results: Results, imageset: str) -> Iterator[Table]:
    """Yield a table per metric of images."""
    for metric in results.experiment.metrics:
        if summaries.is_per_image(results, metric):
            yield comparison_table(results, imageset, metric)


def comparison_table(results: Results, imageset: str, metric: str) -> Table:
    """Return a group of rows per task: every pair of methods, the better mean first."""
    methods = results.experiment.methods
    means = results.scores(imageset=imageset, metric=metric).groupby("method")["value"].mean()
    decimals = summaries.digits(means)
    data, groups = [], []
    for task in summaries.tasks_scored(results, imageset, metric):
        found = pairs(results, imageset, metric, task)
        region = summaries.headline(results, imageset, metric, task)
        where = f"{summaries.task_label(results, task)}, {region}"
        labels = [f"{where}: {methods[p.a].label} before {methods[p.b].label}" for p in found]
        rows = [Row(s, _cells(p, decimals)) for s, p in zip(labels, found, strict=True)]
        groups += [tuple(rows)] if rows else []
        head = {"imageset": imageset, "metric": metric, "task": task, "region": region}
        data += [head | vars(pair) | {"verdict": verdict(pair)} for pair in found]
    name = summaries.metric_name(results, imageset, metric)
    return Table(
        name=f"comparisons-{imageset}-{metric}",
        title=f"Every pair of methods: {name} on {results.experiment.imagesets[imageset].label}",
        columns=COLUMNS,
        groups=tuple(groups),
        notes=tuple(_notes(results, imageset, bool(groups), metric)),
        data=pd.DataFrame(data, columns=DATA),
    )


def pairs(results: Results, imageset: str, metric: str, task: str) -> list[Pair]:
    """Return all pairs of the methods that are judged on a task; none of what saw originals."""
    if task == summaries.REPRESENT:
        return []
    region = summaries.headline(results, imageset, metric, task)
    scores, name = summaries.column(results, imageset, metric, task, region)
    better = summaries.better(results, metric)
    return compare_all(scores, better=better, name=name, excluded=results.excluded(imageset, task))


def verdict(pair: Pair) -> str:
    """Return what is said of a pair."""
    if np.isnan(pair.p):
        return "not tested"
    return "better" if pair.differ else "not told apart"


def _cells(pair: Pair, decimals: int) -> tuple[Cell, ...]:
    between = f"[{pair.low + 0.0:+.{decimals}f}, {pair.high + 0.0:+.{decimals}f}]"
    return (
        Cell(f"{pair.difference:.{decimals}f}", bold=pair.differ),
        Cell(between if np.isfinite(pair.low) else GAP),
        Cell(_chance(pair.p)),
        Cell(_chance(pair.corrected)),
        Cell(f"{pair.improvement:.2f}"),
        Cell(verdict(pair)),
    )


def _chance(p: float) -> str:
    if np.isnan(p):
        return GAP
    return f"{p:.4f}" if p >= SMALLEST else f"< {SMALLEST:.4f}"


def _notes(results: Results, imageset: str, compared: bool, metric: str) -> Iterator[str]:
    if not compared:
        yield "No two methods to compare: see the quality table for what is left out."
        return
    yield (
        "How much better the first is than the second, whatever the metric's direction; in "
        "brackets the 95 % interval of this one difference, by a bootstrap over training seeds "
        "and clusters of images."
    )
    yield (
        "p: two-sided, Student's t for pairs of clusters of images, with the variance of either "
        "method's training seeds; corrected: by Holm's method for all pairs of the column. better: "
        f"corrected p below {LEVEL:g}; then the difference is bold. {GAP} one image, or one "
        "cluster, and one seed: nothing to test with."
    )
    yield (
        "P(better): how often the first scores better on an image, any training seed of it against "
        "any of the other, a tie being a half."
    )
    yield from summaries.seed_notes(summaries.seeds_scored(results, imageset, metric))
    yield from split_notes(results, imageset)
    yield from status_notes(results, imageset)
