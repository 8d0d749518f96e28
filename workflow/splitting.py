"""Where a restoration's error comes from: what the method cannot express, and what it did not find.

`represent` is the search on the clean image: how near a method's range comes. What restoration
loses against it lies in the search or in the data, which fit several images. The loss on the
data at the end tells these apart: small, the search succeeded and the data left the rest open.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from priorbench.results import Results
from workflow import summaries
from workflow.quality import GAP, marked
from workflow.rendering import Cell, Row, Table


def split_table(results: Results, imageset: str) -> Table | None:
    """Return range, loss against it and loss on the data per method and task; None without data."""
    metric = next((m for m in results.experiment.metrics if summaries.is_per_image(results, m)), "")
    tasks = summaries.tasks_scored(results, imageset, metric)
    if summaries.REPRESENT not in tasks or len(tasks) == 1:
        return None
    tasks.remove(summaries.REPRESENT)
    scores = results.scores(imageset=imageset, metric=metric, region="raw")
    means = scores.groupby(["method", "task"])["value"].mean().unstack("task")
    means = means.reindex(list(results.experiment.methods_of(imageset)))
    lost = means[tasks].sub(means[summaries.REPRESENT], axis=0)
    data = final_losses(results, imageset).reindex(index=means.index, columns=tasks)
    decimals = summaries.digits(means[summaries.REPRESENT])
    rows = []
    for method in means.index:
        reach = means.loc[method, summaries.REPRESENT]
        cells = [Cell(f"{reach:.{decimals}f}" if np.isfinite(reach) else GAP)]
        for task in tasks:
            change, loss = lost.loc[method, task], data.loc[method, task]
            aside = f"({loss:.2g})" if np.isfinite(loss) else ""
            change = round(change, decimals) + 0.0  # without the sign of a negative zero
            cells.append(Cell(f"{change:+.{decimals}f}" if np.isfinite(change) else GAP, aside))
        label, faded = marked(results, imageset, method)
        rows.append(Row(label, tuple(cells), faded))
    label = results.experiment.imagesets[imageset].label
    return Table(
        name=f"split-{imageset}",
        title=f"Where the error comes from, {label}",
        columns=("range", *(summaries.task_label(results, task) for task in tasks)),
        groups=(tuple(rows),),
        notes=tuple(_notes(summaries.metric_name(results, imageset, metric))),
        data=lost.reset_index(),
    )


def final_losses(results: Results, imageset: str) -> pd.DataFrame:
    """Return the last loss on the data of each search: mean over images and seeds."""
    curves = results.curves("restore", imageset=imageset)
    curves = curves[(curves["name"] == "loss") & (curves["image"] >= 0)]
    last = curves[
        curves["step"] == curves.groupby(["task", "method", "seed"])["step"].transform("max")
    ]
    return last.groupby(["method", "task"])["value"].mean().unstack("task")


def _notes(metric: str) -> Iterator[str]:
    yield (
        f"range: {metric} of the same search on clean images. Tasks: how much is lost (or won) "
        "against it, raw outputs; that part is the search's, or the data's that leave it open."
    )
    yield (
        "In brackets the loss on the data at the end of the search, in the method's own loss: "
        "compare it along a row. Small beside a large loss of quality: the data left it open."
    )
