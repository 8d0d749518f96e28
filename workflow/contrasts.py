"""What one choice changes: differences of two methods on the same images (an ablation)."""

from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np
import pandas as pd

from priorbench.results import Results
from priorbench.significance import LEVEL
from priorbench.statistics import Difference, compare, corrected
from priorbench.verdicts import Outcome, of_order
from workflow import summaries
from workflow.quality import GAP, marked
from workflow.rendering import Cell, Row, Table

DAGGER = "†"


@dataclass(frozen=True)
class Verdict(Difference):
    """A difference, and what it says beside the others of its column."""

    corrected: float  # p after Holm's correction over the column; nan where not judged
    outcome: Outcome


def contrast_tables(results: Results, imageset: str) -> Iterator[Table]:
    """Yield a table per metric of images: the config's contrasts by tasks."""
    for metric in results.experiment.metrics:
        if results.experiment.config["contrasts"] and summaries.is_per_image(results, metric):
            yield contrast_table(results, imageset, metric)


def contrast_table(results: Results, imageset: str, metric: str) -> Table:
    """Return how much better the first row of each contrast is than the second, by task."""
    pairs = results.experiment.config["contrasts"]
    tasks = summaries.tasks_scored(results, imageset, metric)
    found = {task: contrasts(results, imageset, metric, task) for task in tasks}
    means = results.scores(imageset=imageset, metric=metric).groupby("method")["value"].mean()
    decimals = summaries.digits(means)
    data = [
        {"contrast": name, "task": task, **vars(verdict)}
        for task, verdicts in found.items()
        for name, verdict in verdicts.items()
    ]
    rows = []
    for name in pairs:
        cut = limited(results, imageset, name)
        cells = [_cell(found[task].get(name), decimals) for task in tasks]
        rows.append(Row(name + DAGGER * cut, tuple(cells), cut))
    regions = [summaries.headline(results, imageset, metric, task) for task in tasks]
    labels = [summaries.task_label(results, task) for task in tasks]
    quality = summaries.metric_name(results, imageset, metric)
    label_of_set = results.experiment.imagesets[imageset].label
    return Table(
        name=f"contrasts-{imageset}-{metric}",
        title=f"What one choice changes: {quality} on {label_of_set}",
        columns=tuple(f"{label}, {r}" for label, r in zip(labels, regions, strict=True)),
        groups=(tuple(rows),) if tasks else (),
        notes=tuple(_notes(results, imageset, tasks, metric)),
        data=pd.DataFrame(
            data, columns=["contrast", "task", *(field.name for field in fields(Verdict))]
        ),
    )


def contrasts(results: Results, imageset: str, metric: str, task: str) -> dict[str, Verdict]:
    """Return each contrast of the config in one column; a positive difference speaks for its first.

    A contrast of which a row has no scores is left out; one that was cut short takes no part in
    the correction and is not judged, nor is any of what saw the originals.
    """
    region = summaries.headline(results, imageset, metric, task)
    parts = {"imageset": imageset, "metric": metric, "task": task, "region": region}
    scores = results.scores(**parts).dropna(subset="value")
    better = summaries.better(results, metric)
    found = {
        name: compare(
            scores, a, b, better=better, name="/".join((*parts.values(), "contrast", name))
        )
        for name, (a, b) in results.experiment.config["contrasts"].items()
        if {a, b} <= set(scores["method"])
    }
    blind = task != summaries.REPRESENT
    judged = [name for name in found if blind and not limited(results, imageset, name)]
    chances = dict(zip(judged, corrected([found[name] for name in judged]), strict=True))
    return {
        name: Verdict(
            **vars(each),
            corrected=(p := chances.get(name, np.nan)),
            outcome=of_order(each.difference, p),
        )
        for name, each in found.items()
    }


def limited(results: Results, imageset: str, name: str) -> bool:
    """Whether a row of a contrast was stopped by its budget, or diverged."""
    pair = results.experiment.config["contrasts"][name]
    return any(marked(results, imageset, method)[1] for method in pair)


def _cell(verdict: Verdict | None, decimals: int) -> Cell:
    if verdict is None:
        return Cell(GAP)
    between = f"[{verdict.low:+.{decimals}f}, {verdict.high:+.{decimals}f}]"
    bold = verdict.outcome != "inconclusive"
    text = f"{verdict.difference + 0.0:+.{decimals}f}"
    return Cell(text, between if np.isfinite(verdict.low) else "", bold)


def _notes(results: Results, imageset: str, tasks: list[str], metric: str) -> Iterator[str]:
    if not tasks:
        yield "Nothing was restored, or this metric is not defined on this image set."
        return
    methods, pairs = results.experiment.methods, results.experiment.config["contrasts"]
    told = (f"{n}: {methods[a].label} against {methods[b].label}" for n, (a, b) in pairs.items())
    yield f"{'; '.join(told)}."
    yield (
        "How much better the first is than the second: positive is better, whatever the metric's "
        "direction. In brackets the 95 % interval of the mean difference on the same images, "
        "training seeds and clusters of images resampled, of each difference alone; bold where the "
        f"paired t test finds one at the level {LEVEL:g}, by Holm's method for all of the column."
    )
    if summaries.REPRESENT in tasks:
        yield f"`{summaries.REPRESENT}` saw the originals, so it is not tested."
    yield from summaries.seed_notes(summaries.seeds_scored(results, imageset, metric))
    if any(limited(results, imageset, name) for name in pairs):
        yield f"{DAGGER} a row of it was cut short: its difference at this budget, never in bold."
