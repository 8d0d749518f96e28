"""Report on incremental GLO, figure 7: an interpolation of training images (iii)."""

from priorbench.results import Results
from workflow.papers._frogs import interpolation
from workflow.papers._paper import Paper


def draw(results: Results) -> Paper:
    """Return two training images, and the way between their codes."""
    return interpolation(results, figure=7, pair=2)
