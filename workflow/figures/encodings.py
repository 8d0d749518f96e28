"""Images rebuilt from the codes that an encoder predicts (incremental GLO, figures 8 and 9)."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from priorbench.results import Results
from workflow.figures._style import Line, pictures, said
from workflow.quality import marked

CAPTION = (
    "Training images, then test images, and what each method with an encoder rebuilds of them "
    "from the code that it predicts, without a search."
)
SPLITS = ("training", "test")


def draw(results: Results, imageset: str) -> Figure:
    """Return a block of training and one of test images, in each a row per method."""
    lines = [
        line
        for split in SPLITS
        for line in encoded(results, imageset, list(results.experiment.methods), split)
    ]
    return pictures(lines) if lines else said("no method of this experiment has an encoder")


def encoded(results: Results, imageset: str, methods: Sequence[str], split: str) -> list[Line]:
    """Return images of a split, then a line per method with an encoder; nothing without one."""
    tested = {m: images for m in methods if (images := results.encoded(imageset, m)) is not None}
    shown = {m: results.shown(imageset, m) for m in tested}
    if not tested:
        return []
    found, originals = tested, results.originals(imageset)[: len(next(iter(tested.values())))]
    if split == "training":
        found = {m: shown[m]["encoded"] for m in tested}
        originals = next(iter(shown.values()))["training"]
    lines = [Line(marked(results, imageset, m)[0], list(images)) for m, images in found.items()]
    return [Line(f"{split} images", list(originals), first=True), *lines]
