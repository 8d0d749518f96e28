"""What a config says of rows and options, checked against the plugins that are there."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from priorbench import options as options_of
from priorbench import registry, tuning
from priorbench.errors import UserError, nearest

if TYPE_CHECKING:
    from priorbench.config import Entry, Experiment

SET_SIZE = 256  # images below which distances between sets say nothing


def mapping(value: Any, where: str) -> dict[Any, Any]:
    """Return a mapping of options; an empty entry is an empty one."""
    if value is not None and not isinstance(value, dict):
        raise UserError(f"{where}: a mapping of options expected, found {value!r}")
    return dict(value or {})


def check_rows_of(experiment: "Experiment", file: str) -> None:
    """Raise UserError where a row or an option is not what the plugins know."""
    for noun in ("imagesets", "tasks", "metrics"):
        for name, entry in getattr(experiment, noun).items():
            where = f"{file}: {noun}.{name}"
            options = dict(entry.options)
            places = options.pop("imagesets", {}) if noun == "tasks" else {}
            if noun == "imagesets" and "trained_on" in options:
                _check_home(options.pop("trained_on"), options, name, experiment, where)
            if not isinstance(places, list):
                places = mapping(places, f"{where}.imagesets")
            _check_rows(places, experiment.imagesets, f"{where}.imagesets")
            options_of.check(options, entry.about, "Config", where)
            for place in places if isinstance(places, dict) else []:
                inner = f"{where}.imagesets.{place}"
                options_of.check(mapping(places[place], inner), entry.about, "Config", inner)
    for imageset in experiment.imagesets:
        if not experiment.tasks_of(imageset):
            raise UserError(
                f"{file}: imagesets.{imageset}: no task runs on it; give it one, or leave it out"
            )
        tasks = experiment.tasks_of(imageset)
        if not any(experiment.done_by(method, tasks) for method in experiment.methods):
            raise UserError(f"{file}: imagesets.{imageset}: no method restores any of its tasks")
        if not experiment.methods_of(imageset):
            raise UserError(
                f"{file}: imagesets.{imageset}: all methods learn, and it has no training images; "
                "name with `trained_on` the image set that they learn from"
            )
    for name, entry in experiment.methods.items():
        where = f"{file}: methods.{name}"
        _check_tasks(name, entry, experiment, where)
        _check_method(entry.options, entry, experiment, where, ("imagesets", "tasks"))
    _check_rows(experiment.config["energy"], experiment.imagesets, f"{file}: energy")
    for imageset, method in experiment.config["energy"].items():
        _check_rows([method], experiment.methods_of(imageset), f"{file}: energy")
    for name, pair in experiment.config["contrasts"].items():
        where = f"{file}: contrasts.{name}"
        if not isinstance(pair, list) or len(pair) != 2:
            raise UserError(f"{where}: two rows of methods expected, found {pair!r}")
        _check_rows(pair, experiment.methods, where)
    tuned = any("tune" in entry.options for entry in experiment.methods.values())
    settings = experiment.tuning if tuned else experiment.config["tuning"]
    tuning.check(settings, experiment.metrics, f"{file}: tuning")


def check_run_of(experiment: "Experiment", file: str) -> None:
    """Raise UserError where what a run needs is not there: files, or images enough."""
    try:
        folder = Path(experiment.config["images_dir"]).expanduser()
    except RuntimeError as error:
        raise UserError(f"{file}: `images_dir`: {error}") from error
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{file}: `images_dir`: {folder} is no folder")
    for name, entry in experiment.imagesets.items():
        if "check" in entry.about.functions:
            _check_images(experiment.imageset_config(name), entry, f"{file}: imagesets.{name}")
    for name, entry in experiment.methods.items():
        _check_weights(name, entry, experiment, f"{file}: methods.{name}")
    sets = [n for n, e in experiment.metrics.items() if e.about.constants.get("PER") == "set"]
    if sets and experiment.config["samples"] < SET_SIZE:
        raise UserError(
            f"{file}: `samples` must be {SET_SIZE} or more for {', '.join(sets)}, "
            f"found {experiment.config['samples']}"
        )


def _check_tasks(name: str, entry: "Entry", experiment: "Experiment", where: str) -> None:
    """Raise UserError where a method restores none of the tasks, or is shown clean images."""
    told = entry.about.constants.get("TASKS", ())
    if not isinstance(told, tuple | list):
        raise UserError(f"{where}: {entry.about.path}: TASKS must be a tuple, found {told!r}")
    named = ", ".join(told)
    if not experiment.done_by(name, experiment.tasks):
        raise UserError(f"{where}: no task that it restores is among `tasks`: {named}")
    for task in mapping(entry.options.get("tasks"), f"{where}.tasks"):
        if task in experiment.tasks and not experiment.does(name, task):
            raise UserError(f"{where}.tasks: it does not restore `{task}`, only: {named}")
    if name in experiment.config["energy"].values() and named:
        raise UserError(f"{where}: no search whose loss could be followed (`energy`)")


def _check_weights(name: str, entry: "Entry", experiment: "Experiment", where: str) -> None:
    """Raise UserError where a method loads weights, and their file is not named or not there."""
    if "load" not in entry.about.functions:
        return
    if "checkpoint" not in entry.about.configs.get("TrainConfig", {}):
        raise UserError(f"{where}: {entry.about.path}: `load` needs TrainConfig.checkpoint: str")
    for imageset in (i for i in experiment.imagesets if name in experiment.methods_of(i)):
        file = experiment.checkpoint(name, experiment.home(imageset))
        if not Path(file).expanduser().is_file():
            told = f": no such file {file!r}" if file else " is missing: the file of weights"
            raise UserError(f"{where}.train: `checkpoint`{told}")


def _check_images(options: dict[str, Any], entry: "Entry", where: str) -> None:
    """Raise UserError where an image set's own `check` refuses its options."""
    plugin = registry.load("imagesets", entry.plugin)
    values = {k: tuple(v) if isinstance(v, list) else v for k, v in options.items()}
    try:
        plugin.check(plugin.Config(**values))
    except UserError as error:
        raise UserError(f"{where}: {error}") from error


