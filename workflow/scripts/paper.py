"""Draw one figure of a paper, as published and as measured: PNG, PDF, and its numbers."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib import rc_context

from priorbench.errors import UserError, nearest
from workflow import finished
from workflow.figures import _style
from workflow.papers import PAPERS, _paper, draw


def main(arguments: Sequence[str] | None = None) -> None:
    """Draw the figure `--name` into the PNG file `--out`; PDF, CSV, MD and TeX stand beside it."""
    parser = finished.parser(__doc__)
    parser.add_argument("--name", required=True)
    parser.add_argument("--out", required=True, type=Path, metavar="FILE.png")
    asked = parser.parse_args(arguments)
    if asked.name not in PAPERS:
        raise UserError(f"unknown figure `{asked.name}`: {nearest(asked.name, PAPERS)}")
    with rc_context(_style.RC):
        _paper.write(draw(asked.name, finished.results(asked)), asked.out)


if __name__ == "__main__":
    finished.run(main)
