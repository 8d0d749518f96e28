"""Claims of papers and reports, as data: published/claims.yaml, with numbers of published/*.csv.

A claim compares *subjects*: rows of a config, found by their plugin and the options of their
training, or controls. A published number is never typed into a claim: it names a file and the
lines of it. docs/claims.md has every key.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

import pandas as pd

from priorbench import options, registry
from priorbench.checks import mapping
from priorbench.errors import UserError, nearest
from priorbench.files import read_yaml
from priorbench.statistics import Better

FOLDER = registry.ROOT / "published"
CLAIMS = FOLDER / "claims.yaml"
Kind = Literal["order", "equal", "not_worse", "value", "rank"]
PAIRED: tuple[Kind, ...] = ("order", "equal", "not_worse")  # two sides: `rows` and `against`
BOUNDED: tuple[Kind, ...] = ("equal", "not_worse", "value")  # within a margin
LEAST_RANKED = 3
UNKNOWN = "unknown"  # an option of which the source does not tell
WITHOUT_PLUGIN = ("represent", "sample")  # scored like tasks
# what is no metric's score: (better, unit)
MEASURES: dict[str, tuple[Better, str]] = {
    "reconstruction": ("higher", "dB"),
    "sharpness_train": ("higher", "grey levels"),
    "sharpness_test": ("higher", "grey levels"),
    "images_seen": ("lower", "images"),
    "core_seconds": ("lower", "core seconds"),
}
KEYS = {
    *("id", "sentence", "source", "kind", "rows", "against", "margin", "images", "learned"),
    *("task", "metric", "region", "measure", "settings", "published", "labels", "protocol"),
    *("unknown", "departures", "ends", "training", "same_images"),
}
NEEDED = ("id", "sentence", "source", "kind", "rows", "images")


@dataclass(frozen=True)
class Selector:
    """Rows of a config that are meant: a control, or a plugin trained under some conditions."""

    plugin: str = ""
    control: str = ""
    train: dict[str, Any] = field(default_factory=dict)  # option: value, {above: x} or {not: x}


@dataclass(frozen=True)
class Claim:
    """A statement with its place, its kind, and its published numbers by subject."""

    id: str
    sentence: str
    source: str
    kind: Kind
    rows: tuple[str, ...]  # subjects
    against: tuple[str, ...]
    margin: float  # in units of the metric; nan where the kind has none
    ends: float  # margin of the error at the ends of lines; nan: it is not asked for
    imageset: str
    size: int  # pixels of a side; 0: of many sizes, or not told
    images: dict[str, Any]  # options of the image set
    learned: int  # training images; 0: not told, or none
    task: str  # plugin, or "represent", "sample"; empty: whatever the metric scores
    task_options: dict[str, Any]
    metric: str  # plugin; empty where there is a measure
    metric_options: dict[str, Any]
    region: str
    measure: str
    settings: dict[str, dict[str, Any]]  # of restoring, by subject
    training: dict[str, dict[str, Any]]  # options of the source, by subject
    values: dict[str, float]  # published, by subject
    unit: str
    protocol: str
    unknown: str  # of the protocol
    departures: tuple[str, ...]  # from the source's protocol, whatever the config
    tested: int  # images; 0: not told
    same_images: bool  # whether the test images of the set are those of the source
    subjects: dict[str, tuple[Selector, ...]]

    @property
    def better(self) -> Better:
        """Return the better side: "higher" or "lower"."""
        if self.measure:
            return MEASURES[self.measure][0]
        side: Better = registry.describe("metrics", self.metric).constants["BETTER"]
        return side


def read(path: Path = CLAIMS, folder: Path = FOLDER) -> list[Claim]:
    """Return the claims of a file; UserError names claim, key and the nearest choice.

    folder: of the tables that `published: {file: ...}` names.
    """
    text = mapping(read_yaml(path), str(path))
    for key in text:
        if key not in ("subjects", "claims"):
            raise UserError(f"{path}: `{key}`: {nearest(str(key), ('subjects', 'claims'))}")
    subjects = _subjects(text, path)
    claims: list[Claim] = []
    for number, entry in enumerate(text.get("claims") or [], 1):
        where = f"{path}: claim {number}"
        entry = mapping(entry, where)
        claim = _claim(entry, subjects, folder, f"{path}: {entry.get('id', f'claim {number}')}")
        if claim.id in {other.id for other in claims}:
            raise UserError(f"{where}: the id `{claim.id}` is taken")
        claims.append(claim)
    return claims


def read_subjects(path: Path = CLAIMS) -> dict[str, tuple[Selector, ...]]:
    """Return what the claims of a file compare, by name."""
    return _subjects(mapping(read_yaml(path), str(path)), path)


def _subjects(text: dict[str, Any], path: Path) -> dict[str, tuple[Selector, ...]]:
    found = {
        str(name): _subject(told, f"{path}: subjects.{name}")
        for name, told in mapping(text.get("subjects"), f"{path}: subjects").items()
    }
    return {m: (Selector(m),) for m in registry.available("methods")} | found


def _subject(told: Any, where: str) -> tuple[Selector, ...]:
    selectors = []
    for entry in told if isinstance(told, list) else [told]:
        entry = mapping(entry, where)
        _known(entry, ("plugin", "control", "train"), where)
        if ("plugin" in entry) == ("control" in entry):
            raise UserError(f"{where}: needs either `plugin` or `control`")
        train = mapping(entry.get("train"), f"{where}.train")
        if plugin := entry.get("plugin", ""):
            _known((plugin,), registry.available("methods"), where)
            fields = registry.describe("methods", plugin).configs.get("TrainConfig", {})
            _known(train, fields, f"{where}.train")
        selectors.append(Selector(plugin, str(entry.get("control", "")), train))
    return tuple(selectors)


def _claim(
    entry: dict[str, Any], subjects: dict[str, tuple[Selector, ...]], folder: Path, where: str
) -> Claim:
    _known(entry, KEYS, where)
    for key in NEEDED:
        if key not in entry:
            raise UserError(f"{where}: `{key}` is missing")
    kind: Kind = entry["kind"]
    _known((kind,), get_args(Kind), f"{where}: kind")
    rows, against = (tuple(entry.get(key) or ()) for key in ("rows", "against"))
    _known((*rows, *against), subjects, where)
    if bool(against) != (kind in PAIRED) or not rows:
        raise UserError(f"{where}: `rows`, and `against` for {', '.join(PAIRED)} only")
    if kind == "rank" and len(rows) < LEAST_RANKED:
        raise UserError(f"{where}: `rows`: ranks need {LEAST_RANKED} or more, found {len(rows)}")
    margin = entry.get("margin")
    valid = _positive(margin)
    if valid != (kind in BOUNDED) or (margin is not None and not valid):
        raise UserError(f"{where}: a positive `margin`, for {', '.join(BOUNDED)} only")
    ends = entry.get("ends")
    if "ends" in entry and (kind != "order" or not _positive(ends) or "metric" not in entry):
        raise UserError(f"{where}: `ends`: a positive margin, for an order by a metric of lines")
    if ("metric" in entry) == ("measure" in entry):
        raise UserError(f"{where}: needs either `metric` or `measure`")
    if "measure" in entry:
        _known((entry["measure"],), MEASURES, f"{where}: measure")
    images = _plugin(entry["images"], "imagesets", f"{where}: images")
    task = _plugin(entry.get("task"), "tasks", f"{where}: task")
    metric = _plugin(entry.get("metric"), "metrics", f"{where}: metric")
    chosen = {name: subjects[name] for name in (*rows, *against)}
    settings = _options(entry, "settings", "RestoreConfig", chosen, where)
    training = _options(entry, "training", "TrainConfig", chosen, where)
    same = entry.get("same_images", False)
    if not isinstance(same, bool):
        raise UserError(f"{where}: `same_images`: true or false, found {same!r}")
    numbers = _published(entry, (*rows, *against), folder, where)
    if kind in ("value", "rank") and not numbers["values"]:
        raise UserError(f"{where}: `published` is missing: a {kind} needs numbers")
    return Claim(
        id=str(entry["id"]),
        sentence=" ".join(str(entry["sentence"]).split()),
        source=" ".join(str(entry["source"]).split()),
        kind=kind,
        rows=rows,
        against=against,
        margin=float(margin or "nan"),
        ends=float(ends or "nan"),
        imageset=images.pop("plugin"),
        size=int(images.pop("size", 0)),
        images=images,
        learned=int(entry.get("learned", 0)),
        task=task.pop("plugin", ""),
        task_options=task,
        metric=metric.pop("plugin", ""),
        metric_options=metric,
        region=str(entry.get("region", "raw")),
        measure=str(entry.get("measure", "")),
        settings=settings,
        training=training,
        same_images=same,
        departures=tuple(map(str, entry.get("departures") or ())),
        subjects=chosen,
        **numbers,
    )


def _options(
    entry: dict[str, Any],
    key: str,
    config: str,
    chosen: dict[str, tuple[Selector, ...]],
    where: str,
) -> dict[str, dict[str, Any]]:
    """Return options of methods by subject, their names checked."""
    told = mapping(entry.get(key), f"{where}: {key}")
    _known(told, chosen, f"{where}: {key}")
    for name, given in told.items():
        told[name] = mapping(given, f"{where}: {key}.{name}")
        plugins = [s.plugin for s in chosen[name] if s.plugin]
        configs = (registry.describe("methods", plugin).configs for plugin in plugins)
        fields = {field for found in configs for field in found.get(config, {})}
        _known(told[name], sorted(fields), f"{where}: {key}.{name}")
    return told


def _plugin(told: Any, noun: str, where: str) -> dict[str, Any]:
    """Return a plugin with its options, checked; empty where nothing is told."""
    if told is None:
        return {}
    if noun == "tasks" and told in WITHOUT_PLUGIN:
        return {"plugin": told}
    told = mapping(told, where)
    if "plugin" not in told:
        raise UserError(f"{where}: `plugin` is missing")
    plugin = told["plugin"]
    _known((plugin,), registry.available(noun), where)
    given = {k: v for k, v in told.items() if k != "plugin" and v != UNKNOWN}
    options.check(given, registry.describe(noun, plugin), "Config", where)
    return dict(told)


def _published(
    entry: dict[str, Any], names: tuple[str, ...], folder: Path, where: str
) -> dict[str, Any]:
    """Return what the lines of a table say that the claim names: numbers by subject, protocol."""
    told = mapping(entry.get("published"), f"{where}: published")
    labels = mapping(entry.get("labels"), f"{where}: labels")
    _known(labels, names, f"{where}: labels")
    said = {key: str(entry.get(key, "")) for key in ("protocol", "unknown")}
    if not told:
        return {"values": {}, "unit": "", "tested": 0, **said}
    file = f"{told.pop('file', '')}.csv"
    _known((file,), [path.name for path in folder.glob("*.csv")], f"{where}: published")
    table = pd.read_csv(folder / file, dtype="str", keep_default_na=False)
    _known(told, table.columns, f"{where}: published")
    for column, value in told.items():
        table = table[table[column] == str(value)]
    lines = {}
    for name in names:
        column, value = ("label", labels[name]) if name in labels else ("method", name)
        found = table[table[column] == value]
        if len(found) != 1:
            raise UserError(
                f"{where}: published: {len(found)} lines of {file} for {name} ({column} `{value}`)"
            )
        lines[name] = found.iloc[0]
    first = next(iter(lines.values()))
    tested = first["images"]
    facts = {key: "; ".join(filter(None, (first[key], text))) for key, text in said.items()}
    return {
        "values": {name: float(line["value"]) for name, line in lines.items()},
        "unit": str(first["unit"]),
        "tested": int(tested) if tested and "measure" not in entry else 0,
        **facts,
    }


def _positive(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0


def _known(found: Any, choices: Any, where: str) -> None:
    for word in found:
        if word not in choices:
            raise UserError(f"{where}: `{word}`: {nearest(str(word), map(str, choices))}")
