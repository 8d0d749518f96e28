"""Image sets from their official files, by value, on tiny copies."""

import importlib
from collections.abc import Callable
from io import BytesIO
from itertools import islice, product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from imagesets import celeba
from priorbench.errors import UserError
from priorbench.pictures import Pictures
from tests import copies
from tests.copies import BLOCKS, HELD, LEARNED, PARTITION, TESTED
from tests.sets import encoded, filled, prepared, scene

Pixels = NDArray[np.uint8]
Build = Callable[..., Pictures]
CLASSIC = ["bsd68", "cbsd68", "dip_images", "kodak", "set14", "set5"]
BY_NUMBER = [split for split, count in BLOCKS.items() for _ in range(count)]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PRIORBENCH_IMAGES", str(tmp_path))
    monkeypatch.setenv("PRIORBENCH_OFFLINE", "1")
    return tmp_path


@pytest.fixture
def build(root: Path, monkeypatch: pytest.MonkeyPatch) -> Build:
    """Return what makes the tiny copy of a set, and builds it with options."""

    def made(name: str, maker: copies.Maker | None = None, **options: Any) -> Pictures:
        fitting = (maker or copies.MAKERS[name])(root, monkeypatch)
        module = importlib.import_module(f"imagesets.{name}")
        found: Pictures = module.build(module.Config(**{**fitting, **options}))
        return found

    return made


def refused(build: Build, *arguments: Any, **options: Any) -> str:
    """Return what is said, in one line, of a set that cannot be built or read."""
    with pytest.raises(UserError) as raised:
        found = build(*arguments, **options)
        found.read(0)
    said = str(raised.value)
    assert "\n" not in said
    return said


def split(found: Pictures) -> list[str]:
    assert not callable(found.split)
    return list(found.split)


def pixels(image: Image.Image) -> Pixels:
    return np.asarray(image.convert("RGB")).transpose(2, 0, 1)


