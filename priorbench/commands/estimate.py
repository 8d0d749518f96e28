"""`priorbench estimate`: jobs, hours and disk of a config, before anything runs."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import click

from priorbench import raw, recorded, smoke
from priorbench.config import Experiment
from priorbench.errors import UserError
from priorbench.estimate import Estimate, estimate, overhead
from priorbench.paths import STORE
from priorbench.plan import Plan
from priorbench.throughput import AGAIN, OTHERWISE, SIZE_POWER, WIDTH_POWER, Range

HOUR, GIB = 3600.0, 2.0**30
ARCHIVED = "`source: archive`: tables and figures are drawn, and nothing is run"
GAPS = "`gaps: true`: what has not begun is left out of tables and figures, and not counted here"
# what the numbers are scaled by, and what the brackets allow for
SCALED = (
    "in proportion to gradient steps and images, from the most similar record; scaled by\n"
    "  (pixels x batch)^{1} ({0} to {2}) and width^{4} ({3} to {5}); "
    "brackets also allow a factor of {6}\n"
    "  for another moment, and of {7} where other options differ from the record's"
).format(*SIZE_POWER, *WIDTH_POWER, AGAIN, OTHERWISE)


@click.command("estimate", epilog="Example: `priorbench estimate --configfile config/config.yaml`")
@click.option(
    "--configfile",
    type=click.Path(path_type=Path),
    required=True,
    help="The config of the experiment.",
)
@click.option(
    "--cores",
    type=click.IntRange(1),
    default=os.cpu_count(),
    show_default=True,
    help="As snakemake's.",
)
@click.option("--json", "as_json", is_flag=True, help="For a script: seconds, bytes, jobs.")
def command(configfile: Path, cores: int, as_json: bool) -> None:
    """Estimate the jobs, hours and disk that a config will take, before anything runs.

    From what runs took that are recorded in results/store and results/reference. A number in
    front of brackets is the likely one; a row without any record is named and not counted.
    """
    experiment = Experiment.read(configfile)
    if experiment.config["budget"] == smoke.NAME:
        raise UserError(f"{configfile}: `budget: smoke` takes minutes; estimate it without")
    raw.lies_in(experiment.config["images_dir"])
    plan = Plan(experiment)
    runs = recorded.runs()
    found = estimate(plan, runs, cores, each=overhead(runs))
    facts = told(found, experiment.name, cores)
    facts["left_out"] = left_out(experiment)
    facts["missing"] = missing(plan)
    if plan.device == "cpu" and any(run.kind.device == "cuda" for run in runs):
        on_gpu = estimate(plan, runs, cores, "cuda")
        facts["gpu_seconds"] = on_gpu.seconds()._asdict()
        facts["gpu_unknown"] = on_gpu.unknown
    click.echo(json.dumps(facts, indent=1, ensure_ascii=False) if as_json else text(facts))


def left_out(experiment: Experiment) -> str:
    """Say which jobs a config does without; nothing where it has them all."""
    if experiment.config["source"] == "archive":
        return ARCHIVED
    return GAPS if experiment.config["gaps"] else ""


def missing(plan: Plan) -> str:
    """Say which folder of images a run would stop for; nothing where all are there."""
    try:
        if plan.experiment.config["source"] != "archive":
            plan.check_folders()
    except UserError as error:
        return f"the run would stop: {error}"
    return ""


def told(found: Estimate, name: str, cores: int) -> dict[str, Any]:
    """Return an estimate as plain numbers: seconds of a core or a GPU, bytes, jobs."""
    steps: dict[str, dict[str, Any]] = {}
    for verb in dict.fromkeys(part.verb for part in found.parts):
        jobs = [part for part in found.parts if part.verb == verb]
        done = sum(part.done for part in jobs)
        steps[verb] = {"jobs": len(jobs), "done": done, "to_do": len(jobs) - done}
        steps[verb]["seconds"] = found.seconds(verb)._asdict()
    hardware: dict[str, int] = {}
    for run in found.runs:
        hardware[run.hardware] = hardware.get(run.hardware, 0) + 1
    total = found.seconds().plus(found.other) if found.device == "cpu" else found.seconds()
    place = next(path for path in (STORE, *STORE.parents) if path.exists())
    return {
        "experiment": name,
        "device": found.device,
        "cores": cores,
        "steps": steps,
        "seconds": found.seconds()._asdict(),
        "other_core_seconds": found.other._asdict(),
        "total_seconds": total._asdict(),
        "wall_seconds": found.wall._asdict(),
        "disk_bytes": {verb: round(size) for verb, size in found.disk.items()},
        "disk_free_bytes": shutil.disk_usage(place).free,
        "disk_unknown": found.unsized,
        "unknown": found.unknown,
        "not_scaled": found.unlike,
        "recorded_on": hardware,
    }


def text(facts: dict[str, Any]) -> str:
    """Return an estimate as lines to read."""
    unit = "core hours" if facts["device"] == "cpu" else "GPU hours"
    lines = [facts[name] for name in ("missing", "left_out") if facts[name]]
    lines += [f"{'step':<10}{'jobs':>6}{'done':>6}{'to do':>7}  {unit}"]
    for verb, step in facts["steps"].items():
        line = f"{verb:<10}{step['jobs']:>6}{step['done']:>6}{step['to_do']:>7}  "
        lines.append(line + (hours(step["seconds"]) if step["seconds"]["high"] else ""))
    lines.append(
        f"{'other':<29}  {hours(facts['other_core_seconds'])} core hours: starts, scores, tables"
    )
    lines += ["", f"{unit}: {hours(facts['total_seconds'])}"]
    lines.append(f"wall time on {facts['cores']} cores: {hours(facts['wall_seconds'])} hours")
    if "gpu_seconds" in facts:
        part = " of the rows with records there" if facts["gpu_unknown"] else ""
        lines.append(f"on a GPU{part}: {hours(facts['gpu_seconds'])} GPU hours")
    sizes = facts["disk_bytes"]
    needed = sum(sizes.values())
    most = sorted((verb for verb in sizes if sizes[verb]), key=lambda verb: -sizes[verb])[:3]
    parts = ", ".join(f"{verb} {sizes[verb] / GIB:.2g}" for verb in most)
    of = f" ({parts})" if parts else ""
    lines.append(f"disk: {needed / GIB:.2g} GiB{of}, {facts['disk_free_bytes'] / GIB:.3g} free")
    if needed > facts["disk_free_bytes"]:
        lines.append("disk: not enough: `snakemake` would stop with the disk full")
    if facts["disk_unknown"]:
        lines.append(f"disk, not counted: {', '.join(facts['disk_unknown'])}")
    lines += [f"{', '.join(rows)}: {why}" for why, rows in facts["unknown"].items()]
    if facts["recorded_on"]:
        lines.append(SCALED)
    for method, names in facts["not_scaled"].items():
        lines.append(f"{method}: not scaled by {', '.join(names)}, which differ from the record's")
    for hardware, count in facts["recorded_on"].items():
        lines.append(f"recorded on {hardware}: {count} records")
    return "\n".join(lines)


def hours(seconds: dict[str, float]) -> str:
    """Return a range of seconds as hours."""
    low, likely, high = (f"{seconds[end] / HOUR:.2g}" for end in Range._fields)
    return f"{likely} ({low} to {high})"
