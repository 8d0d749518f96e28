"""Restore the observations of a unit with one method: it sees y and A, never the original."""

from argparse import Namespace
from pathlib import Path
from typing import Any

from priorbench import models, registry, step
from priorbench.curve import COLUMNS
from priorbench.files import write_arrays, write_rows
from priorbench.images import row_of
from priorbench.loop import DivergedError
from priorbench.observations import read_observations
from priorbench.paths import parse
from priorbench.records import Record, note, told
from priorbench.restoring import fewer, restore
from priorbench.tuning import chosen


def main(arguments: Namespace, state: Path) -> None:
    """Restore the observations of a unit with one method."""
    spec = arguments.spec
    record = Record("restore", spec, parse(arguments.out).imageset)
    trained = models.load(arguments.model, spec)
    plugin = registry.load("methods", spec["plugin"])
    restored, rows, configs, searched = {}, [], {}, None
    seconds: dict[str, float] = {}
    traced: dict[str, Any] = {}
    lost: dict[str, str] = {}
    chunks: dict[str, int] = {}
    tuned = chosen(arguments.tuned, "restore")
    observations = read_observations(arguments.observations, spec["device"])
    for name, seen in {} if trained.diverged else observations.items():
        task = row_of(name)
        if task not in spec["configs"]:  # nothing that this method restores
            continue
        models.check_size(trained, seen.shape)
        cfg = step.configured(plugin.RestoreConfig, spec["configs"][task] | tuned)
        configs[task] = models.effective(cfg)
        title = f"restore {parse(arguments.out).imageset} {task} {spec['method']}"
        try:
            found = restore(plugin, trained.model, seen, cfg, spec, state / name, title)
        except DivergedError as diverged:
            lost[task] = f"{diverged}, {task}"
            continue
        restored[name] = found.images
        seconds[task] = round(seconds.get(task, 0.0) + found.seconds, 4)
        traced |= {f"{name}/{step}": pictures for step, pictures in found.trace.items()}
        searched = found.searched or None
        chunks[task] = min(found.chunk, chunks.get(task, found.chunk))
        rows += [(task, *row) for row in found.curve]
    notes = ["" if trained.model else note(plugin, *configs.values())]
    notes.append(told(arguments.tuned, "restore"))
    short = {task: fewer(chunk, spec["chunk"]) for task, chunk in chunks.items()}
    notes += [f"{task} {said}" for task, said in short.items() if said]
    write_rows(arguments.out.with_name("curve.csv"), ("task", *COLUMNS), rows)
    write_arrays(arguments.out.with_name("trace.safetensors"), traced)
    record.write(
        arguments.out.with_name("run.json"),
        config=spec["configs"],
        effective=configs,
        note="; ".join(filter(None, notes)),
        images=len({number for seen in observations.values() for number in seen.ids.tolist()}),
        parameters=trained.record["parameters"],
        task_seconds={task: took for task, took in seconds.items() if task not in lost},
        searched=searched,
        chunks=chunks,
        status="; ".join(lost.values()) or trained.record["status"],
    )
    kept = {name: images for name, images in restored.items() if row_of(name) not in lost}
    write_arrays(arguments.out, kept)


if __name__ == "__main__":
    step.run(main, "model", "observations", "tuned")
