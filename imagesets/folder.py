"""Any folder of images, however deep; hidden files, and others than pictures, are passed over.

Each picture is brought to RGB, reduced (antialiased, bicubic) to a short side of `size` and
cropped to its centre. The split depends on the pixels that come of it, not on names: pictures that
are equal then go to one split together, and another `size` splits anew. With `group: folder` whole
sub-folders go to one split, each with the pictures of one photograph, person or place.
"""

import hashlib
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from imagesets._read import FILTER, read, square
from priorbench.errors import UserError
from priorbench.pictures import Pictures
from priorbench.raw import SUFFIXES

LABEL = "folder"
IN_FILES = True

# so that no split is empty
LEAST = {"picture": (8, "images"), "folder": (3, "folders with images")}
CLUSTERS = {"picture": "picture (the first file that shows it)", "folder": "sub-folder"}


@dataclass(frozen=True)
class Config:
    path: str = ""  # the folder, ~ allowed; relative to where the command runs
    size: int = 64  # pixels, side of an image
    val: float = 0.1  # share of the images
    test: float = 0.2  # share of the images
    group: Literal["picture", "folder"] = "picture"  # what is not parted: sub-folders, of crops say
    enlarge: bool = False  # accept pictures that are smaller than `size`
    unreadable: float = 0.1  # greatest share of pictures that may be damaged
    seed: int = 0  # of the split


def build(cfg: Config) -> Pictures:
    """Return the pictures of the folder, in an order given by their content; no labels."""
    check(cfg)
    root = located(cfg.path)
    names, passed_over = listed(root)
    parents = [str(Path(name).parent) for name in names]
    by_folder = cfg.group == "folder"

    def decode(row: int) -> NDArray[np.uint8]:
        return square(read(root / names[row]), cfg.size, cfg.enlarge)

    return Pictures(
        names=names,
        read=decode,
        split=lambda found: split_contents(found, parents if by_folder else found, cfg),
        clusters=parents if by_folder else None,
        card={**card(cfg, root), "passed_over": passed_over},
        shape=(3, cfg.size, cfg.size),
        unreadable=cfg.unreadable,
    )


def check(cfg: Config) -> None:
    """Raise UserError where an option is impossible, whatever lies on the disk."""
    if not cfg.path:
        raise UserError("folder: `path` is empty; give the folder with the images")
    if cfg.size < 8:
        raise UserError(f"folder: size {cfg.size} is too small; nearest: 8")
    if cfg.val <= 0 or cfg.test <= 0 or cfg.val + cfg.test >= 1:
        raise UserError("folder: `val` and `test` are shares above 0 whose sum is below 1")
    if not 0 <= cfg.unreadable < 1:
        raise UserError("folder: `unreadable` is a share, from 0 to below 1")


def located(path: str) -> Path:
    """Return the folder of images at `path`; UserError where there is none."""
    try:
        root = Path(path).expanduser()
    except RuntimeError as error:
        raise UserError(f"folder: {path}: {error}") from error
    if not root.is_dir():
        raise UserError(f"folder: {path} is {'a file' if root.exists() else 'not there'}")
    root = root.resolve()
    if root in (Path(root.anchor), Path.home().resolve()):
        raise UserError(f"folder: {path} is a whole disk or home; give the images' own folder")
    return root


def listed(root: Path) -> tuple[list[str], dict[str, int]]:
    """Return every picture below `root`, by its path in it, and how many other files there are.

    What is a picture is told by its suffix; the others are counted by theirs. Linked folders are
    not entered, and links that lead out of `root` are passed over.
    """
    names = sorted(
        path.relative_to(root).as_posix()
        for folder, _, files in os.walk(root, onerror=_refuse)
        for path in (Path(folder, file) for file in files)
        if path.is_file() and path.resolve().is_relative_to(root)
    )
    names = [name for name in names if not any(part[0] == "." for part in name.split("/"))]
    found = [name for name in names if Path(name).suffix.lower() in SUFFIXES]
    if names and not found:
        raise UserError(f"folder: {root}: {len(names)} files, none of them a picture by its suffix")
    others = (Path(name).suffix.lower() for name in names)
    return found, Counter(suffix or "no suffix" for suffix in others if suffix not in SUFFIXES)


def _refuse(error: OSError) -> None:
    raise UserError(f"folder: {error.filename}: {error.strerror}") from error


def split_contents(contents: Sequence[str], groups: Sequence[str], cfg: Config) -> list[str]:
    """Return the split of each picture: at random but for the seed, those of a group together.

    contents: what each shows, "" for unreadable ones. groups: what must not be parted.
    """
    different = {group for group, content in zip(groups, contents, strict=True) if content}
    least, what = LEAST[cfg.group]
    if len(different) < least:
        raise UserError(
            f"folder: {len(different)} different {what} in {cfg.path}; at least {least} are needed"
        )
    order = sorted(
        different, key=lambda group: hashlib.sha256(f"{cfg.seed} {group}".encode()).digest()
    )
    test = max(1, round(cfg.test * len(order)))
    val = max(1, round(cfg.val * len(order)))
    splits = ["test"] * test + ["val"] * val + ["train"] * (len(order) - test - val)
    found = dict(zip(order, splits, strict=True))
    return [found.get(group, "") for group in groups]


def card(cfg: Config, root: Path) -> dict[str, Any]:
    """Return source and rules."""
    return {
        "source": f"folder {root.name}",
        "licence": "not known; see the folder's origin",
        "verified": "not at all: nothing is known of the folder",
        "split_rule": f"by a hash of the {cfg.group}: {cfg.test:.3g} of them test, {cfg.val:.3g} "
        "validation, the rest training; equal pictures together",
        "cluster": CLUSTERS[cfg.group],
        "sampling": f"upright, RGB on white, short side {cfg.size} pixels "
        f"({FILTER[cfg.enlarge]}), central square",
        "seed": cfg.seed,
    }
