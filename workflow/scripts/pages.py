"""Write the tracked reference runs into pages: their times, pictures and tables.

A section stands between `<!-- RUN: times -->`, or `<!-- RUN: FIGURE METRIC -->`, and
`<!-- end -->`; RUN is a folder of results/reference.
"""

import argparse
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from priorbench.errors import UserError
from priorbench.files import read_json, write_text
from workflow import finished

PAGES = (Path("README.md"),)
REFERENCE = Path("results/reference")
SECTION = re.compile(r"<!-- (?P<run>\w+): (?P<what>[\w ]+) -->\n.*?<!-- end -->", re.DOTALL)


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the sections anew; nothing else in the pages changes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", nargs="+", default=PAGES, type=Path, metavar="FILE")
    parser.add_argument("--reference", default=REFERENCE, type=Path, metavar="FOLDER")
    asked = parser.parse_args(arguments)
    made = {page: filled(page, asked.reference) for page in asked.pages}
    for page, text in made.items():
        write_text(page, text)


def filled(page: Path, reference: Path) -> str:
    """Return the text of `page` with its sections made from the runs in `reference`."""
    text = page.read_text(encoding="utf-8")

    def section(found: re.Match[str]) -> str:
        run, what = found["run"], found["what"]
        if not (reference / run).is_dir():
            raise UserError(f"{page}: {what} of `{run}`: no folder {reference / run}")
        shown = times(reference / run) if what == "times" else results(page, reference / run, what)
        return f"<!-- {run}: {what} -->\n\n{shown}\n<!-- end -->"

    made, count = SECTION.subn(section, text)
    if not count or text.count("<!-- end -->") != count:
        raise UserError(f"{page}: every section begins `<!-- RUN: what -->`, ends `<!-- end -->`")
    return made


def times(run: Path) -> str:
    """Return what a run took, in a sentence."""
    took = read_json(run / "run.json")
    return (
        f"On {took['hardware']}, `{took['command']}` took {took['minutes']:.0f} minutes after "
        f"installing ({took['core_minutes']:.0f} of one core) and {took['peak_memory_gib']:.1f} "
        "GiB of memory at most, summed over its processes; more cores share the work. "
        "Installing takes some minutes and, on Linux, 6 GB of disk: PyTorch brings its "
        "GPU libraries along.\n"
    )


def results(page: Path, run: Path, what: str) -> str:
    """Return a picture and a table per image set, as Markdown; `what` is a figure and a metric."""
    figure, _, metric = what.partition(" ")
    tables = sorted((run / "tables").glob(f"quality-*-{metric}.md"), reverse=True)
    if not tables:
        raise UserError(f"{run}/tables: no table quality-*-{metric}.md")
    return "\n".join(part for table in tables for part in _imageset(page, run, table, figure))


def _imageset(page: Path, run: Path, table: Path, figure: str) -> Iterator[str]:
    imageset = table.stem.split("-")[1]
    picture = run / "figures" / f"{figure}-{imageset}.png"
    if not picture.exists():
        raise UserError(f"{page}: no picture {picture}")
    place = Path(os.path.relpath(picture, page.parent)).as_posix()
    yield f"![{figure.capitalize()}, {imageset}]({place})\n"
    yield table.read_text(encoding="utf-8")


if __name__ == "__main__":
    finished.run(main)