def _check_home(
    home: Any, options: dict[str, Any], name: str, experiment: "Experiment", where: str
) -> None:
    """Raise UserError unless `home` is an image set that models for `name` can learn from."""
    if not experiment.test_only(name):
        raise UserError(f"{where}.trained_on: {name} has training images of its own")
    crop = _option("crop", options, experiment.imagesets[name])
    if crop == 0:
        raise UserError(f"{where}.trained_on: `crop` is missing: the size of images of {home}")
    learned = [row for row in experiment.imagesets if not experiment.test_only(row)]
    if home not in learned:
        raise UserError(f"{where}.trained_on: unknown row `{home}`: {nearest(str(home), learned)}")
    entry = experiment.imagesets[home]
    size = _option("size", entry.options, entry)
    if isinstance(crop, int) and isinstance(size, int) and crop != size:
        raise UserError(f"{where}: `crop` is {crop}, and models of {home} are for `size` {size}")


def _option(key: str, options: Mapping[str, Any], entry: "Entry") -> Any:
    """Return an option of an image set, or its default; None where there is none of this name."""
    field = entry.about.configs["Config"].get(key)
    return options.get(key, field.default) if field else None


def _check_method(
    options: dict[str, Any],
    entry: "Entry",
    experiment: "Experiment",
    where: str,
    places: tuple[str, ...],
) -> None:
    for key, value in options.items():
        inside = f"{where}.{key}"
        if key in ("train", "restore"):
            part = f"{key.capitalize()}Config"
            options_of.check(mapping(value, inside), entry.about, part, inside)
        elif key == "tune" and places:
            tuning.read(value, entry.about, inside)
        elif key in places:
            rows = mapping(value, inside)
            _check_rows(rows, getattr(experiment, key), inside)
            for row, inner in rows.items():
                _check_method(
                    mapping(inner, f"{inside}.{row}"), entry, experiment, f"{inside}.{row}", ()
                )
        else:
            hint = nearest(key, ("plugin", "train", "restore", "tune", *places))
            for part in ("train", "restore"):
                if key in entry.about.configs.get(f"{part.capitalize()}Config", {}):
                    hint = f"an option of `{part}`; write {part}: {{{key}: ...}}"
            raise UserError(f"{where}: unknown key `{key}`: {hint}")


def _check_rows(rows: Iterable[Any], known: Mapping[str, Any], where: str) -> None:
    for row in rows:
        if not isinstance(row, str) or row not in known:
            raise UserError(f"{where}: unknown row `{row}`: {nearest(str(row), known)}")
