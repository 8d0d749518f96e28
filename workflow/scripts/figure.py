"""Draw one figure of an image set, as PNG and as PDF beside it."""

import importlib
from collections.abc import Sequence
from pathlib import Path

from matplotlib import rc_context

from priorbench.errors import UserError, nearest
from workflow import finished
from workflow.figures import FIGURES, _style


def main(arguments: Sequence[str] | None = None) -> None:
    """Draw the figure `--name` into the PNG file `--out`, and into a PDF file beside it."""
    parser = finished.parser(__doc__)
    parser.add_argument("--name", required=True)
    parser.add_argument("--imageset", required=True)
    parser.add_argument("--out", required=True, type=Path, metavar="FILE.png")
    asked = parser.parse_args(arguments)
    if asked.name not in FIGURES:
        raise UserError(f"unknown figure `{asked.name}`: {nearest(asked.name, FIGURES)}")
    module = importlib.import_module(f"workflow.figures.{asked.name}")
    with rc_context(_style.RC):
        _style.save(module.draw(finished.results(asked), asked.imageset), asked.out)


if __name__ == "__main__":
    finished.run(main)
