"""Image sets from real files, where they are.

PRIORBENCH_REAL_IMAGES: a folder with the official set5/ and set14/, with dip/ (the folder data of
Deep Image Prior's repository), with kodak/ (the 24 files as they are served), and with
anime_faces64/ and flowers128/, any pictures. What lacks a folder is skipped.
"""

import os
from pathlib import Path

import pytest

from imagesets import dip_images, kodak
from priorbench.download import Remote
from tests.sets import filled, prepared

REAL = os.environ.get("PRIORBENCH_REAL_IMAGES", "")


def real(name: str) -> Path:
    """Return a folder of real files; the test is skipped where it is not there."""
    if not REAL or not (Path(REAL) / name).is_dir():
        pytest.skip(f"PRIORBENCH_REAL_IMAGES names no folder with {name} in it")
    return Path(REAL) / name


@pytest.mark.parametrize(("name", "count"), [("set5", 5), ("set14", 14)])
def test_real_classic_pictures_are_known_and_cut_to_what_networks_take(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, count: int
) -> None:
    monkeypatch.setenv("PRIORBENCH_IMAGES", str(real(name).parent))
    found = prepared(name, {}, tmp_path)
    assert found.card["verified"] == "names, sizes and pixels (sha256)"
    assert len(found.gallery) == count
    for image in found.gallery:
        assert image.shape[1] % 32 == image.shape[2] % 32 == 0 and image.std() > 20


@pytest.mark.parametrize(("name", "files"), [("dip", dip_images.FILES), ("kodak", kodak.FILES)])
def test_real_pictures_have_the_checksums_told(name: str, files: list[Remote]) -> None:
    folder = real(name)
    assert [remote.name for remote in files if not remote.intact(folder / remote.name)] == []


@pytest.mark.parametrize("name", ["anime_faces64", "flowers128"])
def test_real_pictures_of_a_folder_become_an_image_set(tmp_path: Path, name: str) -> None:
    files = [path for path in sorted(real(name).rglob("*")) if path.is_file()]
    some = files[:: len(files) // 300]
    album = filled(tmp_path / "album", {f"{n}.jpg": p.read_bytes() for n, p in enumerate(some)})
    found = prepared("folder", {"path": str(album), "size": 64}, tmp_path)
    told = found.card["duplicates"]["left out of training"]
    assert found.card["unreadable"]["count"] == 0
    assert told["equal"] == 0 and told["nearly equal"] <= 6
    assert min(found.card["counts"].values()) > 25
