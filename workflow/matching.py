"""Where an experiment can say something of a claim, what is missing there, and what differs."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from priorbench.claims import LEAST_RANKED, UNKNOWN, WITHOUT_PLUGIN, Claim, Selector
from priorbench.config import Entry
from priorbench.registry import Description, describe
from priorbench.results import Results
from workflow import summaries

OWN = ("size", "trained_on")  # of a set of images: the claim's `size`; what methods learn from


@dataclass(frozen=True)
class Place:
    """An image set on which a claim is looked at, with the rows of the config that it means."""

    imageset: str  # row; empty where no image set will do
    rows: dict[str, tuple[str, ...]]  # by subject: rows of methods, or the name of a control
    task: str  # row
    metric: str  # row
    region: str
    other_images: tuple[str, ...]  # what differs: image set, its options, sizes
    differs: tuple[str, ...]  # what differs otherwise
    missing: tuple[str, ...]  # of the config: nothing can be compared


def places(results: Results, claim: Claim) -> list[Place]:
    """Return where a claim is looked at: image sets, each with what is missing there.

    Where it can be judged on none, those of the source, or else the one that lacks least. A
    published value says nothing of other images: it is looked for on its own only.
    """
    imagesets = results.experiment.imagesets
    if claim.kind == "value":
        names = [name for name, entry in imagesets.items() if entry.plugin == claim.imageset]
    else:
        names = list(imagesets)
    if not names:
        return [Place("", {}, "", "", claim.region, (), (), (f"image set {claim.imageset}",))]
    found = [place_on(results, claim, name) for name in names]
    if any(not place.missing for place in found):
        return found
    own = [place for place in found if imagesets[place.imageset].plugin == claim.imageset]
    return own or [min(found, key=lambda place: len(place.missing))]


def place_on(results: Results, claim: Claim, imageset: str) -> Place:
    """Return what of a config a claim means on an image set, and what is missing of it."""
    experiment = results.experiment
    missing: list[str] = []
    differs: list[str] = []
    task = metric = ""
    region = claim.region
    if claim.metric:
        entries = {m: experiment.metrics[m] for m in experiment.metrics}
        options = {name: entry.options for name, entry in entries.items()}
        metric, told = _nearest(entries, options, claim.metric, claim.metric_options)
        differs += told
        missing += [] if metric else [f"metric {claim.metric}"]
    if claim.task in WITHOUT_PLUGIN:
        task = claim.task
    elif claim.task:
        entries = {t: experiment.tasks[t] for t in experiment.tasks_of(imageset)}
        options = {name: experiment.task_config(name, imageset) for name in entries}
        task, told = _nearest(entries, options, claim.task, claim.task_options)
        differs += told
        missing += [] if task else [f"task {claim.task}"]
    elif metric:
        tasks = results.scores(imageset=imageset, metric=metric)["task"]
        task = str(tasks.iloc[0]) if len(tasks) else ""
        missing += [] if task else [f"scores of {claim.metric}"]
    if claim.metric and metric and task:
        scored = results.scores(imageset=imageset, metric=metric, task=task)
        if len(scored) and region not in set(scored["region"]):
            region = summaries.headline(results, imageset, metric, task)
            differs.append(f"region {region} instead of {claim.region}")
    rows = {
        name: tuple(rows_of(results, imageset, claim.subjects[name])) for name in claim.subjects
    }
    missing += _absent(claim, rows)
    if claim.learned and (count := learned(results, imageset)) != claim.learned:
        differs.append(f"{count or 'unknown'} training images instead of {claim.learned}")
    where = {"restore": (imageset, task), "train": (experiment.home(imageset),)}
    for part, told_of in (("restore", claim.settings), ("train", claim.training)):
        for subject, options in told_of.items():
            found = [row for row in rows[subject] if row in experiment.methods and options]
            for row in found:  # a control has none
                ours = experiment.method_config(row, part, *where[part])
                entry = experiment.methods[row]
                told = _differences(ours, options, entry.about, f"{part.capitalize()}Config")
                differs += [f"{entry.label}: {each}" for each in told]
    differs += _untold(results, claim, rows)
    other = tuple(_other_images(results, claim, imageset))
    departures = dict.fromkeys((*differs, *claim.departures))
    return Place(imageset, rows, task, metric, region, other, (*departures,), (*missing,))


def _absent(claim: Claim, rows: dict[str, tuple[str, ...]]) -> list[str]:
    """Return the methods without which nothing can be compared; one of several may be lacking."""
    sides = [[name for name in side if rows[name]] for side in (claim.rows, claim.against)]
    least = LEAST_RANKED if claim.kind == "rank" else 1
    short = len(sides[0]) < least or (bool(claim.against) and not sides[1])
    return [f"method {name}" for name, found in rows.items() if short and not found]


def _trained(about: Description) -> bool:
    """Whether a method is trained with options of its own."""
    return about.learns and bool(about.configs.get("TrainConfig"))


def _untold(results: Results, claim: Claim, rows: dict[str, tuple[str, ...]]) -> list[str]:
    """Return which rows were trained with options that the claim says nothing of."""
    methods = results.experiment.methods
    labels = dict.fromkeys(
        methods[row].label
        for subject, found in rows.items()
        for row in found
        if row in methods and _trained(methods[row].about) and not claim.training.get(subject)
    )
    return [f"options of training not compared: {', '.join(labels)}"] * bool(labels)


def learned(results: Results, imageset: str) -> int:
    """Return how many images there were to learn from; 0 where no card tells."""
    counts = results.card(imageset).get("counts", {})
    return int(counts.get("train", 0))


def rows_of(results: Results, imageset: str, selectors: tuple[Selector, ...]) -> Iterator[str]:
    """Yield the rows that are meant: of methods, or a control by its name."""
    experiment = results.experiment
    for selector in selectors:
        if selector.control:
            yield selector.control
            continue
        for row, entry in experiment.methods_of(imageset).items():
            if entry.plugin == selector.plugin:
                home = experiment.home(imageset)
                ours = experiment.method_config(row, "train", home)
                full = effective(ours, entry.about, "TrainConfig")
                if all(_holds(full.get(k), wanted) for k, wanted in selector.train.items()):
                    yield row


def _holds(value: Any, wanted: Any) -> bool:
    """Tell whether an option is as wanted: equal, or {above: x}, or {not: x}."""
    match wanted:
        case {"above": least}:
            return bool(value > least)
        case {"not": other}:
            return bool(value != other)
    return bool(value == wanted)


def effective(options: dict[str, Any], about: Description, config: str) -> dict[str, Any]:
    """Return options with the defaults of a plugin's dataclass `config`; tuples as lists."""
    full = {name: field.default for name, field in about.configs.get(config, {}).items()} | options
    return {k: list(v) if isinstance(v, tuple) else v for k, v in full.items()}


