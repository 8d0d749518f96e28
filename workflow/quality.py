"""The quality tables of an experiment: methods by tasks, with what stands below them."""

from collections.abc import Collection, Iterator
from typing import Any

import numpy as np
import pandas as pd

from priorbench.errors import MISSING
from priorbench.results import Results
from priorbench.significance import LEVEL
from workflow import summaries
from workflow.rendering import Cell, Row, Table
from workflow.summaries import REGIONS, REPRESENT, SAMPLE, Line, digits, plural

GAP = "–"
SPREAD = " ±: its standard deviation over seeds."
SIZES = 3  # protocols told of a task: they differ with the size of the image
MARKS = {"budget-limited": "†", "diverged": "‡"}
SAID = {
    "budget-limited": "† stopped by its budget before its plateau: left out of bold and verdicts.",
    "diverged": "‡ diverged: left out of bold and verdicts.",
}
COLUMNS = [
    *("imageset", "metric", "task", "region", "headline", "method", "label", "kind", "mean"),
    *("low", "high", "seeds", "images", "clusters", "bold", "status", "protocol"),
]


def quality_tables(results: Results, imageset: str, *, every_region: bool) -> Iterator[Table]:
    """Yield a table per metric of images, and per metric of sets where it scored restorations."""
    for metric in results.experiment.metrics:
        scored = summaries.tasks_scored(results, imageset, metric)
        if scored or summaries.is_per_image(results, metric):
            yield Quality(results, imageset, metric, every_region=every_region).table()


