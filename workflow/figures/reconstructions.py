"""Training images rebuilt from their codes (incremental GLO, figure 4)."""

from matplotlib.figure import Figure

from priorbench.results import Results
from workflow.figures._style import Line, pictures, said
from workflow.quality import marked

CAPTION = "Training images (first row) and what each method rebuilds of them."


def draw(results: Results, imageset: str) -> Figure:
    """Return a row of training images and a row per method."""
    lines, originals = [], None
    for method in results.experiment.methods:
        shown = results.shown(imageset, method)
        if "reconstructions" in shown:
            label = marked(results, imageset, method)[0]
            lines.append(Line(label, list(shown["reconstructions"])))
            originals = shown["training"]
    if originals is None:
        return said("no method of this experiment reconstructs")
    return pictures([Line("training images", list(originals)), *lines])
