"""Which rows of an experiment stand for what a paper shows, and what is said where none does."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Any

from priorbench import config
from priorbench.results import Results
from workflow.papers._beside import Entry, Side
from workflow.summaries import metric_label, summary

NOT_RUN = "not run"


def imageset_of(results: Results, own: Collection[str], tasks: Collection[str] = ()) -> str:
    """Return the image set to show: one of the paper's `own` plugins, or that of most `tasks`."""
    experiment = results.experiment
    for row, entry in experiment.imagesets.items():
        if entry.plugin in own:
            return row
    learned = [row for row in experiment.imagesets if not experiment.test_only(row)]

    def covered(row: str) -> int:
        return len({experiment.tasks[task].plugin for task in experiment.tasks_of(row)} & {*tasks})

    return max(learned or experiment.imagesets, key=covered)


def data(results: Results, imageset: str) -> str:
    """Return an image set in words: as "digits 32 px"."""
    label = results.experiment.imagesets[imageset].label
    card = results.card(imageset)
    if not card:
        return label
    sides = f"{card['shape'][1]} px" if card.get("shape") and not card.get("sizes") else "all sizes"
    return f"{label}, {sides}" if label[-1].isdigit() else f"{label} {sides}"


def title(name: str, theirs: str, ours: str, *, measured: bool = True) -> str:
    """Return a title that tells on which data was published and on which was measured."""
    if not measured:
        return f"{name}: published on {theirs}; measured: {NOT_RUN}"
    if theirs == ours:
        return f"{name}: published and measured on {ours}"
    return f"{name}: measured on {ours}, published on {theirs}"


def rows_of(results: Results, imageset: str, plugin: str) -> list[str]:
    """Return the rows of a method plugin."""
    methods = results.experiment.methods_of(imageset)
    return [row for row, entry in methods.items() if entry.plugin == plugin]


def task_of(results: Results, imageset: str, plugin: str, **wanted: Any) -> str | None:
    """Return the row of a task's plugin, of several the one with most of the `wanted` options."""
    experiment = results.experiment
    rows = [t for t in experiment.tasks_of(imageset) if experiment.tasks[t].plugin == plugin]

    def alike(row: str) -> int:
        told = experiment.task_config(row, imageset)
        options = {k: option(experiment.tasks[row], "Config", told, k) for k in wanted}
        return sum(options[key] == value for key, value in wanted.items())

    return max(rows, key=alike, default=None)


def option(entry: config.Entry, part: str, told: dict[str, Any], key: str) -> Any:
    """Return an option's value: what was told, or the default; None where there is no such one."""
    field = entry.about.configs.get(part, {}).get(key)
    return told.get(key, field.default if field else None)


def others(results: Results, imageset: str, shown: Iterable[str]) -> list[str]:
    """Return a note on rows of the experiment that the paper has no number for."""
    left = results.experiment.methods_of(imageset).keys() - {*shown}
    labels = [e.label for row, e in results.experiment.methods.items() if row in left]
    return [f"Rows of this experiment without a number there: {', '.join(labels)}."] * bool(labels)


def gaps(found: Sequence[str]) -> list[str]:
    """Return a note that names all that was not run."""
    return [f"{NOT_RUN.capitalize()}: {'; '.join(dict.fromkeys(found))}."] if found else []


def side(
    results: Results,
    place: tuple[str, str, str],
    region: str,
    methods: dict[str, str],
    controls: Collection[str],
    missing: list[str],
) -> Side:
    """Return what was measured of a paper's `methods` (label: plugin), and of some controls.

    place: image set, metric and task. What is missing is added to `missing`.
    """
    imageset, metric, task = place
    lines = summary(results, imageset, metric, task, region)
    found = []
    for label, plugin in methods.items():
        rows = rows_of(results, imageset, plugin)
        if not rows:
            missing.append(f"{label} (no row of `{plugin}` in the config)")
        for row in rows:
            if row in lines:
                # bold would speak of rows that are not shown
                found.append(Entry(label, replace(lines[row], bold=False), row))
            else:
                missing.append(f"{label} (row `{row}`, task `{task}`)")
    missing += [f"`{name}`, task `{task}`" for name in controls if name not in lines]
    scores = results.scores(imageset=imageset, metric=metric, task=task, region=region)
    told = "; ".join(sorted(set(scores["protocol"].astype(str))))
    return Side(
        unit=metric_label(results, imageset, metric),
        protocol=f"{region}, {told}",
        methods=found,
        controls=[Entry(name, lines[name]) for name in controls if name in lines],
    )


def empty(quantity: str, reason: str, missing: list[str]) -> Side:
    """Return a side with nothing on it but the reason, which is added to `missing`."""
    missing.append(f"{quantity} ({reason})")
    return Side("", "", gap=f"{NOT_RUN}: {reason}")
