"""What runs took, from their records, and what others like them would take.

A training is counted in updates (gradient steps), a search in gradients of an image, a closed form
in images. The time of one is taken from the most similar record and scaled by powers of the
pixels, of the images of a batch and of the width of the networks. Measured on one CPU core, for six
methods: 4 times the pixels took 1.9 to 4.5 times as long, twice the width 1.6 to 2.8 times,
five times the width (DIP) 3.7 times.
"""

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from priorbench import smoke
from priorbench.registry import Description

Options = Mapping[str, Any]
SIZE_POWER = (0.5, 0.95, 1.1)  # of pixels and batch: low, likely, high
WIDTH_POWER = (0.5, 1.1, 1.5)
AGAIN = 1.5  # factor between two runs of the same thing: other moments, other neighbours
OTHERWISE = 1.5  # factor where options differ that nothing is known of
SCALED = ("steps", "width", "batch")  # words in names of options
WARMING = 3.0  # a record of a few steps may be this many times too slow
SHORT_DISTANCE, AWAY_DISTANCE = 10.0, 0.2  # of records of a few steps; of another machine's


class Range(NamedTuple):
    """A number that is not known exactly."""

    low: float
    likely: float
    high: float

    def times(self, factor: float) -> "Range":
        """Return the range of a multiple."""
        return Range(*(factor * value for value in self))

    def plus(self, other: "Range") -> "Range":
        """Return the range of a sum whose parts err together."""
        return Range(*(a + b for a, b in zip(self, other, strict=True)))


