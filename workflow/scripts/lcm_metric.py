"""Measure the control lines of LCM's figure 4 by every variant of LPIPS; tell them, draw them."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.figure import Figure

from priorbench.errors import UserError
from priorbench.files import Array, read_arrays, write_text
from priorbench.images import Prepared, row_of
from priorbench.observations import read_observations
from workflow import finished, lcm_metric, rendering
from workflow.figures import _style
from workflow.figures._style import GREY, INK, PALETTE, SMALL, WIDTH, plain_log

LEAST = 128  # pixels, the side that the lines are of


def main(arguments: Sequence[str] | None = None) -> None:
    """Write FILE.csv (all values), .md, .tex (the nearest) and .png, .pdf (all, by line).

    FILE.json is the card of the images.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", required=True, type=Path, metavar="card.json")
    parser.add_argument("--observations", required=True, type=Path, nargs="+")
    parser.add_argument("--controls", required=True, type=Path, nargs="+")
    parser.add_argument("--out", required=True, type=Path, metavar="FILE.csv")
    asked = parser.parse_args(arguments)
    images = Prepared(asked.images.parent)
    name = str(images.card["name"])
    if images.sizes is not None or images.shape[1:] != (LEAST, LEAST):
        raise UserError(f"lcm_metric: {name} is not of {LEAST}x{LEAST} pixels: set its `size`")
    rows = pd.DataFrame(
        lcm_metric.measured(name, list(options(images, asked.observations, asked.controls))),
        columns=lcm_metric.COLUMNS,
    )
    told = lcm_metric.table(name, rows)
    for suffix, write in (
        *((".csv", rendering.csv), (".md", rendering.markdown)),
        *((".tex", rendering.latex),),
    ):
        write_text(asked.out.with_suffix(suffix), write(told))
    write_text(asked.out.with_suffix(".json"), asked.images.read_text(encoding="utf-8"))
    with rc_context(_style.RC):
        _style.save(draw(rows), asked.out.with_suffix(".png"))


def options(
    images: Prepared, observations: Sequence[Path], controls: Sequence[Path]
) -> list[lcm_metric.Option]:
    """Return the options of all lines; UserError where a task that one needs is not there."""
    made: dict[str, Array] = {}
    for path in controls:
        made |= read_arrays(path)[0]
    found: list[lcm_metric.Option] = []
    for path in observations:
        for name, seen in read_observations(path).items():
            plugin = str(seen.task.__name__).rpartition(".")[2]
            if plugin not in lcm_metric.LINES:
                continue
            original = np.stack([images.test[number] for number in seen.ids.tolist()])
            control = made[f"{name}/{lcm_metric.LINES[plugin][1]}"]
            found += lcm_metric.options(row_of(name), plugin, control, original, seen)
    absent = [plugin for plugin, (line, _) in lcm_metric.LINES.items() if line not in lines(found)]
    if absent:
        raise UserError(f"lcm_metric: no task of the config has the plugin `{absent[0]}`")
    return found


def lines(found: Sequence[lcm_metric.Option]) -> set[str]:
    """Return the lines that options were found of."""
    return {option.line for option in found}


def draw(rows: pd.DataFrame) -> Figure:
    """Return a panel per line: values by network and version, a colour per range of inputs."""
    published = lcm_metric.published()
    rows = rows.assign(row=rows["net"] + " v" + rows["version"])
    names = list(dict.fromkeys(rows["row"]))
    figure = Figure(figsize=(WIDTH, 0.3 * len(names) + 0.9), layout="constrained")
    panels = figure.subplots(1, len(published), sharey=True)
    fitted = lcm_metric.fits(rows)
    nearest = fitted[fitted["off"] == fitted["off"].min()] if "off" in fitted else fitted[:0]
    best = [(f"{f['net']} v{f['version']}", f["range"], f) for f in nearest.to_dict("records")]
    colours = dict(zip(lcm_metric.RANGES, PALETTE, strict=False))
    for axes, (line, value) in zip(panels, published.items(), strict=True):
        axes.axvline(value, color=GREY, linestyle="--")
        for shift, (span, colour) in enumerate(colours.items()):
            part = rows[(rows["line"] == line) & (rows["range"] == span)]
            heights = part["row"].map(names.index) + (shift - 1) * 0.22
            axes.plot(
                part["value"], heights, "o", ms=2.5, mew=0, alpha=0.7, color=colour, label=span
            )
        for said in rows[rows["said"] != ""].drop_duplicates("row").itertuples():
            place: Any = {"transform": axes.get_yaxis_transform(), "ha": "center", "va": "center"}
            axes.text(0.5, names.index(said.row), said.said, color=GREY, size=SMALL, **place)
        for name, span, fit in best:
            height = names.index(name) + (list(colours).index(span) - 1) * 0.22
            axes.plot(fit[line]["value"], height, "o", ms=6, mfc="none", mec=INK, mew=0.6)
        axes.set_xscale("log")
        plain_log(axes.xaxis)
        axes.set_title(f"{line}: {value:g}", weight="bold")
        axes.set_yticks(range(len(names)), names)
    panels[0].set_ylim(len(names) - 0.5, -0.5)
    figure.supxlabel(
        "LPIPS, mean over images, a dot per option; dashed: published; rings: the nearest variant",
        size=SMALL + 1,
    )
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, title="inputs in", loc="outside right upper")
    return figure


if __name__ == "__main__":
    finished.run(main)
