"""PriorBench's own command line: `priorbench images NAME`."""

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from priorbench import raw, sheet
from priorbench.config import Experiment
from priorbench.errors import UserError, nearest
from priorbench.files import replacing
from priorbench.images import Gallery, Prepared
from priorbench.imageset import SPLITS
from priorbench.plan import Job, Plan

SHOWN, ALL = 12, 24  # pictures of each split; of a set that is only tested on
LONG = 400  # characters of a fact that are shown
SIDE = 128  # pixels of a picture on the sheet, at most
# of a set without a config: it takes a whole one to plan a job
ALONE: dict[str, Any] = {
    "experiment": "look",
    "tasks": {"denoising": {}},
    "methods": {"nearest": {}},
    "metrics": {"psnr": {}},
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    parser = argparse.ArgumentParser(prog="priorbench", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    about = "prepare an image set, show its first pictures and its card"
    images = commands.add_parser("images", help=about, description=about)
    images.add_argument("name", help="an image set, or a row of --configfile")
    images.add_argument("options", nargs="*", metavar="KEY=VALUE", help="such as size=64")
    images.add_argument("--configfile", type=Path, help="where NAME is a row")
    images.add_argument("--out", type=Path, help="the sheet's file; NAME.png without it")
    images.add_argument("--offline", action="store_true", help="never touch the network")
    asked = parser.parse_args(arguments)
    try:
        show(asked)
    except Failed:  # the step has said why
        return 1
    except UserError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped; the same command goes on from there", file=sys.stderr)
        return 130
    return 0


class Failed(Exception):
    """A step failed, and said why."""


def show(asked: argparse.Namespace) -> None:
    """Prepare the image set that was asked for, write its contact sheet, print its card."""
    if asked.offline:
        os.environ["PRIORBENCH_OFFLINE"] = "1"
    experiment = described(asked)
    if experiment.config["images_dir"]:
        os.environ[raw.VARIABLE] = str(Path(experiment.config["images_dir"]).expanduser())
    plan = Plan(experiment)
    plan.check_folders(asked.name)
    out = asked.out or Path(f"{asked.name}.png")
    if not out.parent.is_dir() or out.is_dir():
        raise UserError(f"{out}: a file in a folder that is there is needed, such as sheet.png")
    prepared = made(plan.prepare(asked.name))
    rows = {
        f"{split}: {count} pictures": pictures(prepared, split)
        for split, count in prepared.card["counts"].items()
    }
    drawn = sheet.contact_sheet(rows, SIDE)
    with replacing(out) as temporary:
        drawn.save(temporary, "PNG")
    if sys.stdout.isatty():
        print(sheet.as_text(drawn, shutil.get_terminal_size().columns))
    print("\n".join(told(prepared.card)))
    print(f"sheet: {out}")
    print(f"images: {prepared.folder}")


def described(asked: argparse.Namespace) -> Experiment:
    """Return the experiment that has the image set: that of the config, or one made for it."""
    if asked.configfile is None:
        options = {}
        for pair in asked.options:
            key, equals, value = pair.partition("=")
            if not equals:
                raise UserError(f"{pair}: KEY=VALUE is needed, such as size=64")
            try:
                options[key] = yaml.safe_load(value)
            except yaml.YAMLError as error:
                raise UserError(f"{pair}: not a value in YAML") from error
        return Experiment.check({**ALONE, "imagesets": {asked.name: options}}, "command line")
    if asked.options:
        raise UserError(f"{asked.options[0]}: options stand in {asked.configfile}")
    try:
        config = yaml.safe_load(asked.configfile.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise UserError(f"{asked.configfile}: cannot be read ({error})") from error
    experiment = Experiment.check(config or {}, str(asked.configfile))
    if asked.name not in experiment.imagesets:
        hint = nearest(asked.name, experiment.imagesets)
        raise UserError(f"{asked.configfile}: no image set `{asked.name}`: {hint}")
    return experiment


def made(job: Job) -> Prepared:
    """Return an image set of the store, prepared now unless it is there."""
    results = [job.folder / name for name in ("card.json", *(f"{s}.npy" for s in SPLITS))]
    if not all(path.exists() for path in results):
        step = [sys.executable, "-m", "workflow.scripts.prepare", "--spec", job.json]
        step += ["--threads", str(os.cpu_count() or 1), "--out", *map(str, results)]
        if subprocess.run(step, check=False).returncode:
            raise Failed
    return Prepared(job.folder)


def pictures(prepared: Prepared, split: str) -> Gallery:
    """Return the first pictures of a split, (3, h, w) each."""
    found: Gallery = prepared.gallery if split == "test" else getattr(prepared, split)
    return found[: SHOWN if prepared.card["counts"]["train"] else ALL]


def told(card: dict[str, Any]) -> list[str]:
    """Return what a card says, a line per fact, lists of images as counts."""
    lines = []
    for key, value in card.items():
        if key in ("clusters", "labels") and value is not None:
            value = {split: f"{len(set(found))} different" for split, found in value.items()}
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        if len(text) > LONG and not isinstance(value, str):
            text = f"{len(value)} entries, in card.json"
        lines.append(f"{key.replace('_', ' ')}: {text}")
    return lines


if __name__ == "__main__":
    sys.exit(main())
