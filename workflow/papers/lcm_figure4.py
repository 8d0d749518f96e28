"""LCM post, figure 4: a perceptual metric of inpainting, super-resolution and colorization.

The metric of the post is not known: what is measured is LPIPS, of the inpainted patch where that
is scored. Hence two panels side by side, each with its own axis: compare orders, not heights.
"""

import pandas as pd

from priorbench.results import Results
from workflow.papers._beside import Quantity, Side, draw_pairs, table, theirs
from workflow.papers._measured import data, empty, gaps, imageset_of, others, side, task_of, title
from workflow.papers._paper import Paper, published
from workflow.summaries import absent, headline

THEIRS = "CelebA 128 px"
# task: its name, and the control that stands for the post's
TASKS = {
    "hole": ("inpainting", "degraded"),
    "super_resolution": ("super-resolution", "bilinear"),
    "colorization": ("colorization", "grey"),
}
FACTOR = 8  # of super-resolution in the post, as its pictures look


def draw(results: Results) -> Paper:
    """Return a row of panels per task: the post's bars, and LPIPS of this experiment."""
    numbers = published("lcm_figure4")
    imageset = imageset_of(results, ("celeba",), TASKS)
    missing: list[str] = []
    pairs = []
    for task, (name, _) in TASKS.items():
        rows = numbers[numbers["task"] == task]
        controls = set(rows.loc[rows["method"] == "", "label"])
        measured = _measured(results, imageset, task, rows, missing)
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
    results: Results, imageset: str, plugin: str, rows: pd.DataFrame, missing: list[str]
) -> Side:
    name, control = TASKS[plugin]
    metric = next((m for m, e in results.experiment.metrics.items() if e.plugin == "lpips"), None)
    task = task_of(results, imageset, plugin, factor=FACTOR)
    if metric is None:
        return empty(name, "no metric `lpips` in the config", missing)
    if task is None:
        return empty(name, f"no task `{plugin}` on `{imageset}` in the config", missing)
    scores = results.scores(imageset=imageset, metric=metric, task=task)
    if scores["value"].isna().all():
        why = absent(scores["protocol"]) if len(scores) else "no scores"
        return empty(name, f"LPIPS of `{task}` on `{imageset}`: {why}", missing)
    patch = "hole" in set(scores["region"])
    region = "hole" if patch else headline(results, imageset, metric, task)
    named = rows[rows["method"] != ""]
    methods = dict(zip(named["label"], named["method"], strict=True))
    return side(results, (imageset, metric, task), region, methods, [control], missing)
