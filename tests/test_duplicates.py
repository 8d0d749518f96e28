"""Copies of pictures are found after recoding and resizing, and different pictures stay apart."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from io import BytesIO

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from sklearn.datasets import load_digits

from imagesets._photographs import PHOTOGRAPHS
from priorbench import duplicates
from priorbench.duplicates import BITS, CONTRAST, ERROR, Views, families, look, near

Pixels = NDArray[np.uint8]
SIDE = 64  # pixels of a patch
SHORT = 4 * SIDE  # pixels of the short side that photographs are reduced to


@cache
def photographs() -> list[Pixels]:
    """Return the patches, (n, 3, 64, 64), that tile each photograph of the two packages."""
    found = []
    for photograph in PHOTOGRAPHS.values():
        picture = photograph.reduced(SHORT)
        height, width = (side - side % SIDE for side in picture.shape[:2])
        tiles = picture[:height, :width].reshape(height // SIDE, SIDE, width // SIDE, SIDE, 3)
        found.append(tiles.transpose(0, 2, 4, 1, 3).reshape(-1, 3, SIDE, SIDE))
    return found


def as_image(pixels: Pixels) -> Image.Image:
    return Image.fromarray(pixels.transpose(1, 2, 0))


def as_pixels(image: Image.Image) -> Pixels:
    return np.ascontiguousarray(np.asarray(image).transpose(2, 0, 1))


def recoded(pixels: Pixels, quality: int = 90) -> Pixels:
    """Return a picture as a JPEG file shows it."""
    buffer = BytesIO()
    as_image(pixels).save(buffer, "JPEG", quality=quality)
    return as_pixels(Image.open(buffer))


def resized(pixels: Pixels) -> Pixels:
    """Return a picture as it is after it was made a little larger, and small again."""
    larger = as_image(pixels).resize((SIDE + 8, SIDE + 8), Image.Resampling.BICUBIC)
    return as_pixels(larger.resize((SIDE, SIDE), Image.Resampling.BICUBIC))


def grey(values: Pixels) -> Pixels:
    return np.stack([values] * 3)


def plain_picture(colour: tuple[int, int, int]) -> Pixels:
    return np.full((SIDE, SIDE, 3), colour, np.uint8).transpose(2, 0, 1)


def nearly(ours: Pixels, theirs: Pixels) -> NDArray[np.bool_]:
    """Tell which of `ours` nearly equal one of `theirs`."""
    return near(Views.of(ours), Views.of(theirs))


def differences(ours: Pixels, theirs: Pixels) -> NDArray[np.float64]:
    """Return the root mean squared difference of each of `ours` and each of `theirs`."""
    one, other = (images.reshape(len(images), -1).astype(float) for images in (ours, theirs))
    squares = np.square(one).sum(1)[:, None] + np.square(other).sum(1) - 2 * one @ other.T
    found: NDArray[np.float64] = np.sqrt(squares.clip(0) / one.shape[1])
    return found


@pytest.mark.parametrize("change", [recoded, resized])
def test_a_copy_of_a_photograph_looks_like_it(change: Callable[[Pixels], Pixels]) -> None:
    for patch in np.concatenate(photographs()):
        assert np.bitwise_count(look(patch) ^ look(change(patch))) <= BITS


def test_a_look_is_made_of_what_is_clearly_darker_than_its_right_neighbour() -> None:
    rising = np.repeat(np.arange(SIDE, dtype=np.uint8)[None] * 3, SIDE, 0)
    assert look(grey(rising)) == np.uint64(2**64 - 1)
    assert look(grey(rising[:, ::-1])) == 0
    half = np.concatenate([rising[: SIDE // 2], rising[: SIDE // 2, ::-1]])
    assert np.bitwise_count(look(grey(half))) == 32
    assert look(grey(100 + rising // 16)) == 0  # hardly anything


def test_planted_copies_are_found_among_photographs_and_nothing_else() -> None:
    patches = np.concatenate(photographs())
    held, ours = patches[::3], patches[1::3].copy()
    planted = np.arange(0, len(ours), 5)
    for place, row in enumerate(planted):
        ours[row] = (recoded, resized)[place % 2](held[row % len(held)])
    most = np.minimum(ERROR, CONTRAST * ours.std(axis=(1, 2, 3)))
    truly = differences(ours, held).min(axis=1) <= most
    assert truly[planted].sum() >= 0.85 * len(planted)  # JPEG spoils a few by more than that
    assert np.array_equal(nearly(ours, held), truly)


def test_patches_of_different_photographs_are_no_copies_of_each_other() -> None:
    pairs = 0
    for number, ours in enumerate(photographs()[:-1]):
        others = np.concatenate(photographs()[number + 1 :])
        assert not nearly(ours, others).any()
        pairs += len(ours) * len(others)
    assert pairs > 18_000


def test_the_same_photograph_under_other_light_is_no_copy() -> None:
    patches = np.concatenate(photographs())
    darker = (patches * 0.8).astype(np.uint8)
    bright = patches.mean(axis=(1, 2, 3)) > 60
    assert bright.sum() > 100
    assert not nearly(darker[bright], patches[bright]).any()


def test_plain_pictures_are_compared_by_their_colours() -> None:
    red, green, grey_as_they = (130, 0, 0), (0, 66, 0), (39, 39, 39)  # of one brightness
    plain = [plain_picture(colour) for colour in (red, green, grey_as_they)]
    assert len({int(look(image)) for image in plain}) == 1
    ours = np.stack([plain_picture((128, 3, 2)), plain_picture((60, 60, 60)), plain[1]])
    assert nearly(ours, np.stack(plain)).tolist() == [True, False, True]


def test_pale_pictures_of_different_things_are_no_copies() -> None:
    scans = load_digits().images[:400]
    enlarged = scans.repeat(4, 1).repeat(4, 2)[:, None].repeat(3, 1)
    for contrast in (5, 8, 16):  # grey levels
        pale = 128 + contrast * (enlarged - enlarged.mean()) / enlarged.std()
        pixels = pale.round().astype(np.uint8)
        assert nearly(pixels[:200], pixels[200:]).mean() < 0.02
        assert nearly(pixels[:50], pixels).all()


@pytest.mark.parametrize("at_once", [1, 7, 1_000, 50_000])
def test_the_size_of_the_blocks_changes_nothing(
    at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    patches = np.concatenate(photographs())[::4]
    ours = np.concatenate([patches[:20], np.stack([recoded(patch) for patch in patches])])
    whole = nearly(ours, patches)
    assert 20 < whole.sum() < len(ours)
    monkeypatch.setattr(duplicates, "AT_ONCE", at_once)
    assert np.array_equal(nearly(ours, patches), whole)


def test_what_nearly_equals_one_of_a_family_belongs_to_it() -> None:
    patches = np.concatenate(photographs())
    plain = patches.std(axis=(1, 2, 3)) > 30
    one, other, third = patches[plain][[0, 40, 80]]
    once = recoded(one)
    pictures = np.stack([other, one, third, once, resized(once), recoded(third), other])
    views = Views.of(pictures)
    assert families(views).tolist() == [0, 1, 2, 1, 1, 2, 0]
    some = replace(views, numbers=np.array([5, 4, 2, 3]))
    assert families(some).tolist() == [0, 1, 0, 1]


def test_two_that_only_a_third_joins_are_one_family() -> None:
    patches = photographs()[0]
    base = np.clip(max(patches, key=np.std), 0, 230)
    dark, bright, between = base, base + np.uint8(12), base + np.uint8(6)
    assert not nearly(dark[None], bright[None]).any()
    assert nearly(between[None], np.stack([dark, bright])).all()
    views = Views.of(np.stack([patches[0], dark, bright, between]))
    assert families(views).tolist() == [0, 1, 1, 1]


def test_where_there_is_nothing_to_compare_nothing_is_found() -> None:
    patches = photographs()[0]
    assert not nearly(patches, patches[:0]).any()
    assert nearly(patches[:0], patches).shape == (0,)
