"""A user's own copy of a published set: what is accepted as it, and what is refused by name."""

import gzip
import importlib
import tarfile
from dataclasses import replace
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
from PIL import Image

from imagesets import cbsd68
from imagesets._classic import Config
from priorbench import raw
from priorbench.errors import UserError
from priorbench.pictures import Unreadable
from tests import copies
from tests.sets import encoded, filled, prepared, scene


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder that the files of image sets are looked for in; there is no network."""
    monkeypatch.setenv("PRIORBENCH_IMAGES", str(tmp_path))
    monkeypatch.setenv("PRIORBENCH_OFFLINE", "1")
    return tmp_path


def test_a_face_of_another_size_is_none_of_celeba(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = copies.celeba_extracted(place, monkeypatch)
    celeba = importlib.import_module("imagesets.celeba")
    Image.new("RGB", (178, 219)).save(place / "celeba" / "img_align_celeba" / "000001.jpg")
    found = celeba.build(celeba.Config(**options))
    with pytest.raises(Unreadable, match=r"000001.jpg has 178x219 pixels"):
        found.read(0)


def test_all_files_of_celeba_that_are_missing_are_told_at_once(place: Path) -> None:
    celeba = importlib.import_module("imagesets.celeba")
    lists = f"needed: {place}/celeba/list_eval_partition.txt, {place}/celeba/identity_CelebA.txt"
    with pytest.raises(UserError, match=f"{lists}, {place}/celeba/img_align_celeba.zip; put"):
        celeba.build(celeba.Config())
    (place / "celeba" / "img_align_celeba").mkdir(parents=True)
    with pytest.raises(UserError, match=f"{lists}; put"):  # the faces are there
        celeba.build(celeba.Config())


def test_only_pictures_count_as_pictures(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copies.MAKERS["bsd68"](place, monkeypatch)
    others = {"README": b"", "Thumbs.db": b"", "notes.txt": b"", ".hidden.png": b"", "x.zip": b""}
    filled(place / "bsd68", others)
    names = [f"test{number:03d}.png" for number in range(1, 8)]
    assert [path.name for path in raw.pictures("bsd68", 7, "")] == names
    filled(place / "bsd68", {"test008.PNG": b""})
    with pytest.raises(UserError, match="bsd68 has 8 pictures, not 7"):
        raw.pictures("bsd68", 7, "")


@pytest.mark.parametrize("note", [False, True])
def test_an_archive_may_be_unpacked_one_folder_too_deep(
    note: bool, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = copies.celeba_extracted(place, monkeypatch)
    folder = place / "celeba" / "img_align_celeba"
    folder.rename(place / "celeba" / "moved")
    folder.mkdir()
    (place / "celeba" / "moved").rename(folder / "img_align_celeba")
    filled(folder, {"README.txt": b""} if note else {})
    celeba = importlib.import_module("imagesets.celeba")
    assert celeba.build(celeba.Config(**options)).read(3).shape == (3, 32, 32)
    (folder / "img_align_celeba" / "000004.jpg").unlink()
    with pytest.raises(UserError, match="img_align_celeba/img_align_celeba has 19 pictures"):
        celeba.build(celeba.Config(**options))


def fill_archive(root: Path, patch: pytest.MonkeyPatch) -> None:
    """Write the archive of CBSD68: photographs, among other files."""
    path = filled(root / "cbsd68", {cbsd68.ARCHIVE.name: b""}) / cbsd68.ARCHIVE.name
    with ZipFile(path, "w") as archive:
        archive.writestr(f"{cbsd68.INSIDE}/../README.md", "about them")
        for number in range(3):
            photograph = encoded(scene(number, cbsd68.SIZE), "PNG", compress_level=1)
            archive.writestr(f"{cbsd68.INSIDE}/{number:04d}.png", photograph)
    patch.setattr(cbsd68, "COUNT", 3)
    patch.setattr(
        cbsd68, "ARCHIVE", replace(copies.sealed(cbsd68.ARCHIVE, root / "cbsd68"), size=0, limit=1)
    )


def test_photographs_of_cbsd68_come_from_the_archive_unless_the_user_has_them(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill_archive(place, monkeypatch)
    fetched = cbsd68.build(Config(fit="whole"))
    assert list(fetched.names) == ["0000.png", "0001.png", "0002.png"]
    assert np.array_equal(fetched.read(2), np.asarray(scene(2, (481, 321))).transpose(2, 0, 1))
    filled(place / "cbsd68", {"a.png": encoded(scene(7, (481, 321)), "PNG")})
    with pytest.raises(UserError, match="cbsd68 has 1 pictures, not 3"):
        cbsd68.build(Config())
    others = {f"{n}.png": encoded(scene(ord(n), (321, 481)), "PNG", compress_level=1) for n in "bc"}
    filled(place / "cbsd68", others)
    assert list(cbsd68.build(Config()).names) == ["a.png", "b.png", "c.png"]


def unpack(name: str, place: Path) -> list[Path]:
    """Unpack the official files into the set's own folder, and take them away; return the new."""
    folder = filled(place / name, {})
    module = importlib.import_module(f"imagesets.{name}")
    if name == "cifar10":
        with tarfile.open(folder / module.ARCHIVE.name) as archive:
            archive.extractall(folder, filter="data")
    for path in [path for path in folder.iterdir() if path.suffix == ".gz"]:
        if name == "fashion_mnist":
            filled(folder / "raw", {path.stem: gzip.decompress(path.read_bytes())})
        path.unlink()
    return sorted((folder / module.OWN_FILES).iterdir())


