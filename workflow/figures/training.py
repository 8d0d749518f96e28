"""Training curves: what each method minimised, step by step."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from priorbench.results import Results
from workflow.figures._style import GREY, SMALL, WIDTH, colour, plain_log, said

CAPTION = (
    "What each method logged while training, a line per seed, stages one after another. The "
    "quantities differ, so heights cannot be compared between panels, nor between stages. A step "
    "may hold several gradient steps: LCM's visit of a batch, WGAN-GP's steps of the critic. fit: "
    "squared error; distance: between real and generated images, as the critic has it."
)
COLUMNS = 3
NAMES = 0.5  # height that names of stages take, in heights of the curve


def draw(results: Results, imageset: str) -> Figure:
    """Return a panel per trained method."""
    curves = results.curves("train", imageset=imageset)
    curves = curves[curves["image"] < 0]
    methods = [m for m in results.experiment.methods if m in set(curves["method"])]
    if not methods:
        return said("no training of this experiment left a curve")
    lines = -(-len(methods) // COLUMNS)
    figure = Figure(figsize=(WIDTH, 1.5 * lines), layout="constrained")
    panels = figure.subplots(lines, COLUMNS, squeeze=False).ravel()
    for axes, method in zip(panels, methods, strict=False):
        _panel(axes, curves[curves["method"] == method], colour(results, method))
        axes.set_title(results.experiment.methods[method].label, weight="bold")
        status = results.status(imageset, method).partition(" at ")[0]
        axes.set_title(status, loc="right", size=SMALL, color=GREY)
    for axes in panels[len(methods) :]:
        axes.axis("off")
    return figure


def _panel(axes: Axes, curve: pd.DataFrame, shade: str) -> None:
    name = "loss" if "loss" in set(curve["name"]) else curve["name"].iloc[0]
    curve = curve[curve["name"] == name]
    stages = list(dict.fromkeys(curve["stage"]))
    begins, total = {}, 0
    for stage in stages:
        begins[stage] = total
        total += int(curve.loc[curve["stage"] == stage, "step"].max())
    steps = curve["step"] + curve["stage"].map(begins)
    for _, rows in curve.assign(step=steps).groupby("seed"):
        axes.plot(rows["step"], rows["value"], color=shade, linewidth=0.9)
    if (curve["value"] > 0).all():
        axes.set_yscale("log")
        plain_log(axes.yaxis)
    if len(stages) > 1:  # below the curve there is room for their names
        low, high = axes.get_ylim()
        if axes.get_yscale() == "log":
            axes.set_ylim(low * (low / high) ** NAMES, high)
        else:
            axes.set_ylim(low - NAMES * (high - low), high)
    for stage in stages if len(stages) > 1 else []:
        axes.axvline(begins[stage], color=GREY, linewidth=0.5, linestyle=":")
        axes.annotate(
            stage,
            (begins[stage], 0),
            (2, 2),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            size=SMALL - 1,
            color=GREY,
            rotation=90,
            va="bottom",
        )
    axes.set_xlim(0, total)
    axes.set_xlabel("step")
    axes.set_ylabel(name)
