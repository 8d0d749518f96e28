"""The rules of metrics."""

import re
from typing import Any

import numpy as np

from priorbench import weights
from priorbench.checks import SET_SIZE
from priorbench.config import Entry
from priorbench.conformance import material
from priorbench.conformance.material import Floats
from priorbench.conformance.scoring import Subject, lines
from priorbench.conformance.verdicts import UNENDED, Broken, Caught, Inapplicable, Rule
from priorbench.conformance.watching import check_generators, check_opened, watched
from priorbench.conformance.words import check_constants, check_function, check_label
from priorbench.errors import MissingWeights, UserError, nearest

NOISE = {
    "image": (0.0, 0.15, 0.8),
    "line": (0.0, 0.15, 0.8),
    "set": (0.0, 0.1, 0.6),
}  # standard deviations, of the range
ROUNDING = 1e-9  # by which a number may depend on the order of its arguments


def contract(subject: Subject) -> str:
    """The words that tables are made with, which need no import."""
    told = subject.about.constants
    check_label(subject.metric.plugin)
    check_constants(subject.metric.plugin, subject.about)
    asked = {"BETTER": ("higher", "lower"), "PER": ("image", "set", "line")}
    for name, choices in asked.items():
        if told.get(name) not in choices:
            raise Broken(
                f"{name} is {told.get(name)!r}",
                " or ".join(f'{name} = "{choice}"' for choice in choices),
            )
    if not re.match(r"\w+/\w", str(told.get("PROTOCOL", ""))):
        raise Broken(
            f"PROTOCOL is {told.get('PROTOCOL')!r}", f'write PROTOCOL = "{subject.path.stem}/1"'
        )
    regions = {*told.get("REGIONS", ())}
    if not {"raw"} <= regions <= {"raw", "pasted", "hole"}:
        raise Broken(f"REGIONS is {told.get('REGIONS')!r}", 'write REGIONS = ("raw",)')
    if not isinstance(told.get("WEIGHTS"), tuple | dict):
        raise Broken(f"WEIGHTS is {told.get('WEIGHTS')!r}", "write WEIGHTS = ()")
    if unknown := {*Entry(subject.name, subject.name, subject.about).weights} - {*weights.FILES}:
        hint = nearest(min(unknown), weights.FILES)
        raise Broken(
            f"WEIGHTS names `{min(unknown)}`", f"name files of `priorbench weights`: {hint}"
        )
    options = ("cfg",) if subject.metric.options else ()
    images = ("lines",) if told["PER"] == "line" else ("restored", "original")
    check_function(subject.metric.plugin, "score", (*images, *options))
    if told["PER"] == "line":
        check_function(subject.metric.plugin, "ends", ("lines", "originals", *options))
        check_function(subject.metric.plugin, "ends_protocol", options)
    if "hole" in regions and "hidden" not in subject.metric.wanted:
        raise Broken(
            'REGIONS has "hole", but score takes no `hidden`', "add `*, hidden=None`, or drop it"
        )
    return f"`{told['LABEL']}`, {told['BETTER']} is better, per {told['PER']}"


def opens_nothing(subject: Subject) -> str:
    """First of all scores, so that what others would repeat is seen once."""
    with watched(subject.path, subject.notes), Caught() as caught:
        restored = material.noisy(subject.original, 0.1)
        for region in subject.regions:
            subject.scored(restored, subject.original, region)
    subject.ended = caught.error
    check_opened(
        subject.notes.opened,
        "scored",
        "ask for pretrained files in WEIGHTS, and load them with priorbench.weights",
    )
    check_ended(subject)
    return "opens no file but weights and its own, no address and no process"


def check_ended(subject: Subject) -> None:
    """Say nothing of what first scores have told where they did not come to their end."""
    if isinstance(subject.ended, Inapplicable):
        raise subject.ended
    if subject.ended:
        raise Inapplicable(UNENDED)


def form(subject: Subject) -> str:
    """A float64 per image, or one float per set; images are left alone."""
    original = subject.original
    restored = material.noisy(original, 0.1)
    before = restored.copy(), original.copy()
    for region in subject.regions:
        values = subject.scored(restored, original, region)
        if subject.metric.per == "set":
            good = type(values) is float
        else:
            good = isinstance(values, np.ndarray) and values.dtype == np.float64
            count = len(original) // (2 if subject.metric.per == "line" else 1)
            good = good and values.shape == (count,)
        if not good:
            raise Broken(
                f"{region}: score returned {_shown(values)}",
                "return float64 (n,), a number per image; per set, one float",
            )
    same = np.array_equal(restored, before[0]) and np.array_equal(original, before[1])
    if subject.changed or not same:
        raise Broken("score changed its images", "work on a copy")
    return "one float" if subject.metric.per == "set" else "float64 (n,)"


