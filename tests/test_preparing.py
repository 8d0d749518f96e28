"""Pictures are decoded once, whatever happens, in constant memory, and dealt out to splits."""

import json
import shutil
import signal
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from threading import Event, Thread
from typing import Any

import numpy as np
import psutil
import pytest
from numpy.typing import NDArray

from priorbench import duplicates, files, preparing
from priorbench.errors import UserError
from priorbench.images import Prepared
from priorbench.imageset import SPLITS
from priorbench.pictures import CARD_KEYS, Pictures, Unreadable
from tests.sets import contents

Pixels = NDArray[np.uint8]
CARD = dict.fromkeys(CARD_KEYS, "told")
COUNT, BLOCK = 40, 8
PIECE = BLOCK * 3 * 8 * 8  # bytes of a block
SPLIT = ["train", "test", "train", "val"] * (COUNT // 4)
SPAWN = get_context("spawn")


def picture(row: int, side: int = 8) -> Pixels:
    """Return a picture of noise, another one for each row."""
    return np.random.default_rng(row).integers(0, 256, (3, side, side), np.uint8)


def pictures(read: Callable[[int], Pixels] = picture, **changes: Any) -> Pictures:
    """Return forty pictures of noise, in three splits."""
    names = [f"{row:02d}.png" for row in range(COUNT)]
    fields: dict[str, Any] = {"names": names, "split": SPLIT, "card": CARD, "shape": (3, 8, 8)}
    return Pictures(read=read, **fields | changes)


def write(found: Pictures, root: Path, threads: int = 1) -> dict[str, bytes]:
    """Write an image set below `root`; return the files by their names."""
    preparing.write(found, "noise", root / "out", root / "state", threads)
    return contents(root / "out")


class Log:
    """Reads pictures, and notes which in a file that outlives the process."""

    def __init__(self, path: Path, stop: Callable[[], None] | None = None, at: int = -1) -> None:
        self.path, self.stop, self.at = path, stop, at

    def __call__(self, row: int) -> Pixels:
        with self.path.open("a") as file:
            file.write(f"{row}\n")
        if row == self.at and self.stop is not None:
            self.stop()
        return picture(row)

    def counts(self) -> Counter[int]:
        """Return how often each picture was read."""
        return Counter(map(int, self.path.read_text().split()))


class Stopped(Exception):
    """What a test stops a run with."""


def stop() -> None:
    raise Stopped


def kill() -> None:
    signal.raise_signal(signal.SIGKILL)


def begin(root: Path, at: int, threads: int) -> None:
    """Prepare until picture `at` ends the process."""
    preparing.PIECE = PIECE
    write(pictures(Log(root / "log", kill, at)), root, threads)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preparing, "PIECE", PIECE)


def test_what_is_written_is_what_was_read(tmp_path: Path) -> None:
    write(pictures(labels=[row % 3 for row in range(COUNT)]), tmp_path)
    found = Prepared(tmp_path / "out")
    for split in SPLITS:
        rows = [int(name[:2]) for name in found.card["clusters"][split]]
        assert sorted(rows) == [row for row in range(COUNT) if SPLIT[row] == split]
        images, labels = getattr(found, split), found.labels(split)
        assert labels is not None and rows == sorted(rows)  # the order of an official split
        for image, label, row in zip(images, labels, rows, strict=True):
            assert np.array_equal(image, picture(row)) and label == row % 3


def test_the_number_of_threads_changes_no_byte(tmp_path: Path) -> None:
    one, four = (write(pictures(), tmp_path / f"{n}", n) for n in (1, 4))
    assert one == four and set(one) == {"card.json", "train.npy", "val.npy", "test.npy"}


