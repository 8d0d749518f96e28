"""Official archives are taken as they are: read where they lie."""

import importlib
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from imagesets import cbsd68
from imagesets._classic import Config
from priorbench import packed, raw
from priorbench.errors import UserError
from priorbench.fingerprint import fingerprint
from priorbench.images import Prepared
from priorbench.pictures import Pictures, Unreadable
from tests import copies
from tests.sets import filled, prepared

# of sets that are read in place: the archive, and the folder in it that stands for the set's own
INSIDE = {
    "bsd68": ("BSD68.zip", "BSD68"),
    "cbsd68": ("CBSD68-dataset-master.zip", "CBSD68-dataset-master/CBSD68/original_png"),
    "celebahq": ("CelebAMask-HQ.zip", "CelebAMask-HQ"),
    "dip_images": ("deep-image-prior-master.zip", "deep-image-prior-master/data"),
    "fashion_mnist": ("fashion-mnist-master.zip", "fashion-mnist-master/data/fashion"),
    "frogs": ("frog-dataset-master.zip", "frog-dataset-master"),
    "kodak": ("kodak.zip", "kodak"),
    "set14": ("Set14.zip", "Set14"),
    "set5": ("Set5.zip", "."),
}
Packed = Callable[[str], tuple[ModuleType, dict[str, Any], Path]]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder that the files of image sets are looked for in; there is no network."""
    monkeypatch.setenv("PRIORBENCH_IMAGES", str(tmp_path))
    monkeypatch.setenv("PRIORBENCH_OFFLINE", "1")
    return tmp_path


def pack(archive: Path, folder: Path, inside: str) -> None:
    """Write all files of a folder into an archive, below `inside`, with what else lies in one."""
    with zipfile.ZipFile(archive, "w") as out:
        out.writestr("__MACOSX/._0001.png", b"of another system")
        out.writestr(f"{inside}/README.md", b"about them")
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                name = path.relative_to(folder).as_posix().replace("images/", "CelebA-HQ-img/")
                out.writestr(f"{inside}/{name}", path.read_bytes())


@pytest.fixture
def put(place: Path, monkeypatch: pytest.MonkeyPatch) -> Packed:
    """Return what puts the archive of a set where its loose files lay, which it returns too."""

    def made(name: str) -> tuple[ModuleType, dict[str, Any], Path]:
        options = copies.MAKERS[name](place, monkeypatch)
        loose = (place / name).rename(place / f"{name} loose")
        archive, inside = INSIDE[name]
        pack(filled(place / name, {}) / archive, loose, inside)
        return importlib.import_module(f"imagesets.{name}"), options, loose

    return made


def shown(found: Pictures) -> list[bytes]:
    return [found.read(row).tobytes() for row in range(len(found.names))]


@pytest.mark.parametrize("name", INSIDE)
def test_an_archive_shows_what_its_files_show(put: Packed, place: Path, name: str) -> None:
    module, options, loose = put(name)
    before = sorted(place.rglob("*"))
    found = module.build(module.Config(**options))
    from_archive = shown(found)
    assert sorted(place.rglob("*")) == before  # nothing was unpacked
    shutil.rmtree(place / name)
    loose.rename(place / name)
    files = module.build(module.Config(**options))
    assert list(found.names) == list(files.names) and from_archive == shown(files)
    assert found.card == files.card


@pytest.mark.parametrize("name", INSIDE)
def test_an_archive_may_be_unpacked_as_it_is(put: Packed, place: Path, name: str) -> None:
    module, options, loose = put(name)
    from_archive = shown(module.build(module.Config(**options)))
    archive, _ = INSIDE[name]
    with zipfile.ZipFile(place / name / archive) as file:
        file.extractall(place / name)
    (place / name / archive).unlink()
    shutil.rmtree(loose)
    assert shown(module.build(module.Config(**options))) == from_archive


def test_the_folders_that_celeba_is_published_in_are_taken_as_they_are(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = copies.MAKERS["celeba"](place, monkeypatch)
    celeba = importlib.import_module("imagesets.celeba")
    flat = shown(celeba.build(celeba.Config(**options)))
    for file, folder in (
        ("img_align_celeba.zip", "Img"),
        ("list_eval_partition.txt", "Eval"),
        ("identity_CelebA.txt", "Anno"),
    ):
        (place / "celeba" / file).rename(filled(place / "celeba" / folder, {}) / file)
    assert shown(celeba.build(celeba.Config(**options))) == flat


def test_persons_are_told_by_the_list_in_the_archive(put: Packed) -> None:
    module, options, _ = put("celebahq")
    found = module.build(module.Config(**options, split="celeba"))
    assert found.clusters is not None and found.clusters[0].startswith("person ")


def test_an_archive_of_one_s_own_counts_in_the_key(put: Packed, place: Path) -> None:
    module, _, _ = put("frogs")
    folder = place / "frogs" / module.OWN_FILES
    before = fingerprint(folder)
    pack(place / "frogs" / INSIDE["frogs"][0], filled(place / "other", {"a.png": b""}), "x")
    assert "" != before != fingerprint(folder)


@pytest.mark.parametrize("name", ["frogs", "set5", "bsd68"])
def test_an_archive_that_lacks_a_picture_is_refused(put: Packed, place: Path, name: str) -> None:
    module, options, loose = put(name)
    files = sorted(path for path in loose.rglob("*.png"))
    files[1].unlink()
    archive, inside = INSIDE[name]
    pack(place / name / archive, loose, inside)
    with pytest.raises(UserError, match=rf"^{name}: .*{archive}.* has {len(files) - 1} pictures"):
        module.build(module.Config(**options))


@pytest.mark.parametrize("name", ["kodak", "dip_images", "fashion_mnist"])
@pytest.mark.parametrize("wrong", ["another", "none", "twice"])
def test_a_file_in_an_archive_that_is_not_the_official_one_is_refused(
    put: Packed, place: Path, name: str, wrong: str
) -> None:
    module, _, loose = put(name)
    second = loose / module.FILES[1].name
    content = second.read_bytes()
    if wrong == "another":
        second.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    elif wrong == "none":
        second.unlink()
    else:
        twin = loose / "twice" / module.FILES[1].name
        twin.parent.mkdir(parents=True)
        twin.write_bytes(content)
    archive, inside = INSIDE[name]
    pack(place / name / archive, loose, inside)
    said = "is not the official file" if wrong == "another" else f"has no {module.FILES[1].name}"
    with pytest.raises(UserError, match=rf"^{name}: .*{said}"):
        module.build(module.Config())


def test_the_archive_of_cbsd68_that_is_official_is_verified_by_its_checksum(
    put: Packed, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, _, loose = put("cbsd68")
    folder = place / "cbsd68"
    (folder / INSIDE["cbsd68"][0]).unlink()
    for number, path in enumerate(sorted(loose.iterdir(), key=lambda path: int(path.stem))):
        path.rename(loose / f"{number:04d}.png")
    official = cbsd68.ARCHIVE.name.removeprefix(".fetched/")
    pack(folder / official, loose, INSIDE["cbsd68"][1])
    with pytest.raises(UserError, match=rf"{official} is not the official file"):
        cbsd68.build(Config())
    filled(folder / ".fetched", {official: (folder / official).read_bytes()})
    copies.seal(monkeypatch, cbsd68, "ARCHIVE", folder)
    shutil.rmtree(folder / ".fetched")
    found = cbsd68.build(Config())
    assert found.card["verified"] == "sha256 of the archive" and len(found.names) == 11
    monkeypatch.setattr(cbsd68, "COUNT", 12)
    with pytest.raises(UserError, match=r"cbsd68: .*has no original_png/0011.png"):
        cbsd68.build(Config())


def test_several_folders_of_pictures_in_an_archive_are_named(place: Path) -> None:
    for number in range(2):
        pack(filled(place / "set5", {}) / f"{number}.zip", filled(place / "x", {"a.png": b""}), "y")
    said = rf"2 folders with pictures in archives of {place}/set5 \(0.zip/y, 1.zip/y\): unpack one"
    with pytest.raises(UserError, match=said):
        raw.own_pictures("set5")


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"<!DOCTYPE html><title>Quota</title>", "but a web page"), (b"PK\x03\x04", "but damaged")],
)
@pytest.mark.parametrize("name", ["frogs", "kodak", "lsun_bedroom"])
def test_what_is_no_archive_is_told(place: Path, name: str, content: bytes, said: str) -> None:
    path = place / name / ("bedroom_train_lmdb.zip" if name == "lsun_bedroom" else "x.zip")
    filled(path.parent, {path.name: content})
    module = importlib.import_module(f"imagesets.{name}")
    with pytest.raises(UserError, match=rf"{path} is no zip archive {said}.*: move it away"):
        module.build(module.Config())


def spoil(path: Path, name: str) -> None:
    """Change a byte of a member that is stored as it is, so that its CRC-32 is another."""
    with zipfile.ZipFile(path) as file:
        begin = file.getinfo(name).header_offset
    content = bytearray(path.read_bytes())
    content[begin + 30 + len(name) + 5] ^= 1
    path.write_bytes(content)


def test_a_damaged_picture_in_an_archive_is_unreadable(put: Packed, place: Path) -> None:
    module, options, _ = put("frogs")
    spoil(place / "frogs" / INSIDE["frogs"][0], "frog-dataset-master/data-64/frog-3.png")
    found = module.build(module.Config(**options))
    with pytest.raises(Unreadable, match="CRC-32"):
        found.read(2)
    told = prepared("frogs", {**options, "unreadable": 0.05}, place).card["unreadable"]
    assert told["files"] == ["frog-3.png"]


def test_a_member_that_would_fill_the_memory_is_not_read(
    put: Packed, monkeypatch: pytest.MonkeyPatch
) -> None:
    module, options, _ = put("frogs")
    monkeypatch.setattr(packed, "MOST", 100)
    with pytest.raises(Unreadable, match="bytes, more than 100"):
        module.build(module.Config(**options)).read(0)


def test_what_is_prepared_from_an_archive_equals_what_its_files_give(
    put: Packed, place: Path
) -> None:
    _, options, loose = put("frogs")
    first: Prepared = prepared("frogs", options, place / "a", threads=4)
    shutil.rmtree(place / "frogs")
    loose.rename(place / "frogs")
    second = prepared("frogs", options, place / "b")
    assert first.card == second.card and np.array_equal(first.train, second.train)
