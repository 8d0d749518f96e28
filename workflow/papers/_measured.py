"""Which rows of an experiment stand for what a paper shows, and what is said where none does."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from priorbench import claims, config
from priorbench.claims import Claim
from priorbench.results import Results
from workflow import matching
from workflow.papers._beside import Entry, Side
from workflow.quality import mark_of
from workflow.summaries import metric_label, summary

NOT_RUN = "not run"
NO_ROW = "no such row in the config"


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


@cache
def _stated() -> dict[str, Claim]:
    return {found.id: found for found in claims.read()}


def claim(name: str) -> Claim:
    """Return a published claim by its id."""
    return _stated()[name]


def rows_of(results: Results, imageset: str, subject: str) -> list[str]:
    """Return the rows that a subject of the claims means."""
    selectors = claims.read_subjects()[subject]
    return list(matching.rows_of(results, imageset, selectors))


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
    methods: Mapping[str, Sequence[str]],
    controls: Collection[str],
    missing: list[str],
) -> Side:
    """Return what was measured of a paper's `methods` (label: rows), and of some controls.

    place: image set, metric and task. What is missing is added to `missing`.
    """
    imageset, metric, task = place
    lines = summary(results, imageset, metric, task, region)
    found = []
    for label, rows in methods.items():
        if not rows:
            missing.append(f"{label} ({NO_ROW})")
        for row in rows:
            if row in lines:
                # bold would speak of rows that are not shown
                line = replace(lines[row], bold=False)
                found.append(Entry(label, line, row, mark_of(results, imageset, row)))
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
