"""Draw one figure of an image set, or of all, as PNG and as PDF beside it."""

import importlib
from collections.abc import Sequence
from pathlib import Path

from matplotlib import rc_context

from priorbench.errors import UserError, nearest
from workflow import finished
from workflow.figures import ACROSS, FIGURES, _style


def main(arguments: Sequence[str] | None = None) -> None:
    """Draw the figure `--name` into the PNG file `--out`, and into a PDF file beside it."""
    parser = finished.parser(__doc__)
    parser.add_argument("--name", required=True)
    parser.add_argument("--imageset", help="not for figures across image sets")
    parser.add_argument("--out", required=True, type=Path, metavar="FILE.png")
    asked = parser.parse_args(arguments)
    known = ACROSS if asked.imageset is None else FIGURES
    if asked.name not in known:
        raise UserError(f"unknown figure `{asked.name}`: {nearest(asked.name, known)}")
    module = importlib.import_module(f"workflow.figures.{asked.name}")
    with rc_context(_style.RC):
        told = [] if asked.imageset is None else [asked.imageset]
        _style.save(module.draw(finished.results(asked), *told), asked.out)


if __name__ == "__main__":
    finished.run(main)
