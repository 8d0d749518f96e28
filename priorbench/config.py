"""The experiment that a config file describes, checked before anything runs."""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from priorbench import checks, registry, smoke, tuning
from priorbench import options as options_of
from priorbench.errors import Explained, UserError, nearest
from priorbench.files import read_yaml

UNITS = ("all", "task")
DEVICES = ("auto", "cpu", "cuda")
BUDGETS = ("full", smoke.NAME)
SOURCES = ("results", "archive")
# key: (type, default); a default of None: the key is required
KEYS: dict[str, tuple[type, Any]] = {
    "experiment": (str, None),
    "imagesets": (dict, None),
    "tasks": (dict, None),
    "methods": (dict, None),
    "metrics": (dict, None),
    "seeds": (list, [0]),  # training seeds
    "observation_seed": (int, 0),  # of masks and noise, common to all methods
    "device": (str, "auto"),
    "torch_threads": (int, 1),  # part of the result: other counts round otherwise
    "unit": (str, "task"),  # what one restore job does: one task, or all of an image set
    "chunk": (int, 16),  # images restored side by side; part of the result
    "test_images": (int, 16),  # restored per task: the first of the test split
    "samples": (int, 256),  # drawn per model, against as many held-out images
    "rebuilt": (bool, True),  # as many training images, made from their codes, are scored likewise
    "energy": (dict, {}),  # image set: method row whose loss is followed (DIP figure 2)
    "contrasts": (dict, {}),  # name: [row, the row that it is compared with] (an ablation)
    "budget": (str, "full"),  # "smoke": a few steps on generated images
    "tuning": (dict, {}),  # of the rows that have a space to search: tuning.SETTINGS
    "images_dir": (str, ""),  # folder of the files of image sets; empty: $PRIORBENCH_IMAGES
    "reference": (str, ""),  # kept experiment whose finished rows are taken as they are
    "gaps": (bool, False),  # tables and figures of what is finished, instead of all
    "source": (str, "results"),  # "archive": tables and figures of an archive, nothing is run
    "archive": (str, ""),  # its path; empty: archive or archive.zip beside the results
}
KINDS = {dict: "mapping", list: "list", str: "word", int: "whole number", bool: "true or false"}
RESERVED = ("represent", "sample", "samples", "all")  # what scores call other things than tasks


@dataclass(frozen=True)
class Entry:
    """A row of the config: a plugin with its options."""

    name: str
    plugin: str
    about: registry.Description
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """Name in tables and figures."""
        return self.about.label if self.name == self.plugin else self.name.replace("_", " ")

    @property
    def weights(self) -> tuple[str, ...]:
        """Files of weights that a metric needs: WEIGHTS, or what it says of the option `net`."""
        told = self.about.constants.get("WEIGHTS", ())
        if isinstance(told, dict):
            told = told[self.options.get("net", self.about.configs["Config"]["net"].default)]
        return tuple(told)


