"""How claims, statements and contrasts are decided: differences, outcomes, verdicts.

A difference is positive where it speaks for the first of two. `equal` and `value` are decided by
two one-sided tests (Schuirmann, Journal of Pharmacokinetics and Biopharmaceutics 15, 1987,
657-680), each at 5 %; `order` by a two-sided test of zero, `not_worse` by one of minus the margin,
which is one-sided at 2.5 %, as is usual for non-inferiority.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from priorbench.claims import Kind
from priorbench.significance import LEVEL, paired_test

Floats = NDArray[np.float64]
Outcome = Literal["holds", "contradicted", "inconclusive", "budget-limited", "diverged", "not run"]
Setting = Literal["the same", "another protocol", "other images", "as stated"]

NOT_RUN = "not run"
INCONCLUSIVE = "inconclusive"
REPORTED = "reported"  # ranks: a number without a threshold
AGREES: dict[Setting, str] = {
    "the same": "reproduced",
    "another protocol": "holds, protocol differs",
    "other images": "transfers",
    "as stated": "confirmed",  # of this experiment, before it was run
}
DISAGREES: dict[Setting, str] = {
    "the same": "contradicted",
    "another protocol": "fails, protocol differs",
    "other images": "does not transfer",
    "as stated": "contradicted",
}


@dataclass(frozen=True)
class Evidence:
    """What a test says before any correction."""

    supports: bool  # the claim; else it speaks against it
    p: float  # of an error in what it says; nan where there was nothing to test with


def shifted(a: Floats, b: Floats, sizes: Floats) -> Callable[[float], float]:
    """Return the two-sided p-value of "a is better than b by just so much", as a function of that.

    Arguments as in `significance.paired_test`.
    """
    return lambda by: paired_test(a - by * sizes, b, sizes)


def evidence(
    kind: Kind, difference: float, margin: float, p_at: Callable[[float], float]
) -> Evidence:
    """Return what a difference says of a claim of two sides, or of a value.

    p_at: the two-sided p-value of each true difference, as `shifted` returns it.
    """
    match kind:
        case "order":
            return Evidence(difference > 0, p_at(0.0))
        case "not_worse":
            return Evidence(difference > -margin, p_at(-margin))
        case "equal" | "value":
            if abs(difference) < margin:  # one-sided tests, hence the halves
                return Evidence(True, max(p_at(-margin), p_at(margin)) / 2)
            return Evidence(False, p_at(float(np.copysign(margin, difference))))
    raise ValueError(f"{kind} is not decided by a test")


def outcome(found: Evidence, corrected: float) -> Outcome:
    """Return what follows from evidence whose p-value was corrected; nothing, without one."""
    if not corrected < LEVEL:
        return "inconclusive"
    return "holds" if found.supports else "contradicted"


def of_order(difference: float, corrected: float) -> Outcome:
    """Return what a corrected p-value says of "a is better than b"; nothing where it is nan."""
    return outcome(Evidence(difference > 0, corrected), corrected)


def outcome_of_number(difference: float, margin: float) -> Outcome:
    """Return what few runs on the very images of a published value say: of themselves, no more.

    These images are no sample of others there, and few runs hardly show how runs vary.
    """
    return "holds" if abs(difference) < margin else "contradicted"


def setting(*, images: bool, protocol: bool) -> Setting:
    """Return how far a run is from the published one, by what differs."""
    return "other images" if images else "another protocol" if protocol else "the same"


def verdict(outcomes: Collection[Outcome], where: Setting) -> str:
    """Return the verdict on a claim from all comparisons that it makes.

    One that contradicts refutes the claim; nothing less than all of them establishes it.
    """
    if "contradicted" in outcomes:
        return DISAGREES[where]
    if set(outcomes) == {"holds"}:
        return AGREES[where]
    return NOT_RUN if set(outcomes) <= {"not run"} else INCONCLUSIVE


def tau(published: Collection[float], measured: Collection[float]) -> float:
    """Return Kendall's tau-b of two lists of values; nan where either is constant."""
    if len(set(published)) < 2 or len(set(measured)) < 2:
        return float("nan")
    return float(stats.kendalltau([*published], [*measured]).statistic)
