"""Report on incremental GLO, figure 8: training images rebuilt from an encoder's codes."""

from priorbench.results import Results
from workflow.figures.encodings import encoded
from workflow.papers._frogs import NOISY, compared
from workflow.papers._paper import Paper


def draw(results: Results) -> Paper:
    """Return training images, and what the encoder and decoder make of them."""
    return compared(
        results,
        "incremental_glo_figure8",
        "figure 8: training images encoded and decoded",
        lambda shown, found: encoded(results, shown, found, "training"),
        "the images have no texture and are blurry.",
        roles=(NOISY,),
    )
