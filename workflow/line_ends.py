"""Even lines of codes that end far from their images are no better: what blurs changes evenly."""

import numpy as np

from priorbench import verdicts
from priorbench.claims import Claim
from priorbench.results import Results
from priorbench.showing import ENDS
from priorbench.significance import LEVEL
from priorbench.statistics import Column
from priorbench.verdicts import Evidence
from workflow.matching import Place

UNTESTED = Evidence(False, np.nan)  # nothing to test the ends with


def gated(
    results: Results, claim: Claim, place: Place, pair: tuple[str, str], found: Evidence
) -> tuple[Evidence, str]:
    """Return what evidence of an order of two rows is left, and why there is none.

    The row that it speaks for must also end its lines not worse, by the claim's margin `ends`, than
    the other. Either has to be shown: the larger p counts (an intersection-union test). Where that
    fails p is one: the comparison stays among those that are corrected together.
    """
    if np.isnan(claim.ends) or np.isnan(found.p):
        return found, ""
    better, other = pair if found.supports else pair[::-1]
    label = results.experiment.methods[better].label
    scores = results.scores(
        imageset=place.imageset, metric=place.metric, task=place.task, region=ENDS
    )
    scores = scores[scores["method"].isin(pair)].dropna(subset="value")
    if set(scores["method"]) != set(pair):
        return UNTESTED, f"{label}: no error at the ends of its lines, or of the other's"
    scores = scores.assign(value=-scores["value"], method=scores["method"].astype("str"))
    column = Column(scores, "/".join(("ends", place.imageset, place.metric)))
    p_at = verdicts.shifted(column.sums[better], column.sums[other], column.sizes)
    difference = column.compare(better, other, "higher").difference
    ends = verdicts.evidence("not_worse", difference, claim.ends, p_at)
    if ends.supports and ends.p < LEVEL:
        return Evidence(found.supports, max(found.p, ends.p)), ""
    how = "are not shown to end as near to" if ends.supports else "end farther from"
    return Evidence(found.supports, 1.0), f"{label}: its lines {how} their images"
