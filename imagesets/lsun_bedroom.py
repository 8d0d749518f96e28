"""LSUN bedrooms: 3,033,042 photographs with a smaller side of 256 pixels (Yu et al., 2015).

Read from the official LMDB folders, which the user has to fetch (42 GiB, no checksum is
published: the number of images is checked), or from their zip files, which are unpacked once, into
.unpacked/ beside them. The official validation part has 300 images only,
too few for distances between sets: the test images are held out of the training part.
"""

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import lmdb
import numpy as np
from numpy.typing import NDArray

from imagesets._read import FILTER, read, square
from priorbench import packed
from priorbench.errors import UserError
from priorbench.pictures import Pictures, Unreadable
from priorbench.raw import HERE, home

LABEL = "LSUN bedrooms"
IN_FILES = True
OWN_FILES = "."
COUNTS = {"bedroom_train_lmdb": 3_033_042, "bedroom_val_lmdb": 300}
ADDRESS = "http://dl.yf.io/lsun/scenes"
ORIGIN = "bedroom_train_lmdb.zip and bedroom_val_lmdb.zip of http://dl.yf.io/lsun/scenes"
DATA = "data.mdb"  # the file of a database
LIMIT = 100 << 30  # bytes of one that are unpacked at most


@dataclass(frozen=True)
class Config:
    size: int = 128  # pixels, side of an image
    train: int = 300_000  # images, the first of the official training part by key
    test: int = 2_000  # images, the next of it
    enlarge: bool = False  # accept pictures that are smaller than `size`
    unreadable: float = 0.001  # greatest share of images that may be damaged


def build(cfg: Config) -> Pictures:
    """Return bedrooms: training and test from the training part, validation from its own."""
    check(cfg)
    training, validation = (opened(name) for name in COUNTS)
    keys = first_keys(training, cfg.train + cfg.test)
    held = first_keys(validation, COUNTS["bedroom_val_lmdb"])
    names = [key.decode() for key in (*keys, *held)]
    split = ["train"] * cfg.train + ["test"] * cfg.test + ["val"] * len(held)

    def decode(row: int) -> NDArray[np.uint8]:
        source = training if row < len(keys) else validation
        try:
            with source.begin() as transaction:
                file = BytesIO(transaction.get(names[row].encode()))
        except lmdb.Error as error:
            raise Unreadable(str(error)) from error
        return square(read(file), cfg.size, cfg.enlarge)

    return Pictures(
        names=names,
        read=decode,
        split=split,
        card=card(cfg),
        shape=(3, cfg.size, cfg.size),
        unreadable=cfg.unreadable,
    )


def check(cfg: Config) -> None:
    """Raise UserError where a number is impossible."""
    if cfg.size < 8:
        raise UserError(f"lsun_bedroom: size {cfg.size} is too small; nearest: 8")
    most = COUNTS["bedroom_train_lmdb"]
    if cfg.train < 1 or cfg.test < 1 or cfg.train + cfg.test > most:
        raise UserError(f"lsun_bedroom: `train` and `test` are at least 1, together {most} at most")


def opened(name: str) -> lmdb.Environment:
    """Open one of the LMDB folders; UserError where it is not there or not whole."""
    folder = located(name)
    try:
        source = lmdb.open(str(folder), readonly=True, lock=False, readahead=False, max_readers=256)
        needed = (source.info()["last_pgno"] + 1) * source.stat()["psize"]
    except lmdb.Error as error:
        raise UserError(f"lsun_bedroom: {folder}: {error}") from error
    if (folder / DATA).stat().st_size < needed:  # reading on would end the process
        raise UserError(f"lsun_bedroom: {folder}/{DATA} is cut short: {needed} bytes are needed")
    if (found := source.stat()["entries"]) != COUNTS[name]:
        raise UserError(f"lsun_bedroom: {folder} has {found} images, not {COUNTS[name]}")
    return source


def located(name: str) -> Path:
    """Return an LMDB folder: the user's own, or what is unpacked of an archive."""
    root = home("lsun_bedroom")
    if (root / name / DATA).is_file():
        return root / name
    archive = root / f"{name}.zip"
    if not archive.is_file():
        raise UserError(
            f"lsun_bedroom: no {root / name}/{DATA} and no {archive} ({ADDRESS}/{name}.zip); "
            f"{HERE} lsun_bedroom/"
        )
    return packed.unpack(archive, f"{name}/{DATA}", root / ".unpacked", LIMIT).parent


def first_keys(source: lmdb.Environment, count: int) -> list[bytes]:
    """Return the first keys in their order, which is that of a hash: a random sample."""
    with source.begin() as transaction:
        cursor = transaction.cursor().iternext(keys=True, values=False)
        return [key for key, _ in zip(cursor, range(count), strict=False)]


def card(cfg: Config) -> dict[str, Any]:
    """Return source, licence and rules."""
    return {
        "source": "LSUN, category bedroom (Yu et al., arXiv:1506.03365)",
        "licence": "none stated; for research, see https://www.yf.io/p/lsun",
        "verified": "number of images in each part, archives by their own CRC-32; no checksum is "
        "published",
        "split_rule": f"of the official training part in the order of keys the first {cfg.train} "
        f"for training, the next {cfg.test} for test; validation: the official 300",
        "cluster": "image",
        "sampling": f"short side {cfg.size} pixels ({FILTER[cfg.enlarge]}), central square",
    }
