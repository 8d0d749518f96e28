"""Images rebuilt from the codes that an encoder predicts (incremental GLO, figures 8 and 9)."""

from matplotlib.figure import Figure

from priorbench.results import Results
from workflow.figures._style import Line, pictures, said
from workflow.quality import marked

CAPTION = (
    "Training images, then test images, and what each method with an encoder rebuilds of them "
    "from the code that it predicts, without a search."
)


def draw(results: Results, imageset: str) -> Figure:
    """Return a block of training and one of test images, in each a row per method."""
    asked = {m: results.encoded(imageset, m) for m in results.experiment.methods}
    tested = {m: images for m, images in asked.items() if images is not None}
    methods = list(tested)
    if not methods:
        return said("no method of this experiment has an encoder")
    trained = {method: results.shown(imageset, method) for method in methods}
    rebuilt = {
        "training": {method: trained[method]["encoded"] for method in methods},
        "test": tested,
    }
    originals = {
        "training": trained[methods[0]]["training"],
        "test": results.originals(imageset)[: len(rebuilt["test"][methods[0]])],
    }
    lines = []
    for split, found in rebuilt.items():
        lines.append(Line(f"{split} images", list(originals[split]), first=True))
        lines += [Line(marked(results, imageset, m)[0], list(p)) for m, p in found.items()]
    return pictures(lines)
