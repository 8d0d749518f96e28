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
    found = {m: results.shown(imageset, m) for m in results.experiment.methods}
    found = {m: shown for m, shown in found.items() if "encoded_test" in shown}
    if not found:
        return said("no method of this experiment has an encoder")
    some = next(iter(found.values()))
    tested = results.originals(imageset)[: len(some["encoded_test"])]
    lines = []
    for split, originals in (("training", some["training"]), ("test", tested)):
        lines.append(Line(f"{split} images", list(originals), first=True))
        for method, shown in found.items():
            label = marked(results, imageset, method)[0]
            lines.append(Line(label, list(shown[f"encoded_{split}"])))
    return pictures(lines)
