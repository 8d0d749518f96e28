"""Scans are split before they are warped, and each digit has its own hue."""

from typing import Any

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from imagesets import digits
from priorbench.errors import UserError
from priorbench.imageset import SPLITS
from tests.sets import build


def test_scans_are_split_before_they_are_warped() -> None:
    found = build("digits")
    scans = {split: set(found.clusters[split]) for split in SPLITS}
    assert not scans["train"] & (scans["test"] | scans["val"])
    assert not scans["test"] & scans["val"]
    assert sum(map(len, scans.values())) == 1797
    assert len(scans["test"]) == len(found.test) == 260
    assert len(found.train) == 2 * len(scans["train"]) == 2994


def test_digits_come_with_their_classes_in_turn() -> None:
    labels = build("digits").labels
    assert labels is not None
    assert labels["test"].tolist() == 26 * list(range(10))
    assert labels["val"].tolist() == 8 * list(range(10))


def test_the_hue_of_a_digit_tells_its_class() -> None:
    found = build("digits")
    assert found.labels is not None
    colour = found.test / 255
    vivid = (colour.max(1) - colour.min(1)).reshape(len(colour), -1).argmax(1)
    paint = colour.reshape(len(colour), 3, -1)[np.arange(len(colour)), :, vivid]
    pillow = Image.fromarray(np.rint(255 * paint).astype(np.uint8)[None]).convert("HSV")
    hue = np.asarray(pillow)[0, :, 0] / 255
    away = np.abs((hue - found.labels["test"] / 10 + 0.5) % 1 - 0.5)
    assert (away < 0.04).all()


def test_digits_look_alike_at_both_sizes() -> None:
    ink = load_digits().data[:30].reshape(-1, 8, 8) / 16
    small, large = (digits.warped(ink, size, np.random.default_rng(0)) for size in (32, 64))
    halved = large.reshape(-1, 32, 2, 32, 2).mean((2, 4))
    assert np.abs(halved - small).mean() < 0.01


def test_another_seed_gives_other_digits() -> None:
    other = digits.split_scans(np.repeat(np.arange(10), 40), 1)
    same = digits.split_scans(np.repeat(np.arange(10), 40), 0)
    assert not np.array_equal(other["test"], same["test"])


def test_an_upright_scan_is_drawn_where_it_stands() -> None:
    ink = np.zeros((8, 8), np.float32)
    ink[2:6, 1:3] = 1  # rows 8-24 and columns 4-12 of 32
    paper = np.pad(ink, digits.MARGIN)
    drawn = digits.stroke(paper, [1 / 8, 0, digits.MARGIN, 0, 1 / 8, digits.MARGIN], 32)
    rows, columns = np.indices((32, 32)) + 0.5
    assert drawn.sum() == pytest.approx(16 * 8, rel=0.1)
    assert (drawn * rows).sum() / drawn.sum() == pytest.approx(16, abs=0.2)
    assert (drawn * columns).sum() / drawn.sum() == pytest.approx(8, abs=0.2)


@pytest.mark.parametrize("changes", [{"size": 4}, {"warps": 0}, {"seed": -1}])
def test_impossible_digits_are_refused(changes: Any) -> None:
    with pytest.raises(UserError, match=r"^digits: [^\n]*$"):
        digits.build(digits.Config(**changes))
