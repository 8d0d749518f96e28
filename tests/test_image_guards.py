"""Guards of image sets: a failing machine, a full disk, files that are not what they seem."""

import errno
import importlib
import os
from pathlib import Path
from threading import Barrier, Thread
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from imagesets import _read
from priorbench import preparing, raw
from priorbench.download import Remote, fetch
from priorbench.errors import UserError
from priorbench.files import read_json
from priorbench.pictures import CARD_KEYS, Pictures, Unreadable
from tests import copies
from tests.server import CONTENT, lay, serving
from tests.sets import encoded, scene
from tests.test_download import NAME, SHA256

CARD = dict.fromkeys(CARD_KEYS, "told")


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
    for error in (RuntimeError("Failed to decode frame 0"), NotImplementedError(), ValueError()):
        monkeypatch.setattr(Image, "open", lambda path, error=error: (_ for _ in ()).throw(error))
        with pytest.raises(Unreadable):
            _read.read(tmp_path / "x.avif")


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


def test_two_who_want_one_file_fetch_it_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.delenv("PRIORBENCH_OFFLINE", raising=False)
    monkeypatch.setattr("priorbench.locks.WAIT", 0.01)
    with serving() as server:
        started = Barrier(2)
        server.before_the_end = lambda: started.wait(timeout=30)  # both are under way
        remote = Remote(NAME, f"{server.address}/{NAME}", SHA256, len(CONTENT))
        place = tmp_path / "celeba" / NAME
        first, second = (Thread(target=fetch, args=(remote, place)) for _ in range(2))
        first.start()
        while not server.ranges:
            pass
        second.start()
        while not (tmp_path / "celeba" / f".{NAME}.lock").exists():
            pass
        started.wait(timeout=30)
        first.join()
        second.join()
        assert server.ranges == [None] and place.read_bytes() == CONTENT
    assert list(place.parent.iterdir()) == [place]


def test_a_quota_page_saved_as_an_archive_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRIORBENCH_IMAGES", str(tmp_path))
    remote = Remote("faces.zip", "http://127.0.0.1:1/faces.zip", SHA256, limit=1 << 23)
    for page in (b"<!DOCTYPE html><title>Quota exceeded</title>", b"\n <HTML>"):
        lay(tmp_path / "celeba" / "faces.zip", page)
        with pytest.raises(UserError, match=r"faces.zip is not .* but a web page"):
            raw.obtain("celeba", (remote,), "none")
    lay(tmp_path / "celeba" / "faces.zip", b"PK<html>")
    with pytest.raises(UserError, match="but another one"):
        raw.obtain("celeba", (remote,), "none")


def test_a_database_that_is_cut_short_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRIORBENCH_IMAGES", str(tmp_path))
    options = copies.lsun_copy(tmp_path, monkeypatch)
    module = importlib.import_module("imagesets.lsun_bedroom")
    data = tmp_path / "lsun_bedroom" / "bedroom_train_lmdb" / "data.mdb"
    os.truncate(data, data.stat().st_size // 2)
    with pytest.raises(UserError, match=r"data.mdb is cut short|bedroom_train_lmdb: "):
        module.build(module.Config(**options))


def test_a_face_of_another_size_is_none_of_celeba(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRIORBENCH_IMAGES", str(tmp_path))
    options = copies.celeba_extracted(tmp_path, monkeypatch)
    celeba = importlib.import_module("imagesets.celeba")
    Image.new("RGB", (178, 219)).save(tmp_path / "celeba" / "img_align_celeba" / "000001.jpg")
    found = celeba.build(celeba.Config(**options))
    with pytest.raises(Unreadable, match=r"000001.jpg has 178x219 pixels"):
        found.read(0)


@pytest.mark.parametrize("name", ["zebra.png", "frog-21.png"])
def test_a_frog_under_another_name_is_refused(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRIORBENCH_IMAGES", str(tmp_path))
    copies.frogs_copy(tmp_path, monkeypatch)
    frogs = importlib.import_module("imagesets.frogs")
    folder = tmp_path / "frogs" / "data-64"
    (folder / "frog-3.png").rename(folder / name)
    with pytest.raises(UserError, match=r"where frog-\d+.png is needed"):
        frogs.build(frogs.Config())


def test_the_list_of_celebahq_has_to_be_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRIORBENCH_IMAGES", str(tmp_path))
    copies.celebahq_copy(tmp_path, monkeypatch)
    celebahq = importlib.import_module("imagesets.celebahq")
    mapping = tmp_path / "celebahq" / celebahq.MAPPING
    head, *rows = mapping.read_text().splitlines()
    mapping.write_text("\n".join([head, *reversed(rows)]))
    with pytest.raises(UserError, match="does not list the images 0 to 19 in order"):
        celebahq.build(celebahq.Config(split="celeba"))


def test_a_set_of_grey_pictures_refuses_one_in_colour(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRIORBENCH_IMAGES", str(tmp_path))
    copies.MAKERS["bsd68"](tmp_path, monkeypatch)
    bsd68 = importlib.import_module("imagesets.bsd68")
    first = sorted((tmp_path / "bsd68").iterdir())[0]
    with Image.open(first) as grey:
        grey.convert("RGB").save(first)
    bsd68.build(bsd68.Config())
    first.write_bytes(encoded(scene(0, grey.size), "PNG"))
    with pytest.raises(UserError, match=f"{first} is in colour"):
        bsd68.build(bsd68.Config())
