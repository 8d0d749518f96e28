"""Fill README.md's section on the reference run with its pictures and tables."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from priorbench.errors import UserError
from priorbench.files import write_text
from workflow import finished

BEGIN, END = "<!-- results: begin -->", "<!-- results: end -->"
REFERENCE = Path("results/reference/demo")
METRIC = "psnr"


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the section anew; nothing else in the file changes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--readme", default=Path("README.md"), type=Path, metavar="FILE")
    parser.add_argument("--reference", default=REFERENCE, type=Path, metavar="FOLDER")
    asked = parser.parse_args(arguments)
    write_text(asked.readme, filled(asked.readme, asked.reference))


def filled(readme: Path, reference: Path) -> str:
    """Return the text of `readme` with the section between its two marks made from `reference`."""
    text = readme.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise UserError(f"{readme}: the lines `{BEGIN}` and `{END}` must both be there")
    return f"{before}{BEGIN}\n\n{section(readme, reference)}\n{END}{after}"


def section(readme: Path, reference: Path) -> str:
    """Return a picture and a table per image set, as Markdown."""
    tables = sorted((reference / "tables").glob(f"quality-*-{METRIC}.md"), reverse=True)
    if not tables:
        raise UserError(f"{reference}/tables: no table quality-*-{METRIC}.md")
    parts = []
    for table in tables:
        imageset = table.stem.removeprefix("quality-").removesuffix(f"-{METRIC}")
        picture = reference / "figures" / f"restorations-{imageset}.png"
        if picture.exists():
            place = picture.resolve().relative_to(readme.resolve().parent).as_posix()
            parts.append(f"![Restorations, {imageset}]({place})\n")
        parts.append(table.read_text(encoding="utf-8"))
    return "\n".join(parts)


if __name__ == "__main__":
    finished.run(main)
