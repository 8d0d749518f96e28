"""Choose options of a method on validation images: test images are not looked at.

Every trial restores the same observations; the first is the row as it stands. The best mean
score over tasks decides, and all trials are kept.
"""

import json
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

from priorbench import models, registry, step
from priorbench.contract import Images, Observation
from priorbench.errors import UserError
from priorbench.files import write_json, write_rows
from priorbench.images import Prepared
from priorbench.loop import DivergedError
from priorbench.paths import parse
from priorbench.records import Record
from priorbench.restoring import restore
from priorbench.scoring import Metric, regions
from priorbench.training import fit
from priorbench.tuning import Choice, trials
from workflow.scripts.degrade import observe

COLUMNS = ("trial", "task", "value", "evaluations", "status", "train", "restore")


def main(arguments: Namespace, state: Path) -> None:
    """Choose options of a method on validation images."""
    spec = arguments.spec
    record = Record("tune", spec, parse(arguments.out).imageset)
    images = Prepared(arguments.images.parent)
    metric = Metric(registry.load("metrics", spec["metric"]["plugin"]), spec["metric"]["config"])
    bench = _Bench(spec, images, arguments.model, metric, state)
    rows: list[tuple[Any, ...]] = []
    means: list[float] = []
    drawn = trials(spec["space"], spec["trials"])
    for number, choice in enumerate(drawn):
        tried = list(bench.trial(number, choice))
        rows += [(number, *row, *(json.dumps(choice[part]) for part in choice)) for row in tried]
        means.append(float(np.mean([value for _, value, _, _ in tried])))
    sign = 1 if metric.plugin.BETTER == "higher" else -1
    if np.isnan(means).all():
        raise UserError(f"all {len(drawn)} trials diverged: the space has no choice that works")
    best = int(np.nanargmax([sign * mean for mean in means]))  # the earliest of equals
    write_rows(arguments.out.with_name("trials.csv"), COLUMNS, rows)
    record.write(
        arguments.out.with_name("run.json"),
        status=f"trial {best} of {len(drawn)}, by {metric.plugin.LABEL}",
        means=[None if np.isnan(mean) else round(mean, 4) for mean in means],
    )
    write_json(arguments.out, {**drawn[best], "trial": best, "trials": len(drawn)})


class _Bench:
    """The same observations of validation images for every trial."""

    def __init__(
        self,
        spec: dict[str, Any],
        images: Prepared,
        model: Path | None,
        metric: Metric,
        state: Path,
    ) -> None:
        self.spec, self.images, self.metric, self.state = spec, images, metric, state
        self.device = torch.device(spec["device"])
        self.models: dict[str, tuple[Any, str]] = {}
        self.plugin = registry.load("methods", spec["plugin"])
        self.trained = None if "train" in spec["space"] else models.load(model, spec).model
        self.originals = np.asarray(images.val[: spec["images"]])
        self.seen = {task: self._observe(about) for task, about in spec["tasks"].items()}

    def trial(self, number: int, choice: Choice) -> Iterator[tuple[str, float, int, str]]:
        """Yield task, mean score, evaluations of the gradient per image, and what went wrong."""
        folder = self.state / f"trial-{number}"
        model, status = self._model(choice, folder / "train", f"trial {number}")
        if status != "finished":
            yield from ((task, float("nan"), 0, status) for task in self.seen)
            return
        for task, seen in self.seen.items():
            cfg = step.configured(
                self.plugin.RestoreConfig, self.spec["restore"][task] | choice["restore"]
            )
            spent = getattr(cfg, "steps", 0) * getattr(cfg, "restarts", 1)
            if spent > self.spec["evaluations"]:
                raise UserError(
                    f"tuning.evaluations: trial {number} takes {spent} on {task}, "
                    f"more than {self.spec['evaluations']}"
                )
            title = f"tune {self.spec['method']} {number} {task}"
            try:
                there = seen.to(self.device)
                found = restore(self.plugin, model, there, cfg, self.spec, folder / task, title)
            except DivergedError as diverged:
                yield task, float("nan"), spent, str(diverged)
                continue
            yield task, self._score(found.images, seen), spent, "finished"

    def _model(self, choice: Choice, state: Path, title: str) -> tuple[Any, str]:
        """Return the model of a trial and how its training ended; equal ones are trained once."""
        if "train" not in self.spec["space"]:
            return self.trained, "finished"
        config = self.spec["train"] | choice["train"]
        name = json.dumps(config, sort_keys=True)
        if name not in self.models:
            images = Images(self.images.train, self.device)
            model, _, status = fit(self.plugin, images, config, self.spec, state, title)
            self.models[name] = model.eval().requires_grad_(False), status
        return self.models[name]

    def _observe(self, about: dict[str, Any]) -> Observation:
        task = registry.load("tasks", about["plugin"])
        cfg = step.configured(task.Config, about["config"])
        task.check(cfg, self.images.shape)
        x = Images(self.originals)[:]
        return observe(task, cfg, x, self.spec["seed_of_observations"] + 1, about["plugin"])

    def _score(self, restored: np.ndarray, seen: Observation) -> float:
        """Mean score of the region that the task is judged by."""
        found = {region: image for region, image, _ in regions(restored, seen)}
        image = found.get("pasted", found["raw"])
        values = self.metric.score(image / 255.0, self.originals / 255.0)
        return float(np.mean(values))


if __name__ == "__main__":
    step.run(main, "images", "model")
