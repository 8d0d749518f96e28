"""Quality against gradient evaluations: how soon each method finds what it can find."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from priorbench.images import mean_psnr
from priorbench.results import Results
from workflow.figures._style import colour, marker, panels, plain_log, said, ticks
from workflow.quality import marked
from workflow.summaries import task_label

CAPTION = (
    "Mean PSNR of the images as the search has them, raw also where tables show pasted ones, "
    "against the gradient evaluations spent on each, restarts counted; the last point is the "
    "restoration itself. Dashed: methods without any. Hollow: trained within a budget that ended "
    "before their plateau."
)


def draw(results: Results, imageset: str) -> Figure:
    """Return a panel per task and a legend that they share."""
    curves = {task: _curves(results, imageset, task) for task in results.experiment.tasks}
    tasks = [task for task, found in curves.items() if found]
    if not tasks:
        return said("no search of this experiment left a trace")
    figure, (*places, legend) = panels(len(tasks) + 1, 1.9)
    for axes, task in zip(places, tasks, strict=True):
        for method, curve in curves[task].items():
            _line(axes, results, imageset, method, curve)
        axes.set_xscale("log")
        axes.set_title(f"{task_label(results, task)}, raw", weight="bold")
        axes.set_xlabel("gradients per image (log)")
        axes.set_ylabel("PSNR [dB] ↑")
        plain_log(axes.xaxis)
        axes.yaxis.set_major_locator(ticks())
    legend.axis("off")
    for method in results.experiment.methods_of(imageset):
        closed = any(_closed(found[method]) for found in curves.values() if method in found)
        nothing = pd.Series([np.nan], index=[0.0 if closed else 1.0])
        _line(legend, results, imageset, method, nothing)
    legend.legend(loc="center left", labelspacing=0.5)
    return figure


def _curves(results: Results, imageset: str, task: str) -> dict[str, pd.Series]:
    """Return PSNR by steps done, mean over seeds, of each method that restored a task."""
    found = {}
    for method in results.experiment.methods_of(imageset):
        seeds = [_curve(results, imageset, task, method, s) for s in results.experiment.seeds]
        if any(len(curve) for curve in seeds):
            found[method] = pd.concat(seeds, axis=1).mean(axis=1).sort_index()
    return found


def _curve(results: Results, imageset: str, task: str, method: str, seed: int) -> pd.Series:
    trace = results.trace(imageset, task, method, seed)
    steps, restarts = results.searched(imageset, task, method, seed)
    restored = results.restored(imageset, task, method, seed)
    if restored is not None:
        trace = {step: images for step, images in trace.items() if step > 0}
        trace[steps] = restored
    if not trace:
        return pd.Series(dtype=float)
    count = min(len(images) for images in trace.values())
    originals = results.originals(imageset)[:count]
    points = {
        restarts * step: mean_psnr(images[:count], originals) for step, images in trace.items()
    }
    return pd.Series(points, dtype=float)


def _closed(curve: pd.Series) -> bool:
    """Whether a method has its restoration without a step."""
    return list(curve.index) == [0]


def _line(axes: Axes, results: Results, imageset: str, method: str, curve: pd.Series) -> None:
    label, faded = marked(results, imageset, method)
    shade = colour(results, method)
    if _closed(curve):
        axes.axhline(curve.iloc[0], color=shade, linewidth=0.8, linestyle="--", label=label)
        return
    axes.plot(
        curve.index,
        curve,
        marker(results, method),
        linestyle="-",
        color=shade,
        linewidth=0.9,
        markersize=4,
        markeredgewidth=0.7,
        markerfacecolor="white" if faded else shade,
        label=label,
    )
