"""Report on incremental GLO, figure 9: test images rebuilt from an encoder's codes."""

from priorbench.results import Results
from workflow.figures.encodings import encoded
from workflow.papers._frogs import NOISY, compared
from workflow.papers._paper import Paper


def draw(results: Results) -> Paper:
    """Return test images, and what the encoder and decoder make of them."""
    return compared(
        results,
        "incremental_glo_figure9",
        "figure 9: test images encoded and decoded",
        lambda shown, found: encoded(results, shown, found, "test"),
        "images of the test set, by the same encoder.",
        roles=(NOISY,),
    )
