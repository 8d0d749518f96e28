"""The table of samples: drawn and rebuilt images against held-out ones, and lines of codes."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from priorbench.errors import MISSING
from priorbench.results import FLOOR, Results
from priorbench.showing import DRAWN, ENDS, REBUILT
from workflow import summaries
from workflow.quality import GAP, marked, status_notes
from workflow.rendering import Cell, Row, Table
from workflow.summaries import SAMPLE, digits, plural

BY = ["metric", "region", "method"]
Values = dict[Any, float]  # by metric, region and method


def samples_table(results: Results, imageset: str) -> Table:
    """Return how far images of models are from held-out ones, and how even lines of codes are.

    Training images are the floor. Lines have the error of their ends beside, for blurred images
    change evenly.
    """
    return Samples(results, imageset).table()


class Samples:
    """The table in the making: rows are what was drawn or rebuilt, columns are metrics."""

    def __init__(self, results: Results, imageset: str) -> None:
        self.results, self.imageset = results, imageset
        self.scores = results.scores(imageset=imageset, task=SAMPLE)
        seeds = self.scores.groupby([*BY, "seed"], observed=True)["value"].mean()
        grouped = seeds.groupby(BY, observed=True)
        self.means: Values = dict(grouped.mean().items())
        self.spreads: Values = dict(grouped.std().items())
        self.present = set(self.scores[["method", "region"]].itertuples(index=False, name=None))
        self.columns = self._columns()
        self.digits = {
            column: digits(v for place, v in self.means.items() if place[:2] == column)
            for column in self.columns
        }

    def table(self) -> Table:
        """Return the table."""
        methods = self.results.experiment.methods
        drawn = [(m, region) for region in ("raw", REBUILT) for m in methods]
        groups = [
            [p for p in drawn if p in self.present and p[1] == region]
            for region in ("raw", REBUILT)
        ]
        groups.append([(FLOOR, "raw")] * ((FLOOR, "raw") in self.present))
        return Table(
            name=f"samples-{self.imageset}",
            title="Samples against held-out images of "
            + self.results.experiment.imagesets[self.imageset].label,
            columns=(*self.columns.values(), "how drawn"),
            groups=tuple(tuple(self._row(*place) for place in group) for group in groups if group),
            notes=tuple(self._notes()),
            data=self._data([place for group in groups for place in group]),
        )

    def _columns(self) -> dict[tuple[str, str], str]:
        """Return labels by metric and region: of lines, also that of their ends, each once."""
        metrics = self.results.experiment.metrics
        found = {
            (m, "raw"): summaries.metric_label(self.results, self.imageset, m)
            for m in metrics
            if not summaries.is_per_image(self.results, m)
        }
        ended = set(self.scores.loc[self.scores["region"] == ENDS, "metric"])
        for metric in (m for m in metrics if m in ended):
            label = summaries.metric_label(self.results, self.imageset, metric, ENDS)
            if label not in found.values():
                found[metric, ENDS] = label
        return found

    def _row(self, name: str, region: str) -> Row:
        if name == FLOOR:
            label, faded, how = FLOOR, False, "not drawn: a floor"
        else:
            label, faded = marked(self.results, self.imageset, name)
            how = self.results.shown_as(self.imageset, name, "samples")
        if region == REBUILT:
            label, how = f"{label}, {FLOOR} {REBUILT}", "not drawn: the floor's images"
        return Row(label, (*(self._cell(name, region, c) for c in self.columns), Cell(how)), faded)

    def _cell(self, name: str, region: str, column: tuple[str, str]) -> Cell:
        place = self._place(name, region, column)
        mean, spread = (found.get(place, np.nan) for found in (self.means, self.spreads))
        if not np.isfinite(mean):
            parts = dict(zip(BY, place, strict=True))
            told = self.results.scores(**parts, imageset=self.imageset, task=SAMPLE)["protocol"]
            return Cell(summaries.absent(told) if len(told) else GAP)
        decimals = self.digits[column]
        beside = f"± {spread:.{decimals}f}" if np.isfinite(spread) else ""
        return Cell(f"{mean:.{decimals}f}", beside)

    def _place(self, name: str, region: str, column: tuple[str, str]) -> tuple[str, str, str]:
        """Return where a row's score of a column stands; rebuilt images are no ends of lines."""
        metric, part = column
        return metric, part if region == "raw" else f"{region} {part}".removesuffix(" raw"), name

    def _data(self, places: list[tuple[str, str]]) -> pd.DataFrame:
        rows = []
        for name, region in places:
            known = {c: self._place(name, region, c) for c in self.columns}
            row: dict[str, Any] = {"method": name if region == "raw" else f"{name} {region}"}
            for ending, found in (("", self.means), ("_spread", self.spreads)):
                for (metric, part), place in known.items():
                    middle = "" if part == "raw" else f"_{part}"
                    row[f"{metric}{middle}{ending}"] = found.get(place, np.nan)
            rows.append(row)
        return pd.DataFrame(rows)

    def _notes(self) -> Iterator[str]:
        scores = self.scores
        if scores.empty:
            yield "No set of samples was scored."
            return
        seeds = scores.loc[scores["method"] != FLOOR, "seed"].nunique()
        yield (
            f"Mean over {plural(seeds, 'seed')}. The values depend on how many images there are: "
            "compare them within this table only. A set of images has one value, and resampled "
            "images would be another set, with another bias: hence no interval. "
            + (
                "±: standard deviation over seeds, each its own model and its own samples."
                if seeds > 1
                else "With one seed small differences may be chance."
            )
        )
        yield f"{FLOOR}: as many of them in the place of samples."
        if REBUILT in {region for _, region in self.present}:
            yield (
                f"{REBUILT}: the same training images, made from the codes that they were learned "
                "with, or else are encoded to."
            )
        if not self.results.experiment.config["rebuilt"]:
            yield f"Training images {REBUILT} from their codes are not scored (`rebuilt: false`)."
        yield from self._line_notes()
        yield from status_notes(self.results, self.imageset)
        protocols = {p for p in scores["protocol"] if not p.startswith(MISSING)}
        if protocols:
            yield f"Protocol: {'. '.join(sorted(protocols))}."
        if len(protocols) < scores["protocol"].nunique():
            yield summaries.ABSENT

    def _line_notes(self) -> Iterator[str]:
        if ENDS not in {region for _, region in self.present}:
            return
        yield (
            "Lines go from one training image's code to another's, the same pairs for all "
            "methods. Even is not good: images that are blurred, or all alike, change evenly, so "
            "compare methods whose lines end as near to the images that they stand for."
        )
        experiment = self.results.experiment
        how = {
            m: self.results.shown_as(self.imageset, m, "interpolations") for m in experiment.methods
        }
        if drawn := [experiment.methods[m].label for m, told in how.items() if told == DRAWN]:
            yield (
                f"{', '.join(drawn)}: lines between drawn codes, which stand for no image: other "
                "pairs, and no error at their ends."
            )
