"""Report on incremental GLO, figure 2: how long each model trained."""

from typing import Any

import numpy as np
import pandas as pd

from priorbench.errors import UserError
from priorbench.results import Results
from workflow.papers._beside import Entry, Quantity, Side, draw_pairs, plain, table, theirs
from workflow.papers._frogs import GLO, NOISY, PLAIN, REPORT, THEIRS, imageset, rows
from workflow.papers._measured import data, empty, gaps, others, title
from workflow.papers._paper import Paper, published

SOURCE = "incremental_glo_report"
TABLE = "Figure 2 training-time table"
ENCODER = "encoder"  # the last stage of a training
UNIT = "minutes ↓"
SHORT = {GLO: "GLO", PLAIN: "decoder, no noise term", NOISY: "decoder, noise term"}
LABELS = {  # of the published file: names in the figure
    "GLO": SHORT[GLO],
    "Incremental GLO decoder without the additional loss term": SHORT[PLAIN],
    "Incremental GLO decoder with the additional loss term": SHORT[NOISY],
    "Encoder (optimum at epoch 1161)": ENCODER,
}


def draw(results: Results) -> Paper:
    """Return the report's minutes, and those of this experiment."""
    numbers = published(SOURCE)
    chosen = numbers[numbers["table"] == TABLE]
    for label in LABELS:
        if label not in {*chosen["label"]}:
            raise UserError(f"published/{SOURCE}.csv: no label `{label}` in the table `{TABLE}`")
    names = [*LABELS.values()]
    chosen = chosen.set_index("label").loc[[*LABELS]].rename(LABELS).reset_index()
    shown = imageset(results)
    missing: list[str] = []
    known = rows(results, shown)
    found, hardware = [], set()
    for row, part in known.items():
        records = [r for place, r in results.records(shown, method=row) if place.verb == "train"]
        hardware |= {str(record["hardware"]) for record in records if record.get("hardware")}
        spent = [_minutes(record) for record in records]
        for name, minutes in zip((SHORT[part], ENCODER), zip(*spent, strict=True), strict=False):
            if np.isfinite(minutes).all():
                found.append(Entry(name, plain(float(np.mean(minutes))), row))
    there = {entry.name for entry in found}
    missing += [
        f"{name} (no such training among the results)" for name in names if name not in there
    ]
    measured = Side(UNIT, "wall time", [e for name in names for e in found if e.name == name])
    if not found:
        measured = empty("training times", "no training of these models", missing)
    pairs = [Quantity("training time", theirs(chosen, UNIT), measured, from_zero=True)]
    notes = [
        f"Published: {numbers['source'].iloc[0]}; {chosen['protocol'].iloc[0]}, epochs as its "
        f"authors chose. Not known: {chosen['unknown'].iloc[0]}. Encoder: up to its optimum; all "
        f"of its epochs took {_encoder(numbers):g} minutes.",
        "Measured: wall time of a training, mean over seeds, other jobs beside it, on "
        f"{'; '.join(sorted(hardware)) or 'unknown hardware'}. Neither side says what a model "
        "costs that is equally good: the cost table has images and seconds at equal loss.",
        *gaps(missing),
        *others(results, shown, known),
    ]
    told = title(f"{REPORT}, figure 2", THEIRS, data(results, shown), measured=bool(found))
    return Paper(
        draw_pairs(results, shown, pairs), table("incremental_glo_times", told, pairs, notes)
    )


def _minutes(record: dict[str, Any]) -> tuple[float, float]:
    """Return the minutes of a decoder and of its encoder; nan where there is no such stage."""
    laps = {stage: float(lap["seconds"]) for stage, lap in record.get("laps", {}).items()}
    before = [seconds for stage, seconds in laps.items() if stage != ENCODER]
    fitted = record.get("effective", {}).get("steps_encoder", 1)
    if ENCODER not in laps or not before or not fitted:
        return float(record["seconds"]) / 60, float("nan")
    return before[-1] / 60, (laps[ENCODER] - before[-1]) / 60


def _encoder(numbers: pd.DataFrame) -> float:
    """Return the minutes of all epochs of the report's encoder."""
    return float(numbers.loc[numbers["table"] == "footnote 1", "value"].iloc[0])
