"""A folder of any pictures becomes an image set, or an error of one line."""

import dataclasses
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from imagesets import folder
from imagesets._read import read, square
from priorbench.errors import UserError
from priorbench.images import Prepared
from priorbench.imageset import SPLITS
from tests.sets import digests, fill_album, prepared


@pytest.fixture(scope="module")
def album(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fill_album(tmp_path_factory.mktemp("album"))


def made(path: Path, root: Path, **options: Any) -> Prepared:
    """Prepare the image set of a folder below another one, in the place of an earlier one."""
    shutil.rmtree(root / "made", ignore_errors=True)
    return prepared("folder", {"path": str(path), "size": 32, **options}, root / "made")


def test_a_folder_is_split_by_shares_and_duplicates_stay_together(
    album: Path, tmp_path: Path
) -> None:
    found = made(album, tmp_path)
    clusters = found.card["clusters"]
    counts = {split: len(set(clusters[split])) for split in SPLITS}
    assert counts == {"train": 14, "val": 2, "test": 4}
    assert found.card["duplicates"]["same split"] == 1
    assert sum(found.card["counts"].values()) == 21
    homes = [split for split in SPLITS if "copy.png" in clusters[split]]
    assert len(homes) == 1 and clusters[homes[0]].count("copy.png") == 2


def test_renaming_files_moves_no_picture_to_another_split(album: Path, tmp_path: Path) -> None:
    renamed = tmp_path / "renamed"
    renamed.mkdir()
    for number, path in enumerate(sorted(album.rglob("*.png"), reverse=True)):
        (renamed / f"new{number}.png").write_bytes(path.read_bytes())
    before, after, other = (
        {split: digests(getattr(made(path, tmp_path, seed=seed), split)) for split in SPLITS}
        for path, seed in ((album, 0), (renamed, 0), (album, 1))
    )
    assert before == after
    assert before["test"] != other["test"]


def test_sub_folders_stay_whole_where_they_are_what_is_split(album: Path, tmp_path: Path) -> None:
    found = made(album, tmp_path, group="folder", seed=1).card
    homes = {split: set(clusters) for split, clusters in found["clusters"].items()}
    assert homes == {"train": {"part0"}, "val": {"part1"}, "test": {"."}}
    # the copy of a picture of part0 lies in another folder
    assert found["counts"] == {"train": 9, "val": 10, "test": 1}
    with pytest.raises(UserError, match="no picture is left for train"):
        made(album, tmp_path, group="folder", seed=0)  # it would be for training, alone


def test_a_picture_and_another_file_of_it_are_not_learned_from_and_tested_on(
    album: Path, tmp_path: Path
) -> None:
    copied, left = tmp_path / "album", []
    shutil.copytree(album, copied)
    name = made(album, tmp_path).card["clusters"]["test"][0]
    for quality in range(98, 80, -2):  # each is at home in a split of its own
        with Image.open(album / name) as picture:
            picture.save(copied / "again.jpg", quality=quality)
        card = made(copied, tmp_path).card
        homes = {each: split for split in SPLITS for each in card["clusters"][split]}
        pair = {homes.get(name), homes.get("again.jpg")} - {None}
        assert len(pair) == 1 or "train" not in pair
        told = [card["duplicates"][f"left out of {what}"] for what in ("training", "validation")]
        left.append([each["nearly equal"] for each in told])
        assert sum(card["counts"].values()) == 22 - sum(left[-1])
        assert [each["equal"] for each in told] == [0, 0]
    assert [1, 0] in left and [0, 0] in left


def test_pictures_of_every_mode_are_read(tmp_path: Path) -> None:
    grey = np.full((30, 40), 100, np.uint8)
    colour = np.stack([grey, grey + 50, grey - 50], 2)
    half = np.dstack([colour, np.full_like(grey, 128)])
    pictures = {
        "grey.png": Image.fromarray(grey),
        "grey16.png": Image.fromarray(grey.astype(np.uint16) * 257),
        "grey32.tif": Image.fromarray(grey.astype(np.int32) * 257),
        "black.gif": Image.fromarray(grey).convert("P"),
        "colour.png": Image.fromarray(colour),
        "ink.tif": Image.fromarray(colour).convert("CMYK"),
        "glass.png": Image.fromarray(half),
        "clear.png": Image.fromarray(np.dstack([colour, np.zeros_like(grey)])),
    }
    expected = {
        "colour.png": (100, 150, 50),
        "ink.tif": (100, 150, 50),
        "glass.png": tuple(round(c * 128 / 255 + 127) for c in (100, 150, 50)),
        "clear.png": (255, 255, 255),
    }
    for name, picture in pictures.items():
        picture.save(tmp_path / name)
        found = square(read(tmp_path / name), 16, enlarge=False)
        assert found.shape == (3, 16, 16) and found.dtype == np.uint8
        wanted = np.array(expected.get(name, (100, 100, 100)))[:, None, None]
        assert np.abs(found.astype(int) - wanted).max() <= 1, name


def test_a_picture_turned_by_its_camera_is_set_upright(tmp_path: Path) -> None:
    pixels = np.zeros((20, 40, 3), np.uint8)
    pixels[:, :20] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees, clockwise
    Image.fromarray(pixels).save(tmp_path / "turned.png", exif=exif)
    upright = np.asarray(read(tmp_path / "turned.png"))
    assert upright.shape == (40, 20, 3)
    assert (upright[:20] == 255).all() and (upright[20:] == 0).all()


def test_the_centre_of_a_long_picture_is_kept(tmp_path: Path) -> None:
    pixels = np.zeros((32, 96, 3), np.uint8)
    pixels[:, 32:64] = 255
    assert (square(Image.fromarray(pixels), 32, enlarge=False) == 255).all()


def test_few_unreadable_files_are_named_and_many_are_refused(album: Path, tmp_path: Path) -> None:
    for path in album.rglob("*.png"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / ".hidden").write_text("passed over")
    (tmp_path / "empty.png").touch()
    (tmp_path / "notes.jpg").write_text("no image")
    for name in ("README", "list.txt", "more.TXT"):
        (tmp_path / name).write_text("no image, and not named like one")
    found = made(tmp_path, tmp_path.with_name("unreadable"))
    assert found.card["unreadable"]["count"] == 2
    assert found.card["unreadable"]["suffixes"] == {".png": 1, ".jpg": 1}
    assert found.card["unreadable"]["files"] == ["empty.png", "notes.jpg"]
    assert found.card["passed_over"] == {"no suffix": 1, ".txt": 2}
    whole = (tmp_path / "01.png").read_bytes()
    (tmp_path / "cut.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UserError, match=r"^folder: 3 of 24 .*cut.png, empty.png, notes.jpg"):
        made(tmp_path, tmp_path.with_name("unreadable"))


def test_a_picture_is_not_enlarged_unless_asked_for(album: Path, tmp_path: Path) -> None:
    for path in album.rglob("*.png"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    with Image.open(album / "copy.png") as picture:
        picture.resize((40, 30)).save(tmp_path / "small.png")
    found = made(tmp_path, tmp_path.with_name("small"), size=36).card
    assert found["too_small"] == {"count": 1, "suffixes": {".png": 1}, "files": ["small.png"]}
    assert found["unreadable"]["count"] == 0
    assert "enlarged" not in found["sampling"]
    said = (
        r"^folder: 1 of 22 files are too small \(small.png; small.png: 40x30 pixels, "
        r"smaller than 36; `enlarge: true` accepts it\); at most 0 of them may be left out "
        r"\(`unreadable`\)$"
    )
    with pytest.raises(UserError, match=said):
        made(tmp_path, tmp_path.with_name("small"), size=36, unreadable=0.0)
    (tmp_path / "cut.png").write_bytes(b"cut")
    both = r"1 of 23 files cannot be read as images \(cut.png; .*\), 1 of 23 files are too small"
    with pytest.raises(UserError, match=both):
        made(tmp_path, tmp_path.with_name("small"), size=36, unreadable=0.0)
    (tmp_path / "cut.png").unlink()
    larger = made(tmp_path, tmp_path.with_name("small"), size=36, enlarge=True).card
    assert larger["too_small"]["count"] == 0 and "enlarged" in larger["sampling"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"path": ""}, "is empty"),
        ({"path": "/there/is/nothing"}, "not there"),
        ({"path": __file__}, "is a file"),
        ({"path": "/"}, "whole disk"),
        ({"path": "~"}, "home"),
        ({"path": "~nobody-of-this-name/x"}, "folder: ~nobody"),
        ({"test": 0.9, "val": 0.2}, "shares"),
        ({"size": 1}, "nearest: 8"),
        ({"unreadable": 1.0}, "share"),
    ],
)
def test_an_impossible_folder_is_refused_in_one_line(
    changes: Any, message: str, album: Path
) -> None:
    cfg = dataclasses.replace(folder.Config(path=str(album)), **changes)
    with pytest.raises(UserError, match=message) as error:
        folder.build(cfg)
    assert "\n" not in str(error.value)


def test_a_folder_needs_eight_different_pictures(album: Path, tmp_path: Path) -> None:
    for number in range(9):
        picture = album / "part0" / f"{min(number, 3) * 2:02d}.png"
        (tmp_path / f"{number}.png").write_bytes(picture.read_bytes())
    with pytest.raises(UserError, match=r"^folder: 4 different images"):
        made(tmp_path, tmp_path.with_name("few"))


def test_links_do_not_lead_out_of_a_folder(album: Path, tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "linked").symlink_to(album, target_is_directory=True)
    (inside / "one.png").symlink_to(album / "copy.png")
    with pytest.raises(UserError, match=r"^folder: 0 different images"):
        made(inside, tmp_path)
