"""Every image set found in the folder keeps the contract; so does what they hand over."""

import dataclasses
import importlib
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from imagesets._order import farthest_first, in_turn
from priorbench.imageset import SPLITS, ImageSet
from tests.sets import build, digests, fill_album

FOLDER = Path(__file__).parent.parent / "imagesets"
NAMES = [path.stem for path in sorted(FOLDER.glob("[!_]*.py"))]
MODULES: dict[str, ModuleType] = {
    name: importlib.import_module(f"imagesets.{name}") for name in NAMES
}
# those without a `path` of the user; the others are given a folder of pictures
EMBEDDED = [
    name
    for name, module in MODULES.items()
    if "path" not in {field.name for field in dataclasses.fields(module.Config)}
]

every_set = pytest.mark.parametrize("name", NAMES)
embedded_set = pytest.mark.parametrize("name", EMBEDDED)


@pytest.fixture(scope="session")
def album(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fill_album(tmp_path_factory.mktemp("album"))


@pytest.fixture
def built(name: str, album: Path) -> ImageSet:
    if name in EMBEDDED:
        return build(name)
    found: ImageSet = MODULES[name].build(MODULES[name].Config(path=str(album), size=32))
    return found


def test_image_sets_are_found() -> None:
    assert {"photos", "digits", "disks", "folder"} <= set(NAMES)


@every_set
def test_a_set_holds_what_its_card_says(built: ImageSet) -> None:
    assert built.shape == (3, 32, 32)
    assert json.loads(json.dumps(built.card)) == built.card
    assert built.card["licence"] and built.card["source"] and built.card["split_rule"]
    for split in SPLITS:
        images = built.split(split)
        assert images.dtype == np.uint8 and images.flags["C_CONTIGUOUS"]
        assert len(images) == len(built.clusters[split])


@every_set
def test_no_test_or_validation_image_is_in_training(built: ImageSet) -> None:
    train = digests(built.train)
    assert not train & (digests(built.test) | digests(built.val))
    assert not digests(built.val) & digests(built.test)


@every_set
def test_a_set_has_a_label(name: str) -> None:
    assert MODULES[name].LABEL


@embedded_set
def test_a_second_build_is_the_same(name: str) -> None:
    one, other = build(name), MODULES[name].build(MODULES[name].Config(size=32))
    assert all(np.array_equal(one.split(split), other.split(split)) for split in SPLITS)
    assert one.clusters == other.clusters and one.card == other.card


@embedded_set
def test_there_are_256_different_test_images(name: str) -> None:
    assert len(digests(build(name).test)) >= 256


@embedded_set
def test_the_first_16_test_images_are_of_as_many_clusters_and_classes_as_can_be(
    name: str,
) -> None:
    found = build(name)
    groups: list[list[Any]] = [found.clusters["test"]]
    if found.labels is not None:
        groups.append(found.labels["test"].tolist())
    for group in groups:
        assert len(set(group[:16])) == min(16, len(set(group)))


def test_in_turn_takes_one_of_each_group() -> None:
    assert in_turn("aaabbc").tolist() == [0, 3, 5, 1, 4, 2]


def test_farthest_first_takes_the_ends_before_the_middle() -> None:
    line = np.array([[0, 0], [1, 0], [2, 0], [3, 0], [4, 0]])
    order = farthest_first(line).tolist()
    assert set(order[:2]) == {0, 4} and order[2] == 2 and sorted(order) == [0, 1, 2, 3, 4]


def sample(**changes: Any) -> ImageSet:
    """Return a set of 3 + 2 + 2 black images with some fields replaced."""
    counts = {"train": 3, "val": 2, "test": 2}
    fields: dict[str, Any] = {
        split: np.zeros((count, 3, 4, 4), np.uint8) for split, count in counts.items()
    }
    fields["clusters"] = {split: [split] * count for split, count in counts.items()}
    fields["labels"] = {split: np.zeros(count, int) for split, count in counts.items()}
    facts = {"source": "", "licence": "", "split_rule": "", "cluster": ""}
    fields["card"] = {**facts, "disjoint_clusters": True}
    return ImageSet(**{**fields, **changes})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"test": np.zeros((2, 3, 4, 4))}, "float64"),
        ({"val": np.zeros((2, 4, 4), np.uint8)}, "shape"),
        ({"val": np.zeros((0, 3, 4, 4), np.uint8)}, "shape"),
        ({"test": np.zeros((2, 3, 8, 8), np.uint8)}, "another shape"),
        ({"clusters": {"train": ["a"] * 3, "val": ["b"] * 2}}, "0 clusters"),
        ({"clusters": {"train": ["a"] * 3, "val": ["b"] * 2, "test": ["a"] * 2}}, "share"),
        ({"labels": {split: np.zeros(3) for split in SPLITS}}, "no integers"),
        ({"card": {}}, "lacks source"),
    ],
)
def test_an_image_set_that_does_not_fit_together_is_refused(changes: Any, message: str) -> None:
    assert sample().shape == (3, 4, 4)
    with pytest.raises(ValueError, match=message):
        sample(**changes)
