"""Deep image prior, figure 2: how fast a search fits an image, and what is no image."""

import numpy as np
import pandas as pd

from priorbench.results import Results
from workflow.figures import energy
from workflow.figures._style import said
from workflow.papers._measured import NOT_RUN, data
from workflow.papers._paper import Paper
from workflow.rendering import Cell, Row, Table

SHOWN = 6  # iterations in the table for readers; the CSV file has all
COLUMNS = ["target", "step", "loss"]


def draw(results: Results) -> Paper:
    """Return the curves of this experiment, and their means at some iterations."""
    asked = dict(results.experiment.config["energy"])
    imageset = next(iter(asked), "")
    curves = results.curves("energy", imageset=imageset)
    curves = curves[(curves["name"] == "loss") & (curves["image"] >= 0)]
    means = curves.groupby(["task", "step"])["value"].mean().unstack() if len(curves) else None
    paper = "The paper shows curves without numbers."
    if means is None:
        why = "no curve was followed" if asked else "no `energy` in the config"
        wanted = "such as `energy: {photos: dip}`: an image set, and the row that searches"
        told = Table(
            "dip_energy",
            f"Deep image prior, figure 2: {NOT_RUN}",
            (),
            (),
            (paper, f"{NOT_RUN.capitalize()}: {why}, {wanted}."),
            pd.DataFrame(columns=COLUMNS),
        )
        return Paper(said(f"{NOT_RUN}: {why}"), told)
    means = means.reindex([target for target in energy.COLOURS if target in means.index])
    steps = np.unique(np.geomspace(1, len(means.columns), SHOWN).round().astype(int)) - 1
    shown = [means.columns[place] for place in steps]
    label = results.experiment.methods[asked[imageset]].label
    more = [f"Followed on {name} too: energy-{name}." for name in list(asked)[1:]]
    table = Table(
        name="dip_energy",
        title=f"Deep image prior, figure 2: {label} on {data(results, imageset)}",
        columns=tuple(f"iteration {step:g}" for step in shown),
        groups=(
            tuple(
                Row(str(target), tuple(Cell(f"{means.loc[target, step]:.4g}") for step in shown))
                for target in means.index
            ),
        ),
        notes=(f"{paper} Measured: {energy.CAPTION}", *more),
        data=pd.DataFrame(
            [(t, step, value) for t, row in means.iterrows() for step, value in row.items()],
            columns=COLUMNS,
        ),
    )
    return Paper(energy.draw(results, imageset), table)
