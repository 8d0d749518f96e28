"""Names of a user's own files where they decide what a picture is: its number, its person."""

from pathlib import Path

import pytest

from imagesets import celebahq, frogs
from priorbench.errors import UserError
from tests import copies, test_own_copies

place = test_own_copies.place


@pytest.fixture
def faces(place: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Twenty faces of CelebA-HQ, 0.jpg to 19.jpg."""
    copies.celebahq_copy(place, monkeypatch)
    return [place / "celebahq" / "images" / f"{number}.jpg" for number in range(20)]


@pytest.mark.parametrize("name", ["zebra.png", "frog-21.png"])
def test_a_frog_under_another_name_is_refused(
    name: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies.frogs_copy(place, monkeypatch)
    folder = place / "frogs" / "data-64"
    (folder / "frog-3.png").rename(folder / name)
    with pytest.raises(UserError, match=r"where frog-\d+.png is needed"):
        frogs.build(frogs.Config())


@pytest.mark.parametrize("name", ["{:05d}.png", "{}.jpg"])
def test_faces_of_celebahq_may_be_numbered_with_zeros_in_front(
    name: str, faces: list[Path]
) -> None:
    for number, path in enumerate(faces):
        path.rename(path.with_name(name.format(number)))
    for split in ("blocks", "celeba"):
        found = celebahq.build(celebahq.Config(split=split, size=64))
        assert list(found.names) == [name.format(number) for number in range(20)]


@pytest.mark.parametrize("name", ["{:06d}.jpg", "face{}.jpg"])
def test_faces_of_celebahq_under_other_names_are_refused(name: str, faces: list[Path]) -> None:
    for number, path in reversed([*enumerate(faces, 1)]):  # as files of CelebA are, from 1
        path.rename(path.with_name(name.format(number)))
    with pytest.raises(UserError, match=r"images/\w+.jpg, where number 0 is needed \(0.jpg to"):
        celebahq.build(celebahq.Config(split="celeba"))


def test_the_list_of_celebahq_has_to_be_in_order(faces: list[Path]) -> None:
    mapping = faces[0].parents[1] / celebahq.MAPPING
    head, *rows = mapping.read_text().splitlines()
    mapping.write_text("\n".join([head, *reversed(rows)]))
    with pytest.raises(UserError, match="does not list the images 0 to 19 in order"):
        celebahq.build(celebahq.Config(split="celeba"))
