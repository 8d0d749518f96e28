"""Write one page about an experiment: expectations, tables, figures, run records."""

import base64
import importlib
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from priorbench.files import write_text
from priorbench.results import Results
from workflow import claims, finished
from workflow.comparisons import comparison_tables
from workflow.contrasts import contrast_tables
from workflow.expectations import evaluate
from workflow.figures import ACROSS, FIGURES
from workflow.quality import quality_tables, split_notes
from workflow.ranking import ranks_table
from workflow.sampling import samples_table
from workflow.splitting import error_split_table
from workflow.summaries import metric_name, seed_notes
from workflow.tables import cost_table

TEMPLATES = Path(__file__).resolve().parents[1] / "report"
COLUMNS = (
    "verb",
    "imageset",
    "unit",
    "method",
    "seed",
    "status",
    "seconds",
    "device",
    "key",
    "started",
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the report of an experiment to the HTML file `--out`: one file, nothing to load."""
    parser = finished.parser(__doc__)
    parser.add_argument("--tables", required=True, type=Path, metavar="FOLDER")
    parser.add_argument("--figures", required=True, type=Path, metavar="FOLDER")
    parser.add_argument("--out", required=True, type=Path, metavar="FILE.html")
    asked = parser.parse_args(arguments)
    results = finished.results(asked)
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined
    )
    expected, stated = evaluate(results), claims.shown(results)
    page = environment.get_template("report.html.j2").render(
        experiment=results.experiment,
        seed_notes=seeds_told(results, [each.seeds for each in expected]),
        claims_seed_notes=seeds_told(results, [each.judged.seeds for each in stated]),
        metrics=metrics(results),
        facts=facts(results),
        expectations=expected,
        claims=stated,
        claims_table=claims.claims_table(results, stated),
        imagesets=[section(results, name, asked.figures) for name in results.experiment.imagesets],
        ranks=ranks_table(results),
        across=[f for n in ACROSS if (f := picture(asked.figures, n, n, "all image sets"))],
        tables=os.path.relpath(asked.tables, asked.out.parent),
        figures=os.path.relpath(asked.figures, asked.out.parent),
        files={path.stem for path in asked.tables.glob("*.csv")},
        columns=COLUMNS,
        records=records(results),
    )
    write_text(asked.out, page)


def seeds_told(results: Results, counts: Iterable[int]) -> list[str]:
    """Return the warning of few training seeds, for verdicts that rest on so many seeds each.

    The fewest count; 0, of a verdict without training, does not, and without any the config's do.
    """
    fewest = min((count for count in counts if count), default=len(results.experiment.seeds))
    return list(seed_notes(fewest))


def section(results: Results, imageset: str, folder: Path) -> dict[str, Any]:
    """Return what the report shows of an image set."""
    tables = list(quality_tables(results, imageset, every_region=False))
    regions = list(quality_tables(results, imageset, every_region=True))
    more = [
        *contrast_tables(results, imageset),
        *([] if results.experiment.test_only(imageset) else [samples_table(results, imageset)]),
        error_split_table(results, imageset),
        cost_table(results, imageset),
    ]
    label = results.experiment.imagesets[imageset].label
    return {
        "name": imageset,
        "label": label,
        "about": about(results.card(imageset)),
        "warnings": list(split_notes(results, imageset)),
        "tables": [table for table in (*tables, *more) if table.groups],
        # where each task has one region there is nothing more to see
        "regions": [r for t, r in zip(tables, regions, strict=True) if r.columns != t.columns],
        "comparisons": [t for t in comparison_tables(results, imageset) if t.groups],
        "figures": [f for n in FIGURES if (f := picture(folder, n, f"{n}-{imageset}", label))],
    }


def picture(folder: Path, name: str, file: str, about: str) -> dict[str, str]:
    """Return a figure with its caption, the pixels in the page; nothing where it was not drawn.

    file: its name without a suffix. about: what it shows.
    """
    path = folder / f"{file}.png"
    if not path.exists():
        return {}
    caption: str = importlib.import_module(f"workflow.figures.{name}").CAPTION
    png = base64.b64encode(path.read_bytes()).decode()
    return {"name": name, "file": file, "about": about, "caption": caption, "png": png}


def about(card: dict[str, Any]) -> str:
    """Return an image set's card in a few words."""
    told = []
    if card.get("sizes"):
        told.append(f"{len(set(map(tuple, card['sizes'])))} sizes")
    elif "shape" in card:
        told.append("{1}x{2} px".format(*card["shape"]))
    if "counts" in card:
        told.append(", ".join(f"{count} {split}" for split, count in card["counts"].items()))
    if unreadable := card.get("unreadable", {}).get("count"):
        told.append(f"{unreadable} files could not be read")
    if small := card.get("too_small", {}).get("count"):
        told.append(f"{small} pictures were too small")
    left = card.get("duplicates", {}).get("left out of training", {})
    if copies := sum(left.values()):
        told.append(f"{copies} copies of held-out pictures left out of training")
    told += [
        f"{name.replace('_', ' ')}: {card[name]}"
        for name in ("sampling", "split_rule", "source", "licence")
        if card.get(name)
    ]
    return "; ".join(told)


def metrics(results: Results) -> list[str]:
    """Return the names of the metrics; what depends on weights may differ between image sets."""
    experiment = results.experiment
    names = [metric_name(results, s, m) for m in experiment.metrics for s in experiment.imagesets]
    return list(dict.fromkeys(names))


def facts(results: Results) -> dict[str, str]:
    """Return hardware, versions and commits of the runs, as their records say."""
    runs = [r for name in results.experiment.imagesets for _, r in results.records(name)]
    versions = {f"{k} {v}" for run in runs for k, v in run.get("versions", {}).items()}
    commits = {
        run["git"]["commit"][:12] + (" with changes" if run["git"]["dirty"] else "")
        for run in runs
        if run.get("git")
    }
    told = {
        "Hardware": {run["hardware"] for run in runs if run.get("hardware")},
        "Device": {run["device"] for run in runs if run.get("device")},
        "Torch threads per job": {str(run["threads"]) for run in runs if "threads" in run},
        "Versions": versions,
        "Commit": commits,
    }
    return {name: ", ".join(sorted(words)) for name, words in told.items() if words}


def records(results: Results) -> list[list[str]]:
    """Return a line per run: what its path says and the outline of its record."""
    lines = []
    for imageset in results.experiment.imagesets:
        for place, record in results.records(imageset):
            known = record | {
                "verb": place.verb,
                "imageset": place.imageset,
                "unit": place.unit,
                "method": place.method,
                "seed": place.seed,
                "key": place.key,
            }
            lines.append([str(known.get(name, "")) for name in COLUMNS])
    return lines


if __name__ == "__main__":
    finished.run(main)
