"""On the way from one image to another (incremental GLO, figures 5 to 7)."""

from matplotlib.figure import Figure

from priorbench.results import Results
from workflow.figures._style import Line, pictures, said
from workflow.quality import marked

CAPTION = (
    "Images of the codes on a straight line between two codes: those of two training images "
    "(first row of a block), or drawn ones where a method has no codes of images."
)
PAIRS = 2  # shown, each a block of rows


def draw(results: Results, imageset: str) -> Figure:
    """Return a block per pair of images, in it a row per method."""
    found = {m: results.shown(imageset, m) for m in results.experiment.methods}
    found = {m: shown for m, shown in found.items() if "interpolations" in shown}
    if not found:
        return said("no method of this experiment interpolates")
    lines = []
    for pair in range(min(PAIRS, *(len(s["interpolations"]) for s in found.values()))):
        some = next(iter(found.values()))
        between = some["interpolations"].shape[1]
        ends = some["training"][2 * pair : 2 * pair + 2]
        middle = [None] * (between - 2)
        lines.append(Line("training images", [ends[0], *middle, ends[1]], first=True))
        for method, shown in found.items():
            drawn = "drawn" in results.shown_as(imageset, method, "interpolations")
            label = marked(results, imageset, method)[0]
            aside = "between drawn codes" if drawn else ""
            lines.append(Line(label, list(shown["interpolations"][pair]), aside))
    return pictures(lines)