def _nearest(
    entries: dict[str, Entry], options: dict[str, dict[str, Any]], plugin: str, wanted: Any
) -> tuple[str, list[str]]:
    """Return the row of a plugin whose options are nearest to the source's, and what differs."""
    found = {
        name: _differences(options[name], wanted, entry.about, "Config", every=True)
        for name, entry in entries.items()
        if entry.plugin == plugin
    }
    if not found:
        return "", []
    name = min(found, key=lambda row: len(found[row]))
    return name, found[name]


def _differences(
    ours: dict[str, Any],
    wanted: dict[str, Any],
    about: Description,
    config: str,
    every: bool = False,
) -> list[str]:
    """Return how options differ from those named by a claim; with `every` from all its defaults."""
    theirs = effective(wanted, about, config) if every else wanted
    full = effective(ours, about, config)
    return [
        f"{key} {_said(full[key])} instead of {_said(value)}"
        for key, value in theirs.items()
        if key in full and value != UNKNOWN and full[key] != value and key != "imagesets"
    ]


def _said(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_said, value)) or "none"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _other_images(results: Results, claim: Claim, imageset: str) -> Iterator[str]:
    """Yield in what the images differ from those of the source."""
    entry = results.experiment.imagesets[imageset]
    if entry.plugin != claim.imageset:
        yield f"{entry.label} instead of {describe('imagesets', claim.imageset).label}"
    else:
        ours = results.experiment.imageset_config(imageset)
        ours = {key: value for key, value in ours.items() if key not in OWN}
        theirs = effective(claim.images, entry.about, "Config")
        theirs = {key: value for key, value in theirs.items() if key not in OWN}
        yield from _differences(effective(ours, entry.about, "Config"), theirs, entry.about, "")
    card = results.card(imageset)
    if claim.size and (shape := card.get("shape")) and set(shape[1:]) != {claim.size}:
        yield f"{shape[1]}x{shape[2]} px instead of {claim.size}x{claim.size}"
