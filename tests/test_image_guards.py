"""Guards of image sets: a failing machine, a full disk, files that are not what they seem."""

import errno
import importlib
import os
import zlib
from contextlib import suppress
from pathlib import Path
from threading import Barrier, Event, Thread
from types import SimpleNamespace
from typing import IO

import numpy as np
import pytest
from PIL import Image

from imagesets import _read
from priorbench import locks, preparing, raw
from priorbench.download import Remote, fetch
from priorbench.errors import UserError
from priorbench.files import read_json
from priorbench.pictures import CARD_KEYS, Pictures, Unreadable
from tests import copies
from tests.server import CONTENT, lay, serving
from tests.sets import encoded, scene
from tests.test_download import NAME, SHA256

CARD = dict.fromkeys(CARD_KEYS, "told")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder that the files of image sets are looked for in."""
    monkeypatch.setenv("PRIORBENCH_IMAGES", str(tmp_path))
    return tmp_path


def noise(row: int) -> np.ndarray:
    return np.random.default_rng(row).integers(0, 256, (3, 8, 8), np.uint8)


def pictures(count: int = 8, **changes: object) -> Pictures:
    split = ["train", "val", "test", "train"] * (count // 4)
    fields = {"names": [f"{row}" for row in range(count)], "read": noise, "split": split}
    return Pictures(**{**fields, "card": CARD, "shape": (3, 8, 8), **changes})  # type: ignore[arg-type]


def card(found: Pictures, root: Path) -> dict[str, object]:
    preparing.write(found, "noise", root / "out", root / "state", 2)
    told: dict[str, object] = read_json(root / "out" / "card.json")
    return told


def test_pictures_are_decoded_side_by_side(tmp_path: Path) -> None:
    both = Barrier(2)

    def read(row: int) -> np.ndarray:
        both.wait(timeout=30)  # broken, an error, where one is read after the other
        return noise(row)

    preparing.write(pictures(read=read), "noise", tmp_path / "out", tmp_path / "state", 2)


def test_a_person_in_two_splits_is_told_whatever_the_set_promises(tmp_path: Path) -> None:
    persons = ["ann", "bob", "cid", "dan"] * 2
    promised = {**CARD, "disjoint_clusters": True}
    apart = card(pictures(clusters=persons, card=promised), tmp_path / "apart")
    assert apart["disjoint_clusters"] is True
    shared = card(pictures(clusters=["ann"] * 8, card=promised), tmp_path / "shared")
    assert shared["disjoint_clusters"] is False
    unknown = card(pictures(card={**CARD, "disjoint_clusters": None}), tmp_path / "unknown")
    assert unknown["disjoint_clusters"] is None


def test_why_a_picture_cannot_be_read_is_said(tmp_path: Path) -> None:
    def read(row: int) -> np.ndarray:
        if row:
            raise Unreadable(f"as number {row} is broken")
        return noise(row)

    with pytest.raises(UserError, match=r"7 of 8 files .*1: as number 1 is broken"):
        card(pictures(read=read), tmp_path)


@pytest.mark.parametrize("number", [errno.EMFILE, errno.EACCES, errno.EIO])
def test_a_failing_machine_is_no_damaged_file(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "good.png")

    def failing(path: Path) -> None:
        raise OSError(number, os.strerror(number), str(path))

    monkeypatch.setattr(Image, "open", failing)
    with pytest.raises(UserError, match=rf"good.png: {os.strerror(number)}"):
        _read.read(tmp_path / "good.png")


def test_whatever_a_decoder_raises_on_damage_is_damage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    damage: list[Exception] = [RuntimeError("Failed to decode frame 0"), NotImplementedError()]
    damage += [ValueError(), KeyError("x"), IndexError(), TypeError(), ZeroDivisionError()]
    damage += [OverflowError(), zlib.error("incorrect header check")]
    for error in damage:
        monkeypatch.setattr(Image, "open", lambda path, error=error: (_ for _ in ()).throw(error))
        with pytest.raises(Unreadable):
            _read.read(tmp_path / "x.avif")


def test_a_malformed_file_is_unreadable_and_ends_nothing(tmp_path: Path) -> None:
    whole, path = encoded(scene(0), "PNG"), tmp_path / "malformed.png"
    for place in range(len(whole)):  # each byte in turn, of headers, of colours, of checksums
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        with suppress(Unreadable):
            _read.read(path)


@pytest.mark.parametrize(("most", "shown"), [(255, None), (256, 1), (65_535, 255), (0, 0)])
def test_dark_grey_of_32_bits_is_refused_where_its_range_is_not_known(
    most: int, shown: int | None, tmp_path: Path
) -> None:
    path = tmp_path / "grey.tif"
    Image.fromarray(np.full((4, 4), most, np.int32)).save(path)
    if shown is None:
        with pytest.raises(Unreadable, match="all below 256"):
            _read.read(path)
    else:
        assert (np.asarray(_read.read(path)) == shown).all()


@pytest.mark.parametrize("guard", ["posix_fallocate", "disk_usage"])
def test_a_disk_without_room_is_told_before_a_picture_is_decoded(
    guard: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    if guard == "posix_fallocate":
        monkeypatch.setattr(os, "posix_fallocate", full)
    else:
        monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=1_000))

    def read(row: int) -> np.ndarray:
        raise AssertionError(f"{row} was decoded")

    with pytest.raises(UserError, match=r"no room for|0\.0 GB free"):
        card(pictures(read=read), tmp_path)
    assert not (tmp_path / "out").exists()


def test_two_who_want_one_file_fetch_it_once(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.delenv("PRIORBENCH_OFFLINE", raising=False)
    monkeypatch.setattr(locks, "WAIT", 0.01)
    begun, waiting, go_on = Event(), Event(), Event()
    try_lock = locks.try_lock

    def tried(path: Path) -> IO[str] | None:
        file = try_lock(path)
        if file is None:
            waiting.set()
        return file

    def halfway() -> None:
        begun.set()
        go_on.wait(timeout=30)

    monkeypatch.setattr(locks, "try_lock", tried)
    with serving() as server:
        server.before_the_end = halfway
        remote = Remote(NAME, f"{server.address}/{NAME}", SHA256, len(CONTENT))
        path = place / "celeba" / NAME
        first, second = (Thread(target=fetch, args=(remote, path)) for _ in range(2))
        first.start()
        assert begun.wait(timeout=30)
        second.start()
        waited = waiting.wait(timeout=30)
        go_on.set()
        first.join()
        second.join()
        assert waited and server.ranges == [None] and path.read_bytes() == CONTENT
    assert list(path.parent.iterdir()) == [path]


def test_a_quota_page_saved_as_an_archive_is_told(place: Path) -> None:
    remote = Remote("faces.zip", "http://127.0.0.1:1/faces.zip", SHA256, limit=1 << 23)
    for page in (b"<!DOCTYPE html><title>Quota exceeded</title>", b"\n <HTML>"):
        lay(place / "celeba" / "faces.zip", page)
        with pytest.raises(UserError, match=r"faces.zip is not .* but a web page"):
            raw.obtain("celeba", (remote,), "none")
    lay(place / "celeba" / "faces.zip", b"PK<html>")
    with pytest.raises(UserError, match="but another one"):
        raw.obtain("celeba", (remote,), "none")


def test_a_database_that_is_cut_short_is_refused(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = copies.lsun_copy(place, monkeypatch)
    module = importlib.import_module("imagesets.lsun_bedroom")
    data = place / "lsun_bedroom" / "bedroom_train_lmdb" / "data.mdb"
    os.truncate(data, data.stat().st_size // 2)
    with pytest.raises(UserError, match=r"data.mdb is cut short|bedroom_train_lmdb: "):
        module.build(module.Config(**options))
