"""Discs are what their card says, and some radii are kept for the test."""

from typing import Any

import numpy as np
import pytest

from imagesets import disks
from priorbench.errors import UserError
from priorbench.imageset import SPLITS
from tests.sets import build


def test_only_the_test_split_has_the_radii_held_out() -> None:
    found = build("disks")
    radii = {split: np.array(found.card["parameters"][split]["radius"]) for split in SPLITS}
    for split in ("train", "val"):
        assert not ((radii[split] > 0.2) & (radii[split] < 0.3)).any()
        assert not set(found.clusters[split]) & set(found.card["held_out"])
    inside = (radii["test"] > 0.2) & (radii["test"] < 0.3)
    assert inside.mean() == pytest.approx(1 / 3, abs=0.01)


def test_a_disc_has_the_area_place_and_colours_of_its_card() -> None:
    found = build("disks")
    facts = {name: np.array(value) for name, value in found.card["parameters"]["test"].items()}
    first = {name: value[:50] for name, value in facts.items()}
    paint, ground = first["disc"][:, :, None, None], first["ground"][:, :, None, None]
    step = paint - ground
    share = ((found.test[:50] - ground) * step).sum(1) / (step**2).sum(1)
    area = np.pi * (32 * first["radius"]) ** 2
    np.testing.assert_allclose(share.sum((1, 2)), area, rtol=0.03)
    across = (share.sum(1) * (np.arange(32) + 0.5)).sum(1) / share.sum((1, 2)) / 32
    np.testing.assert_allclose(across, first["centre"][:, 0], atol=0.005)


@pytest.mark.parametrize(
    "changes", [{"held": (0.3, 0.2)}, {"held": (0.0, 0.2)}, {"size": 4}, {"test": 0}, {"seed": -1}]
)
def test_impossible_discs_are_refused(changes: Any) -> None:
    with pytest.raises(UserError, match=r"^disks: [^\n]*$"):
        disks.build(disks.Config(**changes))
