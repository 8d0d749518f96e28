"""Restorations side by side (LCM post, figure 3): test images by task, a column per method."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from priorbench.images import Gallery, mean_psnr
from priorbench.results import Results
from workflow.figures._style import Line, central, pictures, said
from workflow.quality import marked
from workflow.summaries import task_label

CAPTION = (
    "Test images in their order, two for each task, none chosen by hand, restored by every "
    "method (raw outputs, first seed); naive inverse: the control with the best PSNR. Of sets of "
    "many sizes only the central 224x224 pixels are shown."
)
HEAD = ("original", "degraded", "naive inverse")  # columns before those of methods
SHOWN = 2  # images per task
WINDOW = 224  # pixels shown of pictures of many sizes, around their centre


def best(controls: dict[str, Gallery], results: Results, imageset: str) -> Gallery | None:
    """Return the naive inverse of the best mean PSNR; None where there is none."""
    originals = results.originals(imageset)

    def quality(images: Gallery) -> float:
        return mean_psnr(images, originals[: len(images)])

    return max(controls.values(), key=quality, default=None)


def draw(results: Results, imageset: str) -> Figure:
    """Return the grid: original, degraded, then what each method made of it."""
    methods = list(results.experiment.methods_of(imageset))
    lines = grid(results, imageset, results.experiment.tasks_of(imageset), methods)
    if not lines:
        return said("nothing was restored")
    return pictures(lines, [*HEAD, *(marked(results, imageset, method)[0] for method in methods)])


def grid(
    results: Results, imageset: str, tasks: Sequence[str], methods: Sequence[str]
) -> list[Line]:
    """Return the lines of pictures: HEAD, then a column per method, empty where it did not run."""
    seed, mixed = results.experiment.seeds[0], bool(results.card(imageset).get("sizes"))
    lines = []
    for number, task in enumerate(tasks):
        controls = results.controls(imageset, task)
        degraded = controls.pop("degraded", None)
        restored = [results.restored(imageset, task, method, seed) for method in methods]
        known = [images for images in (degraded, *restored) if images is not None]
        if not known:
            continue
        originals, naive = results.originals(imageset), best(controls, results, imageset)
        for place in range(SHOWN):
            image = (number * SHOWN + place) % len(known[0])
            row = [None if g is None else g[image] for g in (originals, degraded, naive, *restored)]
            label = task_label(results, task) if place == 0 else ""
            cells = [each if each is None or not mixed else central(each, WINDOW) for each in row]
            lines.append(Line(label, cells, first=place == 0))
    return lines
