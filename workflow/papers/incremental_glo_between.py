"""Report on incremental GLO, figures 5 to 7, 10 and 11: interpolations of training images."""

from priorbench.results import Results
from workflow.figures.interpolations import between
from workflow.papers._frogs import compared
from workflow.papers._paper import Paper


def draw(results: Results, figure: int, pair: int) -> Paper:
    """Return two training images, and the way between their codes, a pair of codes per figure."""
    return compared(
        results,
        f"incremental_glo_figure{figure}",
        f"figure {figure}: an interpolation of training images",
        lambda shown, found: between(results, shown, found, pair),
        "its increments are perceptually more pleasing on the way than GLO, which seems quite "
        "non-continuous; with the noise term more so. Other pairs of images than the report's.",
        none=f"fewer than {pair + 1} pairs are interpolated",
    )