@pytest.mark.parametrize("at", [0, 21, COUNT - 1])
@pytest.mark.parametrize("threads", [1, 4])
def test_a_run_that_was_stopped_goes_on_from_the_last_block(
    tmp_path: Path, at: int, threads: int
) -> None:
    log = Log(tmp_path / "log", stop, at)
    with pytest.raises(Stopped):
        write(pictures(log), tmp_path, threads)
    assert not contents(tmp_path / "out")
    done = range(at - at % BLOCK)
    assert set(log.counts()) <= set(range(at - at % BLOCK + BLOCK))
    log.stop = None
    assert write(pictures(log), tmp_path, threads) == write(pictures(), tmp_path / "calm")
    assert set(log.counts()) == set(range(COUNT))
    assert all(log.counts()[row] == 1 for row in done)
    assert max(log.counts().values()) == 2 and log.counts().total() <= COUNT + BLOCK


def test_a_run_that_was_killed_goes_on_from_the_last_block(tmp_path: Path) -> None:
    process = SPAWN.Process(target=begin, args=(tmp_path, 21, 2))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert not contents(tmp_path / "out")
    log = Log(tmp_path / "log")
    assert write(pictures(log), tmp_path) == write(pictures(), tmp_path / "calm")
    assert max(log.counts().values()) <= 2 and log.counts().total() <= COUNT + BLOCK


def test_a_run_takes_nothing_of_what_was_read_of_other_pictures(tmp_path: Path) -> None:
    with pytest.raises(Stopped):
        write(pictures(Log(tmp_path / "log", stop, 21)), tmp_path)
    other = pictures(lambda row: picture(row + 1), names=[f"{row + 1}" for row in range(COUNT)])
    assert write(other, tmp_path) == write(other, tmp_path / "calm")


def test_a_run_that_was_stopped_at_dealing_out_reads_nothing_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Log(tmp_path / "log")
    with monkeypatch.context() as patch:
        patch.setattr(preparing, "sha256", lambda _: stop())
        with pytest.raises(Stopped):
            write(pictures(log), tmp_path)
    assert not contents(tmp_path / "out")
    assert write(pictures(log), tmp_path) == write(pictures(), tmp_path / "calm")
    assert set(log.counts().values()) == {1}


def spoilt(*rows: int) -> Callable[[int], Pixels]:
    """Return what reads all pictures but those of `rows`."""

    def read(row: int) -> Pixels:
        if row in rows:
            raise Unreadable("cut short")
        return picture(row)

    return read


def test_few_unreadable_pictures_are_left_out_counted_and_named(tmp_path: Path) -> None:
    names = [f"{row:02d}{'.txt' if row == 6 else '.png'}" for row in range(COUNT)]
    write(pictures(spoilt(6, 20), names=names, unreadable=0.05), tmp_path)
    told = Prepared(tmp_path / "out").card
    lost = {"count": 2, "suffixes": {".txt": 1, ".png": 1}, "files": ["06.txt", "20.png"]}
    assert told["unreadable"] == lost
    assert told["counts"] == {"train": 18, "val": 10, "test": 10}
    assert "06.txt" not in told["clusters"]["train"]


@pytest.mark.parametrize("rows", [(6, 7, 8, 9, 39), (39,)])
def test_too_many_unreadable_pictures_end_in_one_line_each_time(
    tmp_path: Path, rows: tuple[int, ...]
) -> None:
    share = 0.05 if len(rows) > 1 else 0.0
    said = set()
    for _ in range(3):  # the last block may have been reached by then
        with pytest.raises(UserError) as raised:
            write(pictures(spoilt(*rows), unreadable=share), tmp_path)
        said.add(str(raised.value))
        assert not contents(tmp_path / "out")
    assert len(said) == 1
    line = said.pop()
    named = "06.png, 07.png, 08.png, ..." if len(rows) > 1 else "39.png"
    assert line.startswith("noise: ") and f"({named}; " in line and "\n" not in line
    assert f"at most {share:.3g} " in line


def test_a_file_that_was_mended_is_read_again(tmp_path: Path) -> None:
    with pytest.raises(UserError):
        write(pictures(spoilt(3, 30)), tmp_path)
    log = Log(tmp_path / "log")
    assert write(pictures(log), tmp_path) == write(pictures(), tmp_path / "calm")
    assert 3 in log.counts() and 0 not in log.counts()


WRONG = {"grey": picture(0)[:1], "flat": picture(0)[0], "float": picture(0).astype(float)}
WRONG |= {"larger": picture(0, 9)}


