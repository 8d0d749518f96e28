"""What tables, figures and report share: names for readers, and means with their intervals."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from priorbench.checks import SET_SIZE
from priorbench.errors import MISSING
from priorbench.results import Results
from priorbench.statistics import ENOUGH_SEEDS, Better, summarise

ARROWS = {"higher": "↑", "lower": "↓"}
REGIONS = {
    "raw": "the output as it is",
    "pasted": "what was seen put back into the output",
    "hole": "only the pixels that were not seen",
    "disjoint": "one half of the images against the originals of the other",
}
ABSENT = (
    "Cells without a number: the file of weights that they name was not on the machine, or there "
    f"are fewer images than the {SET_SIZE} that a distance between sets takes."
)
REPRESENT = "represent"  # the task of the clean image: what a method's range can express
SAMPLE = "sample"  # the task of sets that were drawn


@dataclass(frozen=True)
class Line:
    """The mean of a row in one column; low and high are missing where there is no interval."""

    mean: float
    low: float
    high: float
    spread: float  # standard deviation over seeds of what scores sets, else missing
    over: str  # what the interval resamples
    seeds: int
    images: int
    clusters: int
    bold: bool
    excluded: bool  # from bold and verdicts
    control: bool

    @property
    def has_interval(self) -> bool:
        """Whether there is an interval."""
        return bool(np.isfinite(self.low) and np.isfinite(self.high))


def task_label(results: Results, task: str) -> str:
    """Return a task's short name; a row with a name of its own keeps that."""
    if task not in results.experiment.tasks:
        return task
    entry = results.experiment.tasks[task]
    short = entry.about.constants.get("SHORT", entry.label)
    return str(short) if entry.name == entry.plugin else entry.label


def is_per_image(results: Results, metric: str) -> bool:
    """Whether a metric scores images one by one, not sets of them."""
    return bool(results.experiment.metrics[metric].about.constants.get("PER") == "image")


def better(results: Results, metric: str) -> Better:
    """Return "higher" or "lower"."""
    said: Better = results.experiment.metrics[metric].about.constants["BETTER"]
    return said


def metric_name(results: Results, imageset: str, metric: str, region: str = "raw") -> str:
    """Return a metric's label; one that depends on its options stands before its protocol."""
    entry = results.experiment.metrics[metric]
    for protocol in results.scores(imageset=imageset, metric=metric, region=region)["protocol"]:
        label, found, _ = protocol.partition(f": {entry.about.constants['PROTOCOL']}")
        if found:
            return str(label)
    return entry.label


def metric_label(results: Results, imageset: str, metric: str, region: str = "raw") -> str:
    """Return a metric's name with an arrow that points to the better side."""
    return f"{metric_name(results, imageset, metric, region)} {ARROWS[better(results, metric)]}"


def absent(protocols: Iterable[str]) -> str:
    """Return why there are no scores, in short: the file that is missing, or too few images."""
    told = " ".join(protocol for protocol in protocols if protocol.startswith(MISSING))
    found = re.search(r"(?P<count>\d+ images)|(?P<file>[\w.-]+\.pth)", told)
    if found is None:
        return "no weights"
    return found["count"] or f"no {found['file']}"


def tasks_scored(results: Results, imageset: str, metric: str) -> list[str]:
    """Return the tasks of an image set that a metric scored, in the config's order."""
    found = set(results.scores(imageset=imageset, metric=metric)["task"])
    return [t for t in (*results.experiment.tasks_of(imageset), REPRESENT) if t in found]


def headline(results: Results, imageset: str, metric: str, task: str) -> str:
    """Return the region that a task is judged by: pasted where it has that, else raw."""
    found = set(results.scores(imageset=imageset, metric=metric, task=task)["region"])
    return "pasted" if "pasted" in found else "raw"


def column(
    results: Results, imageset: str, metric: str, task: str, region: str, *, controls: bool = False
) -> tuple[pd.DataFrame, str]:
    """Return the scores of a column's methods, or of its controls, and the column's name."""
    parts = {"imageset": imageset, "metric": metric, "task": task, "region": region}
    scores = results.scores(**parts).dropna(subset="value")
    chosen = scores[scores["method"].isin(list(results.experiment.methods)) != controls]
    return chosen, "/".join([*parts.values(), "control" if controls else "method"])


def summary(
    results: Results, imageset: str, metric: str, task: str, region: str
) -> dict[str, Line]:
    """Return a line per row that was scored: methods in the config's order, then controls.

    A control is never bold, nor what saw the originals; a set metric has neither interval nor
    bold, but the spread of its seeds: resampled images are another set, with another bias.
    """
    methods = list(results.experiment.methods)
    excluded = results.excluded(imageset, task)
    one_by_one = is_per_image(results, metric)
    lines = {}
    for control in (False, True):
        chosen, name = column(results, imageset, metric, task, region, controls=control)
        if chosen.empty:
            continue
        spread = chosen.groupby("method")["value"].std()
        table = summarise(chosen, better=better(results, metric), excluded=excluded, name=name)
        found = {str(row["method"]): row for row in table.reset_index().to_dict("records")}
        order = ["degraded", *sorted(found)] if control else methods
        for row in dict.fromkeys(name for name in order if name in found):
            line = found[row]
            lines[row] = Line(
                mean=float(line["mean"]),
                low=float(line["low"]) if one_by_one else np.nan,
                high=float(line["high"]) if one_by_one else np.nan,
                spread=np.nan if one_by_one else float(spread[row]),
                over=str(line["over"]) if one_by_one else "",
                seeds=int(line["seeds"]),
                images=int(line["images"]),
                clusters=int(line["clusters"]),
                bold=bool(line["bold"]) and one_by_one and not control and task != REPRESENT,
                excluded=bool(line["excluded"]),
                control=control,
            )
    return lines


def seeds_scored(results: Results, imageset: str, metric: str) -> int:
    """Return how many training seeds a metric scored, of the row with the fewest."""
    return fewest_seeds(results.scores(imageset=imageset, metric=metric))


def fewest_seeds(scores: pd.DataFrame) -> int:
    """Return how many training seeds the row with the fewest has; 0 where no row was trained."""
    rows = scores[scores["seed"] >= 0].groupby("method", observed=True)["seed"].nunique()
    return int(rows.min()) if len(rows) else 0


def seed_notes(seeds: int) -> Iterator[str]:
    """Yield of what verdicts speak, where there are too few training seeds to judge methods."""
    if seeds == 1:
        yield (
            "One seed says nothing of how training varies: verdicts speak of these trained models."
        )
    elif 0 < seeds < ENOUGH_SEEDS:
        yield (
            f"Fewer than {ENOUGH_SEEDS} seeds say little of how training varies: verdicts speak of "
            "these trained models."
        )


def digits(values: Iterable[float]) -> int:
    """Return the decimals that show the largest of `values` with three or four figures."""
    largest = max((abs(value) for value in values if np.isfinite(value)), default=1.0)
    return next((d for bound, d in ((100, 1), (10, 2), (0.1, 3)) if largest >= bound), 4)


def plural(count: int, noun: str) -> str:
    """Return a count with its noun."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
