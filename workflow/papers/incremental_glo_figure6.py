"""Report on incremental GLO, figure 6: an interpolation of training images (ii)."""

from priorbench.results import Results
from workflow.papers._frogs import interpolation
from workflow.papers._paper import Paper


def draw(results: Results) -> Paper:
    """Return two training images, and the way between their codes."""
    return interpolation(results, figure=6, pair=1)
