"""Figures and tables of papers: a module has draw(results, ...), which returns a Paper.

Each says by itself what was published, what this experiment measured, and what was not run.
"""

from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from priorbench.results import Results
    from workflow.papers._paper import Paper


@dataclass(frozen=True)
class Drawing:
    """How a figure is drawn."""

    module: str  # a file of this folder
    published: tuple[str, ...] = ()  # files of published/ that it reads
    arguments: dict[str, Any] = field(default_factory=dict)


PAIRS = {5: 0, 6: 1, 7: 2, 10: 3, 11: 4}  # figure: pair of training images
PAPERS = {
    "lcm_figure3": Drawing("lcm_figure3"),
    "lcm_figure4": Drawing("lcm_figure4", ("lcm_figure4",)),
    "dip_energy": Drawing("dip_energy"),
    "dip_tables": Drawing("dip_tables", ("deep_image_prior",)),
    "incremental_glo_times": Drawing("incremental_glo_times", ("incremental_glo_report",)),
    "incremental_glo_figure4": Drawing("incremental_glo_figure4"),
    **{
        f"incremental_glo_figure{figure}": Drawing(
            "incremental_glo_encoded", arguments={"figure": figure, "images": images}
        )
        for figure, images in ((8, "training"), (9, "test"))
    },
    **{
        f"incremental_glo_figure{figure}": Drawing(
            "incremental_glo_between", arguments={"figure": figure, "pair": pair}
        )
        for figure, pair in PAIRS.items()
    },
}


def draw(name: str, results: "Results") -> "Paper":
    """Return the Paper of a name in PAPERS; what draws it is imported now."""
    known = PAPERS[name]
    module = import_module(f"workflow.papers.{known.module}")
    found: Paper = module.draw(results, **known.arguments)
    return found
