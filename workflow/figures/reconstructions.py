"""Training images rebuilt from their codes (incremental GLO, figure 4)."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from priorbench.results import Results
from workflow.figures._style import Line, pictures, said
from workflow.quality import marked

CAPTION = "Training images (first row) and what each method rebuilds of them."


def draw(results: Results, imageset: str) -> Figure:
    """Return a row of training images and a row per method."""
    lines = rebuilt(results, imageset, list(results.experiment.methods))
    return pictures(lines) if lines else said("no method of this experiment reconstructs")


def rebuilt(results: Results, imageset: str, methods: Sequence[str]) -> list[Line]:
    """Return training images, then a line per method that reconstructs; nothing without one."""
    found = {method: results.shown(imageset, method) for method in methods}
    found = {method: shown for method, shown in found.items() if "reconstructions" in shown}
    lines = [
        Line(marked(results, imageset, method)[0], list(shown["reconstructions"]))
        for method, shown in found.items()
    ]
    originals = [shown["training"] for shown in found.values()][-1:]
    return [*(Line("training images", list(images)) for images in originals), *lines]
