"""Any folder of images, however deep; hidden files are passed over.

Each picture is brought to RGB, reduced (antialiased, bicubic) to a short side of `size` and
cropped to its centre. The split depends on what the pictures show, not on their names:
exact duplicates go to one split together.
"""

import hashlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagesets._read import DAMAGED, read, square
from priorbench.errors import UserError
from priorbench.imageset import SPLITS, ImageSet

LABEL = "folder"

LEAST = 8  # different images, so that no split is empty
NAMED = 3  # files named in a message; the card names `LISTED`
LISTED = 100


@dataclass(frozen=True)
class Config:
    path: str = ""  # the folder, ~ allowed; relative to where the command runs
    size: int = 64  # pixels, side of an image
    val: float = 0.1  # share of the images
    test: float = 0.2  # share of the images
    unreadable: float = 0.1  # greatest share of files that may be damaged or no images
    seed: int = 0  # of the split


@dataclass(frozen=True)
class Picture:
    """A picture of the folder."""

    name: str  # path inside the folder
    content: str  # hash of the decoded pixels, before they were reduced
    pixels: NDArray[np.uint8]  # (3, size, size)


def build(cfg: Config) -> ImageSet:
    """Return the pictures, in an order given by their content; no labels."""
    check(cfg)
    root = Path(cfg.path).expanduser().resolve()
    pictures, skipped = gather(root, cfg)
    assigned = split_contents({picture.content for picture in pictures}, cfg)
    first: dict[str, str] = {}
    for picture in pictures:
        first.setdefault(picture.content, picture.name)
    rank = {content: order for order, content in enumerate(assigned)}
    ordered = sorted(pictures, key=lambda picture: (rank[picture.content], picture.name))
    parts = {
        split: [picture for picture in ordered if assigned[picture.content] == split]
        for split in SPLITS
    }
    pixels = {split: np.stack([picture.pixels for picture in parts[split]]) for split in SPLITS}
    return ImageSet(
        **pixels,
        clusters={split: [first[picture.content] for picture in parts[split]] for split in SPLITS},
        labels=None,
        card=card(cfg, root, len(pictures) - len(first), skipped),
    )


def check(cfg: Config) -> None:
    """Raise UserError where the path is no folder of images, or a number is impossible."""
    if not cfg.path:
        raise UserError("folder: `path` is empty; give the folder with the images")
    if cfg.size < 8:
        raise UserError(f"folder: size {cfg.size} is too small; nearest: 8")
    if cfg.val <= 0 or cfg.test <= 0 or cfg.val + cfg.test >= 1:
        raise UserError("folder: `val` and `test` are shares above 0 whose sum is below 1")
    if not 0 <= cfg.unreadable < 1:
        raise UserError("folder: `unreadable` is a share, from 0 to below 1")
    try:
        root = Path(cfg.path).expanduser()
    except RuntimeError as error:
        raise UserError(f"folder: {cfg.path}: {error}") from error
    if not root.is_dir():
        raise UserError(f"folder: {cfg.path} is {'no folder' if root.exists() else 'not there'}")
    if root.resolve() in (Path(root.resolve().anchor), Path.home().resolve()):
        raise UserError(f"folder: {cfg.path} is a whole disk or home; give the images' own folder")


def gather(root: Path, cfg: Config) -> tuple[list[Picture], list[str]]:
    """Read every file below `root`; also return the names of those that could not be read.

    Linked folders are not entered, and links that lead out of `root` are passed over.
    """
    names = sorted(
        path.relative_to(root).as_posix()
        for path in root.rglob("*")
        if path.is_file() and path.resolve().is_relative_to(root)
    )
    names = [name for name in names if not any(part[0] == "." for part in name.split("/"))]
    pictures, skipped = [], []
    for name in names:
        try:
            image = read(root / name)
        except DAMAGED:
            skipped.append(name)
            continue
        content = hashlib.sha256(f"{image.size}".encode() + image.tobytes()).hexdigest()
        pictures.append(Picture(name, content, square(image, cfg.size)))
    if len(skipped) > cfg.unreadable * len(names):
        more = ", ..." if len(skipped) > NAMED else ""
        raise UserError(
            f"folder: {len(skipped)} of {len(names)} files in {root} cannot be read as images "
            f"({', '.join(skipped[:NAMED])}{more}); remove them, or raise `unreadable`"
        )
    return pictures, skipped


def split_contents(contents: set[str], cfg: Config) -> dict[str, str]:
    """Return the split of each content, in an order that is random but for the seed."""
    if len(contents) < LEAST:
        raise UserError(
            f"folder: {len(contents)} different images in {cfg.path}; at least {LEAST} are needed"
        )
    order = sorted(
        contents, key=lambda content: hashlib.sha256(f"{cfg.seed} {content}".encode()).digest()
    )
    test = max(1, round(cfg.test * len(order)))
    val = max(1, round(cfg.val * len(order)))
    splits = ["test"] * test + ["val"] * val + ["train"] * (len(order) - test - val)
    return dict(zip(order, splits, strict=True))


def card(cfg: Config, root: Path, duplicates: int, skipped: list[str]) -> dict[str, Any]:
    """Return rules, counts of duplicates and the files that were left out."""
    kinds = Counter(Path(name).suffix.lower() or "no suffix" for name in skipped)
    return {
        "source": f"folder {root.name}",
        "licence": "not known; see the folder's origin",
        "split_rule": f"by a hash of the picture: {cfg.test:.3g} of them test, {cfg.val:.3g} "
        "validation, the rest training; exact duplicates together",
        "cluster": "picture (the first file that shows it)",
        "disjoint_clusters": True,
        "sampling": f"upright, RGB on white, short side {cfg.size} pixels (bicubic, "
        "antialiased), central square",
        "duplicates": duplicates,
        "unreadable": {"count": len(skipped), "suffixes": dict(kinds), "files": skipped[:LISTED]},
        "seed": cfg.seed,
    }
