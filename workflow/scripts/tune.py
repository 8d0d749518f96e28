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
from numpy.typing import NDArray

from priorbench import models, registry, step
from priorbench.contract import Images, Observation
from priorbench.errors import UserError
from priorbench.files import read_json, write_json, write_rows
from priorbench.images import read_split
from priorbench.loop import DivergedError
from priorbench.paths import parse
from priorbench.records import Record
from priorbench.restoring import restore
from priorbench.scoring import Metric, regions
from priorbench.training import fit
from priorbench.tuning import Choice, edges, trials
from workflow.scripts.degrade import observe

COLUMNS = ("trial", "task", "value", "evaluations", "updates", "status", "train", "restore")
Tried = tuple[str, float, int, int, str]  # what a trial made of a task: COLUMNS without the ends


def main(arguments: Namespace, state: Path) -> None:
    """Choose options of a method on validation images."""
    spec = arguments.spec
    card = read_json(arguments.images)
    record = Record("tune", spec, parse(arguments.out).imageset)
    bench = _Bench(spec, read_split(arguments.val), arguments, state)
    row = bench.row()
    drawn = trials(spec["space"], spec["trials"], row)
    bench.check_costs(drawn)
    rows: list[tuple[Any, ...]] = []
    means: list[float] = []
    for number, choice in enumerate(drawn):
        tried = list(bench.trial(number, choice))
        rows += [(number, *row, *(json.dumps(choice[part]) for part in choice)) for row in tried]
        means.append(float(np.mean([value for _, value, *_ in tried])))
    lost = bool(np.isnan(means).all())  # an outcome like another: the row stays as it stands
    best = 0 if lost else int(np.nanargmax([bench.sign * mean for mean in means]))
    write_rows(arguments.out.with_name("trials.csv"), COLUMNS, rows)
    record.write(
        arguments.out.with_name("run.json"),
        status="diverged in every trial" if lost else f"trial {best} of {len(drawn)}",
        metric=bench.metric.plugin.LABEL,
        means=[None if np.isnan(mean) else round(mean, 4) for mean in means],
        disjoint_clusters=card["disjoint_clusters"],
    )
    said = {True: "", False: f"which share a {card['cluster']} with others"}
    shared = said.get(card["disjoint_clusters"], "which may share a person or place with others")
    told = {"trial": best, "trials": len(drawn), "shared": shared}
    write_json(
        arguments.out, {**drawn[best], **told, "edges": edges(spec["space"], drawn[best], row)}
    )


class _Bench:
    """The same observations of validation images for every trial."""

    def __init__(
        self, spec: dict[str, Any], val: NDArray[np.uint8], arguments: Namespace, state: Path
    ) -> None:
        self.spec, self.arguments, self.state = spec, arguments, state
        self.device = torch.device(spec["device"])
        self.plugin = registry.load("methods", spec["plugin"])
        metric = spec["metric"]
        self.metric = Metric(registry.load("metrics", metric["plugin"]), metric["config"])
        for needed, what in (("labels", "classes"), ("seen", "what was seen")):
            if needed in self.metric.wanted:
                raise UserError(f"tuning.metric: {metric['plugin']} needs {what}; choose another")
        self.sign = 1 if self.metric.plugin.BETTER == "higher" else -1
        self.originals = np.asarray(val[: spec["images"]])
        self.seen = {task: self._observe(about) for task, about in spec["tasks"].items()}
        self.models: dict[str, tuple[Any, int, str]] = {}

    def row(self) -> Choice:
        """Return the options of the row as it stands; of restoring, those that all tasks share."""
        learns = hasattr(self.plugin, "TrainConfig")
        train = step.configured(self.plugin.TrainConfig, self.spec["train"]) if learns else None
        tasks = [models.effective(self._config(task, {"restore": {}})) for task in self.seen]
        shared = {k: v for k, v in tasks[0].items() if all(other[k] == v for other in tasks)}
        return {"train": models.effective(train) if train else {}, "restore": shared}

    def check_costs(self, drawn: list[Choice]) -> None:
        """Raise UserError where a trial would search longer than any may."""
        for number, choice in enumerate(drawn):
            for task in self.seen:
                spent = self._evaluations(self._config(task, choice))
                if spent > self.spec["evaluations"]:
                    raise UserError(
                        f"tuning.evaluations: trial {number} takes {spent} on {task}, "
                        f"more than {self.spec['evaluations']}"
                    )

    def trial(self, number: int, choice: Choice) -> Iterator[Tried]:
        """Yield task, mean score, gradients per image, steps of training, what went wrong."""
        folder = self.state / f"trial-{number}"
        model, updates, status = self._model(choice, folder / "train", f"trial {number}")
        if status.startswith("diverged"):
            yield from ((task, float("nan"), 0, updates, status) for task in self.seen)
            return
        for task, seen in self.seen.items():
            cfg = self._config(task, choice)
            spent = self._evaluations(cfg)
            title = f"tune {self.spec['method']} {number} {task}"
            try:
                there = seen.to(self.device)
                found = restore(self.plugin, model, there, cfg, self.spec, folder / task, title)
            except DivergedError as diverged:
                yield task, float("nan"), spent, updates, str(diverged)
                continue
            yield task, self._score(found.images, seen), spent, updates, "finished"

    def _config(self, task: str, choice: Choice) -> Any:
        options = self.spec["restore"][task] | choice["restore"]
        return step.configured(self.plugin.RestoreConfig, options)

    def _evaluations(self, cfg: Any) -> int:
        spent: int = getattr(cfg, "steps", 0) * getattr(cfg, "restarts", 1)
        return spent

    def _model(self, choice: Choice, state: Path, title: str) -> tuple[Any, int, str]:
        """Return a trial's model, its steps of training and how that ended; equal ones once."""
        training = "train" in self.spec["space"]
        config = self.spec["train"] | choice["train"]
        name = json.dumps(config, sort_keys=True)
        if name not in self.models and training:
            images = Images(read_split(self.arguments.train), self.device)
            model, loop, status = fit(self.plugin, images, config, self.spec, state, title)
            model.eval().requires_grad_(False)
            self.models[name] = model, loop.counters["updates"], status
        elif name not in self.models:
            trained = models.load(self.arguments.model, self.spec)
            status = str(trained.record["status"])
            self.models[name] = trained.model, trained.record.get("updates", 0), status
        return self.models[name]

    def _observe(self, about: dict[str, Any]) -> Observation:
        task = registry.load("tasks", about["plugin"])
        cfg = step.configured(task.Config, about["config"])
        task.check(cfg, self.originals.shape[1:])
        x = Images(self.originals)[:]
        return observe(task, cfg, x, self.spec["seed_of_observations"] + 1, about["plugin"])

    def _score(self, restored: np.ndarray, seen: Observation) -> float:
        """Mean score of the region that the task is judged by."""
        found = {region: image for region, image, _ in regions(restored, seen)}
        image = found.get("pasted", found["raw"])
        values = self.metric.score(image / 255.0, self.originals / 255.0)
        return float(np.mean(values))


if __name__ == "__main__":
    step.run(main, "images", "train", "val", "model")
