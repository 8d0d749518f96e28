"""Tiny copies of published image sets in their official formats.

A maker fills the folder of its set below `root`, has the module expect what was made there
(counts, checksums), and returns options of a config.
"""

import gzip
import hashlib
import struct
import tarfile
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from types import ModuleType
from typing import Any
from zipfile import ZipFile

import lmdb
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from scipy.io import savemat

from imagesets import (
    _celeba,
    bsd68,
    cbsd68,
    celeba,
    celebahq,
    cifar10,
    dip_images,
    fashion_mnist,
    frogs,
    kodak,
    lsun_bedroom,
    set5,
    set14,
    svhn,
)
from priorbench.download import Remote
from tests.sets import encoded, fill_album, filled, scene, scenes

Pixels = NDArray[np.uint8]
Maker = Callable[[Path, pytest.MonkeyPatch], dict[str, Any]]

SIDE = 32  # pixels
# of twenty faces, or frogs: one of the test (of frogs validation), and three that show the same,
# equal ones or a JPEG copy; the last of them is of validation (of frogs test)
ORIGINAL, EQUAL, ALIKE, VALIDATED = 14, 1, 3, 17
PARTITION = "00102" * 4  # of the faces, as in the official list
BLOCKS = {"train": 12, "val": 4, "test": 4}  # by number
LEARNED, HELD, TESTED = 24, 6, 12  # of arrays: training, of its end validation, test


def twenty(size: tuple[int, int]) -> list[Image.Image]:
    """Return twenty pictures; some show what another one shows."""
    shown = [scene(number, size) for number in range(20)]
    shown[EQUAL] = shown[VALIDATED] = shown[ORIGINAL]
    shown[ALIKE] = Image.open(BytesIO(encoded(shown[ORIGINAL], quality=60)))
    return shown


def sealed(remote: Remote, folder: Path) -> Remote:
    """Return a remote file that is what lies in `folder` under its name."""
    kind, _, _ = remote.checksum.partition(":")
    checksum = hashlib.new(kind, (folder / remote.name).read_bytes()).hexdigest()
    return replace(remote, checksum=f"{kind}:{checksum}")


def seal(patch: pytest.MonkeyPatch, module: ModuleType, name: str, folder: Path) -> None:
    """Have a module's constant, a file or a list of files, be what lies in `folder`."""
    found = getattr(module, name)
    made = [sealed(r, folder) for r in found] if isinstance(found, list) else sealed(found, folder)
    patch.setattr(module, name, made)


def face_files() -> dict[str, bytes]:
    """Return twenty faces by their names in CelebA."""
    faces = enumerate(twenty((178, 218)), 1)
    return {f"{number:06d}.jpg": encoded(face) for number, face in faces}


