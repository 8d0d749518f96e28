"""Every job of an experiment: where its result lies, and what its step is told.

The key of a job is a hash of all that its result depends on: the effective config, the code
that it reaches, and the keys upstream. An edit leads to a new folder beside the old one, so
nothing finished is ever a target of deletion, and undoing the edit finds it again.
"""

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from priorbench import paths, raw, smoke
from priorbench.config import Entry, Experiment
from priorbench.devices import resolve
from priorbench.download import digest
from priorbench.errors import UserError
from priorbench.fingerprint import fingerprint
from priorbench.registry import ROOT
from priorbench.sources import Root, source_hash

SCRIPTS = ROOT / "workflow" / "scripts"
VALIDATION = 8  # images of the validation split that decide whether training has a plateau
SHOWN = {"reconstructions": 10, "pairs": 5, "between": 9}  # five pairs: the report's figures
ENERGY_IMAGES = 4


@dataclass(frozen=True)
class Job:
    """A result in the store: its folder, and what the step that makes it is told."""

    folder: Path
    spec: dict[str, Any]
    key: str

    @property
    def json(self) -> str:
        """What the step is told, as one line."""
        return json.dumps(self.spec, sort_keys=True)


class Plan:
    """The jobs of an experiment; the same arguments always give the same job."""

    def __init__(self, experiment: Experiment) -> None:
        self.experiment = experiment
        try:
            self.device = resolve(experiment.config["device"])
        except UserError as error:
            raise UserError(f"{experiment.file}: {error}") from error
        self.short = experiment.config["budget"] == smoke.NAME
        for name in paths.GRAMMAR.keys() - {"energy", "score"}:
            setattr(self, name, cache(getattr(self, name)))

    def prepare(self, imageset: str) -> Job:
        """Write the images of a set, in three splits, and its card."""
        entry = self.experiment.imagesets[imageset]
        spec = {
            "name": imageset,
            "plugin": entry.plugin,
            "config": self.experiment.imageset_config(imageset),
            "folder": fingerprint(self._own_folder(imageset)),
        }
        return self._job(
            "prepare", spec, [(entry.about.path, ("Config", "build"))], [], imageset=imageset
        )

    def check_folders(self, *imagesets: str) -> None:
        """Raise UserError where the own folder of an image set (none named: any) is not there."""
        for imageset in imagesets or self.experiment.imagesets:
            path = self._own_folder(imageset)
            about = self.experiment.imagesets[imageset].about.constants
            if path is None or path.is_dir() or about.get("FETCHED", False):
                continue
            inside = path.relative_to(raw.home("")) if "OWN_FILES" in about else None
            where = f"; {raw.HERE} {inside}" if inside else ""
            origin = f" ({about['ORIGIN']})" if "ORIGIN" in about else ""
            row = f"{self.experiment.file}: imagesets.{imageset}"
            if path.exists():
                raise UserError(f"{row}: {path} is a file")
            raise UserError(f"{row}: no folder {path}{where}{origin}")

    def _own_folder(self, imageset: str) -> Path | None:
        """Return the folder of files that a user may have: what it holds is part of the key."""
        entry = self.experiment.imagesets[imageset]
        path = self.experiment.imageset_config(imageset).get("path")
        if path is not None:
            return Path(path).expanduser()
        inside = entry.about.constants.get("OWN_FILES")  # "." where all of the folder is read
        return None if inside is None else raw.home(entry.about.path.stem) / inside

    def degrade(self, imageset: str, unit: str) -> Job:
        """Make the observations that all methods share."""
        spec = {
            "tasks": self._tasks(imageset, self.experiment.units_of(imageset)[unit]),
            "count": self.tested(imageset),
            "seed": self.experiment.config["observation_seed"],
        }
        roots = self._task_roots(self.experiment.units_of(imageset)[unit])
        upstream = [self.prepare(imageset)]
        if (home := self.experiment.home(imageset)) != imageset:
            upstream.append(self.prepare(home))
        return self._job("degrade", spec, roots, upstream, imageset=imageset, unit=unit)

    def tested(self, imageset: str) -> int | None:
        """Return how many test images are restored: of a classic test set all, None."""
        experiment = self.experiment
        return None if experiment.test_only(imageset) else experiment.config["test_images"]

    def control(self, imageset: str, unit: str) -> Job:
        """Picture the observations, and make the naive inverses."""
        roots = self._task_roots(self.experiment.units_of(imageset)[unit])
        upstream = [self.degrade(imageset, unit)]
        return self._job("control", {}, roots, upstream, imageset=imageset, unit=unit)

    def tune(self, imageset: str, method: str, seed: int) -> Job:
        """Choose a method's options on validation images, with the first seed."""
        experiment = self.experiment
        entry, space = experiment.methods[method], experiment.space(method)
        metric = experiment.metrics[experiment.tuning["metric"]]
        tasks = self._tasks(imageset, experiment.done_by(method, experiment.tasks_of(imageset)))
        spec = self._method_spec(entry, seed) | {
            "space": space,
            "tasks": tasks,
            "train": experiment.method_config(method, "train", imageset),
            **self._weights(method, imageset),
            "restore": {t: experiment.method_config(method, "restore", imageset, t) for t in tasks},
            "chunk": experiment.config["chunk"],
            "seed_of_observations": experiment.config["observation_seed"],
            **experiment.tuning,
            "metric": {"plugin": metric.plugin, "config": metric.options},
        }
        roots: list[Root] = [(entry.about.path, None), (metric.about.path, None)]
        roots += self._task_roots(list(tasks))
        upstream = [self.prepare(imageset)]
        # a space with options of training needs trainings of its own
        upstream += [] if "train" in space else self.models(imageset, method, seed)
        parts = {"imageset": imageset, "method": method, "seed": seed}
        return self._job("tune", spec, roots, upstream, **parts)

    def tuned(self, imageset: str, method: str, part: str) -> list[Job]:
        """Return the job that chooses a row's options of `part`; none where nothing does."""
        space = self.experiment.space(method)
        home = self.experiment.home(imageset)
        asked = "train" in space if part == "train" else bool(space)
        asked = asked and not self.experiment.test_only(home)  # without validation images
        asked = asked and method in self.experiment.methods_of(home)
        return [self.tune(home, method, self.experiment.seeds[0])] if asked else []

    def train(self, imageset: str, method: str, seed: int) -> Job:
        """Train a method on the training images."""
        entry = self.experiment.methods[method]
        spec = self._method_spec(entry, seed) | {
            "config": self.experiment.method_config(method, "train", imageset),
            **self._weights(method, imageset),
        }
        roots: list[Root] = [(entry.about.path, ("TrainConfig", "Model", "train", "load"))]
        upstream = [self.prepare(imageset), *self.tuned(imageset, method, "train")]
        return self._job(
            "train", spec, roots, upstream, imageset=imageset, method=method, seed=seed
        )

    def restore(self, imageset: str, unit: str, method: str, seed: int) -> Job:
        """Restore the observations of a unit."""
        entry = self.experiment.methods[method]
        tasks = self.experiment.done_by(method, self.experiment.units_of(imageset)[unit])
        configs = {t: self.experiment.method_config(method, "restore", imageset, t) for t in tasks}
        spec = self._method_spec(entry, seed) | {
            "configs": configs,
            "chunk": self.experiment.config["chunk"],
        }
        roots = [*self._restoring(entry), *self._task_roots(tasks)]
        upstream = [self.degrade(imageset, unit), *self.grounds(imageset, method, seed)]
        parts = {"imageset": imageset, "unit": unit, "method": method, "seed": seed}
        return self._job("restore", spec, roots, upstream, **parts)

    def represent(self, imageset: str, method: str, seed: int) -> Job:
        """Search for clean images: what the method's range can express, and its plateau."""
        entry = self.experiment.methods[method]
        spec = self._method_spec(entry, seed) | {
            "config": self.experiment.method_config(method, "restore", imageset),
            "chunk": self.experiment.config["chunk"],
            "count": self.tested(imageset),
            "shown": (smoke.SHOWN if self.short else SHOWN)["reconstructions"],
            "validation": smoke.TEST_IMAGES if self.short else VALIDATION,
        }
        upstream = [self.prepare(imageset), *self.grounds(imageset, method, seed)]
        parts = {"imageset": imageset, "method": method, "seed": seed}
        return self._job("represent", spec, self._restoring(entry), upstream, **parts)

    def sample(self, imageset: str, method: str, seed: int) -> Job:
        """Draw samples, reconstruct training images, and go from one code to another."""
        entry = self.experiment.methods[method]
        spec = self._method_spec(entry, seed) | {
            "config": self.experiment.method_config(method, "restore", imageset),
            "chunk": self.experiment.config["chunk"],
            "samples": self.experiment.config["samples"],
            **(smoke.SHOWN if self.short else SHOWN),
        }
        upstream = [self.prepare(imageset), *self.grounds(imageset, method, seed)]
        parts = {"imageset": imageset, "method": method, "seed": seed}
        return self._job("sample", spec, self._restoring(entry), upstream, **parts)

    def energy(self, imageset: str) -> Job:
        """Follow a search's loss for an image, a noisy and a shuffled one, and noise."""
        method = self.experiment.config["energy"][imageset]
        entry = self.experiment.methods[method]
        seed = self.experiment.seeds[0]
        spec = self._method_spec(entry, seed) | {
            "config": self.experiment.method_config(method, "restore", imageset),
            "count": ENERGY_IMAGES,
        }
        upstream = [self.prepare(imageset), *self.grounds(imageset, method, seed)]
        parts = {"imageset": imageset, "method": method, "seed": seed}
        return self._job("energy", spec, self._restoring(entry), upstream, **parts)

    def models(self, imageset: str, method: str, seed: int) -> list[Job]:
        """Return the training that a method rests on; none where nothing is learned."""
        learns = self.experiment.methods[method].about.learns
        return [self.train(self.experiment.home(imageset), method, seed)] if learns else []

    def grounds(self, imageset: str, method: str, seed: int) -> list[Job]:
        """Return what a search rests on: the training, and the choice of its options."""
        return [*self.models(imageset, method, seed), *self.tuned(imageset, method, "restore")]

    def _method_spec(self, entry: Entry, seed: int) -> dict[str, Any]:
        return {
            **({"budget": smoke.NAME} if self.short else {}),
            "method": entry.name,
            "plugin": entry.plugin,
            "seed": seed,
            "threads": self.experiment.config["torch_threads"],
            "device": self.device,
        }

    def _weights(self, method: str, imageset: str) -> dict[str, str]:
        if "load" not in self.experiment.methods[method].about.functions:
            return {}
        path = Path(self.experiment.checkpoint(method, imageset)).expanduser()
        return {"checkpoint": digest(path, "sha256")}

    def _tasks(self, imageset: str, tasks: list[str]) -> dict[str, dict[str, Any]]:
        experiment = self.experiment
        return {
            task: {
                "plugin": experiment.tasks[task].plugin,
                "config": experiment.task_config(task, imageset),
            }
            for task in tasks
        }

    def _task_roots(self, tasks: list[str]) -> list[Root]:
        return [(self.experiment.tasks[task].about.path, None) for task in tasks]

    def _restoring(self, entry: Entry) -> list[Root]:
        return [(entry.about.path, ("RestoreConfig", "TrainConfig", "Model", "restore"))]

    def _job(
        self, verb: str, spec: dict[str, Any], roots: list[Root], upstream: list[Job], **parts: Any
    ) -> Job:
        roots = [*roots, (SCRIPTS / f"{verb}.py", ("main",))]
        source = source_hash(roots)
        text = json.dumps([verb, spec, source, [job.key for job in upstream]], sort_keys=True)
        key = hashlib.sha256(text.encode()).hexdigest()[:10]
        code = {"hash": source, "roots": [(relative(path), names) for path, names in roots]}
        return Job(paths.folder(verb, key, **parts), {**spec, "key": key, "source": code}, key)


def relative(path: Path) -> str:
    """Return a path as seen from the project, where it lies in it."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)
