"""Runs as their records tell of them: of the store, and of the tracked reference runs."""

import csv
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from priorbench import smoke
from priorbench.config import Experiment
from priorbench.counting import embedded, side_of
from priorbench.errors import UserError
from priorbench.files import read_json
from priorbench.images import row_of
from priorbench.paths import STORE
from priorbench.registry import ROOT, Description, describe
from priorbench.throughput import (
    Kind,
    Run,
    batch_of,
    gradients,
    searching,
    training,
    updates,
)

REFERENCE = ROOT / "results" / "reference"
Facts = dict[str, Any]


def runs(store: Path = STORE) -> list[Run]:
    """Return all runs that can be compared with others; records that cannot are passed over."""
    found = [*_records(store, tracked=False), *_records(REFERENCE, tracked=True)]
    for config in references():
        found += _costs(config.parent)
    return found


def references() -> list[Path]:
    """Return the configs of the tracked whole runs, each beside its record and its tables."""
    return sorted(REFERENCE.glob("*/config.yaml"))


def _records(root: Path, tracked: bool) -> Iterator[Run]:
    """Yield the runs of the records below a folder."""
    records = {path: _read(path) for path in sorted(root.rglob("run.json"))}
    models = {}
    for path, facts in records.items():
        if facts.get("verb") == "train" and "method" in facts:
            models[path.parent.name, facts["method"]] = facts
    for path, facts in records.items():
        if (about := _about(facts)) is None:
            continue
        found: list[Run] = []
        with suppress(KeyError):  # a field is not there: a record of another version
            if facts["verb"] == "train":
                found = list(_trained(path, facts, about, tracked))
            else:
                found = list(_restored(path, facts, about, models, tracked))
        yield from found


def _read(path: Path) -> Facts:
    try:
        found = read_json(path)
    except UserError:  # half a record, of a run that was killed
        return {}
    return found if isinstance(found, dict) else {}


def _about(facts: Facts) -> Description | None:
    """Return the plugin of a record; none where it is not a run's, or the plugin is gone."""
    if facts.get("verb") not in ("train", "restore") or "plugin" not in facts:
        return None
    try:
        return describe("methods", str(facts["plugin"]))
    except UserError:
        return None


def _short(facts: Facts) -> bool:
    """Whether a run was one of `budget: smoke`."""
    told = _option(facts, "--spec")
    return bool(told) and json.loads(told).get("budget") == smoke.NAME


def _option(facts: Facts, name: str) -> str:
    """Return the value of an option of the command that made a record."""
    command = [str(word) for word in facts.get("command", [])]
    place = command.index(name) + 1 if name in command else len(command)
    return command[place] if place < len(command) else ""


def _trained(path: Path, facts: Facts, about: Description, tracked: bool) -> Iterator[Run]:
    pixels = facts["shape"][1] * facts["shape"][2]
    short = _short(facts)
    kind = training(about, facts["effective"], facts["device"], pixels)
    done = facts["updates"]
    if kind.closed != (done == 0):
        return  # stopped before its first step, or its options do not tell how many it takes
    if (
        not short
        and done
        and facts["status"] == "finished"
        and updates(about, kind.options) != done
    ):
        return  # the same: what cannot be told of a run that is over cannot be told of the next
    seconds = facts["seconds"] * facts.get("threads", 1) / (done or facts["images"])
    if short:
        kind = replace(kind, batch=batch_of(kind.options, short=True))
    sizes = facts["parameters"], 0.0
    yield Run(kind, seconds, facts["hardware"], path, short, tracked, *sizes)


def _restored(
    path: Path, facts: Facts, about: Description, models: dict[Any, Facts], tracked: bool
) -> Iterator[Run]:
    model = Path(_option(facts, "--model"))
    trained = models.get((model.parent.name, facts["method"]), {})
    shapes = _shapes(path.with_name("restored.safetensors"))
    short = _short(facts)
    for task, seconds in facts["task_seconds"].items():
        sizes = [shape for name, shape in shapes.items() if row_of(name) == task]
        if not sizes and trained:
            sizes = [[facts["images"], *trained["shape"]]]
        if not sizes or (about.learns and not trained):
            continue
        images = sum(shape[0] for shape in sizes)
        pixels = sum(n * height * width for n, _, height, width in sizes) / images
        kind = searching(
            about, facts["effective"][task], trained.get("effective", {}), facts["device"], pixels
        )
        steps = gradients(kind.options)
        if short and steps:
            steps = min(int(kind.options["steps"]), smoke.STEPS) * kind.options.get("restarts", 1)
        each = seconds * facts.get("threads", 1) / images / (steps or 1)
        found = facts["parameters"], facts.get("searched") or 0
        yield Run(kind, each, facts["hardware"], path, short, tracked, *found)


def _shapes(path: Path) -> dict[str, list[int]]:
    """Return the shapes of the arrays in a safetensors file, from its header alone."""
    if not path.is_file():
        return {}
    with path.open("rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    return {name: about["shape"] for name, about in header.items() if name != "__metadata__"}


def _costs(folder: Path) -> Iterator[Run]:
    """Yield the runs that the cost tables of a tracked run tell of, by the config beside them."""
    experiment = Experiment.read(folder / "config.yaml")
    hardware = read_json(folder / "run.json")["hardware"]
    for imageset in experiment.imagesets:
        path = folder / "tables" / f"cost-{imageset}.csv"
        side = side_of(experiment, imageset)
        if not path.is_file() or side is None:
            continue
        with path.open(newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                if row["device"] in ("cpu", "cuda") and row["method"] in experiment.methods:
                    for kind, seconds in _row(experiment, imageset, row, float(side**2)):
                        sizes = _number(row["parameters"]), _number(row["searched"])
                        yield Run(kind, seconds, hardware, path, False, True, *sizes)


def _row(
    experiment: Experiment, imageset: str, row: dict[str, str], pixels: float
) -> Iterator[tuple[Kind, float]]:
    """Yield the training and the search of a row of a cost table, with seconds per unit."""
    method, device = row["method"], row["device"]
    about = experiment.methods[method].about
    trained = experiment.method_config(method, "train", imageset)
    threads = experiment.config["torch_threads"]
    done = _number(row["updates"])
    kind = training(about, trained, device, pixels)
    if row["training_seconds"] and updates(about, kind.options) == done:
        amount = embedded(experiment, imageset).get("train") if kind.closed else done
        if amount:
            yield kind, _number(row["training_seconds"]) * threads / amount
    if seconds := _number(row["restoring_seconds_per_image"]):
        kinds = [
            searching(
                about,
                experiment.method_config(method, "restore", imageset, t),
                trained,
                device,
                pixels,
            )
            for t in experiment.tasks_of(imageset)
        ]
        steps = [gradients(kind.options) for kind in kinds]
        yield kinds[0], seconds * threads * len(steps) / (sum(steps) or len(steps))


def _number(text: str) -> float:
    return float(text or 0)
