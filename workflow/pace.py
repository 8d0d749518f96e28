"""How soon rows of one method that minimise the same loss have reached the same value of it.

A method names the stage whose `loss` can be compared, over all images, in its constant PACE.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from priorbench.results import OUT, Results

LOSSES = ("loss", "perceptual", "laplacian", "levels", "output", "inner")  # what defines it
GLO = ("glo", "lap_mse", "falling", "gaussian")  # its loss, as its file sets it
UNIT = ("sigmoid", "tanh")  # outputs in [0, 1]: GLO's
SMOOTHED = 5  # points of a curve, of which the median counts


class Pace(NamedTuple):
    """What it took to reach a loss."""

    loss: float  # reached by all rows compared
    images_seen: float
    core_seconds: float


def paces(results: Results, imageset: str) -> dict[str, Pace]:
    """Return the pace of each row that can be compared with another, mean over seeds."""
    return {
        method: Pace(*(float(value) for value in np.mean([*runs.values()], axis=0)))
        for method, runs in paces_by_seed(results, imageset).items()
    }


def paces_by_seed(
    results: Results, imageset: str, rows: Collection[str] = ()
) -> dict[str, dict[int, Pace]]:
    """Return the pace of each row that can be compared with another, by training seed.

    rows: those whose least losses set the level; empty: all of the config.
    """
    found: dict[str, dict[int, Pace]] = {}
    for stages in _comparable(results, imageset, rows or [*results.experiment.methods]):
        runs = {m: list(_runs(results, imageset, m, stage)) for m, stage in stages.items()}
        loss = max(curve["value"].min() for all_runs in runs.values() for curve, _ in all_runs)
        for method, all_runs in runs.items():
            found[method] = {
                int(curve["seed"].iloc[0]): Pace(
                    float(loss), *_reached(curve, laps, stages[method], loss)
                )
                for curve, laps in all_runs
            }
    return found


def _comparable(results: Results, imageset: str, rows: Collection[str]) -> Iterator[dict[str, str]]:
    """Yield two or more rows, each with its stage, whose losses in it are the same quantity.

    Rows that diverged, were cut short, or have a loss that is not finite take no part.
    """
    groups: dict[tuple[str, ...], dict[str, str]] = defaultdict(dict)
    for method in rows:
        entry = results.experiment.methods[method]
        stage = str(entry.about.constants.get("PACE", ""))
        records = [r for p, r in results.records(imageset, method=method) if p.verb == "train"]
        curves = results.curves("train", imageset=imageset, method=method)
        curves = curves[(curves["stage"] == stage) & (curves["name"] == "loss")]
        told = all(stage in record.get("laps", {}) for record in records)
        sound = not any(str(record["status"]).startswith(OUT) for record in records)
        finite = bool(np.isfinite(curves["value"].astype("float64")).all())
        if records and told and sound and finite and curves["seed"].nunique() == len(records):
            groups[_quantity(entry.plugin, stage, records[0]["effective"])][method] = stage
    yield from (stages for stages in groups.values() if len(stages) > 1)


def _quantity(plugin: str, stage: str, options: dict[str, Any]) -> tuple[str, ...]:
    """Return what a row's loss is; incremental GLO's without a perceptual one is GLO's."""
    told = {name: str(options.get(name)) for name in LOSSES}
    if plugin == "glo":
        return ("glo", told["loss"], told["levels"], told["laplacian"])
    if plugin == "incremental_glo" and told["perceptual"] == "none" and told["output"] in UNIT:
        return GLO
    return (plugin, stage, *told.values())


def _runs(
    results: Results, imageset: str, method: str, stage: str
) -> Iterator[tuple[pd.DataFrame, dict[str, dict[str, float]]]]:
    """Yield the curve of the loss in a stage, and the laps, of each seed."""
    curves = results.curves("train", imageset=imageset, method=method)
    curves = curves[(curves["stage"] == stage) & (curves["name"] == "loss")]
    for place, record in results.records(imageset, method=method):
        if place.verb == "train":
            curve = curves[curves["seed"] == place.seed].copy()
            curve["value"] = curve["value"].rolling(SMOOTHED, min_periods=1, center=True).median()
            yield curve, record["laps"]


def _reached(
    curve: pd.DataFrame, laps: dict[str, dict[str, float]], stage: str, loss: float
) -> tuple[float, float]:
    """Return images seen and processor seconds when a loss was first reached; steps are alike."""
    step = float(curve.loc[curve["value"] <= loss, "step"].iloc[0])
    stages = list(laps)
    place = stages.index(stage)
    before = laps[stages[place - 1]] if place else dict.fromkeys(laps[stage], 0.0)
    share = step / (laps[stage]["steps"] - before["steps"])

    def at(what: str) -> float:
        return before[what] + share * (laps[stage][what] - before[what])

    return at("images_seen"), at("core_seconds")
