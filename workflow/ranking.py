"""How methods rank over image sets, task by task: what no single image set can tell."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from priorbench.results import Results
from priorbench.significance import LEVEL, critical_difference, friedman, mean_ranks
from workflow import summaries
from workflow.figures import LEAST_SETS
from workflow.quality import GAP
from workflow.rendering import Cell, Row, Table

COLUMNS = ["task", "method", "rank", "imagesets", "p", "critical_difference"]


@dataclass(frozen=True)
class Ranking:
    """The mean ranks of methods on one task over image sets; 1 is the best."""

    methods: list[str]
    ranks: NDArray[np.float64]
    sets: int
    p: float  # of "all rank alike"
    difference: float  # critical difference of two mean ranks


def rankings(results: Results) -> dict[str, Ranking]:
    """Return a ranking of each task with image sets enough and two methods judged on them all."""
    metric, found = ranked_by(results), {}
    for task in results.experiment.tasks:
        means = pd.DataFrame(
            {
                imageset: _means(results, imageset, metric, task)
                for imageset in results.experiment.imagesets
                if task in summaries.tasks_scored(results, imageset, metric)
            }
        ).dropna()
        if len(means) > 1 and len(means.columns) >= LEAST_SETS:
            scores = means.to_numpy(np.float64).T
            sets, count = scores.shape
            order = np.argsort(mean_ranks(scores), kind="stable")
            found[task] = Ranking(
                methods=[str(means.index[place]) for place in order],
                ranks=mean_ranks(scores)[order],
                sets=sets,
                p=friedman(scores),
                difference=critical_difference(count, sets),
            )
    return found


def ranked_by(results: Results) -> str:
    """Return the metric that methods are ranked by: the first of images."""
    metrics = results.experiment.metrics
    return next((m for m in metrics if summaries.is_per_image(results, m)), "")


def _means(results: Results, imageset: str, metric: str, task: str) -> pd.Series:
    """Return the mean of each judged method on an image set, signed so that more is better."""
    region = summaries.headline(results, imageset, metric, task)
    scores, _ = summaries.column(results, imageset, metric, task, region)
    judged = scores[~scores["method"].isin(results.excluded(imageset, task))]
    sign = 1 if summaries.better(results, metric) == "higher" else -1
    return sign * judged.groupby("method")["value"].mean()


def ranks_table(results: Results) -> Table:
    """Return mean ranks, methods by tasks, or a table that says why there are none."""
    found = rankings(results)
    ranks = {t: dict(zip(r.methods, r.ranks.tolist(), strict=True)) for t, r in found.items()}
    ranked = [
        m for m in results.experiment.methods if any(m in column for column in ranks.values())
    ]
    rows = []
    for method in ranked:
        cells = [Cell(f"{c[method]:.2f}" if method in c else GAP) for c in ranks.values()]
        rows.append(Row(results.experiment.methods[method].label, tuple(cells)))
    data = [
        (task, method, rank, ranking.sets, ranking.p, ranking.difference)
        for task, ranking in found.items()
        for method, rank in ranks[task].items()
    ]
    return Table(
        name="ranks",
        title="Mean ranks over image sets, 1 the best",
        columns=tuple(summaries.task_label(results, task) for task in found),
        groups=(tuple(rows),) if rows else (),
        notes=tuple(_notes(results, found)),
        data=pd.DataFrame(data, columns=COLUMNS),
    )


def why_none(results: Results) -> str:
    """Return why there is no ranking."""
    return (
        f"Ranks need {LEAST_SETS} image sets with one task and two methods judged on all; this run "
        f"has {summaries.plural(len(results.experiment.imagesets), 'image set')}."
    )


def _notes(results: Results, found: dict[str, Ranking]) -> Iterator[str]:
    if not found:
        yield f"{why_none(results)} With fewer, only the grossest differences could show."
        return
    imageset = next(iter(results.experiment.imagesets))
    name = summaries.metric_name(results, imageset, ranked_by(results))
    yield (
        f"Methods are ranked by their mean {name} on each image set; a row that was cut short on "
        f"one, or is not scored there, is not ranked ({GAP})."
    )
    for task, ranking in found.items():
        alike = "not shown to differ at all" if ranking.p >= LEVEL else "some differ"
        yield (
            f"{summaries.task_label(results, task)}: {ranking.sets} image sets, Friedman's test "
            f"p = {ranking.p:.4f}: {alike}; critical difference of two mean ranks (Nemenyi): "
            f"{ranking.difference:.2f}."
        )
