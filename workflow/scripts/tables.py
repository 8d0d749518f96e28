"""Write the tables of an experiment as CSV, Markdown and LaTeX."""

from collections.abc import Sequence
from pathlib import Path

from priorbench.files import write_text
from workflow import finished, rendering
from workflow.tables import all_tables

WRITERS = {".csv": rendering.csv, ".md": rendering.markdown, ".tex": rendering.latex}


def main(arguments: Sequence[str] | None = None) -> None:
    """Write every table of the experiment into the folder `--out`; older ones are removed."""
    parser = finished.parser(__doc__)
    parser.add_argument("--out", required=True, type=Path, metavar="FOLDER")
    asked = parser.parse_args(arguments)
    written = set()
    for table in all_tables(finished.results(asked)):
        for suffix, text in WRITERS.items():
            path = asked.out / f"{table.name}{suffix}"
            write_text(path, text(table))
            written.add(path)
    # of metrics and image sets that the config had before
    for path in asked.out.glob("*"):
        if path.suffix in WRITERS and path not in written:
            path.unlink()


if __name__ == "__main__":
    finished.run(main)