@pytest.mark.parametrize(
    ("kind", "one_size"), [*((kind, True) for kind in WRONG), *((k, False) for k in [*WRONG][:3])]
)
def test_a_picture_of_another_kind_is_a_mistake_of_the_author(
    tmp_path: Path, kind: str, one_size: bool
) -> None:
    wrong = WRONG[kind]
    found = pictures(
        lambda row: wrong if row == 5 else picture(row),
        shape=(3, 8, 8) if one_size else None,
        split=SPLIT if one_size else ["test"] * COUNT,
    )
    with pytest.raises(ValueError, match=rf"^05\.png: {wrong.dtype}"):
        write(found, tmp_path)
    assert not contents(tmp_path / "out")


def test_a_split_may_depend_on_what_the_pictures_show(tmp_path: Path) -> None:
    given: list[str] = []

    def split(shown: Any) -> list[str]:
        given.extend(shown)
        return [SPLITS[int(content[:1] or "0", 16) % 3] for content in shown]

    def read(row: int) -> Pixels:
        return spoilt(6)(row) if row == 6 else picture(row % 30)

    write(pictures(read, split=split, unreadable=0.1), tmp_path)
    assert given[0] == given[30] and given[6] == "" and given[36]
    assert len(set(given)) == 31
    assert Prepared(tmp_path / "out").card["duplicates"]["same split"] == 9


def test_pictures_of_many_sizes_come_back_one_by_one(tmp_path: Path) -> None:
    sizes = [(3, 5 + row, 7 + row % 2) for row in range(COUNT)]

    def read(row: int) -> Pixels:
        return np.full(sizes[row], row, np.uint8)

    write(pictures(read, split=["test"] * COUNT, shape=None), tmp_path)
    found = Prepared(tmp_path / "out")
    for row, (image, size) in enumerate(zip(found.gallery, sizes, strict=True)):
        assert image.shape == size and (image == row).all()
    assert found.card["counts"] == {"train": 0, "val": 0, "test": COUNT}
    many = pictures(spoilt(9), split=["test"] * COUNT, shape=None)
    with pytest.raises(UserError, match=r"^noise: 09\.png .*\(cut short\)$"):
        write(many, tmp_path / "spoilt")
    assert not contents(tmp_path / "spoilt" / "out")


def resident() -> int:
    return int(psutil.Process().memory_info().rss)


def peak(count: int, root: Path) -> int:
    """Prepare `count` pictures of 64 pixels, a tenth of them copies; return the memory taken."""
    ended, seen = Event(), [resident()]

    def watch() -> None:
        while not ended.wait(0.002):
            seen.append(max(seen.pop(), resident()))

    def read(row: int) -> Pixels:
        image = picture(row - row % 10 if row % 10 == 1 else row, 64)
        return image ^ np.uint8(row % 10 == 1)

    # what is handled in one go is made small beside what could pile up
    preparing.PIECE, files.AT_ONCE, duplicates.AT_ONCE = 1 << 20, 1 << 22, 1 << 18
    names, shape = [f"{row}" for row in range(count)], (3, 64, 64)
    found = pictures(read, names=names, split=SPLIT * (count // COUNT), shape=shape)
    write(pictures(), root / "first")  # what the first use loads
    begun = resident()
    watcher = Thread(target=watch, daemon=True)
    watcher.start()
    preparing.write(found, "noise", root / "out", root / "state", 2)
    ended.set()
    watcher.join()
    told = json.loads((root / "out" / "card.json").read_text())
    assert told["duplicates"]["left out of training"]["nearly equal"] == count // 10
    return seen[0] - begun


def test_memory_does_not_grow_with_the_number_of_pictures(tmp_path: Path) -> None:
    taken = []
    for count in (1_000, 10_000):
        with ProcessPoolExecutor(1, SPAWN) as process:
            taken.append(process.submit(peak, count, tmp_path / f"{count}").result())
        shutil.rmtree(tmp_path / f"{count}")  # a quarter of a gigabyte
    assert taken[1] - taken[0] < 48 << 20  # bytes; the pixels are 106 MiB more
