"""Write the tracked reference runs into pages: their times, pictures and tables.

A section stands between `<!-- RUN: times -->`, `<!-- RUN: table NAME -->`,
`<!-- RUN: judged claims -->` or `<!-- RUN: FIGURE METRIC -->`, and `<!-- end -->`; RUN is a folder
of results/reference.
"""

import argparse
import os
import re
from collections.abc import Sequence
from pathlib import Path

from priorbench.errors import UserError
from priorbench.files import read_json, write_text
from workflow import finished

PAGES = tuple(map(Path, ("README.md", "docs/methods.md", "docs/metrics.md", "docs/claims.md")))
REFERENCE = Path("results/reference")
RUN = re.compile(r"^\| ([\w-]+) \|", re.MULTILINE)  # rows of the table of claims
NOT_RUN = re.compile(r"^\| \*([\w-]+)\* \|", re.MULTILINE)
SECTION = re.compile(r"<!-- (?P<run>\w+): (?P<what>[\w -]+?) -->\n.*?<!-- end -->", re.DOTALL)


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
        if what == "times":
            shown = times(reference / run)
        elif what == "judged claims":
            shown = judged(table(reference / run, "claims"))
        elif what.startswith("table "):
            shown = table(reference / run, what.removeprefix("table "))
        else:
            shown = results(page, reference / run, what)
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
        f"installing ({took['core_minutes']:.0f} core-minutes) and {took['peak_memory_gib']:.1f} "
        "GiB of memory at most, summed over its processes; more cores share the work.\n"
    )


def table(run: Path, name: str) -> str:
    """Return a table by its name."""
    file = run / "tables" / f"{name}.md"
    if not file.is_file():
        raise UserError(f"{run}/tables: no table {name}.md")
    return file.read_text(encoding="utf-8")


def judged(claims: str) -> str:
    """Return the table of claims without those that were not run, and what is told of these."""
    left_out = set(NOT_RUN.findall(claims)) - set(RUN.findall(claims))
    lines = [each for each in claims.splitlines(keepends=True) if not NOT_RUN.match(each)]
    return "".join(
        each
        for each in lines
        if not each.startswith("|  |  |")
        and not each.startswith(tuple(f"- {n}: " for n in left_out))
    )


def results(page: Path, run: Path, what: str) -> str:
    """Return a table per image set, below its picture, as Markdown.

    `what`: a figure and a metric. A figure without tables of its own stands above those of
    quality. Pictures of some image sets are not for everybody: a table stands alone there.
    """
    figure, _, metric = what.partition(" ")
    kind = figure if any((run / "tables").glob(f"{figure}-*-{metric}.md")) else "quality"
    tables = sorted((run / "tables").glob(f"{kind}-*-{metric}.md"), reverse=True)
    if not tables:
        raise UserError(f"{run}/tables: no table {kind}-*-{metric}.md")
    names = [table.stem.removeprefix(f"{kind}-").removesuffix(f"-{metric}") for table in tables]
    pictures = {name: run / "figures" / f"{figure}-{name}.png" for name in names}
    if not any(picture.exists() for picture in pictures.values()):
        raise UserError(f"{page}: no picture {' or '.join(map(str, pictures.values()))}")
    parts = []
    for name, table in zip(names, tables, strict=True):
        if pictures[name].exists():
            place = Path(os.path.relpath(pictures[name], page.parent)).as_posix()
            parts.append(f"![{figure.capitalize()}, {name}]({place})\n")
        parts.append(table.read_text(encoding="utf-8"))
    return "\n".join(parts)


if __name__ == "__main__":
    finished.run(main)
