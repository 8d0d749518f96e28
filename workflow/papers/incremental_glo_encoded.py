"""Report on incremental GLO, figures 8 and 9: images rebuilt from an encoder's codes."""

from priorbench.results import Results
from workflow.figures.encodings import encoded
from workflow.papers._frogs import NOISY, compared
from workflow.papers._paper import Paper

SAID = {
    "training": "the images have no texture and are blurry.",
    "test": "images of the test set, by the same encoder.",
}


def draw(results: Results, figure: int, images: str) -> Paper:
    """Return training or test images, and what the encoder and decoder make of them."""
    return compared(
        results,
        f"incremental_glo_figure{figure}",
        f"figure {figure}: {images} images encoded and decoded",
        lambda shown, found: encoded(results, shown, found, images),
        SAID[images],
        roles=(NOISY,),
    )
