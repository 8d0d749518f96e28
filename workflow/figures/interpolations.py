"""On the way from one image to another (incremental GLO, figures 5 to 7)."""

from collections.abc import Sequence

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
    methods = list(results.experiment.methods)
    lines = [line for pair in range(PAIRS) for line in between(results, imageset, methods, pair)]
    return pictures(lines) if lines else said("no method of this experiment interpolates")


def between(results: Results, imageset: str, methods: Sequence[str], pair: int) -> list[Line]:
    """Return two training images, then the way between their codes, a line per method.

    Nothing where none interpolates, or there are fewer pairs.
    """
    found = {method: results.shown(imageset, method) for method in methods}
    found = {m: s for m, s in found.items() if len(s.get("interpolations", ())) > pair}
    if not found:
        return []
    some = next(iter(found.values()))
    middle = [None] * (some["interpolations"].shape[1] - 2)
    ends = some["training"][2 * pair : 2 * pair + 2]
    lines = [Line("training images", [ends[0], *middle, ends[1]], first=True)]
    for method, shown in found.items():
        drawn = "drawn" in results.shown_as(imageset, method, "interpolations")
        label = marked(results, imageset, method)[0]
        aside = "between drawn codes" if drawn else ""
        lines.append(Line(label, list(shown["interpolations"][pair]), aside))
    return lines
