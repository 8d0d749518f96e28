"""Fill README.md's sections on the reference run with its time, its pictures and its tables."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from priorbench.errors import UserError
from priorbench.files import read_json, write_text
from workflow import finished

REFERENCE = Path("results/reference/demo")
METRIC = "psnr"


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the sections anew; nothing else in the file changes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--readme", default=Path("README.md"), type=Path, metavar="FILE")
    parser.add_argument("--reference", default=REFERENCE, type=Path, metavar="FOLDER")
    asked = parser.parse_args(arguments)
    write_text(asked.readme, filled(asked.readme, asked.reference))


def filled(readme: Path, reference: Path) -> str:
    """Return the text of `readme` with the sections between marks made from `reference`."""
    text = readme.read_text(encoding="utf-8")
    for name, made in (("times", times(reference)), ("results", section(readme, reference))):
        begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
        before, found, rest = text.partition(begin)
        _, closed, after = rest.partition(end)
        if not found or not closed:
            raise UserError(f"{readme}: the lines `{begin}` and `{end}` must both be there")
        text = f"{before}{begin}\n\n{made}\n{end}{after}"
    return text


def times(reference: Path) -> str:
    """Return what the reference run took, in a sentence."""
    run = read_json(reference / "run.json")
    return (
        f"On {run['hardware']}, `{run['command']}` took {run['minutes']:.0f} minutes after "
        f"installing ({run['core_minutes']:.0f} of one core) and {run['peak_memory_gib']:.1f} GiB "
        "of memory at most, summed over its processes; more cores share the work. "
        "Installing takes some minutes and, on Linux, 6 GB of disk: PyTorch brings its "
        "GPU libraries along.\n"
    )


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
