"""Report on incremental GLO, figure 4: training images, and what each model rebuilds of them."""

from priorbench.results import Results
from workflow.figures.reconstructions import rebuilt
from workflow.papers._frogs import compared
from workflow.papers._paper import Paper


def draw(results: Results) -> Paper:
    """Return training images and a line per model."""
    return compared(
        results,
        "incremental_glo_figure4",
        "figure 4: reconstructions of training images",
        lambda shown, found: rebuilt(results, shown, found),
        "its increments have not achieved more pleasing results than GLO.",
    )