def _shown(values: Any) -> str:
    if isinstance(values, np.ndarray):
        return f"{values.dtype} {values.shape}"
    return type(values).__name__


def finite(subject: Subject) -> str:
    """Never NaN: of noise, of plain images, of a set that has collapsed."""
    original = subject.original
    plain = np.full_like(original, 128)
    collapsed = np.repeat(original[:1], len(original), 0)
    pairs = {
        "noise": (material.noisy(original, 0.8), original),
        "equal images": (original, original),
        "one image again and again": (collapsed, original),
        "plain grey": (plain, original),
        "plain grey twice": (plain, plain),
    }
    for name, (restored, truth) in pairs.items():
        for region in subject.regions:
            if not np.isfinite(subject.scored(restored, truth, region)).all():
                raise Broken(
                    f"{name}, {region}: not a finite number",
                    "say what the value is where a variance or an error is 0",
                )
    return "finite for noise, equal images, collapsed sets and plain grey"


def same_again(subject: Subject) -> str:
    """The same images get the same number."""
    restored = material.noisy(subject.original, 0.1)
    first, second = (subject.scored(restored, subject.original) for _ in range(2))
    if not np.array_equal(first, second):
        raise Broken("two scores of the same images differ", "seed what is drawn, with a constant")
    return "the same images, the same number"


def random_numbers(subject: Subject) -> str:
    """Generators that others draw from are left alone; the first scores have told."""
    check_generators(
        subject.notes.seeded,
        "others draw from that generator, too: make one, `np.random.default_rng(0)`",
    )
    check_ended(subject)
    return "seeds no generator that others draw from"


def direction(subject: Subject) -> str:
    """Equal images are best, and more noise is worse."""
    sign = 1 if subject.metric.plugin.BETTER == "higher" else -1
    noise = NOISE[subject.metric.per]
    for region in subject.regions:
        levels = [
            float(
                np.mean(
                    subject.scored(material.noisy(subject.original, s), subject.original, region)
                )
            )
            for s in noise
        ]
        better = [sign * level for level in levels]
        if better != sorted(better, reverse=True) or better[0] <= better[2]:
            shown = ", ".join(f"{level:.4g}" for level in levels)
            raise Broken(
                f"{region}: {shown} for images equal, noisy and very noisy; BETTER is "
                f"{subject.metric.plugin.BETTER}",
                "set BETTER to the other direction, or let more noise be worse",
            )
    return f"equal images are best ({levels[0]:.4g}), more noise is worse"


def symmetric(subject: Subject) -> str:
    """Whether restored and original may be exchanged: told, not judged."""
    if subject.metric.per == "line" or subject.metric.wanted.keys() & {"labels", "seen"}:
        raise Inapplicable("it does not compare with the original alone")
    ours, theirs = material.noisy(subject.original, 0.1), subject.original
    there, back = subject.scored(ours, theirs), subject.scored(theirs, ours)
    same = np.allclose(there, back, rtol=ROUNDING, atol=ROUNDING)
    return f"restored and original {'may' if same else 'may not'} be exchanged (not judged)"


def refuses(subject: Subject) -> str:
    """Images of another range or shape, and sets too small, are refused."""
    x = subject.original
    if subject.metric.per == "set":
        cases: list[tuple[Any, ...]] = [(x[1:], x), (x, x[1:])]
        mend = f"raise UserError where there are fewer than {SET_SIZE} images"
    elif subject.metric.per == "line":
        straight = lines(x, x)
        cases = [(straight * 255,), (straight[:, 0],)]
        mend = "raise ValueError unless lines are (n, k, 3, h, w) in [0, 1]"
    else:
        far: Floats = x.astype(np.float64)
        cases = [(far, far), (far / 255, far[:1] / 255), (far[0] / 255, far[0] / 255)]
        mend = "raise ValueError unless both are (n, 3, h, w), alike, in [0, 1]"
    for images in cases:
        try:
            subject.metric.score(*images)
        except MissingWeights as missing:
            raise Inapplicable(f"its weights are not here: {missing}") from missing
        except (UserError, ValueError):
            continue
        raise Broken(f"it scores {' against '.join(map(_shown, images))}", mend)
    return "small sets" if subject.metric.per == "set" else "another shape, another range"


RULES = (
    Rule("contract", contract),
    Rule("files and network", opens_nothing, ("contract",)),
    Rule("form", form, ("contract",)),
    Rule("never NaN", finite, ("form",)),
    Rule("same again", same_again, ("form",)),
    Rule("random numbers", random_numbers, ("same again",)),
    Rule("direction", direction, ("form", "never NaN")),
    Rule("symmetric", symmetric, ("form",)),
    Rule("refuses", refuses, ("contract",)),
)