@dataclass(frozen=True)
class Experiment:
    """A checked config."""

    config: dict[str, Any]  # with all defaults; what `from_json` takes
    imagesets: dict[str, Entry]
    tasks: dict[str, Entry]
    methods: dict[str, Entry]
    metrics: dict[str, Entry]
    file: str = "config"  # where it was read

    @property
    def name(self) -> str:
        """Name of the experiment: the folder of its tables and figures."""
        return str(self.config["experiment"])

    @property
    def seeds(self) -> list[int]:
        """Training seeds."""
        return list(self.config["seeds"])

    def tasks_of(self, imageset: str) -> list[str]:
        """Rows of the tasks that are run on `imageset`."""
        return [
            t
            for t, e in self.tasks.items()
            if imageset in (e.options.get("imagesets") or [imageset])
        ]

    def units_of(self, imageset: str) -> dict[str, list[str]]:
        """Units of restoration of `imageset`, and the tasks of each."""
        tasks = self.tasks_of(imageset)
        return {"all": tasks} if self.config["unit"] == "all" else {t: [t] for t in tasks}

    def does(self, method: str, task: str) -> bool:
        """Whether a method restores a task: all, or those whose plugins its TASKS name.

        What names its tasks is no prior to search in: not for clean images (represent) either.
        """
        named = self.methods[method].about.constants.get("TASKS")
        return named is None or (task in self.tasks and self.tasks[task].plugin in named)

    def done_by(self, method: str, tasks: Iterable[str]) -> list[str]:
        """Return those of `tasks` that a method restores."""
        return [task for task in tasks if self.does(method, task)]

    def methods_of(self, imageset: str) -> dict[str, Entry]:
        """Rows of the methods that are run on `imageset`: where nothing can be learned, some."""
        learned = not self.test_only(imageset) or self.home(imageset) != imageset
        asked = self.tasks_of(imageset)
        return {
            m: e
            for m, e in self.methods.items()
            if (learned or not e.about.learns) and self.done_by(m, asked)
        }

    def test_only(self, imageset: str) -> bool:
        """Whether `imageset` has no images to learn from: a classic test set."""
        return bool(self.imagesets[imageset].about.constants.get("TEST_ONLY", False))

    def home(self, imageset: str) -> str:
        """Row of the images that are learned from where `imageset` is tested: itself, mostly."""
        entry = self.imagesets.get(imageset)
        return str(entry.options.get("trained_on", imageset)) if entry else imageset

    def imageset_config(self, imageset: str) -> dict[str, Any]:
        """Options of an image set."""
        entry = self.imagesets[imageset]
        options = {key: value for key, value in entry.options.items() if key != "trained_on"}
        return options_of.told(options, entry.about, "Config")

    def task_config(self, task: str, imageset: str) -> dict[str, Any]:
        """Options of a task on an image set."""
        options = dict(self.tasks[task].options)
        places = options.pop("imagesets", None)
        options |= _inner(places, imageset) if isinstance(places, dict) else {}
        return options_of.told(options, self.tasks[task].about, "Config")

    def method_config(
        self, method: str, part: str, imageset: str, task: str | None = None
    ) -> dict[str, Any]:
        """Options of `part` ("train" or "restore"): entry < image set < task."""
        options = self.methods[method].options
        places = [options, _inner(options.get("imagesets"), imageset)]
        places.append(_inner(options.get("tasks"), task))
        merged = {k: v for place in places for k, v in _inner(place, part).items()}
        return options_of.told(merged, self.methods[method].about, f"{part.capitalize()}Config")

    def checkpoint(self, method: str, imageset: str) -> str:
        """Return the file of weights that a method loads in place of a training."""
        default = self.methods[method].about.configs["TrainConfig"]["checkpoint"].default
        return str(self.method_config(method, "train", imageset).get("checkpoint", default))

    def space(self, method: str) -> dict[str, Any]:
        """Return the choices that a row is tuned over; none where it is not tuned."""
        entry = self.methods[method]
        path = entry.options.get("tune")
        return tuning.read(path, entry.about, f"methods.{method}.tune") if path else {}

    @property
    def tuning(self) -> dict[str, Any]:
        """What tuning may spend, and what it goes by."""
        return {**tuning.SETTINGS, **self.config["tuning"]}

    def to_json(self) -> str:
        """Return the config as one line."""
        return json.dumps(self.config, sort_keys=False)

    @classmethod
    def from_json(cls, text: str) -> "Experiment":
        """Return the experiment of a line made by `to_json`."""
        return cls._read(json.loads(text), "config")

    @classmethod
    def read(cls, path: Path) -> "Experiment":
        """Read and check a config file; UserError names what is wrong with it."""
        return cls.check(read_yaml(path) or {}, str(path))

    @classmethod
    def check(cls, config: Mapping[str, Any], file: str, *, archived: bool = False) -> "Experiment":
        """Return the experiment of a config; UserError names the file, the key and a choice.

        archived: it was run, and is as it was run; what only a run needs may have gone.
        """
        experiment = cls._read(_top(config, file), file)
        checks.check_rows_of(experiment, file)
        if archived:
            return experiment
        checks.check_run_of(experiment, file)
        if experiment.config["budget"] != smoke.NAME:
            return experiment
        imagesets = {row: entry.about for row, entry in experiment.imagesets.items()}
        return cls._read(smoke.shortened(experiment.config, imagesets), file)

    @classmethod
    def _read(cls, full: dict[str, Any], file: str) -> "Experiment":
        entries = {
            noun: dict(_entries(noun, full[noun], file))
            for noun in ("imagesets", "tasks", "methods", "metrics")
        }
        return cls(config=full, file=file, **entries)


