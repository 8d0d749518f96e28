"""Verdicts on published claims: every comparison that they make, tested and corrected."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from priorbench import verdicts
from priorbench.claims import LEAST_RANKED, PAIRED, Claim, read
from priorbench.results import Results
from priorbench.significance import holm
from priorbench.statistics import ENOUGH_SEEDS, Better, Column
from priorbench.verdicts import Evidence, Outcome
from workflow.line_ends import gated
from workflow.matching import Place, places
from workflow.measuring import Measured, images_differ, measure

OUT: tuple[Outcome, ...] = ("diverged", "budget-limited")  # they take no part
UNTESTED = "one image or cluster, and one seed: nothing to test with"


@dataclass(frozen=True)
class Comparison:
    """A row beside another, or beside a published value, or (ranks) alone."""

    a: str  # row of a method, or a control
    b: str  # likewise; empty: the published value
    outcome: Outcome
    why: str = ""  # where nothing was compared
    mean_a: float = np.nan
    mean_b: float = np.nan
    published_a: float = np.nan
    published_b: float = np.nan
    difference: float = np.nan  # positive speaks for a; a value: measured less published
    low: float = np.nan  # 95 % interval of the difference, not corrected
    high: float = np.nan
    evidence: Evidence = field(default_factory=lambda: Evidence(False, np.nan))
    corrected: float = np.nan  # p after Holm's correction over the claims of the column


@dataclass(frozen=True)
class Judged:
    """A claim in one place, with its verdict."""

    claim: Claim
    place: Place
    comparisons: tuple[Comparison, ...]
    verdict: str
    differs: tuple[str, ...]  # from the published protocol
    why: str = ""  # of "inconclusive" and "not run"
    unit: str = ""
    better: Better = "higher"
    tau: float = np.nan
    seeds: int = 0  # the fewest of a row compared; 0: nothing compared that was trained

    @property
    def least(self) -> Comparison | None:
        """The comparison that came out worst for the claim; of several the smallest difference."""
        compared = [c for c in self.comparisons if np.isfinite(c.difference)]
        if self.claim.kind in ("equal", "value"):
            return max(compared, key=lambda c: abs(c.difference), default=None)
        order = ("contradicted", "inconclusive", "holds")
        return min(compared, key=lambda c: (order.index(c.outcome), c.difference), default=None)

    @property
    def speaks_of(self) -> str:
        """Of what the verdict speaks: with few training seeds of no more than what was trained."""
        if self.verdict == verdicts.NOT_RUN or all(np.isnan(c.mean_a) for c in self.comparisons):
            return ""
        if not self.seeds:
            return "these test images"
        return "these trained models" if self.seeds < ENOUGH_SEEDS else "these methods as set here"


def evaluate(results: Results, claims: list[Claim] | None = None) -> list[Judged]:
    """Return the verdict on each claim, or why there is none, place by place."""
    found: list[tuple[Judged, str]] = []
    for claim in read() if claims is None else claims:
        for place in places(results, claim):
            differs = (*place.other_images, *place.differs)
            if place.missing:
                why = f"no {', no '.join(place.missing)}"
                found.append((Judged(claim, place, (), verdicts.NOT_RUN, differs, why), ""))
            else:
                measured = measure(results, claim, place)
                found.append((_compared(results, claim, place, measured), measured.name))
    return [_decided(judged) for judged in _corrected(found)]


def _compared(results: Results, claim: Claim, place: Place, measured: Measured) -> Judged:
    """Return a claim with its comparisons, uncorrected."""
    images = images_differ(results, claim, place, measured)
    fixed = claim.same_images and bool(claim.tested) and not place.other_images and not images
    if claim.kind in PAIRED:
        made = [*_pairs(results, claim, place, measured)]
    elif claim.kind == "value":
        made = [*_values(results, claim, place, measured, fixed=fixed)]
    else:
        made = [*_ranked(results, claim, place, measured)]
    compared = {row for c in made if np.isfinite(c.mean_a) for row in (c.a, c.b)}
    trained = measured.scores[measured.scores["seed"] >= 0]
    seeds = trained[trained["method"].isin(compared)].groupby("method")["seed"].nunique()
    differs = (*place.other_images, *images, *place.differs)
    return Judged(
        *(claim, place, tuple(made), "", differs),
        unit=measured.unit,
        better=measured.better,
        seeds=int(seeds.min()) if len(seeds) else 0,
    )


def _left_out(results: Results, place: Place, measured: Measured, *rows: str) -> Outcome | None:
    """Return why rows cannot be compared; None where they can."""
    for row in rows:
        if row in results.experiment.methods:
            status = results.status(place.imageset, row, place.task)
            for word in OUT:
                if status.startswith(word):
                    return word
    return "not run" if set(rows) & set(measured.lacking) else None


def _absent(results: Results, place: Place, measured: Measured, *rows: str) -> tuple[Outcome, str]:
    """Return outcome and reason of what takes no part; an empty reason where all do."""
    out = _left_out(results, place, measured, *rows)
    if out is None:
        return "inconclusive", ""
    if out == "not run":
        lacking = {row: why for row, why in measured.lacking.items() if row in rows}
        return out, ", ".join(f"{label(results, row)}: {why}" for row, why in lacking.items())
    which = [row for row in rows if _left_out(results, place, measured, row) == out]
    return out, f"{out}: {', '.join(label(results, row) for row in which)}"


def _pairs(
    results: Results, claim: Claim, place: Place, measured: Measured
) -> Iterator[Comparison]:
    """Compare all rows of one side with all of the other."""
    sign = 1.0 if measured.better == "higher" else -1.0
    for first in claim.rows:
        for second in claim.against:
            published = claim.values.get(first, np.nan), claim.values.get(second, np.nan)
            if lost := [subject for subject in (first, second) if not place.rows[subject]]:
                why = f"no method {', '.join(lost)}"
                yield Comparison(first, second, "not run", why, np.nan, np.nan, *published)
            for a in place.rows[first]:
                for b in place.rows[second]:
                    outcome, why = _absent(results, place, measured, a, b)
                    made = Comparison(a, b, outcome, why, np.nan, np.nan, *published)
                    if why:
                        yield made
                        continue
                    pair = measured.pair(a, b)
                    if pair.empty:
                        yield replace(made, outcome="not run", why="no loss in common")
                        continue
                    column = Column(pair, measured.name)
                    found = column.compare(a, b, measured.better)
                    sums = sign * column.sums[a], sign * column.sums[b]
                    p_at = verdicts.shifted(*sums, column.sizes)
                    evidence = verdicts.evidence(claim.kind, found.difference, claim.margin, p_at)
                    evidence, why = gated(results, claim, place, (a, b), evidence)
                    yield replace(
                        made,
                        why=why,
                        mean_a=column.mean(a),
                        mean_b=column.mean(b),
                        difference=found.difference,
                        low=found.low,
                        high=found.high,
                        evidence=evidence,
                    )


def _values(
    results: Results, claim: Claim, place: Place, measured: Measured, *, fixed: bool
) -> Iterator[Comparison]:
    """Compare means with published values; on the very images of these, images are no sample.

    Few runs speak of themselves: their mean is in the margin or not.
    """
    for subject in claim.rows:
        published = claim.values[subject]
        for row in place.rows[subject]:
            outcome, why = _absent(results, place, measured, row)
            if why:
                yield Comparison(row, "", outcome, why, published_a=published)
                continue
            scores = measured.scores[measured.scores["method"] == row]
            column = Column(scores.assign(cluster="all") if fixed else scores, measured.name)
            target = published * column.sizes[None]
            p_at = verdicts.shifted(column.sums[row], target, column.sizes)
            difference = column.mean(row) - published
            found = Evidence(False, np.nan)
            if fixed and len(column.sums[row]) < ENOUGH_SEEDS:
                outcome = verdicts.outcome_of_number(difference, claim.margin)
            else:
                found = verdicts.evidence(claim.kind, difference, claim.margin, p_at)
            low, high = column.interval(row)
            yield Comparison(
                *(row, "", outcome, ""),
                mean_a=column.mean(row),
                published_a=published,
                difference=difference,
                low=low - published,
                high=high - published,
                evidence=found,
            )


def _ranked(
    results: Results, claim: Claim, place: Place, measured: Measured
) -> Iterator[Comparison]:
    """Yield each row of a ranking with its mean."""
    means = measured.scores.groupby("method")["value"].mean()
    for subject in claim.rows:
        for row in place.rows[subject]:
            outcome, why = _absent(results, place, measured, row)
            mean = np.nan if why else float(means[row])
            published = claim.values[subject]
            yield Comparison(row, "", outcome, why, mean_a=mean, published_a=published)


def _corrected(found: list[tuple[Judged, str]]) -> Iterator[Judged]:
    """Yield claims with the outcomes that follow from p-values corrected column by column."""
    families: dict[str, list[float]] = defaultdict(list)
    for judged, name in found:
        families[name] += [comparison.evidence.p for comparison in judged.comparisons]
    corrected = {name: iter(holm(np.array(values))) for name, values in families.items()}
    for judged, name in found:
        made = []
        for comparison in judged.comparisons:
            p = float(next(corrected[name]))
            outcome = comparison.outcome
            if np.isfinite(p):
                outcome = verdicts.outcome(comparison.evidence, p)
            made.append(replace(comparison, corrected=p, outcome=outcome))
        yield replace(judged, comparisons=(*made,))


def _decided(judged: Judged) -> Judged:
    """Return a claim with its verdict, and the reason of one that is none."""
    if judged.verdict:
        return judged
    made, place = judged.comparisons, judged.place
    why = "; ".join(_together(c.why for c in made if c.why))
    if judged.claim.kind == "rank":
        told = [c for c in made if np.isfinite(c.mean_a)]
        if len(told) >= LEAST_RANKED:
            agreement = verdicts.tau([c.published_a for c in told], [c.mean_a for c in told])
            if np.isfinite(agreement):
                return replace(judged, verdict=verdicts.REPORTED, tau=agreement, why=why)
            why = "all values are equal"
        none = all(c.outcome == "not run" for c in made)
        return replace(judged, verdict=verdicts.NOT_RUN if none else "inconclusive", why=why)
    protocol = len(judged.differs) > len(place.other_images)
    where = verdicts.setting(images=bool(place.other_images), protocol=protocol)
    verdict = verdicts.verdict([c.outcome for c in made], where)
    compared = [c for c in made if np.isfinite(c.difference)]
    if any(c.outcome == "inconclusive" and np.isnan(c.corrected) and not c.why for c in compared):
        why = "; ".join([why, UNTESTED]) if why else UNTESTED
    return replace(judged, verdict=verdict, why=why)


def _together(reasons: Iterable[str]) -> Iterator[str]:
    """Yield each reason once; rows that take no part for the same one are named together."""
    named: dict[str, dict[str, None]] = {}
    for reason in reasons:
        word, _, rows = reason.partition(": ")
        out = word in OUT
        named.setdefault(word if out else reason, {}).update(
            dict.fromkeys(rows.split(", ") if out else ())
        )
    for word, rows_named in named.items():
        yield f"{word}: {', '.join(rows_named)}" if rows_named else word


def label(results: Results, row: str) -> str:
    """Return a row's label for readers; a control is its own."""
    methods = results.experiment.methods
    return methods[row].label if row in methods else row
