"""Finished results, each known by its path: scores, images, curves, records and cards."""

from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from priorbench.config import Experiment
from priorbench.errors import UserError
from priorbench.files import read_arrays, read_json
from priorbench.images import Gallery, by_size, named, read_split, row_of, unrolled
from priorbench.paths import Place, parse

Pixels = NDArray[np.uint8]
SCORE_COLUMNS = [
    *("imageset", "task", "method", "seed", "metric"),
    *("region", "image", "value", "protocol"),
]
CURVE_COLUMNS = ["task", "stage", "step", "name", "image", "value"]
TEXT = dict.fromkeys(["imageset", "task", "method", "metric", "region", "protocol"], "str")
# the parts of an error (priorbench/error_split.py), and what scores call them: no metric's name
ERROR_PARTS = {part: f"error: {part}" for part in ("range", "search", "ambiguity")}
FLOOR = "training images"  # scored against held-out ones in the place of samples
SCORES = "*.csv"  # score files are named by their unit
OUT = ("diverged", "budget-limited")  # such runs take no part in bold and verdicts
CURVE_TEXT = dict.fromkeys(["task", "stage", "name"], "str")


class Results:
    """What `paths` hold of an experiment; a path without a file is a gap, not an error."""

    def __init__(self, paths: Iterable[Path], experiment: Experiment) -> None:
        self.experiment = experiment
        self._files: dict[tuple[str, str], list[tuple[Place, Path]]] = {}
        for path in sorted(set(paths)):
            if path.exists():
                place = parse(path)
                name = SCORES if place.verb == "score" else path.name
                self._files.setdefault((place.verb, name), []).append((place, path))
        self._json: dict[Path, dict[str, Any]] = {}
        self._arrays: dict[Path, dict[str, Pixels]] = {}

    def find(self, verb: str, name: str, **parts: object) -> Iterator[tuple[Place, Path]]:
        """Yield the files called `name` of a verb whose places agree with `parts`."""
        for place, path in self._files.get((verb, name), []):
            if all(getattr(place, part) == value for part, value in parts.items()):
                yield place, path

    @cached_property
    def all_scores(self) -> pd.DataFrame:
        """Return every score, a row each, with the cluster of its image or line."""
        found = [path for _, path in self.find("score", SCORES)]
        if not found:
            return pd.DataFrame(columns=[*SCORE_COLUMNS, "cluster"])
        tables = [_read_table(path, SCORE_COLUMNS, TEXT) for path in found]
        scores = pd.concat(tables, ignore_index=True)
        images = scores[["imageset", "image"]].drop_duplicates()
        pairs = zip(images["imageset"], images["image"], strict=True)
        images["cluster"] = [self.cluster(imageset, image) for imageset, image in pairs]
        scores = scores.merge(images, on=["imageset", "image"], how="left")
        # millions of rows repeat few words: numbers in their place are compared at once
        # lines between codes are numbered as test images are, and are none
        lines = (scores["task"] == "sample") & (scores["image"] >= 0)
        scores.loc[lines, "cluster"] = "line " + scores.loc[lines, "image"].astype("str")
        return scores.astype(dict.fromkeys([*TEXT, "cluster"], "category"))

    def scores(self, **parts: object) -> pd.DataFrame:
        """Return the scores whose columns agree with `parts`."""
        scores = self.all_scores
        for column, value in parts.items():
            scores = scores[scores[column] == value]
        return scores.reset_index(drop=True)

    def card(self, imageset: str) -> dict[str, Any]:
        """Return the card of an image set; empty where it is not among the results."""
        for _, path in self.find("prepare", "card.json", imageset=imageset):
            return self._read_json(path)
        return {}

    def cluster(self, imageset: str, image: int) -> str:
        """Return the photograph (scan, person, ...) that a test image comes from."""
        clusters = self.card(imageset).get("clusters", {}).get("test", [])
        return str(clusters[image]) if 0 <= image < len(clusters) else str(image)

    def records(self, imageset: str, **parts: object) -> list[tuple[Place, dict[str, Any]]]:
        """Return the run records of an image set, with their places."""
        return [
            (place, self._read_json(path))
            for verb in ("train", "represent", "restore", "sample")
            for place, path in self.find(verb, "run.json", imageset=imageset, **parts)
        ]

    def status(self, imageset: str, method: str, task: str = "") -> str:
        """Return "diverged at ...", "budget-limited", "plateau", ...: the worst of a row's seeds.

        What befell the restoration of a task counts where that `task` is asked for.
        """
        found = []
        home = self.experiment.home(imageset)
        learned = [] if home == imageset else self.records(home, method=method)
        learned = [run for run in learned if run[0].verb != "restore"]
        for place, record in [*learned, *self.records(imageset, method=method)]:
            lost = task not in record.get("task_seconds", [task])
            asked = task in self.experiment.tasks and place.unit in (task, "all")
            if place.verb in ("train", "represent") or (place.verb == "restore" and asked and lost):
                found.append(str(record["status"]))
        for word in OUT:
            for status in found:
                if status.startswith(word):
                    return status
        return found[-1] if found else ""

    def excluded(self, imageset: str, task: str) -> set[str]:
        """Return the rows that take no part in bold and verdicts: cut short, or diverged."""
        methods = self.experiment.methods
        return {m for m in methods if self.status(imageset, m, task).startswith(OUT)}

    def originals(self, imageset: str) -> Gallery:
        """Return the test images."""
        for _, path in self.find("prepare", "test.npy", imageset=imageset):
            sizes = self.card(imageset).get("sizes")
            return unrolled(path, sizes) if sizes else read_split(path)
        raise UserError(f"{imageset}: the test images are not among the results given")

    def controls(self, imageset: str, task: str) -> dict[str, Gallery]:
        """Return the degraded images and the naive inverses of a task, by name."""
        found: dict[str, Gallery] = {}
        for _, path in self.find("control", "controls.safetensors", imageset=imageset):
            arrays = self._read_arrays(path)
            for control in dict.fromkeys(n.partition("/")[2] for n in arrays if row_of(n) == task):
                found[control] = self._gathered(imageset, arrays, task, f"/{control}")
        return found

    def restored(self, imageset: str, task: str, method: str, seed: int) -> Gallery | None:
        """Return what a method made of a task's observations; None where it did not run."""
        parts = {"imageset": imageset, "method": method, "seed": seed}
        for _, path in self.find("restore", "restored.safetensors", **parts):
            arrays = self._read_arrays(path)
            if task in map(row_of, arrays):
                return self._gathered(imageset, arrays, task)
        return None

    def _gathered(
        self, imageset: str, arrays: dict[str, Pixels], task: str, ending: str = ""
    ) -> Gallery:
        """Return the pictures of a task in the order of the test images, whatever their sizes."""
        sizes = self.card(imageset).get("sizes")
        if not sizes:
            return arrays[f"{task}{ending}"]
        groups = by_size(sizes)
        found: dict[int, Pixels] = {}
        for group, numbers in enumerate(groups):
            # of a trace there are only the first pictures
            pictures = arrays.get(f"{named(task, group)}{ending}", ())
            found |= zip(numbers.tolist(), pictures, strict=False)
        return [found[number] for number in sorted(found)]

    def trace(self, imageset: str, task: str, method: str, seed: int) -> dict[int, Gallery]:
        """Return the first images of a search as they were after some steps, by step."""
        parts = {"imageset": imageset, "method": method, "seed": seed}
        found: dict[int, Gallery] = {}
        for _, path in self.find("restore", "trace.safetensors", **parts):
            arrays = self._read_arrays(path)
            for step in dict.fromkeys(n.partition("/")[2] for n in arrays if row_of(n) == task):
                found[int(step)] = self._gathered(imageset, arrays, task, f"/{step}")
        return dict(sorted(found.items()))

    def searched(self, imageset: str, task: str, method: str, seed: int) -> tuple[int, int]:
        """Return the steps and the restarts of a search; no steps for a closed form."""
        for place, record in self.records(imageset, method=method, seed=seed):
            if place.verb == "restore" and task in record["effective"]:
                told = record["effective"][task]
                return int(told.get("steps", 0)), int(told.get("restarts", 1))
        return 0, 1

    def shown(self, imageset: str, method: str) -> dict[str, Pixels]:
        """Return samples, reconstructions, their originals and interpolations of a first seed."""
        parts = {"imageset": imageset, "method": method, "seed": self.experiment.seeds[0]}
        for _, path in self.find("sample", "samples.safetensors", **parts):
            return self._read_arrays(path)
        return {}

    def encoded(self, imageset: str, method: str) -> Pixels | None:
        """Return test images as a first seed's encoder has them; None where there is none."""
        parts = {"imageset": imageset, "method": method, "seed": self.experiment.seeds[0]}
        for _, path in self.find("represent", "represented.safetensors", **parts):
            return self._read_arrays(path).get("encoded")
        return None

    def shown_as(self, imageset: str, method: str, what: str) -> str:
        """Return how the codes of a method's "samples" or "interpolations" were come by."""
        for place, record in self.records(imageset, method=method):
            if place.verb == "sample":
                return str(record.get(what, ""))
        return ""

    def curves(self, verb: str, **parts: object) -> pd.DataFrame:
        """Return the curves of a verb, with the method and seed of each row."""
        tables = [pd.DataFrame(columns=[*CURVE_COLUMNS, "method", "seed"])]
        for place, path in self.find(verb, "curve.csv", **parts):
            table = _read_table(path, CURVE_COLUMNS, CURVE_TEXT)
            tables.append(table.assign(method=place.method, seed=place.seed))
        return pd.concat(tables[1:] or tables, ignore_index=True)

    def _read_json(self, path: Path) -> dict[str, Any]:
        if path not in self._json:
            self._json[path] = read_json(path)
        return self._json[path]

    def _read_arrays(self, path: Path) -> dict[str, Pixels]:
        if path not in self._arrays:
            self._arrays[path] = read_arrays(path)[0]
        return self._arrays[path]


def _read_table(path: Path, columns: list[str], text: dict[str, str]) -> pd.DataFrame:
    empty = {"value": ["", "nan"]}
    try:
        table = pd.read_csv(path, dtype=text, keep_default_na=False, na_values=empty)
    except (OSError, ValueError) as error:  # pandas knows damage by many names, all ValueErrors
        said = " ".join(str(error).split())
        raise UserError(f"{path}: cannot be read as a table ({said})") from error
    missing = [column for column in columns if column not in table]
    if missing:
        raise UserError(f"{path}: no column `{missing[0]}`; columns: {', '.join(map(str, table))}")
    if len(table) and not pd.api.types.is_numeric_dtype(table["value"]):
        words = table["value"][pd.to_numeric(table["value"], errors="coerce").isna()].dropna()
        raise UserError(f"{path}: `value` {words.iloc[0]!r} is no number")
    return table[columns]
