"""Pictures in files become an image set: decoded once, on all cores, in constant memory.

Decoded pictures lie in a pool on disk with a note of each; a run that was killed goes on with
those that are not noted. Only then are they dealt out to the splits, because a split may
depend on what pictures show, and none that is tested on may be in training.
"""

import shutil
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from priorbench import duplicates
from priorbench.duplicates import Views
from priorbench.errors import UserError
from priorbench.files import let_go, map_array, new_array, replacing, sha256, write_json
from priorbench.imageset import SPLITS, in_turn
from priorbench.pictures import Pictures, TooSmall, Unreadable
from priorbench.progress import Progress
from priorbench.room import check_room

PIECE = 1 << 26  # bytes of pictures decoded in one go
SCATTERED = 16  # pictures copied in one go: each may map megabytes around it
NOTE = np.dtype([("state", "u1"), ("content", "V16"), ("look", "u8"), ("means", "u1", 48)])
NOTHING = np.zeros(48, np.uint8)
DECODED, UNREADABLE, SMALL = 1, 2, 3
LOST = {UNREADABLE: "cannot be read as images", SMALL: "are too small"}
NAMED, LISTED = 3, 100  # files named in a message, and on the card

Numbers = NDArray[np.intp]


class Pool:
    """Decoded pictures on disk in the order of their names, and a note of each."""

    def __init__(self, pictures: Pictures, folder: Path) -> None:
        self.pictures = pictures
        count = len(pictures.names)
        self.folder = folder / _identity(pictures)  # of other pictures nothing may be taken
        shape = (count, *(pictures.shape or ()))
        self.reasons: dict[tuple[int, str], str] = {}  # why a picture is lost
        self.block = max(1, PIECE // int(np.prod(shape[1:])))
        if not self.folder.exists():
            check_room(folder, 2 * int(np.prod(shape)))  # in the pool, and in the splits
        self.pixels = map_array(self.folder / "pixels.npy", np.dtype("u1"), shape)
        self.notes = map_array(self.folder / "notes.npy", NOTE, (count,))

    def decode(self, threads: int, title: str) -> None:
        """Decode what is not noted yet; UserError where too many cannot be read."""
        state = self.notes["state"]
        state[state > DECODED] = 0  # it may have been mended since
        todo = np.flatnonzero(state == 0)
        progress = Progress(f"prepare {title}")
        count = len(self.notes)
        with ThreadPoolExecutor(threads) as workers:
            for begin in range(0, len(todo), self.block):
                rows = todo[begin : begin + self.block]
                notes = list(workers.map(self._decoded, rows))
                self.pixels.flush()  # before the notes say that they are there
                self.notes[rows] = np.array(notes, NOTE)
                let_go(self.pixels)
                self._check(title)
                progress.update("decode", count - len(todo) + begin + len(rows), count)
        self.notes.flush()

    def contents(self) -> list[str]:
        """Return a checksum of each picture's pixels; "" where it could not be read."""
        return [
            note["content"].tobytes().hex() if note["state"] == DECODED else ""
            for note in self.notes
        ]

    def lost(self, state: int) -> list[str]:
        """Return the names of those that could not be read, or were too small."""
        rows = np.flatnonzero(self.notes["state"] == state)
        return [self.pictures.names[row] for row in rows.tolist()]

    def _decoded(self, row: int) -> tuple[int, bytes, int, NDArray[np.uint8]]:
        try:
            image = self.pictures.read(int(row))
        except Unreadable as error:
            state = SMALL if isinstance(error, TooSmall) else UNREADABLE
            self.reasons[state, self.pictures.names[row]] = str(error)
            return state, b"", 0, NOTHING
        if image.shape != self.pictures.shape or image.dtype != np.uint8:
            raise ValueError(f"{self.pictures.names[row]}: {image.dtype} {image.shape} was read")
        self.pixels[row] = image
        content = blake2b(image.tobytes(), digest_size=16).digest()
        return DECODED, content, int(duplicates.look(image)), duplicates.means(image)

    def _check(self, title: str) -> None:
        count, most = len(self.notes), self.pictures.unreadable
        if (self.notes["state"] > DECODED).sum() <= most * count:
            return
        told = []
        for state, what in LOST.items():
            if named := self.lost(state):
                shown = ", ".join(named[:NAMED]) + ", ..." * (len(named) > NAMED)
                reason = f"{named[0]}: {self.reasons[state, named[0]]}"
                told.append(f"{len(named)} of {count} files {what} ({shown}; {reason})")
        raise UserError(
            f"{title}: {', '.join(told)}; at most {most:.3g} of them may be left out (`unreadable`)"
        )


def write(pictures: Pictures, name: str, folder: Path, state: Path, threads: int) -> None:
    """Write the splits of an image set and its card into `folder`, by way of a pool in `state`."""
    if pictures.shape is None:
        _write_gallery(pictures, name, folder)
        return
    pool = Pool(pictures, state)
    pool.decode(threads, name)
    dealt = Dealt(pool)
    if dealt.emptied:
        raise UserError(
            f"{name}: no picture is left for {dealt.emptied[0]}: all are unreadable, too small, or "
            "show what one shows that is tested on"
        )
    facts: dict[str, dict[str, Any]] = {"counts": {}, "sha256": {}}
    for split, rows in dealt.rows.items():
        facts["counts"][split] = len(rows)
        facts["sha256"][split] = _copy(pool.pixels, rows, folder / f"{split}.npy")
    card = {
        "name": name,
        **pictures.card,
        "duplicates": dealt.duplicates,
        "unreadable": _told(pool.lost(UNREADABLE)),
        "too_small": _told(pool.lost(SMALL)),
        "clusters": (clusters := {split: dealt.clusters(split) for split in SPLITS}),
        # null: the set cannot tell, of persons say
        "disjoint_clusters": _disjoint(clusters) and pictures.card.get("disjoint_clusters", True),
        "labels": dealt.labels() if pictures.labels is not None else None,
        "shape": list(pictures.shape or ()),
    }
    write_json(folder / "card.json", card | facts)
    shutil.rmtree(pool.folder)


def _told(lost: Sequence[str]) -> dict[str, Any]:
    """Return what the card says of files that are left out."""
    kinds = Counter(Path(name).suffix.lower() or "no suffix" for name in lost)
    return {"count": len(lost), "suffixes": dict(kinds), "files": lost[:LISTED]}


def _write_gallery(pictures: Pictures, name: str, folder: Path) -> None:
    """Write pictures of many sizes, all for the test: few enough for memory, none may be lost."""
    found = [_read(pictures, row, name) for row in range(len(pictures.names))]
    buffers = dict.fromkeys(SPLITS, np.empty((0, 3, 1, 1), np.uint8))
    buffers["test"] = np.concatenate([image.ravel() for image in found])
    for split, buffer in buffers.items():
        with replacing(folder / f"{split}.npy") as temporary, temporary.open("wb") as file:
            np.save(file, buffer, allow_pickle=False)
    clusters = list(pictures.clusters or pictures.names)
    card = {
        "name": name,
        **pictures.card,
        "clusters": {"train": [], "val": [], "test": clusters},
        "disjoint_clusters": True,
        "labels": None,
        "shape": [],
        "sizes": [image.shape[1:] for image in found],
        "counts": {"train": 0, "val": 0, "test": len(found)},
        "sha256": {split: sha256(buffer) for split, buffer in buffers.items()},
    }
    write_json(folder / "card.json", card)


def _read(pictures: Pictures, row: int, name: str) -> NDArray[np.uint8]:
    """Return a picture of any size."""
    file = pictures.names[row]
    try:
        image = pictures.read(row)
    except Unreadable as error:
        raise UserError(f"{name}: {file} cannot be read as an image ({error})") from error
    if image.dtype != np.uint8 or image.ndim != 3 or len(image) != 3:
        raise ValueError(f"{file}: {image.dtype} {image.shape} was read")
    return image


class Dealt:
    """The pictures of a pool, dealt out to the splits, each in the order in which it is used."""

    def __init__(self, pool: Pool) -> None:
        self.pictures = pictures = pool.pictures
        self.pool = pool
        self.contents = contents = pool.contents()
        split = pictures.split(contents) if callable(pictures.split) else pictures.split
        found = np.array([s * bool(c) for s, c in zip(split, contents, strict=True)])
        members = {each: np.flatnonzero(found == each) for each in SPLITS}
        self.duplicates: dict[str, Any] = {"same split": 0}
        held = np.concatenate([members["val"], members["test"]])
        members["val"] = self._without(members["val"], members["test"], "validation")
        members["train"] = self._without(members["train"], held, "training")
        for rows in members.values():
            self.duplicates["same split"] += len(rows) - len({contents[row] for row in rows})
        self.rows = {each: self._ordered(each, rows) for each, rows in members.items()}
        self.emptied = [each for each in SPLITS if each in split and not len(members[each])]

    def _views(self, rows: Numbers) -> Views:
        pool = self.pool
        return Views(pool.pixels, pool.notes["look"], pool.notes["means"], rows)

    def _without(self, rows: Numbers, held: Numbers, what: str) -> Numbers:
        """Return `rows` less those that show what one of the `held` ones shows."""
        shown = {self.contents[row] for row in held}
        equal = np.array([self.contents[row] in shown for row in rows], np.bool_)
        alike = duplicates.near(self._views(rows), self._views(held)) & ~equal
        told = {"equal": int(equal.sum()), "nearly equal": int(alike.sum())}
        self.duplicates[f"left out of {what}"] = told
        return rows[~equal & ~alike]

    def _ordered(self, split: str, rows: Numbers) -> Numbers:
        """Keep the order of an official split; else shuffle by content, clusters in turn."""
        if split == "train" or not callable(self.pictures.split):
            return rows
        mixed = rows[np.argsort([self.contents[row] for row in rows], kind="stable")]
        groups: Sequence[Any] | None = self.pictures.labels or self.pictures.clusters
        if groups is None:
            return mixed[in_turn(duplicates.families(self._views(mixed)).tolist())]
        return mixed[in_turn(groups[row] for row in mixed)]

    def clusters(self, split: str) -> list[str]:
        """Return the cluster of each picture of a split.

        Without any, pictures that nearly equal each other are one, in training equal ones.
        """
        rows, names = self.rows[split], self.pictures.names
        if self.pictures.clusters is not None:
            return [self.pictures.clusters[row] for row in rows]
        if split != "train":
            return [names[rows[first]] for first in duplicates.families(self._views(rows))]
        first: dict[str, str] = {}
        for row in rows:
            first.setdefault(self.contents[row], names[row])
        return [first[self.contents[row]] for row in rows]

    def labels(self) -> dict[str, list[int]]:
        """Return the class of each picture, by split."""
        labels = self.pictures.labels
        assert labels is not None
        return {split: [int(labels[row]) for row in rows] for split, rows in self.rows.items()}


def _disjoint(clusters: dict[str, list[str]]) -> bool:
    """Tell whether each cluster is in one split only."""
    members = [set(found) for found in clusters.values()]
    return len(set.union(*members)) == sum(map(len, members))


def _identity(pictures: Pictures) -> str:
    """Return a checksum of what decoding depends on, as far as it is told: card, shape, names."""
    told = blake2b(repr((pictures.shape, pictures.card)).encode(), digest_size=8)
    for name in pictures.names:
        told.update(f"{name}\0".encode(errors="surrogateescape"))
    return told.hexdigest()


def _copy(pixels: NDArray[np.uint8], rows: Numbers, path: Path) -> str:
    """Write pictures of the pool as a split; return its checksum."""
    with replacing(path) as temporary:
        split = new_array(temporary, np.dtype("u1"), (len(rows), *pixels.shape[1:]))
        for begin in range(0, len(rows), SCATTERED):
            part = slice(begin, begin + SCATTERED)
            split[part] = pixels[rows[part]]
            let_go(pixels)
            let_go(split)
        split.flush()
        return sha256(split)
