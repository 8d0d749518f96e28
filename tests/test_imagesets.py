"""Every image set found in the folder keeps the contract; so does what they hand over."""

import importlib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from imagesets.photos import farthest_first
from priorbench import registry
from priorbench.conformance import PASSES
from priorbench.conformance.imagesets import RULES, Subject
from priorbench.conformance.verdicts import judged
from priorbench.errors import UserError
from priorbench.imageset import SPLITS, ImageSet, in_turn
from priorbench.pictures import CARD_KEYS, Pictures
from tests import copies
from tests.sets import digests

NAMES = registry.available("imagesets")
MODULES: dict[str, ModuleType] = {
    name: importlib.import_module(f"imagesets.{name}") for name in NAMES
}
FILES = [name for name in NAMES if getattr(MODULES[name], "IN_FILES", False)]
LEARNING = [name for name in FILES if not getattr(MODULES[name], "TEST_ONLY", False)]
EMBEDDED = [name for name in NAMES if name not in FILES]
ERROR = 8.0  # grey levels, root mean squared: up to here two pictures are one
FACTS = dict.fromkeys(CARD_KEYS, "told")
# copies of test pictures lie in training; how many pictures there are
PLANTED = {"celeba": 20, "folder": 42, "frogs": 20, "lsun_bedroom": 16}

every_set = pytest.mark.parametrize("made", NAMES, indirect=True)


@pytest.fixture(scope="module")
def made(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Subject]:
    name, root = request.param, tmp_path_factory.mktemp(request.param)
    options: dict[str, Any] = {"size": 32}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PRIORBENCH_IMAGES", str(root))
        patch.setenv("PRIORBENCH_OFFLINE", "1")
        if name in FILES:
            options = copies.MAKERS[name](root, patch)
        yield Subject(name, options)


def test_image_sets_are_found() -> None:
    assert {"photos", "digits", "disks"} <= set(EMBEDDED)
    assert {"folder", "celeba", "set5"} <= set(FILES)
    assert set(copies.MAKERS) == set(FILES)


@every_set
def test_a_set_keeps_the_contract(made: Subject) -> None:
    items = judged(RULES, made)
    assert [item for item in items if item.verdict != PASSES] == []
    card = made.made[0].card
    assert card["source"] == "generated" or card["sampling"]
    assert card["source"] == "generated" or made.name in EMBEDDED or card["verified"]
    assert made.test_only or made.made[0].shape == (3, 32, 32)


@pytest.mark.parametrize("made", LEARNING, indirect=True)
def test_none_nearly_equals_one_that_it_must_not_be_learned_from(made: Subject) -> None:
    train, val, test = (
        np.array([image.ravel() for image in made.images(split)], float) for split in SPLITS
    )
    for learned, held in ((train, val), (train, test), (val, test)):
        for image in held:
            errors = np.sqrt(np.square(learned - image).mean(axis=1))
            assert errors.min(initial=255) > ERROR


@pytest.mark.parametrize("made", PLANTED, indirect=True)
def test_copies_of_test_pictures_are_left_out_and_counted(made: Subject) -> None:
    card = made.made[0].card
    told = card["duplicates"]
    left = [told[f"left out of {what}"] for what in ("training", "validation")]
    if card["name"] == "folder":  # equal pictures are in one split already
        assert left[0]["nearly equal"] > 0 and left[0]["equal"] == left[1]["equal"] == 0
        assert told["same split"] == 1
    elif card["name"] == "lsun_bedroom":
        assert left == [{"equal": 0, "nearly equal": 1}, {"equal": 0, "nearly equal": 0}]
    else:
        assert left == [{"equal": 1, "nearly equal": 1}, {"equal": 1, "nearly equal": 0}]
        assert told["same split"] == 0
    gone = sum(count for counts in left for count in counts.values())
    assert sum(card["counts"].values()) == PLANTED[card["name"]] - gone


# official splits keep their order
@pytest.mark.parametrize("made", [*EMBEDDED, "folder"], indirect=True)
def test_the_first_test_images_are_of_as_many_clusters_and_classes_as_can_be(made: Subject) -> None:
    card = made.made[0].card
    groups: list[list[Any]] = [card["clusters"]["test"]]
    if card["labels"] is not None:
        groups.append(card["labels"]["test"])
    for group in groups:
        first = min(16, len(set(group)))
        assert len(set(group[:first])) == first


@pytest.mark.parametrize("name", NAMES)
def test_a_set_has_a_label(name: str) -> None:
    assert MODULES[name].LABEL


@pytest.mark.parametrize("name", [name for name in FILES if name != "folder"])
def test_without_its_files_a_set_says_in_one_line_where_they_belong(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRIORBENCH_IMAGES", str(tmp_path))
    monkeypatch.setenv("PRIORBENCH_OFFLINE", "1")
    with pytest.raises(UserError, match=rf"^{name}: .*PRIORBENCH_IMAGES.*{name}") as error:
        MODULES[name].build(MODULES[name].Config())
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("made", EMBEDDED, indirect=True)
def test_there_are_256_different_test_images(made: Subject) -> None:
    assert len(digests(made.made[0].test)) >= 256


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
    fields["card"] = {**FACTS, "disjoint_clusters": True}
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


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"clusters": ["a"]}, "clusters of 1"),
        ({"labels": [1, 2, 3, 4]}, "labels of 4"),
        ({"split": ["train"]}, "split of 1"),
        ({"split": ["train", "training"]}, "called training"),
        ({"shape": None}, "only be tested on"),
        ({"shape": None, "split": lambda contents: contents}, "only be tested on"),
        ({"card": {"source": ""}}, "lacks licence, split_rule, cluster, sampling"),
        ({"card": {**FACTS, "sampling": float("nan")}}, "JSON"),
    ],
)
def test_pictures_that_do_not_fit_together_are_refused(changes: Any, message: str) -> None:
    fields: dict[str, Any] = {"names": ["a.png", "b.png"], "split": ["train", "test"]}
    fields |= {"card": FACTS, "shape": (3, 8, 8), "read": np.zeros}
    Pictures(**fields)
    with pytest.raises(ValueError, match=message):
        Pictures(**{**fields, **changes})
