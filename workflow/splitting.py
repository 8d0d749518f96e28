"""Where the error of a restoration comes from, as a table: range, search, ambiguity."""

from collections.abc import Iterator

import pandas as pd

from priorbench.results import ERROR_PARTS, Results
from priorbench.statistics import summarise
from workflow import summaries
from workflow.quality import marked, split_notes, status_notes
from workflow.rendering import Cell, Row, Table

WHOLE = "error"
SCALE = 1_000  # squared errors of images in [0, 1] are small
COLUMNS = ["imageset", "task", "method", "part", "mean", "low", "high", "share"]


def error_split_table(results: Results, imageset: str) -> Table:
    """Return a group of rows per task, a row per method: the mean squared error and its parts."""
    groups, data = [], []
    for task in tasks_split(results, imageset):
        found = error_split(results, imageset, task)
        decimals = summaries.digits(SCALE * found[WHOLE]["mean"])
        rows = []
        for method in found[WHOLE].index:
            label, faded = marked(results, imageset, method)
            cells = tuple(_cell(lines.loc[method], decimals) for lines in found.values())
            rows.append(Row(f"{summaries.task_label(results, task)}: {label}", cells, faded))
            whole = found[WHOLE].loc[method, "mean"]
            for part, lines in found.items():
                numbers = lines.loc[method, ["mean", "low", "high"]]
                share = numbers["mean"] / whole if whole else 0.0
                head = {"imageset": imageset, "task": task, "method": method, "part": part}
                data.append({**head, **numbers, "share": share})
        groups.append(tuple(rows))
    label = results.experiment.imagesets[imageset].label
    return Table(
        name=f"error_split-{imageset}",
        title=f"Where the error comes from: mean squared error × {SCALE:,} on {label}",
        columns=(WHOLE, *ERROR_PARTS),
        groups=tuple(groups),
        notes=tuple(_notes(results, imageset, bool(groups))),
        data=pd.DataFrame(data, columns=COLUMNS),
    )


def tasks_split(results: Results, imageset: str) -> list[str]:
    """Return the tasks whose errors were split, in the config's order."""
    found = set(_scores(results, imageset)["task"])
    return [task for task in results.experiment.tasks_of(imageset) if task in found]


def error_split(results: Results, imageset: str, task: str) -> dict[str, pd.DataFrame]:
    """Return the mean squared error of a task and its parts, each by method (see `summarise`)."""
    scores = _scores(results, imageset)
    scores = scores[scores["task"] == task]
    methods = [m for m in results.experiment.methods if m in set(scores["method"])]
    key = ["method", "seed", "image", "cluster"]
    columns = {WHOLE: scores.groupby(key)["value"].sum().reset_index()}
    columns |= {part: scores[scores["metric"] == name] for part, name in ERROR_PARTS.items()}
    return {
        part: summarise(table, better="lower", name=f"{imageset}/{part}/{task}").loc[methods]
        for part, table in columns.items()
    }


def _scores(results: Results, imageset: str) -> pd.DataFrame:
    scores = results.scores(imageset=imageset)
    return scores[scores["metric"].isin(list(ERROR_PARTS.values()))]


def _cell(line: pd.Series, decimals: int) -> Cell:
    mean, low, high = (SCALE * float(line[name]) for name in ("mean", "low", "high"))
    between = f"[{low:.{decimals}f}, {high:.{decimals}f}]" if low == low else ""
    return Cell(f"{mean:.{decimals}f}", between)


def _notes(results: Results, imageset: str, found: bool) -> Iterator[str]:
    if not found:
        yield "Nothing was restored, or no method was shown clean images, or no task is linear."
        return
    yield (
        "error: of the output as it is; the other columns sum to it, image by image, and none is "
        "negative. In brackets 95 % intervals, bootstrap over training seeds and clusters."
    )
    yield (
        "range: what the method's search misses of a clean image, at most its restoration's error. "
        "search: how much worse the restoration explains the data than that image does. ambiguity: "
        "the rest, which the data left open (with noise: or asked for)."
    )
    yield (
        "Each as far as known: range is an upper bound, as clean images are searched for too; what "
        "a failed search leaves wrong where nothing was seen counts as ambiguity."
    )
    yield from split_notes(results, imageset)
    yield from status_notes(results, imageset)
