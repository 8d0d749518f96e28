"""All tables of an experiment: quality, samples, and what the runs cost."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from priorbench.results import Results
from workflow.claims import claims_table
from workflow.comparisons import comparison_tables
from workflow.contrasts import contrast_tables
from workflow.pace import Pace, paces
from workflow.quality import GAP, marked, method_notes, quality_tables, status_notes
from workflow.ranking import ranks_table
from workflow.rendering import Cell, Row, Table
from workflow.sampling import samples_table
from workflow.splitting import error_split_table

COSTS = {
    "training [s]": "training_seconds",
    "restoring [s/image]": "restoring_seconds_per_image",
    "model parameters": "parameters",
    "searched per image": "searched",
    "peak memory [MB]": "peak_memory_mb",
    "gradient steps": "updates",
    "images seen": "images_seen",
    "device": "device",
}
PACES = {
    "images seen at equal loss": "images_at_loss",
    "core seconds at equal loss": "core_seconds_at_loss",
}


def all_tables(results: Results) -> Iterator[Table]:
    """Yield every table of the experiment, image set by image set."""
    for imageset in results.experiment.imagesets:
        yield from quality_tables(results, imageset, every_region=False)
        yield from comparison_tables(results, imageset)
        yield from contrast_tables(results, imageset)
        if not results.experiment.test_only(imageset):
            yield samples_table(results, imageset)
        yield error_split_table(results, imageset)
        yield cost_table(results, imageset)
    yield ranks_table(results)
    yield claims_table(results)


def cost_table(results: Results, imageset: str) -> Table:
    """Return what each method's runs took: measured, hence never the same to the last bit."""
    costs, found = method_costs(results, imageset), paces(results, imageset)
    for method, pace in found.items():
        costs.loc[method, [*PACES.values()]] = pace.images_seen, pace.core_seconds
    shown = COSTS | (PACES if found else {})
    rows = []
    for method in results.experiment.methods_of(imageset):
        label, faded = marked(results, imageset, method)
        values = [costs.loc[method, column] for column in shown.values()]
        rows.append(Row(label, tuple(Cell(_amount(value)) for value in values), faded))
    hardware = sorted({r["hardware"] for _, r in results.records(imageset) if r.get("hardware")})
    threads = sorted({str(r["threads"]) for _, r in results.records(imageset) if "threads" in r})
    return Table(
        name=f"cost-{imageset}",
        title=f"What the runs cost on {results.experiment.imagesets[imageset].label}",
        columns=tuple(shown),
        groups=(tuple(rows),),
        notes=(
            "Mean over seeds; restoring: all tasks' seconds over all images restored; memory, "
            "parameters, and the numbers searched per image, in all restarts: the largest of a "
            "method's runs. Parameters: all numbers of the model that training leaves, encoders "
            "and kept images included; not the codes that were learned along, one per image.",
            f"Measured on {'; '.join(hardware) or 'unknown hardware'}, "
            f"torch threads per job: {', '.join(threads) or 'unknown'}; other jobs ran beside.",
            *_stage_notes(results, imageset),
            *_pace_notes(results, found),
            *status_notes(results, imageset),
            *method_notes(results, imageset),
        ),
        data=costs.rename_axis("method").reset_index(),
    )


def _stage_notes(results: Results, imageset: str) -> Iterator[str]:
    """Yield how long each stage of a training took, mean over seeds, where there are several."""
    for method, entry in results.experiment.methods.items():
        runs = results.records(imageset, method=method)
        laps = [r["laps"] for place, r in runs if place.verb == "train" and r.get("laps")]
        stages = list(laps[0]) if laps else []
        if len(stages) < 2:
            continue
        ends = [0.0, *(float(np.mean([lap[stage]["seconds"] for lap in laps])) for stage in stages)]
        took = np.diff(ends)
        told = (f"{s} {_amount(t)} s" for s, t in zip(stages, took, strict=True) if t > 0)
        yield f"{entry.label}, stage by stage: {', '.join(told)}."


def _pace_notes(results: Results, found: dict[str, Pace]) -> Iterator[str]:
    for loss in dict.fromkeys(pace.loss for pace in found.values()):
        labels = [
            results.experiment.methods[m].label for m, pace in found.items() if pace.loss == loss
        ]
        yield (
            f"Equal loss: {loss:.4g}, the least training loss that all of {', '.join(labels)} "
            "had in the stage over all images; core seconds: of the processor, over its threads."
        )


def method_costs(results: Results, imageset: str) -> pd.DataFrame:
    """Return seconds, sizes and counts per method, from its run records."""
    rows: dict[str, dict[str, Any]] = {}
    for method in results.experiment.methods_of(imageset):
        runs = results.records(imageset, method=method)
        trained = [record for place, record in runs if place.verb == "train"]
        restored = [record for place, record in runs if place.verb == "restore"]
        seconds = [each for record in restored for each in record["task_seconds"].values()]
        images = sum(record["images"] * len(record["task_seconds"]) for record in restored)
        rows[method] = {
            "training_seconds": _mean(trained, "seconds"),
            "restoring_seconds_per_image": sum(seconds) / images if images else np.nan,
            "parameters": _largest(trained or restored, "parameters"),
            "searched": _largest(restored, "searched"),
            "peak_memory_mb": _largest([*trained, *restored], "peak_memory_mb"),
            "updates": _mean(trained, "updates"),
            "images_seen": _mean([r for r in trained if r.get("updates")], "images_seen"),
            "device": ", ".join(sorted({r["device"] for r in [*trained, *restored]})),
        }
    return pd.DataFrame.from_dict(rows, orient="index", columns=list(COSTS.values()))


def restoring_seconds(results: Results, imageset: str, method: str, task: str) -> float:
    """Return the seconds that one restored image of a task takes, mean over runs."""
    runs = results.records(imageset, method=method)
    found = [r for place, r in runs if place.verb == "restore" and task in r["task_seconds"]]
    return float(np.mean([r["task_seconds"][task] / r["images"] for r in found] or [np.nan]))


def _mean(records: list[dict[str, Any]], name: str) -> float:
    values = [record[name] for record in records if record.get(name) is not None]
    return float(np.mean(values)) if values else float("nan")


def _largest(records: list[dict[str, Any]], name: str) -> float:
    values = [record[name] for record in records if record.get(name) is not None]
    return float(max(values)) if values else float("nan")


def _amount(value: Any) -> str:
    """Three figures, thousands set apart; a gap where there is nothing to measure."""
    if isinstance(value, str):
        return value or GAP
    if not np.isfinite(value):
        return GAP
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