def celeba_lists(root: Path, patch: pytest.MonkeyPatch) -> Path:
    """Write the official lists: who is on a face, two of each, and which part it belongs to."""
    names, seen, persons = list(face_files()), dict.fromkeys(PARTITION, 0), []
    for part in PARTITION:
        persons.append(100 * (int(part) + 1) + seen[part] // 2)
        seen[part] += 1
    texts = {
        "list_eval_partition.txt": zip(names, PARTITION, strict=True),
        "identity_CelebA.txt": zip(names, persons, strict=True),
    }
    lines = {
        file: "".join(f"{name} {value}\n" for name, value in rows).encode()
        for file, rows in texts.items()
    }
    folder = filled(root / "celeba", lines)
    seal(patch, _celeba, "PARTITION", folder)
    seal(patch, _celeba, "IDENTITY", folder)
    return folder


def celeba_archive(root: Path, patch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Twenty faces in the official archive."""
    folder = celeba_lists(root, patch)
    with ZipFile(folder / "img_align_celeba.zip", "w") as archive:
        archive.mkdir("img_align_celeba")
        for name, face in reversed(face_files().items()):
            archive.writestr(f"img_align_celeba/{name}", face)
    seal(patch, celeba, "FACES", folder)
    return {"size": SIDE}


def celeba_extracted(root: Path, patch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The same faces, unpacked by the user."""
    filled(celeba_lists(root, patch) / "img_align_celeba", face_files())
    return {"size": SIDE}


def celebahq_copy(root: Path, patch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Twenty faces, and of which of CelebA's faces each is made: the next but two."""
    celeba_lists(root, patch)
    files = {f"{number}.jpg": encoded(scene(number, (64, 64))) for number in range(20)}
    filled(root / "celebahq" / "images", files)
    rows = [f"{n}\t\t{(n + 3) % 20}\t{(n + 3) % 20 + 1:06d}.jpg" for n in range(20)]
    text = "\n".join(["idx     orig_idx     orig_file", *rows, ""])
    filled(root / "celebahq", {celebahq.MAPPING: text.encode()})
    patch.setattr(celebahq, "COUNT", 20)
    patch.setattr(celebahq, "BLOCKS", BLOCKS)
    return {"size": SIDE}


def key(number: int) -> str:
    """Return the key of a bedroom: in no order of its number."""
    return hashlib.sha1(f"{number}".encode()).hexdigest()


def lsun_copy(root: Path, patch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Sixteen bedrooms and four for validation, under keys as random as the official ones.

    By their keys the eleventh, for the test, is also the second, for training, in another file.
    """
    counts = {"bedroom_train_lmdb": 16, "bedroom_val_lmdb": 4}
    first, order = 0, sorted(range(16), key=key)
    files = {number: encoded(scene(number, (80, 64))) for number in range(20)}
    files[order[1]] = encoded(scene(order[10], (80, 64)), quality=60)
    for name, count in counts.items():
        folder = filled(root / "lsun_bedroom" / name, {})
        with lmdb.open(str(folder), map_size=1 << 24) as database, database.begin(write=True) as t:
            for number in range(first, first + count):
                t.put(key(number).encode(), files[number])
        first += count
    patch.setattr(lsun_bedroom, "COUNTS", counts)
    return {"size": SIDE, "train": 8, "test": 4}


def arrays(side: int = SIDE) -> tuple[tuple[Pixels, Pixels], tuple[Pixels, Pixels]]:
    """Return images and classes from 0 to 9 of an official training part, and of a test part."""
    images = scenes(0, LEARNED + TESTED, side)
    classes = np.arange(LEARNED + TESTED, dtype=np.uint8) % 10
    return (images[:LEARNED], classes[:LEARNED]), (images[LEARNED:], classes[LEARNED:])


def svhn_copy(root: Path, patch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Digits in MATLAB files, in which 0 is called 10."""
    folder = filled(root / "svhn", {})
    for constant, (images, digits) in zip(("TRAIN", "TEST"), arrays(), strict=True):
        called = np.where(digits == 0, 10, digits).astype(np.uint8)[:, None]
        path = folder / getattr(svhn, constant).name
        savemat(path, {"X": images.transpose(2, 3, 1, 0), "y": called})
        seal(patch, svhn, constant, folder)
    patch.setattr(svhn, "VALIDATION", HELD)
    return {}


def cifar10_copy(root: Path, patch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Records of a class and 3,072 bytes, in five training files and one of the test."""
    train, test = (
        np.column_stack([classes, images.reshape(len(images), -1)]) for images, classes in arrays()
    )
    folder = filled(root / "cifar10", {})
    with tarfile.open(folder / cifar10.ARCHIVE.name, "w:gz") as archive:
        parts = [*np.array_split(train, len(cifar10.TRAIN)), test]
        for name, part in zip([*cifar10.TRAIN, *cifar10.TEST], parts, strict=True):
            member = tarfile.TarInfo(f"{cifar10.OWN_FILES}/{name}")
            member.size = part.nbytes
            archive.addfile(member, BytesIO(part.tobytes()))
    seal(patch, cifar10, "ARCHIVE", folder)
    patch.setattr(cifar10, "VALIDATION", HELD)
    patch.setattr(cifar10, "COUNTS", (LEARNED, TESTED))
    return {}


def fashion_mnist_copy(root: Path, patch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Grey images and classes in IDX files: what it is, how many, how large, then the bytes."""
    contents = []
    for images, classes in arrays(28):
        shape = (len(images), 28, 28)
        contents.append(struct.pack(">4i", 2051, *shape) + images[:, 0].tobytes())
        contents.append(struct.pack(">2i", 2049, len(classes)) + classes.tobytes())
    names = [remote.name for remote in fashion_mnist.FILES]
    packed = {name: gzip.compress(text) for name, text in zip(names, contents, strict=True)}
    seal(patch, fashion_mnist, "FILES", filled(root / "fashion_mnist", packed))
    patch.setattr(fashion_mnist, "VALIDATION", HELD)
    patch.setattr(fashion_mnist, "COUNTS", (LEARNED, TESTED))
    return {}


def frogs_copy(root: Path, patch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Twenty frogs, of which a corner is transparent and hides another colour."""
    files = {}
    opaque = np.full((64, 64), 255, np.uint8)
    opaque[:16, :16] = 0
    for number, frog in enumerate(twenty((64, 64)), 1):
        frog.putalpha(Image.fromarray(opaque))
        files[f"frog-{number}.png"] = encoded(frog, "PNG")
    filled(root / "frogs" / "data-64", files)
    patch.setattr(frogs, "COUNT", 20)
    patch.setattr(frogs, "TRAIN", BLOCKS["train"] + BLOCKS["val"])
    patch.setattr(frogs, "VALIDATION", BLOCKS["val"])
    return {"size": SIDE}


def named_copy(module: ModuleType) -> Maker:
    """Return the maker of a classic set whose pictures have names and sizes of their own."""

    def make(root: Path, patch: pytest.MonkeyPatch) -> dict[str, Any]:
        shown = {name: scene(n, size) for n, (name, size) in enumerate(module.SIZES.items())}
        files = {f"{n}.png": encoded(s, "PNG", compress_level=1) for n, s in shown.items()}
        sums = {name: hashlib.sha256(s.tobytes()).hexdigest() for name, s in shown.items()}
        patch.setattr(module, "PIXELS", sums)
        filled(root / Path(str(module.__file__)).stem, files)
        return {}

    return make


def numbered_copy(module: ModuleType, name: str, count: int, mode: str = "RGB") -> Maker:
    """Return the maker of a classic set of one size; every third picture lies on its side."""

    def make(root: Path, patch: pytest.MonkeyPatch) -> dict[str, Any]:
        size = module.SIZE
        files = {
            name.format(number): encoded(
                scene(number, size[::-1] if number % 3 == 0 else size).convert(mode),
                "PNG",
                compress_level=1,
            )
            for number in range(1, count + 1)
        }
        filled(root / Path(str(module.__file__)).stem, files)
        patch.setattr(module, "COUNT", count)
        return {}

    return make


def fetched_copy(module: ModuleType) -> Maker:
    """Return the maker of a classic set whose files are fetched: pictures under their names."""

    def make(root: Path, patch: pytest.MonkeyPatch) -> dict[str, Any]:
        files = {
            remote.name: encoded(scene(number, (70 + number, 99)), "PNG")
            for number, remote in enumerate(module.FILES)
        }
        seal(patch, module, "FILES", filled(root / Path(str(module.__file__)).stem, files))
        return {}

    return make


def folder_copy(root: Path, patch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Twenty pictures of a user, each also as another JPEG file."""
    album = fill_album(filled(root / "album", {}))
    for path in sorted(album.rglob("*.png")):
        with Image.open(path) as picture:
            path.with_suffix(".jpg").write_bytes(encoded(picture, quality=85))
    return {"path": str(album), "size": SIDE}


MAKERS: dict[str, Maker] = {
    "bsd68": numbered_copy(bsd68, "test{:03d}.png", 7, "L"),
    "cbsd68": numbered_copy(cbsd68, "{}.png", 11),
    "celeba": celeba_archive,
    "celebahq": celebahq_copy,
    "cifar10": cifar10_copy,
    "dip_images": fetched_copy(dip_images),
    "fashion_mnist": fashion_mnist_copy,
    "folder": folder_copy,
    "frogs": frogs_copy,
    "kodak": fetched_copy(kodak),
    "lsun_bedroom": lsun_copy,
    "set14": named_copy(set14),
    "set5": named_copy(set5),
    "svhn": svhn_copy,
}
