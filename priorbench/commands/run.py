"""`priorbench run`: train and restore one method, and compare it with results that are kept."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import yaml

from priorbench import raw
from priorbench.commands._pairs import pairs
from priorbench.config import DEVICES, Experiment
from priorbench.errors import UserError, nearest
from priorbench.files import read_json, read_yaml, write_text
from priorbench.plan import Plan
from priorbench.reference import CONFIG, Reference, compared, there
from priorbench.registry import ROOT, available, describe

LEFT_OUT = ("energy", "contrasts")  # they speak of other rows


@click.command(
    "run",
    epilog="Example: `priorbench run methods/mine.py --against lcm dip`",
)
@click.argument("method", metavar="NAME_OR_PATH")
@click.argument("rows", nargs=-1, metavar="")
@click.option("--against", multiple=True, metavar="ROW...", help="Rows of the reference.")
@click.option("--reference", default="demo", show_default=True, help="In results/reference/.")
@click.option("--train", multiple=True, metavar="KEY=VALUE", help="Option of training.")
@click.option("--restore", multiple=True, metavar="KEY=VALUE", help="Option of restoring.")
@click.option("--imageset", multiple=True, metavar="ROW", help="Of the reference; else all.")
@click.option("--device", type=click.Choice(DEVICES), help="The reference's, without it.")
@click.option("--cores", type=click.IntRange(1), default=os.cpu_count() or 1, show_default=True)
@click.option("--retrain", is_flag=True, help="Train also rows that the reference cannot lend.")
def command(
    method: str,
    rows: tuple[str, ...],
    against: tuple[str, ...],
    reference: str,
    train: tuple[str, ...],
    restore: tuple[str, ...],
    imageset: tuple[str, ...],
    device: str | None,
    cores: int,
    retrain: bool,
) -> None:
    """Train and restore one method, and print its table beside rows of a reference run.

    A row of the reference is taken as it is where its code, options and images are the same as
    here, or from the store where that has it; all are scored anew, by one protocol. Where
    NAME_OR_PATH is itself a row of the reference, it has that row's options.
    """
    if rows and not against:
        raise click.UsageError(f"unexpected `{rows[0]}`: rows to compare with follow --against")
    against += rows
    kept = Reference(reference)
    config = read_yaml(kept.folder / CONFIG)
    row, options = mine(method, config)
    options = options | {
        part: options.get(part, {}) | pairs(given)
        for part, given in (("train", train), ("restore", restore))
        if given
    }
    for asked, noun in ((against, "methods"), (imageset, "imagesets")):
        for name in asked:
            if name not in config[noun]:
                hint = nearest(name, config[noun])
                raise UserError(f"{kept.folder / CONFIG}: no row `{name}` of {noun}: {hint}")
    if row in against:
        raise UserError(f"--against {row}: a row cannot be compared with one of its own name")
    others = {name: config["methods"][name] for name in against}
    config |= {
        "device": device or config["device"],
        "experiment": f"run_{row}",
        "reference": reference,
        "methods": {row: options, **others},
        "imagesets": {n: config["imagesets"][n] for n in imageset or config["imagesets"]},
    }
    for key in LEFT_OUT:
        config.pop(key, None)
    for settings in config["methods"].values():  # of the image sets that are left
        if inner := (settings or {}).get("imagesets"):
            settings["imagesets"] = {n: s for n, s in inner.items() if n in config["imagesets"]}
    for task in config["tasks"].values():
        if isinstance(places := (task or {}).get("imagesets"), list):
            task["imagesets"] = [place for place in places if place in config["imagesets"]]
    config["tasks"] = {
        name: task for name, task in config["tasks"].items() if (task or {}).get("imagesets") != []
    }
    file = Path("results") / str(config["experiment"]) / CONFIG
    experiment = Experiment.check(config, f"{file} (from {kept.folder / CONFIG})")
    raw.lies_in(experiment.config["images_dir"])
    plan = Plan(experiment)
    for name in others:
        print(origin(plan, kept, name, retrain))
    write_text(file, yaml.safe_dump(config, sort_keys=False))
    run = [sys.executable, "-m", "snakemake", "tables", "--cores", str(cores)]
    run += ["--snakefile", str(ROOT / "Snakefile"), "--configfile", str(file), "--quiet", "rules"]
    if subprocess.run(run, check=False).returncode:
        raise click.exceptions.Exit(1)  # the run has said why
    summary = [sys.executable, "-m", "workflow.scripts.summary", "--configfile", str(file)]
    if subprocess.run(summary, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)}).returncode:
        raise click.exceptions.Exit(1)
    print(f"Figures and report: snakemake --cores {cores} --configfile {file}")


def mine(method: str, config: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return name and options of the row to run: one of the reference, a plugin, or a file."""
    if method in config["methods"]:
        return method, dict(config["methods"][method] or {})
    about = describe("methods", method)
    if method in available("methods"):
        return method, {}
    name = about.path.parent.name if about.path.stem == "__init__" else about.path.stem
    return name, {"plugin": method}


def origin(plan: Plan, kept: Reference, row: str, retrain: bool) -> str:
    """Tell where the numbers of a row come from; UserError where it would have to be trained."""
    experiment = plan.experiment
    places: dict[str, list[str]] = {}
    for imageset in experiment.imagesets:
        if row not in experiment.methods_of(imageset):
            continue
        for seed in experiment.seeds:
            if kept.lends(plan, imageset, row, seed):
                job, *_ = compared(plan, imageset, row, seed)
                record = read_json(kept.file(job, "run.json"))
                where = f"{kept.folder} ({record['started'][:10]}, {record['hardware']})"
            elif there(plan, imageset, row, seed):
                where = "the store, trained here"
            elif retrain:
                where = "trained now"
            else:
                raise UserError(
                    f"{row} on {imageset}: {kept.folder} has it with other code, options or device "
                    f"(here: {plan.device}); add --retrain, or leave it out"
                )
            places.setdefault(where, []).append(f"{imageset}, seed {seed}")
    return f"{row}: " + "; ".join(f"{where}: {'; '.join(p)}" for where, p in places.items())