def _inner(options: dict[str, Any] | None, key: str | None) -> dict[str, Any]:
    """Return the options below `key`; none where either is empty."""
    return dict((options or {}).get(key or "") or {})


def _top(config: Mapping[str, Any], file: str) -> dict[str, Any]:
    if not isinstance(config, Mapping):
        raise UserError(f"{file}: keys such as `experiment` expected, found {config!r:.60}")
    for key in config:
        if key not in KEYS:
            raise UserError(f"{file}: unknown key `{key}`: {nearest(str(key), KEYS)}")
    full: dict[str, Any] = {}
    for key, (kind, default) in KEYS.items():
        value = config.get(key, default)
        if value is None:
            raise UserError(f"{file}: `{key}` is missing")
        full[key] = value
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise UserError(f"{file}: `{key}` must be a {KINDS[kind]}, found {value!r}")
        if kind is int and full[key] < (0 if key == "observation_seed" else 1):
            raise UserError(f"{file}: `{key}` must be positive, found {value}")
    for key, choices in (
        ("device", DEVICES),
        ("unit", UNITS),
        ("budget", BUDGETS),
        ("source", SOURCES),
    ):
        if full[key] not in choices:
            raise UserError(f"{file}: {key} `{full[key]}`: {nearest(full[key], choices)}")
    seeds = full["seeds"]
    if not seeds or any(type(s) is not int or s < 0 for s in seeds) or len({*seeds}) < len(seeds):
        raise UserError(f"{file}: `seeds` must be different whole numbers, found {seeds}")
    for noun in ("imagesets", "tasks", "methods", "metrics"):
        if not full[noun]:
            raise UserError(f"{file}: `{noun}` is empty: name one at least")
    _check_name(full["experiment"], "experiment", file)
    if full["experiment"] in ("store", "reference"):
        raise UserError(f"{file}: an experiment cannot be named `{full['experiment']}`")
    return full


def _check_name(name: object, key: str, file: str) -> None:
    """Names become folders: letters, digits and underscores only."""
    if not isinstance(name, str) or not name.replace("_", "a").isalnum() or not name.isascii():
        raise UserError(f"{file}: {key} `{name}`: letters, digits and underscores only")


def _entries(noun: str, rows: Any, file: str) -> Iterator[tuple[str, Entry]]:
    for name, options in rows.items():
        where = f"{file}: {noun}.{name}"
        _check_name(name, f"{noun}:", file)
        if noun == "tasks" and name in RESERVED:
            raise UserError(f"{where}: this name is taken; call the row otherwise")
        options = checks.mapping(options, where)
        try:
            plugin, given = registry.meant(noun, name, options.pop("plugin", None))
            about = registry.describe(noun, plugin)
        except UserError as error:
            raise UserError(f"{where}: {error}") from error
        for key, value in given.items():
            if options.setdefault(key, value) != value:
                told = f"`{key}: {options[key]}`, and the name stands for {value}"
                raise UserError(f"{where}: {told}; call the row otherwise, `plugin: {plugin}`")
        if noun == "methods" and "restore" not in about.functions:
            raise UserError(f"{where}: {about.path} has no function `restore`")
        if noun == "methods" and about.model and not about.learns:
            raise UserError(f"{where}: {about.path} has a `Model`, but neither `train` nor `load`")
        yield name, Entry(name, plugin, about, options)


if __name__ == "__main__":  # what make asks before Snakemake, which tells no line, reads the file
    with Explained("error"):
        Experiment.read(Path(sys.argv[1]))