class Quality:
    """One quality table in the making: rows are methods and controls, columns are tasks."""

    def __init__(
        self, results: Results, imageset: str, metric: str, *, every_region: bool = False
    ) -> None:
        self.results, self.imageset, self.metric = results, imageset, metric
        scores = results.scores(imageset=imageset, metric=metric)
        self.scores = scores[scores["task"] != SAMPLE]
        self.all: dict[tuple[str, str], dict[str, Line]] = {}
        self.first: dict[str, str] = {}
        for task in summaries.tasks_scored(results, imageset, metric):
            self.first[task] = first = summaries.headline(results, imageset, metric, task)
            present = set(self.scores.loc[self.scores["task"] == task, "region"])
            for region in (first, *sorted(present - {first})):
                self.all[task, region] = summaries.summary(results, imageset, metric, task, region)
        self.shown = [c for c in self.all if every_region or c[1] == self.first[c[0]]]
        self.digits = digits(line.mean for lines in self.all.values() for line in lines.values())
        self.gaps: dict[str, None] = {}
        self.survived: dict[str, None] = {}
        self.others: dict[str, list[str]] = {}  # method: tasks that it does not restore

    def table(self) -> Table:
        """Return the table."""
        methods = [
            self._method(method) for method in self.results.experiment.methods_of(self.imageset)
        ]
        names = dict.fromkeys(
            name for c in self.shown for name, line in self.all[c].items() if line.control
        )
        controls = [Row(name, tuple(self._control(name, c) for c in self.shown)) for name in names]
        label = self.results.experiment.imagesets[self.imageset].label
        columns = [f"{summaries.task_label(self.results, t)}, {region}" for t, region in self.shown]
        return Table(
            name=f"quality-{self.imageset}-{self.metric}",
            title=f"{summaries.metric_label(self.results, self.imageset, self.metric)} on {label}",
            columns=tuple(columns),
            groups=tuple(tuple(group) for group in (methods, controls) if group and self.all),
            notes=tuple(self._notes()),
            data=self._data(),
        )

    def _method(self, method: str) -> Row:
        cells = tuple(self._cell(method, *column) for column in self.shown)
        label, faded = marked(self.results, self.imageset, method)
        return Row(label, cells, faded)

    def _cell(self, method: str, task: str, region: str) -> Cell:
        lines = self.all[task, region]
        scores = self.scores[(self.scores["task"] == task) & (self.scores["method"] == method)]
        self._note_gaps(method, task, set(scores["seed"]))
        if method in lines:
            return number(lines[method], self.digits, self._mark(method, task, lines[method]))
        if len(scores[scores["region"] == region]):
            return Cell(summaries.absent(scores["protocol"]))
        if not self.results.experiment.does(method, task):
            self.others.setdefault(method, []).append(summaries.task_label(self.results, task))
        status = self.results.status(self.imageset, method, task)
        return Cell("diverged" if status.startswith("diverged") else GAP)

    def _mark(self, method: str, task: str, line: Line) -> str:
        """Return the mark of a mean over fewer seeds than were begun, and note how many."""
        begun = len(self.results.experiment.seeds)
        status = self.results.status(self.imageset, method, task)
        if line.seeds == begun or not status.startswith("diverged"):
            return ""
        label = self.results.experiment.methods[method].label
        where = summaries.task_label(self.results, task)
        self.survived[f"{label}, {where}: {line.seeds} of {begun}"] = None
        return MARKS["diverged"]

    def _control(self, name: str, column: tuple[str, str]) -> Cell:
        lines = self.all[column]
        return number(lines[name], self.digits) if name in lines else Cell("")

    def _note_gaps(self, method: str, task: str, seeds: set[int]) -> None:
        if self.results.status(self.imageset, method, task).startswith("diverged"):
            return
        if not self.results.experiment.does(method, task):
            return
        verb = REPRESENT if task == REPRESENT else f"restore {task}"
        for seed in self.results.experiment.seeds:
            if seed not in seeds:
                self.gaps[f"{verb}, {self.imageset}, {method}, seed {seed}"] = None

    def _notes(self) -> Iterator[str]:
        if not self.all:
            yield "This metric is not defined on this image set, or nothing was restored."
            return
        yield from self._counts()
        yield from status_notes(self.results, self.imageset)
        if told := "; ".join(self.survived):
            yield f"‡ at a number: mean over the seeds that did not diverge: {told}."
        regions = [region for region in REGIONS if region in {column[1] for column in self.shown}]
        yield f"Regions: {'; '.join(f'{region}: {REGIONS[region]}' for region in regions)}."
        if (REPRESENT, "raw") in self.shown:
            yield f"{REPRESENT}: the same search on clean images, what a method can express at all."
        yield from method_notes(self.results, self.imageset)
        yield from self._protocols()
        for method, tasks in self.others.items():
            label = self.results.experiment.methods[method].label
            yield f"{GAP} not applicable: {label} is not made for {', '.join(tasks)}."
        if self.gaps:
            yield f"{GAP} not among the results: {'; '.join(self.gaps)}."

    def _counts(self) -> Iterator[str]:
        lines = [line for c in self.all.values() for line in c.values() if not line.control]
        if not lines:
            return
        least, most = (pick(line.seeds for line in lines) for pick in (min, max))
        seeds = f"{least} to {plural(most, 'seed')}" if least < most else plural(most, "seed")
        if not summaries.is_per_image(self.results, self.metric):
            yield f"Mean over {seeds}; a set of images has one value.{SPREAD * (most > 1)}"
            return
        images = plural(max(line.images for line in lines), "test image")
        clusters = plural(max(line.clusters for line in lines), "cluster")
        over = " or, by row, ".join(dict.fromkeys(line.over for line in lines if line.over))
        interval = f"its 95 % interval, bootstrap over {over}" if over else "no interval"
        yield (
            f"Mean over {images} of {clusters} (a cluster: what comes from one photograph, scan or "
            f"person) and {seeds}; in brackets {interval}."
        )
        yield from summaries.seed_notes(least)
        yield from split_notes(self.results, self.imageset)
        yield (
            "Bold: the best method of a column, and each whose paired difference to it is not "
            "significant, be its mean less than that of one not in bold: two-sided t tests on "
            f"clusters of images, Holm's correction for all pairs of the column, level {LEVEL:g}. "
            f"Controls take no part, nor does {REPRESENT}."
        )

    def _protocols(self) -> Iterator[str]:
        if note := self.results.experiment.metrics[self.metric].about.constants.get("NOTE"):
            yield f"{note}."
        scores = self.scores[~self.scores["protocol"].str.startswith(MISSING)]
        own = sorted({protocol.partition("; ")[0] for protocol in scores["protocol"]})
        if own:
            yield f"Protocol: {'; '.join(own)}."
        for task in self.first:
            found = scores.loc[scores["task"] == task, "protocol"]
            told = sorted({protocol.partition("; ")[2] for protocol in found} - {""})
            if told and task != REPRESENT:
                more = [f"and {len(told) - SIZES} more"] * (len(told) > SIZES)
                label = summaries.task_label(self.results, task)
                yield f"{label}: {'; '.join([*told[:SIZES], *more])}."
        if len(scores) < len(self.scores):
            yield summaries.ABSENT

    def _data(self) -> pd.DataFrame:
        rows: list[dict[str, Any]] = []
        for (task, region), lines in self.all.items():
            scores = self.scores[(self.scores["task"] == task) & (self.scores["region"] == region)]
            about = {
                "imageset": self.imageset,
                "metric": self.metric,
                "task": task,
                "region": region,
                "headline": region == self.first[task],
                "protocol": "; ".join(sorted(set(scores["protocol"]))),
            }
            rows += [about | self._facts(name, task, line) for name, line in lines.items()]
        # a column of set metrics only
        spread = [] if summaries.is_per_image(self.results, self.metric) else ["spread"]
        return pd.DataFrame(rows, columns=[*COLUMNS, *spread])

    def _facts(self, name: str, task: str, line: Line) -> dict[str, Any]:
        methods = self.results.experiment.methods
        return {
            **{field: getattr(line, field) for field in ("mean", "low", "high", "spread", "bold")},
            **{field: getattr(line, field) for field in ("seeds", "images", "clusters")},
            "method": name,
            "label": name if line.control else methods[name].label,
            "kind": "control" if line.control else "method",
            "status": "" if line.control else self.results.status(self.imageset, name, task),
        }