NOTHING = Range(0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Kind:
    """What decides how long a unit of work takes."""

    verb: str  # "train" or "restore"
    plugin: str
    device: str
    pixels: float  # of an image
    batch: float  # images of a gradient step; 1 for a search
    width: float  # channels, as `width_of`; 1 where no option tells
    closed: bool  # counted in images: no gradients are taken
    options: Options  # all, also defaults
    counted: frozenset[str] = frozenset()  # options that are in the units of work


@dataclass(frozen=True)
class Run:
    """A unit of work's time, as recorded."""

    kind: Kind
    seconds: float  # of one core, or of the GPU, per unit of work
    hardware: str
    source: Path  # the record
    short: bool  # of a few steps only
    tracked: bool  # of a reference run, perhaps on another machine
    parameters: float = 0.0
    searched: float = 0.0  # numbers found for each image


def updates(about: Description, options: Options) -> int:
    """Return the gradient steps of a training; 0 for a closed form.

    A plugin's constant UPDATES holds products of options that are summed, such as
    (("visits", "inner"),); without it the options `steps` and `steps_...` are summed.
    """
    terms = _terms(about, options)
    return sum(math.prod(_total(options.get(name)) for name in term) for term in terms)


def _terms(about: Description, options: Options) -> Iterable[tuple[str, ...]]:
    default = [(name,) for name in options if name == "steps" or name.startswith("steps_")]
    terms: Iterable[tuple[str, ...]] = about.constants.get("UPDATES", default)
    return terms


def _total(value: Any) -> int:
    return sum(value) if isinstance(value, list | tuple) else int(value or 0)


def gradients(options: Options) -> int:
    """Return the gradients that a search takes of an image; 0 for a closed form."""
    return int(options.get("steps", 0)) * int(options.get("restarts", 1))


def width_of(options: Options) -> float:
    """Return the geometric mean of all options called width; of scales the root of w^2 / 4^i."""
    found = []
    for name, value in options.items():
        if name in ("width", "widths") or name.endswith("_width") or name.startswith("widths_"):
            scales = value if isinstance(value, list | tuple) else [value]
            if total := sum(w**2 / 4**place for place, w in enumerate(scales)):
                found.append(total**0.5)
    return statistics.geometric_mean(found) if found else 1.0


def batch_of(options: Options, short: bool = False) -> float:
    """Return the images of a gradient step; 1 where no option tells."""
    value = options.get("batch", 1)
    mean = statistics.mean(value) if isinstance(value, list | tuple) else float(value)
    return min(mean, smoke.BATCH) if short else mean


def effective(about: Description, part: str, options: Options) -> dict[str, Any]:
    """Return options with the defaults of the plugin's TrainConfig or RestoreConfig."""
    fields = about.configs.get(f"{part.capitalize()}Config", {})
    return {name: field.default for name, field in fields.items()} | dict(options)


def training(about: Description, options: Options, device: str, pixels: float) -> Kind:
    """Return the kind of a training."""
    told = effective(about, "train", options)
    closed = not updates(about, told)
    batch = 1.0 if closed else batch_of(told)
    counted = frozenset(name for term in _terms(about, told) for name in term)
    return Kind("train", about.plugin, device, pixels, batch, width_of(told), closed, told, counted)


def searching(
    about: Description, options: Options, trained: Options, device: str, pixels: float
) -> Kind:
    """Return the kind of a search, with a model that was `trained` with options, or with none."""
    told = effective(about, "restore", options)
    made = effective(about, "train", trained) if about.learns else {}
    both = {**{f"train.{name}": value for name, value in made.items()}, **told}
    width, closed = width_of(made or told), not gradients(told)
    long = (f"train.{name}" for term in _terms(about, made) for name in term)
    counted = frozenset(("steps", "restarts", *long))
    return Kind("restore", about.plugin, device, pixels, 1.0, width, closed, both, counted)


def nearest(runs: Iterable[Run], kind: Kind) -> list[Run]:
    """Return the most similar records of a kind of work; none where there are none."""
    same = [run for run in runs if _comparable(run.kind, kind)]
    if not same:
        return []
    distances = [_distance(run, kind) for run in same]
    least = min(distances)
    return [run for run, d in zip(same, distances, strict=True) if d < least + 1e-9]


def pace(runs: Sequence[Run], kind: Kind) -> Range:
    """Return the seconds of a unit of work, from the most similar records."""
    mean = statistics.geometric_mean([max(run.seconds, 1e-9) for run in runs])
    factors = [AGAIN]
    if unlike(runs[0], kind):
        factors.append(OTHERWISE)
    low, likely, high = mean, mean, mean
    size = kind.pixels * kind.batch / (runs[0].kind.pixels * runs[0].kind.batch)
    for ratio, powers in ((size, SIZE_POWER), (kind.width / runs[0].kind.width, WIDTH_POWER)):
        scaled = sorted((ratio ** powers[0], ratio ** powers[2]))
        low, likely, high = low * scaled[0], likely * ratio ** powers[1], high * scaled[1]
    spread = math.prod(factors)
    return Range(low / spread / (WARMING if runs[0].short else 1.0), likely, high * spread)


def unlike(run: Run, kind: Kind) -> list[str]:
    """Return the options that differ from a record's and that nothing is scaled by.

    Learning rates and weights of losses, numbers with a fraction, cost nothing; of options that
    are counted it matters whether there are such steps at all.
    """
    names = sorted({*run.kind.options, *kind.options})
    return [name.removeprefix("train.") for name in names if _differ(name, run.kind, kind)]


def _differ(name: str, one: Kind, other: Kind) -> bool:
    first, second = one.options.get(name), other.options.get(name)
    if name in other.counted:
        return bool(_total(first)) != bool(_total(second))
    scaled = any(word in name for word in SCALED) or isinstance(second, float)
    return not scaled and _plain(first) != _plain(second)


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _comparable(one: Kind, other: Kind) -> bool:
    names = ("verb", "plugin", "device", "closed")
    return all(getattr(one, name) == getattr(other, name) for name in names)


def _distance(run: Run, kind: Kind) -> float:
    size = kind.pixels * kind.batch / (run.kind.pixels * run.kind.batch)
    away = abs(math.log(size)) + WIDTH_POWER[1] * abs(math.log(kind.width / run.kind.width))
    away += 0.1 * len(unlike(run, kind))
    return away + SHORT_DISTANCE * run.short + AWAY_DISTANCE * run.tracked