@pytest.mark.parametrize("name", ["cifar10", "fashion_mnist"])
def test_official_files_may_be_unpacked(
    name: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies.MAKERS[name](place, monkeypatch)
    module = importlib.import_module(f"imagesets.{name}")
    packed = module.build(module.Config())
    paths = unpack(name, place)
    found = module.build(module.Config())
    assert found.labels == packed.labels and list(found.names) == list(packed.names)
    for row in range(len(found.names)):
        assert np.array_equal(found.read(row), packed.read(row))
    assert "md5" in packed.card["verified"] and "number of images" in found.card["verified"]
    for path in paths:
        whole = path.read_bytes()
        for content in (whole[:-1], whole + b"0", b""):
            path.write_bytes(content)
            with pytest.raises(UserError, match=rf"{name}: .*{path.name}"):
                module.build(module.Config())
        path.unlink()
        with pytest.raises(UserError, match=rf"{path.name}: No such file"):
            module.build(module.Config())
        path.write_bytes(whole)


@pytest.mark.parametrize("name", ["set5", "set14"])
def test_pixels_other_than_those_known_are_told_and_accepted(
    name: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies.MAKERS[name](place, monkeypatch)
    module = importlib.import_module(f"imagesets.{name}")
    known = module.build(module.Config()).card
    assert known["verified"] == "names, sizes and pixels (sha256)" and known["known_pixels"]
    first, *_, last = module.SIZES
    for changed in (last, first):
        path = place / name / f"{changed}.png"
        path.write_bytes(encoded(scene(99, module.SIZES[changed]), "PNG"))
    card = module.build(module.Config()).card
    told = card["verified"]
    assert told.endswith(f"other than those known: {first}, {last}") and "sizes" in told
    assert card["known_pixels"] is False


def test_a_picture_with_a_name_does_not_lie_on_its_side(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies.MAKERS["set5"](place, monkeypatch)
    set5 = importlib.import_module("imagesets.set5")
    (place / "set5" / "woman.png").write_bytes(encoded(scene(0, (344, 228)), "PNG"))
    with pytest.raises(UserError, match=r"woman.png has 344x228 pixels, not 228x344"):
        set5.build(set5.Config())


@pytest.mark.parametrize("content", [None, b"", b"damaged"])
def test_a_photograph_that_is_there_twice_or_damaged_is_refused(
    content: bytes | None, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies.MAKERS["bsd68"](place, monkeypatch)
    bsd68 = importlib.import_module("imagesets.bsd68")
    first, *_, last = sorted((place / "bsd68").iterdir())
    said = f"{last} equals {first.name}" if content is None else f"{last} cannot be read"
    last.write_bytes(first.read_bytes() if content is None else content)
    with pytest.raises(UserError, match=said):
        bsd68.build(bsd68.Config())


def test_pictures_of_set14_are_known_by_their_other_names(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies.MAKERS["set14"](place, monkeypatch)
    set14 = importlib.import_module("imagesets.set14")
    for name, other in (("lenna", "Lena"), ("pepper", "peppers_GT")):
        (place / "set14" / f"{name}.png").rename(place / "set14" / f"{other}.png")
    found = set14.build(set14.Config(only=("lena", "Pepper")))
    assert list(found.names) == ["Lena.png", "peppers_GT.png"]


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("celeba", "img_align_celeba/000001.jpg"),
        ("celebahq", "images/0.jpg"),
        ("frogs", "data-64/frog-1.png"),
    ],
)
def test_a_share_of_damaged_files_is_accepted_where_it_is_asked_for(
    name: str, first: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    maker = copies.celeba_extracted if name == "celeba" else copies.MAKERS[name]
    options = maker(place, monkeypatch)
    (place / name / first).write_bytes(b"damaged")
    with pytest.raises(UserError, match=r"1 of 20 files .* at most 0 .* \(`unreadable`\)"):
        prepared(name, options, place)
    found = prepared(name, {**options, "unreadable": 0.05}, place)
    assert found.card["unreadable"]["files"] == [Path(first).name]


@pytest.mark.parametrize(
    ("name", "size", "sides"),
    [
        ("celeba", 129, "128x128"),
        ("celebahq", 65, "64x64"),
        ("frogs", 65, "64x64"),
        ("lsun_bedroom", 65, "80x64"),
    ],
)
def test_pictures_of_a_set_are_not_enlarged_unless_asked_for(
    name: str, size: int, sides: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = copies.MAKERS[name](place, monkeypatch)
    options |= {"variant": "crop128"} if name == "celeba" else {}
    module = importlib.import_module(f"imagesets.{name}")
    assert module.build(module.Config(**options | {"size": size - 1})).read(0).shape[1] == size - 1
    with pytest.raises(Unreadable, match=rf"{sides} pixels, smaller than {size}; `enlarge: true`"):
        module.build(module.Config(**options | {"size": size})).read(0)
    found = module.build(module.Config(**options | {"size": size, "enlarge": True}))
    assert found.read(0).shape == (3, size, size) and "enlarged" in found.card["sampling"]


def test_a_set_of_grey_pictures_refuses_one_in_colour(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies.MAKERS["bsd68"](place, monkeypatch)
    bsd68 = importlib.import_module("imagesets.bsd68")
    first = sorted((place / "bsd68").iterdir())[0]
    with Image.open(first) as grey:
        grey.convert("RGB").save(first)
    bsd68.build(bsd68.Config())
    first.write_bytes(encoded(scene(0, grey.size), "PNG"))
    with pytest.raises(UserError, match=f"{first} is in colour"):
        bsd68.build(bsd68.Config())
