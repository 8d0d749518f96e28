"""Archives of databases are unpacked once, whole or not at all, and within bounds."""

import importlib
import os
import shutil
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from priorbench import packed
from priorbench.errors import UserError
from priorbench.fingerprint import fingerprint
from tests import copies, test_packed
from tests.sets import filled
from tests.test_packed import shown, spoil

PARTS = ("bedroom_train_lmdb", "bedroom_val_lmdb")


place = test_packed.place  # where files are looked for; without a network


@pytest.fixture
def bedrooms(place: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Put the two archives of bedrooms where they belong; return fitting options."""
    options = copies.lsun_copy(place, monkeypatch)
    (place / "lsun_bedroom").rename(place / "loose")
    folder = filled(place / "lsun_bedroom", {})
    for name in PARTS:
        with zipfile.ZipFile(folder / f"{name}.zip", "w") as file:
            for path in sorted((place / "loose" / name).iterdir()):
                file.write(path, f"{name}/{path.name}")
    return options


def unpacked(place: Path) -> list[Path]:
    """Return what lies below the hidden folder, locks aside."""
    found = (place / "lsun_bedroom" / ".unpacked").rglob("*")
    return sorted(path for path in found if path.is_file() and path.name != ".lock")


def test_archives_of_bedrooms_are_unpacked_once(bedrooms: dict[str, Any], place: Path) -> None:
    module = importlib.import_module("imagesets.lsun_bedroom")
    before = fingerprint(place / "lsun_bedroom")
    found = module.build(module.Config(**bedrooms))
    pixels = shown(found)
    files = unpacked(place)
    assert {path.parent.name for path in files} == set(PARTS)
    assert [path.name for path in files] == ["data.mdb"] * 2
    assert fingerprint(place / "lsun_bedroom") == before  # the key does not change by it
    times = [path.stat().st_mtime_ns for path in files]
    assert shown(module.build(module.Config(**bedrooms))) == pixels
    assert [path.stat().st_mtime_ns for path in unpacked(place)] == times
    shutil.rmtree(place / "lsun_bedroom")
    (place / "loose").rename(place / "lsun_bedroom")
    assert shown(module.build(module.Config(**bedrooms))) == pixels
    assert "CRC-32" in found.card["verified"]


def test_another_archive_is_unpacked_anew(bedrooms: dict[str, Any], place: Path) -> None:
    module = importlib.import_module("imagesets.lsun_bedroom")
    module.build(module.Config(**bedrooms))
    archive = place / "lsun_bedroom" / "bedroom_val_lmdb.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("bedroom_val_lmdb/data.mdb", b"another database")
    with pytest.raises(UserError, match=r"lsun_bedroom: .*bedroom_val_lmdb"):
        module.build(module.Config(**bedrooms))


def test_an_unpacking_that_was_stopped_leaves_nothing_and_begins_anew(
    bedrooms: dict[str, Any], place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = importlib.import_module("imagesets.lsun_bedroom")

    class Stopped(Exception):
        pass

    def stop(*_: object) -> None:
        raise Stopped

    with monkeypatch.context() as patch:
        patch.setattr(packed, "CHUNK", 1 << 10)
        patch.setattr("priorbench.packed.Progress.update", stop)
        with pytest.raises(Stopped):
            module.build(module.Config(**bedrooms))
    assert [path.name for path in unpacked(place)] == [".data.mdb.partial"]
    module.build(module.Config(**bedrooms))
    assert [path.name for path in unpacked(place)] == ["data.mdb"] * 2


def test_progress_of_unpacking_is_told(
    bedrooms: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[object, ...]] = []
    monkeypatch.setattr("priorbench.packed.Progress.update", lambda _, *facts: told.append(facts))
    module = importlib.import_module("imagesets.lsun_bedroom")
    module.build(module.Config(**bedrooms))
    assert {facts[0] for facts in told} == set(PARTS)
    assert all(0 < done <= size for _, done, size in told)  # type: ignore[operator]
    assert told[-1][1] == told[-1][2]


@pytest.mark.parametrize("wrong", ["damaged", "large", "room", "none", "lying"])
def test_an_archive_that_cannot_be_unpacked_is_told_and_leaves_nothing(
    bedrooms: dict[str, Any], place: Path, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    module = importlib.import_module("imagesets.lsun_bedroom")
    archive = place / "lsun_bedroom" / "bedroom_train_lmdb.zip"
    if wrong == "damaged":
        spoil(archive, "bedroom_train_lmdb/data.mdb")
    elif wrong == "lying":  # fewer bytes told than are there
        content = archive.read_bytes()
        with zipfile.ZipFile(archive) as file:
            size = file.getinfo("bedroom_train_lmdb/data.mdb").file_size
        told = size.to_bytes(4, "little"), (size - 4_096).to_bytes(4, "little")
        archive.write_bytes(content.replace(*told))
    elif wrong == "large":
        monkeypatch.setattr(module, "LIMIT", 1_000)
    elif wrong == "room":
        monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=1_000))
    else:
        with zipfile.ZipFile(archive, "w") as file:
            file.writestr("data.mdb", b"")
    said = {
        "damaged": rf"{archive}: bedroom_train_lmdb/data.mdb is damaged \(Bad CRC-32",
        "lying": r"bedroom_train_lmdb/data.mdb is damaged",
        "large": r"bedroom_train_lmdb/data.mdb has \d+ bytes, more than 1000",
        "room": r"0\.0 GB free",
        "none": "has no bedroom_train_lmdb/data.mdb, or more than one",
    }[wrong]
    with pytest.raises(UserError, match=said):
        module.build(module.Config(**bedrooms))
    assert not [path for path in unpacked(place) if path.stat().st_size]


def test_nothing_of_an_archive_reaches_another_place(bedrooms: dict[str, Any], place: Path) -> None:
    folder = place / "lsun_bedroom"
    outside = place / "evil"
    with zipfile.ZipFile(folder / "bedroom_train_lmdb.zip", "a") as file:
        for name in ("../../evil", str(outside), "bedroom_train_lmdb/../../../evil"):
            file.writestr(name, b"evil")
        link = zipfile.ZipInfo("bedroom_train_lmdb/lock.mdb.link")
        link.external_attr = 0o120777 << 16
        file.writestr(link, str(outside))
    module = importlib.import_module("imagesets.lsun_bedroom")
    module.build(module.Config(**bedrooms))
    assert not list(place.rglob("evil*")) and not os.path.lexists(outside)
    assert {path.name for path in unpacked(place)} == {"data.mdb"}
