"""An ablation: how much better one choice is than another, by task."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from priorbench.results import Results
from workflow.contrasts import Verdict, contrasts, limited
from workflow.figures._style import GREY, INK, SMALL, colour, panels, said, ticks
from workflow.summaries import digits, headline, is_per_image, metric_name, task_label, tasks_scored

CAPTION = (
    "Differences of means on the same images, with 95 % intervals: right of zero the choice that "
    "is named first is better. Hollow: a row of it stopped by its budget before a plateau."
)


def draw(results: Results, imageset: str) -> Figure:
    """Return a panel per task, a line per contrast, of the first metric of images."""
    metric = next((m for m in results.experiment.metrics if is_per_image(results, m)), "")
    found = {
        task: verdicts
        for task in tasks_scored(results, imageset, metric)
        if (verdicts := contrasts(results, imageset, metric, task))
    }
    if not found:
        return said("nothing was scored")
    height = 0.24 * len(results.experiment.config["contrasts"]) + 0.6
    figure, places = panels(len(found), height, share=True)
    for axes, (task, verdicts) in zip(places, found.items(), strict=True):
        region = headline(results, imageset, metric, task)
        _panel(axes, results, imageset, verdicts)
        axes.set_title(f"{task_label(results, task)}, {region}", weight="bold")
        axes.tick_params(labelbottom=True)
    figure.supxlabel(f"better by, {metric_name(results, imageset, metric)}", size=SMALL + 1)
    return figure


def _panel(axes: Axes, results: Results, imageset: str, verdicts: dict[str, Verdict]) -> None:
    pairs = results.experiment.config["contrasts"]
    decimals = min(2, digits(abs(verdict.difference) for verdict in verdicts.values()))
    axes.axvline(0, color=GREY, linewidth=0.6, zorder=0.5)
    for place, (name, (first, _)) in enumerate(pairs.items()):
        if name not in verdicts:
            continue
        verdict, shade = verdicts[name], colour(results, first)
        if np.isfinite(verdict.low):
            axes.hlines(place, verdict.low, verdict.high, color=shade, linewidth=1.4)
        face = "white" if limited(results, imageset, name) else shade
        axes.plot(verdict.difference, place, "o", color=shade, markerfacecolor=face, markersize=5)
        axes.annotate(
            f"{verdict.difference + 0.0:+.{decimals}f}",
            (verdict.difference, place),
            (0, 4),
            textcoords="offset points",
            ha="center",
            size=SMALL,
            color=INK,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.4},
        )
    axes.set_yticks(range(len(pairs)), list(pairs))
    axes.set_ylim(len(pairs) - 0.5, -0.7)
    axes.xaxis.set_major_locator(ticks())
    axes.tick_params(axis="y", length=0)
