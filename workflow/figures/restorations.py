"""Restorations side by side (LCM post, figure 3): test images by task, a column per method."""

from matplotlib.figure import Figure

from priorbench.results import Results
from workflow.figures._style import Line, pictures, said
from workflow.quality import marked
from workflow.summaries import task_label

CAPTION = (
    "Test images in their order, two for each task, none chosen by hand, restored by every "
    "method (raw outputs, first seed)."
)
SHOWN = 2  # images per task


def draw(results: Results, imageset: str) -> Figure:
    """Return the grid: original, degraded, then what each method made of it."""
    methods, seed = list(results.experiment.methods), results.experiment.seeds[0]
    lines = []
    for number, task in enumerate(results.experiment.tasks_of(imageset)):
        degraded = results.controls(imageset, task).get("degraded")
        restored = [results.restored(imageset, task, method, seed) for method in methods]
        known = [images for images in (degraded, *restored) if images is not None]
        if not known:
            continue
        originals = results.originals(imageset)
        for place in range(SHOWN):
            image = (number * SHOWN + place) % len(known[0])
            cells = [None if images is None else images[image] for images in (degraded, *restored)]
            label = task_label(results, task) if place == 0 else ""
            lines.append(Line(label, [originals[image], *cells], first=place == 0))
    if not lines:
        return said("nothing was restored")
    names = [marked(results, imageset, method)[0] for method in methods]
    return pictures(lines, ["original", "degraded", *names])
