"""Names of a user's own files where they decide what a picture is: its number, its person."""

import importlib
from pathlib import Path

import pytest

from priorbench.errors import UserError
from tests import copies, test_own_copies

place = test_own_copies.place


@pytest.mark.parametrize("name", ["zebra.png", "frog-21.png"])
def test_a_frog_under_another_name_is_refused(
    name: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies.frogs_copy(place, monkeypatch)
    frogs = importlib.import_module("imagesets.frogs")
    folder = place / "frogs" / "data-64"
    (folder / "frog-3.png").rename(folder / name)
    with pytest.raises(UserError, match=r"where frog-\d+.png is needed"):
        frogs.build(frogs.Config())


@pytest.mark.parametrize("name", ["{:05d}.png", "{}.jpg"])
def test_faces_of_celebahq_may_be_numbered_with_zeros_in_front(
    name: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies.celebahq_copy(place, monkeypatch)
    celebahq = importlib.import_module("imagesets.celebahq")
    for path in (place / "celebahq" / "images").iterdir():
        path.rename(path.with_name(name.format(int(path.stem))))
    for split in ("blocks", "celeba"):
        found = celebahq.build(celebahq.Config(split=split, size=64))
        assert list(found.names) == [name.format(number) for number in range(20)]


@pytest.mark.parametrize("name", ["{:06d}.jpg", "face{}.jpg"])
def test_faces_of_celebahq_under_other_names_are_refused(
    name: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies.celebahq_copy(place, monkeypatch)
    celebahq = importlib.import_module("imagesets.celebahq")
    folder = place / "celebahq" / "images"
    for number in range(19, -1, -1):  # as files of CelebA are, from 1
        (folder / f"{number}.jpg").rename(folder / name.format(number + 1))
    with pytest.raises(UserError, match=r"images/\w+.jpg, where number 0 is needed \(0.jpg to"):
        celebahq.build(celebahq.Config(split="celeba"))


def test_the_list_of_celebahq_has_to_be_in_order(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies.celebahq_copy(place, monkeypatch)
    celebahq = importlib.import_module("imagesets.celebahq")
    mapping = place / "celebahq" / celebahq.MAPPING
    head, *rows = mapping.read_text().splitlines()
    mapping.write_text("\n".join([head, *reversed(rows)]))
    with pytest.raises(UserError, match="does not list the images 0 to 19 in order"):
        celebahq.build(celebahq.Config(split="celeba"))
