"""How fast a search fits what it is shown (DIP, figure 2): images before noise."""

from matplotlib.figure import Figure

from priorbench.results import Results
from workflow.figures._style import NORMAL, PALETTE, WIDTH, plain_log, said, spread

CAPTION = (
    "Loss of the untrained network's search against the iteration, for an image, the image plus "
    "noise, its pixels shuffled, and noise; thick: mean over images, thin: each image."
)
COLOURS = {
    "image": PALETTE[0],
    "image plus noise": PALETTE[6],
    "shuffled image": PALETTE[1],
    "noise": PALETTE[5],
}


def draw(results: Results, imageset: str) -> Figure:
    """Return one panel with a line per target."""
    curves = results.curves("energy", imageset=imageset)
    curves = curves[(curves["name"] == "loss") & (curves["image"] >= 0)]
    if curves.empty:
        return said("no energy was followed on this image set")
    figure = Figure(figsize=(WIDTH / 2, 2.3), layout="constrained")
    axes = figure.subplots()
    ends = {}
    for target, shade in COLOURS.items():
        if target not in set(curves["task"]):
            continue
        losses = curves[curves["task"] == target].pivot_table(
            index="step", columns=["seed", "image"], values="value"
        )
        mean = losses.mean(axis=1)
        axes.plot(losses.index, mean, color=shade)
        axes.plot(losses.index, losses, color=shade, linewidth=0.5, alpha=0.3)
        ends[target] = float(mean.iloc[-1])
    axes.set_xscale("log")
    axes.set_ylim(bottom=0)
    axes.set_xlim(float(curves["step"].min()), float(curves["step"].max()))
    plain_log(axes.xaxis)
    axes.set_xlabel("iteration (log)")
    axes.set_ylabel("loss")
    gap = 0.07 * axes.get_ylim()[1]
    heights = spread(
        [max(end, gap / 2 * (place + 1)) for place, end in enumerate(ends.values())], gap
    )
    for target, height in zip(ends, heights, strict=True):
        axes.annotate(
            target,
            (1.02, height),
            xycoords=("axes fraction", "data"),
            color=COLOURS[target],
            va="center",
            size=NORMAL,
        )
    return figure
