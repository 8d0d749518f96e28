"""`priorbench images NAME`: look at an image set before training on it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from priorbench import raw, registry, sheet
from priorbench.commands._pairs import pairs
from priorbench.config import Experiment
from priorbench.errors import UserError, nearest
from priorbench.files import replacing
from priorbench.images import Gallery, Prepared
from priorbench.imageset import SPLITS
from priorbench.plan import Job, Plan

SHOWN, ALL = 12, 24  # pictures of each split; of a set that is only tested on
LONG = 400  # characters of a fact that are shown
SIDE = 128  # pixels of a picture on the sheet, at most
MARK = ("Software", "priorbench images")  # in the file of a sheet
# of a set without a config: it takes a whole one to plan a job, with a method that learns
# nothing, since there are sets without training images
ALONE: dict[str, Any] = {
    "experiment": "look",
    "tasks": {"denoising": {}},
    "methods": {"dip": {}},
    "metrics": {"psnr": {}},
}


@click.command(
    "images",
    epilog="Examples: `priorbench images photos size=64`; `priorbench images mine --configfile C`",
)
@click.argument("name")
@click.argument("options", nargs=-1, metavar="[KEY=VALUE]...")
@click.option("--configfile", type=click.Path(path_type=Path), help="Where NAME is a row.")
@click.option("--out", type=click.Path(path_type=Path), help="The sheet; NAME.png without it.")
@click.option("--force", is_flag=True, help="Replace a file there that is no sheet.")
@click.option("--offline", is_flag=True, help="Never touch the network.")
def command(
    name: str,
    options: tuple[str, ...],
    configfile: Path | None,
    out: Path | None,
    force: bool,
    offline: bool,
) -> None:
    """Prepare an image set, show its first pictures and its card.

    NAME is an image set, with options such as size=64, or a row of --configfile.
    """
    if offline:
        os.environ["PRIORBENCH_OFFLINE"] = "1"
    experiment = described(name, options, configfile)
    raw.lies_in(experiment.config["images_dir"])
    plan = Plan(experiment)
    plan.check_folders(name)
    out = out or Path(f"{name}.png")
    if not out.parent.is_dir() or out.is_dir():
        raise UserError(f"{out}: a file in a folder that is there is needed, such as sheet.png")
    if out.exists() and not (force or is_sheet(out)):
        raise UserError(f"{out}: is there already, and is no sheet; name another, or add --force")
    prepared = made(plan.prepare(name))
    rows = {
        f"{split}: {count} pictures": pictures(prepared, split)
        for split, count in prepared.card["counts"].items()
    }
    drawn = sheet.contact_sheet(rows, SIDE)
    with replacing(out) as temporary:
        about = PngInfo()
        about.add_text(*MARK)
        drawn.save(temporary, "PNG", pnginfo=about)
    if sys.stdout.isatty():
        print(sheet.as_text(drawn, shutil.get_terminal_size().columns))
    print("\n".join(told(prepared.card)))
    print(f"sheet: {out}")
    print(f"images: {prepared.folder}")


def is_sheet(path: Path) -> bool:
    """Tell whether a file was written by this command."""
    key, mark = MARK
    try:
        with Image.open(path) as image:
            return bool(image.info.get(key) == mark)
    except (OSError, SyntaxError, ValueError):
        return False


def described(name: str, options: tuple[str, ...], configfile: Path | None) -> Experiment:
    """Return the experiment that has the image set: that of the config, or one made for it."""
    if configfile is None:
        _refuse_folders(name, options)
        return Experiment.check({**ALONE, "imagesets": {name: pairs(options)}}, "command line")
    if options:
        raise UserError(f"{options[0]}: options stand in {configfile}")
    experiment = Experiment.read(configfile)
    if name not in experiment.imagesets:
        hint = nearest(name, experiment.imagesets)
        raise UserError(f"{configfile}: no image set `{name}`: {hint}")
    return experiment


def _refuse_folders(name: str, options: tuple[str, ...]) -> None:
    """Raise UserError where a folder stands in place of an image set, or of an option."""
    known = registry.available("imagesets")
    places = [name] * (name not in known) + [each for each in options if "=" not in each]
    for place in places:
        if Path(place).expanduser().is_dir():
            raise UserError(
                f"{place}: a folder is named by `priorbench images folder path={place}`"
            )


def made(job: Job) -> Prepared:
    """Return an image set of the store, prepared now unless it is there."""
    results = [job.folder / name for name in ("card.json", *(f"{s}.npy" for s in SPLITS))]
    if not all(path.exists() for path in results):
        step = [sys.executable, "-m", "workflow.scripts.prepare", "--spec", job.json]
        step += ["--threads", str(os.cpu_count() or 1), "--out", *map(str, results)]
        if subprocess.run(step, check=False).returncode:
            raise click.exceptions.Exit(1)  # the step has said why
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
