"""No pixel of a photograph is in two splits, and the patches are worth testing on."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from imagesets import photos
from imagesets._photographs import PHOTOGRAPHS, Photograph, shrunk
from priorbench.errors import UserError
from priorbench.imageset import SPLITS, ImageSet
from tests.sets import build, digests


@pytest.mark.parametrize("split", ["within", "across"])
def test_photos_have_256_test_images_at_64_pixels_too(split: str) -> None:
    found = build("photos", 64, split=split)
    assert found.shape == (3, 64, 64)
    assert len(digests(found.test)) >= 256 and 2000 <= len(found.train) <= 4000


def test_across_holds_the_named_photographs_out() -> None:
    found = build("photos", split="across")
    cfg = photos.Config()
    assert set(found.clusters["test"]) == set(cfg.test)
    assert set(found.clusters["val"]) == set(cfg.val)
    assert set(found.clusters["train"]) == set(PHOTOGRAPHS) - set(cfg.test) - set(cfg.val)


@pytest.fixture
def painted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every pixel of a photograph say its column, its row and its photograph."""
    paintings = {}
    for number, photograph in enumerate(PHOTOGRAPHS.values()):
        rows, columns = np.indices(photograph.reduced(112).shape[:2])
        sheet = np.stack([columns, rows, np.full_like(rows, number)], 2)
        paintings[photograph] = sheet.astype(np.uint8)
    monkeypatch.setattr(Photograph, "reduced", lambda photograph, short: paintings[photograph])


def seen_pixels(found: ImageSet) -> dict[str, NDArray[np.bool_]]:
    """Return for each split which pixels of painted photographs it shows: (10, h, w)."""
    seen = {}
    for split in SPLITS:
        column, row, number = found.split(split).transpose(1, 0, 2, 3).reshape(3, -1)
        seen[split] = np.zeros((10, 120, 180), bool)
        seen[split][number, row, column] = True
    return seen


@pytest.mark.usefixtures("painted")
@pytest.mark.parametrize("split", ["within", "across"])
def test_no_pixel_of_a_photograph_is_in_two_splits(split: Any) -> None:
    seen = seen_pixels(photos.build(photos.Config(split=split, flat=0)))
    assert all(seen[name].any() for name in SPLITS)
    assert sum(seen[name].astype(int) for name in SPLITS).max() == 1  # type: ignore[union-attr]


@pytest.mark.usefixtures("painted")
def test_the_parts_of_a_photograph_are_four_pixels_apart() -> None:
    seen = seen_pixels(photos.build(photos.Config(flat=0)))
    for one, other in (("train", "test"), ("train", "val"), ("val", "test")):
        for right in range(-4, 5):
            for down in range(-4, 5):
                moved = np.roll(seen[one], (down, right), axis=(1, 2))
                assert not (moved & seen[other]).any()


@pytest.mark.usefixtures("painted")
def test_the_first_two_test_patches_of_a_photograph_are_not_neighbours() -> None:
    corners = photos.build(photos.Config(flat=0)).test[:20, :, 0, 0].astype(int)
    for first, second in zip(corners[:10], corners[10:], strict=True):
        assert first[2] == second[2]
        assert np.abs(first - second)[:2].max() >= 16


def test_no_source_pixel_reaches_two_parts() -> None:
    generator = np.random.default_rng(0)
    source = generator.integers(0, 256, (300, 451, 3), dtype=np.uint8)
    boxes = photos.layout("chelsea", 168, 112, photos.Config())
    right, left = boxes["train"][2], boxes["test"][0]
    boundary = round((right + left) / 2 * 300 / 112)
    noise = generator.integers(0, 256, source.shape, dtype=np.uint8)
    beyond = np.arange(451)[None, :, None] >= boundary
    plain, other_right, other_left = (
        np.asarray(shrunk(Image.fromarray(pixels), 112))
        for pixels in (source, np.where(beyond, noise, source), np.where(beyond, source, noise))
    )
    assert np.array_equal(plain[:, :right], other_right[:, :right])
    assert np.array_equal(plain[:, left:], other_left[:, left:])
    assert not np.array_equal(plain, other_left)


def test_each_photograph_has_a_licence_and_an_origin_on_the_card() -> None:
    listed = build("photos", split="within").card["photographs"]
    assert set(listed) == set(PHOTOGRAPHS) and len(listed) == 10
    assert all(entry["licence"] and entry["origin"] for entry in listed.values())


def test_flat_patches_are_not_tested() -> None:
    found = build("photos", split="within")
    for images in (found.test, found.val):
        luma = np.einsum("nchw,c->nhw", images / 255, photos.LUMA)
        assert luma.std((1, 2)).min() > photos.Config().flat


def test_training_photos_hold_their_mirror_images() -> None:
    train = build("photos", split="within").train
    half = len(train) // 2
    assert np.array_equal(train[half:], train[:half, :, :, ::-1])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"size": 128}, "nearest: 85"),
        ({"size": 8}, "nearest: 16"),
        ({"test": ("astronout",)}, "did you mean `astronaut`"),
        ({"test": ("rocket",)}, "in both"),
        ({"val": ()}, "needs a photograph"),
    ],
)
def test_impossible_photos_are_refused_in_one_line(changes: Any, message: str) -> None:
    with pytest.raises(UserError, match=message) as error:
        photos.build(photos.Config(**changes))
    assert "\n" not in str(error.value)
