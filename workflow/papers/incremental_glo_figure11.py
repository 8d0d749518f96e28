"""Report on incremental GLO, figure 11: an interpolation of training images (v)."""

from priorbench.results import Results
from workflow.papers._frogs import interpolation
from workflow.papers._paper import Paper


def draw(results: Results) -> Paper:
    """Return two training images, and the way between their codes."""
    return interpolation(results, figure=11, pair=4)