def number(line: Line, decimals: int, mark: str = "") -> Cell:
    """Return a mean with its mark, and its interval or its spread if it has one."""
    beside = ""
    if line.has_interval:
        beside = f"[{line.low:.{decimals}f}, {line.high:.{decimals}f}]"
    elif np.isfinite(line.spread):
        beside = f"± {line.spread:.{decimals}f}"
    return Cell(f"{line.mean:.{decimals}f}{mark}", beside, line.bold)


def marked(results: Results, imageset: str, method: str) -> tuple[str, bool]:
    """Return a row's label with the mark of its status, and whether it is faded."""
    mark = mark_of(results, imageset, method)
    return f"{results.experiment.methods[method].label}{mark}", bool(mark)


def mark_of(results: Results, imageset: str, method: str) -> str:
    """Return the mark of a row that was cut short or diverged; of others nothing."""
    status = results.status(imageset, method)
    return next((mark for word, mark in MARKS.items() if status.startswith(word)), "")


def status_notes(results: Results, imageset: str) -> Iterator[str]:
    """Yield what the marks of the rows mean."""
    status = {m: results.status(imageset, m) for m in results.experiment.methods_of(imageset)}
    for word, said in SAID.items():
        found = [m for m, found in status.items() if found.startswith(word)]
        if found:
            labels = [f"{results.experiment.methods[m].label}: {status[m]}" for m in found]
            yield f"{said} {'; '.join(labels)}." if word == "diverged" else said


def split_notes(results: Results, imageset: str) -> Iterator[str]:
    """Yield a warning where test images are of the same photographs as training images."""
    card = results.card(imageset)
    if not card["counts"]["train"]:
        yield from test_only_notes(results, imageset, card)
    disjoint = card.get("disjoint_clusters", True)
    if disjoint is None:
        yield (
            "This image set does not tell which images show the same person or place: those of "
            "training and of the test may."
        )
    elif not disjoint:
        yield (
            f"Of each {card['cluster']} one part was learned from and another tested: nothing here "
            f"is a claim about a new {card['cluster']}."
        )


def test_only_notes(results: Results, imageset: str, card: dict[str, Any]) -> Iterator[str]:
    """Yield what a set that is only tested on shows, and where methods learned."""
    experiment = results.experiment
    yield f"Test only; pictures: {card['sampling']}."
    if (home := experiment.home(imageset)) != imageset:
        options = ", ".join(f"{k}: {v}" for k, v in experiment.imageset_config(home).items())
        label = experiment.imagesets[home].label
        yield f"Methods that learn did so from {label}{f' ({options})' if options else ''}."
    shown = experiment.methods_of(imageset)
    left = [entry.label for row, entry in experiment.methods.items() if row not in shown]
    if left:
        yield f"Left out, for want of images to learn from: {', '.join(left)}."


def method_notes(
    results: Results, imageset: str, rows: Collection[str] | None = None
) -> Iterator[str]:
    """Yield the choices that methods, or some `rows`, ask to be said beside their numbers."""
    for method, entry in results.experiment.methods.items():
        if rows is not None and method not in rows:
            continue
        notes = dict.fromkeys(
            r.get("note", "") for _, r in results.records(imageset, method=method)
        )
        said = "; ".join(note for note in notes if note)
        if said:
            yield f"{entry.label}: {said}."
