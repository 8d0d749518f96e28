"""LCM post, figure 4: a perceptual metric of inpainting, super-resolution and colorization.

The metric of the post is not known: what is measured is LPIPS, of the inpainted patch where that
is scored. Hence two panels side by side, each with its own axis: compare orders, not heights.
"""

import pandas as pd

from priorbench.results import Results
from workflow.matching import place_on
from workflow.papers._beside import Quantity, Side, draw_pairs, table, theirs
from workflow.papers._measured import claim, data, empty, gaps, imageset_of, others, side, title
from workflow.papers._paper import Paper, published
from workflow.summaries import absent

THEIRS = "CelebA 128 px"
# claim on the ranks of a panel, and on its line of reference: name
PANELS = {
    ("ranks-hole", "line-hole"): "inpainting",
    ("ranks-sr", "line-bilinear"): "super-resolution",
    ("ranks-colour", "line-grey"): "colorization",
}


def draw(results: Results) -> Paper:
    """Return a row of panels per task: the post's bars, and LPIPS of this experiment."""
    numbers = published("lcm_figure4")
    tasks = {claim(ranks).task for ranks, _ in PANELS}
    imageset = imageset_of(results, ("celeba",), tasks)
    missing: list[str] = []
    pairs = []
    for (ranks, line), name in PANELS.items():
        rows = numbers[numbers["task"] == claim(ranks).task]
        controls = set(rows.loc[rows["method"] == "", "label"])
        measured = _measured(results, imageset, ranks, line, rows, missing)
        pairs.append(Quantity(name, theirs(rows, "perceptual metric ↓", controls), measured))
    methods = numbers[numbers["method"] != ""]
    unknown = dict.fromkeys(part for told in methods["unknown"] for part in told.split("; "))
    drawn = [entry.row for pair in pairs for entry in pair.measured.methods]
    notes = [
        f"Published: {numbers['source'].iloc[0]}. Not known: {'; '.join(unknown)}.",
        "Measured: mean and 95 % interval; hatched, †: stopped by its budget before its plateau. "
        "Dashed: the picture that nothing was done to, or that was enlarged only. The metrics on "
        "the left and on the right are not the same: compare orders, not heights.",
        *(
            f"Protocols of {pair.name}: published: {pair.published.protocol}; measured: "
            f"{pair.measured.protocol}."
            for pair in pairs
            if drawn and not pair.measured.gap
        ),
        *gaps(missing),
        *others(results, imageset, drawn),
    ]
    ours = data(results, imageset)
    told = title("LCM post, figure 4", THEIRS, ours, measured=bool(drawn))
    return Paper(draw_pairs(results, imageset, pairs), table("lcm_figure4", told, pairs, notes))


def _measured(
    results: Results, imageset: str, ranks: str, line: str, rows: pd.DataFrame, missing: list[str]
) -> Side:
    """Return what the claims of a panel are judged by: their rows, task, metric and region."""
    stated = claim(ranks)
    place, reference = (place_on(results, each, imageset) for each in (stated, claim(line)))
    name, task, metric = PANELS[ranks, line], place.task, place.metric
    if not metric:
        return empty(name, f"no metric `{stated.metric}` in the config", missing)
    if not task:
        return empty(name, f"no task `{stated.task}` on `{imageset}` in the config", missing)
    scores = results.scores(imageset=imageset, metric=metric, task=task)
    if scores["value"].isna().all():
        why = absent(scores["protocol"]) if len(scores) else "no scores"
        return empty(name, f"LPIPS of `{task}` on `{imageset}`: {why}", missing)
    methods = {}
    for label, method in zip(rows["label"], rows["method"], strict=True):
        # a subject has the name of its line, or that of the method
        if (subject := label if label in place.rows else method) in place.rows:
            methods[label] = place.rows[subject]
    controls = [row for found in reference.rows.values() for row in found]
    return side(results, (imageset, metric, task), place.region, methods, controls, missing)
