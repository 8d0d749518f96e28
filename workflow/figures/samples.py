"""Images drawn from every method that can draw, below held-out ones."""

from matplotlib.figure import Figure

from priorbench.results import Results
from workflow.figures._style import Line, pictures, said
from workflow.quality import marked

CAPTION = "Samples, the first of each method, below held-out images; in grey how codes are drawn."
SHOWN = 10  # images per method


def draw(results: Results, imageset: str) -> Figure:
    """Return a row of held-out images and a row per method."""
    lines = []
    for method in results.experiment.methods:
        samples = results.shown(imageset, method).get("samples")
        if samples is not None:
            label = marked(results, imageset, method)[0]
            how = results.shown_as(imageset, method, "samples")
            lines.append(Line(label, list(samples[:SHOWN]), how))
    if not lines:
        return said("no method of this experiment draws samples")
    held_out = Line("held-out images", list(results.originals(imageset)[:SHOWN]))
    return pictures([held_out, *lines])
