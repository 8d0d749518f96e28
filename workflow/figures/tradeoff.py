"""Quality against cost: what a restoration is worth, and how long one takes."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from priorbench.results import Results
from workflow.figures._style import INK, colour, marker, panels, plain_log, said, spread, ticks
from workflow.quality import marked
from workflow.summaries import (
    REPRESENT,
    headline,
    is_per_image,
    metric_label,
    summary,
    task_label,
    tasks_scored,
)
from workflow.tables import restoring_seconds

CAPTION = (
    "Mean score with its 95 % interval against the seconds that one restored image takes "
    "(training not counted; see the cost table); hollow: stopped by the budget. Points "
    "of nearly equal cost are moved apart."
)
LEAST = 1e-4  # seconds, that a clock can tell from none
APART = 0.08  # least distance of two points, in decades of seconds


def draw(results: Results, imageset: str) -> Figure:
    """Return a panel per task and a legend that they share."""
    metric = next((m for m in results.experiment.metrics if is_per_image(results, m)), "")
    tasks = [t for t in tasks_scored(results, imageset, metric) if t != REPRESENT]
    if not tasks:
        return said("nothing was scored")
    figure, (*places, legend) = panels(len(tasks) + 1, 1.9)
    for axes, task in zip(places, tasks, strict=True):
        _panel(axes, results, imageset, metric, task)
    legend.axis("off")
    for method in results.experiment.methods_of(imageset):
        label, faded = marked(results, imageset, method)
        _point(legend, results, method, (np.nan, np.nan), faded, label)
    legend.legend(loc="center left", handletextpad=0.3, labelspacing=0.5)
    return figure


def _panel(axes: Axes, results: Results, imageset: str, metric: str, task: str) -> None:
    region = headline(results, imageset, metric, task)
    lines = summary(results, imageset, metric, task, region)
    scored = {method: line for method, line in lines.items() if not line.control}
    seconds = {m: restoring_seconds(results, imageset, m, task) for m in scored}
    places = spread([np.log10(max(seconds[m], LEAST)) for m in scored], APART)
    for (method, line), place in zip(scored.items(), places, strict=True):
        x = 10**place
        if line.has_interval:
            axes.vlines(x, line.low, line.high, color=colour(results, method), linewidth=0.8)
        _point(axes, results, method, (x, line.mean), line.excluded, "")
    axes.set_xscale("log")
    axes.set_title(f"{task_label(results, task)}, {region}", weight="bold")
    axes.set_xlabel("seconds per restored image (log)")
    axes.set_ylabel(metric_label(results, imageset, metric))
    axes.margins(0.12)
    axes.autoscale_view()
    plain_log(axes.xaxis)
    axes.yaxis.set_major_locator(ticks())


def _point(
    axes: Axes, results: Results, method: str, at: tuple[float, float], hollow: bool, label: str
) -> None:
    shade = colour(results, method)
    axes.plot(
        *at,
        marker(results, method),
        markersize=4.5,
        color=shade,
        markerfacecolor="white" if hollow else shade,
        markeredgecolor=shade if hollow else INK,
        markeredgewidth=0.9 if hollow else 0.3,
        label=label,
        linestyle="none",
    )
