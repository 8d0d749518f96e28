"""What one choice changes: differences of two methods on the same images (an ablation)."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from priorbench.results import Results
from priorbench.statistics import Verdict, judge
from workflow import summaries
from workflow.quality import GAP, marked
from workflow.rendering import Cell, Row, Table

DAGGER = "†"


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
        cells = [_cell(found[task].get(name), decimals, judged=not cut) for task in tasks]
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
        notes=tuple(_notes(results, imageset, bool(tasks), metric)),
        data=pd.DataFrame(data, columns=["contrast", "task", *Verdict.__annotations__]),
    )


def contrasts(results: Results, imageset: str, metric: str, task: str) -> dict[str, Verdict]:
    """Return each contrast of the config in one column; a positive difference speaks for its first.

    A contrast of which a row has no scores is left out.
    """
    region = summaries.headline(results, imageset, metric, task)
    parts = {"imageset": imageset, "metric": metric, "task": task, "region": region}
    scores = results.scores(**parts).dropna(subset="value")
    better = summaries.better(results, metric)
    return {
        name: judge(scores, a, b, better=better, name="/".join((*parts.values(), "contrast", name)))
        for name, (a, b) in results.experiment.config["contrasts"].items()
        if {a, b} <= set(scores["method"])
    }


def limited(results: Results, imageset: str, name: str) -> bool:
    """Whether a row of a contrast was stopped by its budget, or diverged."""
    pair = results.experiment.config["contrasts"][name]
    return any(marked(results, imageset, method)[1] for method in pair)


def _cell(verdict: Verdict | None, decimals: int, *, judged: bool) -> Cell:
    if verdict is None:
        return Cell(GAP)
    between = f"[{verdict.low:+.{decimals}f}, {verdict.high:+.{decimals}f}]"
    bold = judged and verdict.outcome != "inconclusive"
    text = f"{verdict.difference + 0.0:+.{decimals}f}"
    return Cell(text, between if np.isfinite(verdict.low) else "", bold)


def _notes(results: Results, imageset: str, scored: bool, metric: str) -> Iterator[str]:
    if not scored:
        yield "Nothing was restored, or this metric is not defined on this image set."
        return
    methods, pairs = results.experiment.methods, results.experiment.config["contrasts"]
    told = (f"{n}: {methods[a].label} against {methods[b].label}" for n, (a, b) in pairs.items())
    yield f"{'; '.join(told)}."
    yield (
        "How much better the first is than the second: positive is better, whatever the metric's "
        "direction. In brackets the 95 % interval of the mean difference on the same images, "
        "training seeds and clusters of images resampled; bold where it leaves out zero. Each is a "
        "question of its own, asked beforehand: no correction is made for their number."
    )
    yield from summaries.seed_notes(summaries.seeds_scored(results, imageset, metric))
    if any(limited(results, imageset, name) for name in pairs):
        yield f"{DAGGER} a row of it was cut short: its difference at this budget, never in bold."
