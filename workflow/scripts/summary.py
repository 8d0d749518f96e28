"""Print an experiment's quality tables in short, and where everything lies."""

import argparse
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from tabulate import tabulate

from priorbench.config import Experiment
from priorbench.errors import UserError
from workflow import finished
from workflow.quality import MARKS, SAID


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables of a metric and the paths of tables, figures and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--configfile", required=True, type=Path, metavar="FILE")
    parser.add_argument("--metric", help="row of the config; else its first of images")
    asked = parser.parse_args(arguments)
    experiment = Experiment.read(asked.configfile)
    rows = experiment.metrics.items()
    first = next((m for m, e in rows if e.about.constants["PER"] == "image"), "")
    folder = Path("results") / experiment.name
    for imageset in experiment.imagesets if asked.metric or first else ():
        file = folder / "tables" / f"quality-{imageset}-{asked.metric or first}.csv"
        if not file.exists():
            raise UserError(f"{file}: no such table")
        table = pd.read_csv(file, keep_default_na=False, na_values={"mean": [""]})
        if len(table):
            print(f"{short(table)}\n")
    places = {"tables": "tables", "figures": "figures", "report": "report.html"}
    for what, place in places.items():
        if (folder / place).exists():
            print(f"{what + ':':<9}{folder / place}")


def short(table: pd.DataFrame) -> str:
    """Return the headline regions of a quality table as text for a terminal."""
    table = table[table["headline"]].sort_values("kind", ascending=False, kind="stable")
    columns = list(dict.fromkeys(zip(table["task"], table["region"], strict=True)))
    cells: dict[str, dict[tuple[str, str], str]] = {}
    labels: dict[str, str] = {}
    marked = set()
    for line in table.to_dict("records"):
        mark = next((m for word, m in MARKS.items() if line["status"].startswith(word)), "")
        marked |= {mark}
        labels[line["method"]] = max(
            labels.get(line["method"], ""), f"{line['label']}{mark}", key=len
        )
        row = cells.setdefault(line["method"], {})
        row[line["task"], line["region"]] = f"{line['mean']:.2f}{'*' if line['bold'] else ' '}"
    rows = [[labels[m], *(row.get(column, "") for column in columns)] for m, row in cells.items()]
    heads = [f"{task}\n{region} " for task, region in columns]
    metric, imageset = table["metric"].iloc[0], table["imageset"].iloc[0]
    title = f"{imageset}, {metric}   * best, or not significantly worse"
    body = tabulate(
        rows,
        ["", *heads],
        stralign="right",
        colalign=["left"],
        disable_numparse=True,
        preserve_whitespace=True,  # a place for the mark behind every number
    )
    notes = [said for word, said in SAID.items() if MARKS[word] in marked]
    return "\n".join([title, body, *notes])


if __name__ == "__main__":
    finished.run(main)
