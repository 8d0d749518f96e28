"""Published beside measured: the table of claims, and what the report says of each."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from priorbench.results import Results
from priorbench.significance import LEVEL
from priorbench.verdicts import AGREES, DISAGREES, NOT_RUN
from workflow import summaries
from workflow.judging import Judged, evaluate, label
from workflow.quality import GAP, split_notes
from workflow.rendering import Cell, Row, Table

COLUMNS = ("on", "published", "measured", "verdict", "differs")
DATA = [
    *("claim", "kind", "imageset", "task", "metric", "region", "verdict", "speaks_of", "why"),
    *("a", "b", "outcome", "published_a", "published_b", "mean_a", "mean_b", "difference", "low"),
    *("high", "p", "corrected", "margin", "tau", "seeds", "differs", "untold", "protocol"),
    "source",
]


@dataclass(frozen=True)
class Shown:
    """A judged claim in words."""

    judged: Judged
    on: str  # where it was looked at
    published: str
    measured: str

    @property
    def verdict(self) -> str:
        """The verdict, with its reason where it is none."""
        why = self.judged.why
        return f"{self.judged.verdict} ({why})" if why else self.judged.verdict

    @property
    def differs(self) -> tuple[str, ...]:
        """What differs from the published protocol; nothing where nothing was looked at."""
        return () if self.judged.verdict == NOT_RUN else self.judged.differs


def shown(results: Results, judged: list[Judged] | None = None) -> list[Shown]:
    """Return every claim in words, in the order of the file."""
    return [
        Shown(
            judged=each,
            on=_on(results, each),
            published=_published(results, each),
            measured=_measured(results, each),
        )
        for each in (evaluate(results) if judged is None else judged)
    ]


def claims_table(results: Results, claims: list[Shown] | None = None) -> Table:
    """Return a row per claim and image set: what was published, what is measured, the verdict."""
    claims = shown(results) if claims is None else claims
    groups = [tuple(r for r in claims if _said(r) == said) for said in (True, False)]
    legend = list(dict.fromkeys(each for claim in claims for each in claim.differs))
    return Table(
        name="claims",
        title="Published claims beside what was measured",
        columns=COLUMNS,
        groups=tuple(tuple(_row(c, legend) for c in group) for group in groups if group),
        notes=tuple(_notes(results, claims, legend)),
        data=pd.DataFrame([line for each in claims for line in _lines(each)], columns=DATA),
    )


def _said(claim: Shown) -> bool:
    """Whether anything could be measured."""
    return claim.judged.verdict != NOT_RUN


def _row(claim: Shown, legend: list[str]) -> Row:
    decided = claim.judged.verdict in (*AGREES.values(), *DISAGREES.values())
    cells = (
        Cell(claim.on or GAP),
        Cell(claim.published or GAP),
        Cell(claim.measured or GAP),
        Cell(claim.verdict, bold=decided),
        Cell(", ".join(str(legend.index(each) + 1) for each in claim.differs) or GAP),
    )
    return Row(claim.judged.claim.id, cells, faded=not _said(claim))


def _on(results: Results, judged: Judged) -> str:
    place = judged.place
    if not place.imageset:
        return ""
    names = [results.experiment.imagesets[place.imageset].label]
    if place.task:
        names.append(summaries.task_label(results, place.task))
    return ", ".join(names)


def _published(results: Results, judged: Judged) -> str:
    claim = judged.claim
    if not claim.values:
        return ""
    unit = f" {claim.unit}" if claim.unit else ""
    sides = [
        _spread([claim.values[subject] for subject in side]) for side in (claim.rows, claim.against)
    ]
    if claim.kind == "rank":
        best = sorted(claim.rows, key=lambda s: claim.values[s], reverse=claim.better == "higher")
        return ", ".join(_subject(results, judged, subject) for subject in best)
    return f"{' before '.join(filter(None, sides))}{unit}"


def _subject(results: Results, judged: Judged, subject: str) -> str:
    rows = judged.place.rows.get(subject, ())
    return label(results, rows[0]) if rows else subject


def _spread(values: list[float]) -> str:
    ends = [f"{value:.4g}" for value in (min(values), max(values))] if values else []
    return " to ".join(dict.fromkeys(ends))


def _measured(results: Results, judged: Judged) -> str:
    """Return the comparison that speaks least for a claim, a value, or ranks, with its interval."""
    means = [each for c in judged.comparisons for each in (c.mean_a, c.mean_b)]
    decimals = summaries.digits(value for value in means if np.isfinite(value))
    if judged.claim.kind == "rank":
        told = [c for c in judged.comparisons if np.isfinite(c.mean_a)]
        if not np.isfinite(judged.tau):
            return ""
        best = sorted(told, key=lambda c: c.mean_a, reverse=judged.better == "higher")
        order = ", ".join(label(results, c.a) for c in best)
        return f"Kendall's tau {judged.tau:+.2f} over {len(told)} rows: {order}"
    least = judged.least
    if least is None:
        return ""
    unit = f" {judged.unit}" if judged.unit else ""
    if judged.claim.kind == "value":
        ends = least.low + least.published_a, least.high + least.published_a
        return f"{least.mean_a:.{decimals}f}{unit}{_between(*ends, decimals, sign=False)}"
    by = f"{least.difference + 0.0:+.{decimals}f}{unit}"
    pair = f"{label(results, least.a)} before {label(results, least.b)} by {by}"
    between = _between(least.low, least.high, decimals, sign=True)
    return f"{_tally(judged)}{pair}{between}"


def _tally(judged: Judged) -> str:
    compared = [c for c in judged.comparisons if np.isfinite(c.difference)]
    if len(judged.comparisons) == 1:
        return ""
    hold = sum(c.outcome == "holds" for c in compared)
    left = len(judged.comparisons) - len(compared)
    untested = f", {left} not tested" if left else ""
    return f"{hold} of {len(compared)} hold{untested}; least: "


def _between(low: float, high: float, decimals: int, *, sign: bool) -> str:
    if not np.isfinite([low, high]).all():
        return ""
    plus = "+" if sign else ""
    return f" [{low + 0.0:{plus}.{decimals}f}, {high + 0.0:{plus}.{decimals}f}]"


def _lines(claim: Shown) -> Iterator[dict[str, object]]:
    """Yield the numbers of a claim, a line per comparison, or one line where there is none."""
    judged = claim.judged
    head = {
        "claim": judged.claim.id,
        "kind": judged.claim.kind,
        "imageset": judged.place.imageset,
        "task": judged.place.task,
        "metric": judged.place.metric or judged.claim.measure or judged.claim.metric,
        "region": judged.place.region if judged.claim.metric else "",
        **{name: getattr(judged, name) for name in ("verdict", "speaks_of", "why", "tau", "seeds")},
        "margin": judged.claim.margin,
        "differs": "; ".join(claim.differs),
        "untold": judged.claim.unknown,
        "protocol": judged.claim.protocol,
        "source": judged.claim.source,
    }
    for comparison in judged.comparisons:
        why = comparison.why or judged.why
        yield head | vars(comparison) | {"p": comparison.evidence.p, "why": why}
    if not judged.comparisons:
        yield head


def _seeds_told(trained: list[Judged]) -> Iterator[str]:
    """Yield how many training seeds verdicts rest on: the fewest of the rows compared."""
    if not trained:
        return
    told: dict[int, dict[str, None]] = {}
    for judged in sorted(trained, key=lambda each: each.seeds):
        told.setdefault(judged.seeds, {})[judged.claim.id] = None
    by = "; ".join(f"{seeds}: {', '.join(ids)}" for seeds, ids in told.items())
    yield f"Training seeds, the fewest of the rows compared: {by}."
    yield from summaries.seed_notes(min(told))


def _notes(results: Results, claims: list[Shown], legend: list[str]) -> Iterator[str]:
    yield (
        "measured: how much better the first is than the second, whatever the metric's direction, "
        "in the comparison that came out worst, and of such the smallest; in brackets its 95 % "
        "interval, by a bootstrap over training seeds and clusters of images, not corrected."
    )
    yield (
        "Verdicts: t tests on clusters of images and training seeds, Holm's correction over all "
        f"claims of a column, level {LEVEL:g}; not worse, equal and values: within the margin. "
        "reproduced, contradicted: nothing known differs from the source; holds, fails: the "
        "protocol does; transfers, does not transfer: on other images. Ranks have no threshold."
    )
    yield from _seeds_told([each.judged for each in claims if each.judged.seeds])
    yield "Rows that were cut short by their budget, or diverged, take no part."
    for imageset in results.experiment.imagesets:
        said = results.experiment.imagesets[imageset].label
        if results.card(imageset):
            yield from (f"{said}: {note}" for note in split_notes(results, imageset))
    if legend:
        told = (f"{number}: {each}" for number, each in enumerate(legend, 1))
        yield f"differs: {'; '.join(told)}."
    sentences = {each.judged.claim.id: each.judged.claim for each in claims}
    for claim in sentences.values():
        untold = f"; not told: {claim.unknown}" if claim.unknown else ""
        yield f"{claim.id}: {claim.sentence} ({claim.source}{untold}.)"
