"""What is wrong with images, tasks and scores: said in one line, and nothing is left."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.mistakes import HEADER, SEEN, Bench, Do, changed, ended, halved
from tests.sets import encoded, filled, scene

GOOD = encoded(scene(0), "PNG")


def album(files: dict[str, bytes], **options: object) -> Do:
    """Prepare a folder of files."""
    return lambda b: b.prepare("folder", path=str(filled(b.folder / "album", files)), **options)


def twelve(name: str, *contents: bytes) -> dict[str, bytes]:
    return {f"{i}{name}": contents[i % len(contents)] for i in range(12)}


def tiff(values: np.ndarray) -> bytes:
    return encoded(Image.fromarray(values), "TIFF")


def picturing(old: str, new: str) -> Do:
    """Observe with a task that was broken before, and make its pictures."""

    def doing(bench: Bench) -> None:
        bench.degrade(bench.plugin("tasks", old, new))
        bench.control()

    return doing


def metric(values: str) -> Do:
    """Score with a metric that returns this."""
    return lambda b: b.score(b.plugin("metrics", "[1.0] * len(ours)", values))


NAN = np.full((32, 32), np.nan, np.float32)
# id: what is done, and what is said of it
CASES: dict[str, tuple[Do, str]] = {
    # pictures
    "a folder of texts": (
        album(twelve(".txt", b"words")),
        "album: 12 files, none of them a picture by its suffix",
    ),
    "texts named as pictures": (
        album(twelve(".png", b"words")),
        "mine: 12 of 12 files cannot be read",
    ),
    "empty files": (album(twelve(".png", b"")), "(0.png, 1.png, 10.png, ...; 0.png: "),
    "pictures cut short": (album(twelve(".png", GOOD[:200])), "(`unreadable`)"),
    "pictures of NaN": (album(twelve(".tif", tiff(NAN))), "grey values in floating point"),
    "more than 16 bits": (
        album(twelve(".tif", tiff(np.full((32, 32), 70000, np.int32)))),
        "grey values of more than 16 bits",
    ),
    "pictures that are equal": (album(twelve(".png", GOOD), size=32), "1 different images in"),
    "pictures that are too small": (
        album(twelve(".png", GOOD)),
        "32x32 pixels, smaller than 64; `enlarge: true` accepts it",
    ),
    "a file named to do harm": (
        album(twelve("a\n$(touch harm).png", b"")),
        r"0a\n$(touch harm).png",
    ),
    "a folder that is away": (
        lambda b: b.prepare("folder", path="away"),
        "folder: away is not there",
    ),
    "a folder without a path": (lambda b: b.prepare("folder"), "`path` is empty"),
    "pictures of a pixel": (album(twelve(".png", GOOD), size=1), "size 1 is too small; nearest: 8"),
    "an image set of floats": (
        lambda b: b.prepare(b.plugin("imagesets", "np.uint8", "np.float32")),
        "ValueError: train is float32, not uint8; traceback in results/store/state",
    ),
    "an image set without a card": (
        lambda b: b.prepare(b.plugin("imagesets")),
        "mine_imagesets.py, line 13, in build: ValueError: the card lacks source",
    ),
    # observations
    "fewer images than asked for": (
        lambda b: b.degrade(count=9),
        "test_images: 9 asked for, disks has 4; set `test_images: 4`",
    ),
    "a factor that does not divide": (
        lambda b: b.degrade("super_resolution", factor=3),
        "factor 3 needs a side that is a multiple of it, at least 6, not 16; nearest: 15",
    ),
    "nothing left to be seen": (
        lambda b: b.degrade("random_pixels", keep=0.0),
        "keep 0 sees 0 of 256 pixels; nearest: ",
    ),
    "noise in grey levels": (lambda b: b.degrade("denoising", sigma=25.0), "is not in [0, 1]"),
    "a task that raises": (
        lambda b: b.degrade(b.plugin("tasks", "return x", "return x.no_such_thing")),
        "mine_tasks.py, line 11, in degrade: AttributeError: ",
    ),
    "a task that makes NaN": (
        lambda b: b.degrade(b.plugin("tasks", "return x", "return x / 0 - x / 0")),
        "nearest: as many, all finite",
    ),
    "a task whose y is in grey levels": (
        picturing("return x", "return (255 * x).byte()"),
        "mine_tasks.py: `degraded` returned torch.uint8; nearest: torch.float32 in [0, 1]",
    ),
    "a naive inverse out of range": (
        picturing('"itself": y', '"itself": 2 * y + 1'),
        "mine_tasks.py: `itself` returned values from 1.086 to 2.608; nearest: [0, 1]",
    ),
    "a naive inverse in grey": (
        picturing('"itself": y', '"itself": y[:, :1]'),
        "mine_tasks.py: `itself` returned (2, 1, 16, 16); nearest: (2, 3, 16, 16)",
    ),
    "a card that is cut short": (
        changed("prepare", "card.json", halved, Bench.degrade),
        "card.json: cannot be read as JSON",
    ),
    "a card that is away": (
        changed("prepare", "card.json", Path.unlink, Bench.degrade),
        "card.json: cannot be read as JSON ([Errno 2] No such file",
    ),
    "a split that is cut short": (
        changed("prepare", "test.npy", halved, Bench.degrade),
        "test.npy: cannot be read",
    ),
    "a split of other images": (
        changed(
            "prepare", "test.npy", lambda p: np.save(p, np.zeros((4, 3, 8, 8), "u1")), Bench.degrade
        ),
        "test.npy: shape (4, 3, 16, 16) expected, found (4, 3, 8, 8)",
    ),
    "observations cut short": (
        changed("degrade", SEEN, halved, Bench.control),
        "observations.safetensors: cannot be read as safetensors",
    ),
    # scores and tables
    "a metric that raises": (
        metric("[1.0 / 0]"),
        "mine_metrics.py, line 5, in score: ZeroDivisionError: ",
    ),
    "a metric with too many values": (
        metric("[1.0] * 9"),
        "mine_metrics.py returned 9 values for 2 images; nearest: 2, or None",
    ),
    "a metric with one value for all": (
        metric("1.0"),
        "metrics.mine: mine_metrics.py returned 1.0; nearest: 2 numbers",
    ),
    "a metric with words": (
        metric('["high"] * 2'),
        "mine_metrics.py returned ['high', 'high']; nearest: 2 numbers",
    ),
    "a metric with NaN": (
        metric('[float("nan")] * 2'),
        "mine_metrics.py returned values that are not finite; nearest: 2 numbers, or None",
    ),
    "controls that are away": (
        changed("control", "controls.safetensors", Path.unlink, Bench.score),
        "controls.safetensors: cannot be read as safetensors",
    ),
    "images prepared again otherwise": (
        changed(
            "prepare",
            "card.json",
            lambda p: p.write_text(
                p.read_text().replace('"sha256"', '"sha256": {"test": ""}, "old"')
            ),
            Bench.score,
        ),
        "observations.safetensors: made from other images than",
    ),
    "scores without a column": (
        lambda b: b.tables(HEADER.replace("value,", "") + "\n"),
        "hole.csv: no column `value`; columns: imageset, task",
    ),
    "scores that are empty": (
        lambda b: b.tables(""),
        "hole.csv: cannot be read as a table (No columns",
    ),
    "a score that is a word": (
        lambda b: b.tables(f"{HEADER}\ndisks,hole,nearest,0,psnr,raw,0,high,psnr/1\n"),
        "hole.csv: `value` 'high' is no number",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_goes_wrong_is_said_in_a_line(
    case: str, bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    do, said = CASES[case]
    assert said in ended(do, bench, capsys)
    assert not (bench.folder / "harm").exists()