def dimmed(face: bytes) -> bytes:
    """Return a face whose numbers are in 20 ... 147, of which compression may leave by little."""
    with Image.open(BytesIO(face)) as image:
        return encoded(image.point(lambda value: 20 + value // 2))


@pytest.mark.parametrize("maker", [copies.celeba_archive, copies.celeba_extracted])
def test_faces_of_celeba_are_in_the_part_that_the_list_says(
    build: Build, maker: copies.Maker
) -> None:
    found = build("celeba", maker)
    assert list(found.names) == [f"{number:06d}.jpg" for number in range(1, 21)]
    assert split(found) == [{"0": "train", "1": "val", "2": "test"}[part] for part in PARTITION]
    assert found.clusters is not None
    assert found.clusters[:5] == [f"person {n}" for n in (100, 100, 200, 101, 300)]


@pytest.mark.parametrize("size", [40, 128])
def test_the_variants_of_celeba_are_the_whole_face_or_a_cutout(build: Build, size: int) -> None:
    parts = {"whole": (0, 0, 178, 218), "crop178": (0, 20, 178, 198), "crop128": (25, 57, 153, 185)}
    assert set(parts) == set(celeba.BOXES)
    face = copies.face_files()["000005.jpg"]
    with Image.open(BytesIO(face)) as image:
        for variant, (left, top, right, bottom) in parts.items():
            part = Image.fromarray(np.asarray(image)[top:bottom, left:right])
            wanted = pixels(part.resize((size, size), Image.Resampling.BICUBIC))
            found = build("celeba", copies.celeba_extracted, variant=variant, size=size).read(4)
            assert np.array_equal(found, wanted), variant
        assert np.array_equal(found, pixels(image)[:, 57:185, 25:153]) == (size == 128)


def test_faces_are_stretched_one_by_one_where_that_is_asked_for(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    dim = {name: dimmed(face) for name, face in copies.face_files().items()}
    monkeypatch.setattr(copies, "face_files", lambda: dim)
    plain, stretched = (
        build("celeba", copies.celeba_extracted, size=40, stretch=stretch)
        for stretch in (False, True)
    )
    assert "each stretched to 0 ... 255" in stretched.card["sampling"]
    assert "stretched" not in plain.card["sampling"]
    for row in range(3):
        before, after = plain.read(row).astype(float), stretched.read(row).astype(float)
        least, greatest = before.min(), before.max()
        assert 0 < least < greatest < 255
        assert (after.min(), after.max()) == (0, 255)
        assert np.abs(after - 255 * (before - least) / (greatest - least)).max() <= 0.5
    flat = np.full((3, 4, 4), 7, dtype=np.uint8)
    assert np.array_equal(celeba.stretched(flat), flat)


def test_a_face_that_is_missing_is_told(root: Path, build: Build) -> None:
    build("celeba", copies.celeba_extracted)
    (root / "celeba" / "img_align_celeba" / "000007.jpg").unlink()
    with pytest.raises(UserError, match=r"img_align_celeba has 19 pictures, not 20"):
        prepared("celeba", {"size": 32}, root)


def test_celebahq_is_split_by_number_or_as_celeba(root: Path, build: Build) -> None:
    found = build("celebahq", size=64)
    assert list(found.names) == [f"{number}.jpg" for number in range(20)]
    assert split(found) == BY_NUMBER and found.clusters is None
    for row in (2, 10):
        with Image.open(root / "celebahq" / "images" / f"{row}.jpg") as image:
            assert np.array_equal(found.read(row), pixels(image))
    like = build("celebahq", split="celeba")
    original = build("celeba")
    assert like.clusters is not None and original.clusters is not None
    assert split(like) == [*split(original)[3:], *split(original)[:3]]
    assert like.clusters == [*original.clusters[3:], *original.clusters[:3]]


def test_celebahq_without_its_list_is_refused(build: Build, root: Path) -> None:
    build("celebahq")
    mapping = root / "celebahq" / "CelebA-HQ-to-CelebA-mapping.txt"
    module = importlib.import_module("imagesets.celebahq")
    cfg = module.Config(split="celeba")
    mapping.write_text("\n".join(mapping.read_text().splitlines()[:-1]))
    assert "does not list the images 0 to 19 in order" in refused(lambda: module.build(cfg))
    mapping.unlink()
    assert str(mapping) in refused(lambda: module.build(cfg))


def test_bedrooms_are_taken_in_the_order_of_their_keys(build: Build) -> None:
    found = build("lsun_bedroom", train=8, test=4)
    numbers = {copies.key(number): number for number in range(20)}
    training, validation = (sorted(map(copies.key, part)) for part in (range(16), range(16, 20)))
    assert list(found.names) == training[:12] + validation
    assert split(found) == ["train"] * 8 + ["test"] * 4 + ["val"] * 4
    for row in (0, 11, 15):
        photograph = BytesIO(encoded(scene(numbers[found.names[row]], (80, 64))))
        with Image.open(photograph) as image:
            whole = pixels(image.resize((40, 32), Image.Resampling.BICUBIC)).astype(int)
        error = np.abs(found.read(row) - whole[:, :, 4:36])
        assert error[..., 1:-1].max() <= 1  # rounding; at the sides it may look beyond the square


@pytest.mark.parametrize(
    ("options", "said"),
    [({"train": 13}, "16 at most"), ({"test": 0}, "at least 1"), ({"size": 4}, "nearest: 8")],
)
def test_impossible_numbers_of_bedrooms_are_refused(
    build: Build, options: dict[str, int], said: str
) -> None:
    assert said in refused(build, "lsun_bedroom", **options)


def test_a_database_of_another_number_of_bedrooms_is_refused(
    build: Build, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = copies.lsun_copy(root, monkeypatch)
    module = importlib.import_module("imagesets.lsun_bedroom")
    monkeypatch.setitem(module.COUNTS, "bedroom_val_lmdb", 300)
    said = refused(lambda: module.build(module.Config(**options)))
    assert "bedroom_val_lmdb has 4 images, not 300" in said


@pytest.mark.parametrize("name", ["svhn", "cifar10", "fashion_mnist"])
def test_arrays_come_in_their_official_parts_with_the_last_of_training_held_out(
    build: Build, name: str
) -> None:
    found = build(name)
    assert split(found) == ["train"] * (LEARNED - HELD) + ["val"] * HELD + ["test"] * TESTED
    assert found.labels == [row % 10 for row in range(LEARNED + TESTED)]
    side = 28 if name == "fashion_mnist" else 32
    (train, _), (test, _) = copies.arrays(side)
    for row, image in enumerate(np.concatenate([train, test])):
        if name == "fashion_mnist":
            image = np.pad(np.stack([image[0]] * 3), ((0, 0), (2, 2), (2, 2)))
        assert np.array_equal(found.read(row), image)


def test_frogs_are_split_by_number_and_stand_on_white(build: Build) -> None:
    found = build("frogs", size=64)
    assert list(found.names) == [f"frog-{number}.png" for number in range(1, 21)]
    assert split(found) == BY_NUMBER
    frog = found.read(1)
    assert (frog[:, :16, :16] == 255).all()
    assert np.array_equal(frog[:, 16:, 16:], pixels(scene(14, (64, 64)))[:, 16:, 16:])


def kept(image: Pixels, fit: str) -> Pixels:
    """Return what a protocol keeps of a picture, worked out another way than the set does."""
    _, height, width = image.shape
    if fit == "mod8":
        return image[:, : height // 8 * 8, : width // 8 * 8]
    if fit == "div32":
        top, left = height % 32 // 2, width % 32 // 2
        return image[:, top : top + height // 32 * 32, left : left + width // 32 * 32]
    return image


@pytest.mark.parametrize("fit", ["div32", "mod8", "whole"])
@pytest.mark.parametrize("name", CLASSIC)
def test_a_classic_picture_is_cropped_as_its_protocol_says(
    build: Build, root: Path, name: str, fit: str
) -> None:
    found = build(name, fit=fit)
    assert {*split(found)} == {"test"} and found.shape is None
    for row, file in islice(enumerate(found.names), 6):
        with Image.open(next((root / name).rglob(file))) as image:
            assert np.array_equal(found.read(row), kept(pixels(image), fit))
    sizes = {"div32": (3, 352, 224), "mod8": (3, 360, 248), "whole": (3, 361, 250)}
    if name == "set14":
        assert found.read(list(found.names).index("comic.png")).shape == sizes[fit]


def test_crop_takes_the_central_square_whatever_the_fit(build: Build, root: Path) -> None:
    build("set5")
    set5 = prepared("set5", {"crop": 64, "fit": "mod8"}, root)
    assert set5.shape == (3, 64, 64) and set5.sizes is None
    assert set5.card["counts"] == {"train": 0, "val": 0, "test": 5}
    for name, image in zip(set5.card["clusters"]["test"], set5.test, strict=True):
        with Image.open(root / "set5" / f"{name}.png") as picture:
            width, height = picture.size
            left, top = width // 2 - 32, height // 2 - 32
            assert np.array_equal(image, pixels(picture)[:, top : top + 64, left : left + 64])


def test_only_the_pictures_named_are_kept_and_the_card_says_so(build: Build) -> None:
    found, whole = build("set5", only=("woman", "Butterfly")), build("set5")
    assert list(found.names) == ["butterfly.png", "woman.png"]
    assert np.array_equal(found.read(1), whole.read(list(whole.names).index("woman.png")))
    assert found.card["sampling"] == whole.card["sampling"] + "; only butterfly, woman"
    assert "did you mean `woman`" in refused(build, "set5", only=("women",))


@pytest.mark.parametrize(
    ("crop", "said"), [(100, "nearest: 96"), (4, "nearest: 8"), (-8, "nearest: 8"), (320, "pixels")]
)
def test_an_impossible_crop_is_refused(build: Build, crop: int, said: str) -> None:
    assert said in refused(build, "dip_images", crop=crop)


WRONG = ["missing", "more", "no image", "size"]
CASES = [*product(["bsd68"], WRONG), *product(["set5"], [*WRONG, "twice"])]  # BSD68 is by number


@pytest.mark.parametrize(("name", "wrong"), CASES)
def test_a_classic_set_that_is_not_the_published_one_is_refused_by_name(
    build: Build, root: Path, name: str, wrong: str
) -> None:
    build(name)
    folder = root / name
    first, second = sorted(folder.iterdir())[:2]
    if wrong in ("missing", "twice"):
        second.unlink()
    if wrong == "more":
        filled(folder, {"more.png": b""})
    elif wrong == "no image":
        first.write_bytes(b"<html>")
    elif wrong == "size":
        first.write_bytes(encoded(scene(0, (99, 98)), "PNG"))
    elif wrong == "twice":
        first.with_suffix(".bmp").write_bytes(first.read_bytes())
    module = importlib.import_module(f"imagesets.{name}")
    said = refused(lambda: module.build(module.Config()))
    named = {"missing": folder, "more": folder, "twice": second.stem}.get(wrong, first)
    assert said.startswith(f"{name}: ") and str(named) in said
