"""Scores of an experiment: what a metric is offered, what is compared with what, what is kept."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from priorbench import registry
from priorbench.conformance.material import Bytes, noisy, patches
from priorbench.contract import Images, Observation
from priorbench.images import Prepared, write_prepared
from priorbench.scoring import Scorer, disjoint
from priorbench.step import configured
from tests.pictures import stand_in
from workflow.scripts.degrade import observe

SIGMA = 0.1


def prepared(folder: Path, images: Bytes, clusters: list[str] | None = None) -> Prepared:
    names = clusters or [f"photograph {i}" for i in range(len(images))]
    card = {"name": "toy", "labels": None, "clusters": {"test": names}}
    write_prepared(folder, card, {"train": images, "val": images[:1], "test": images})
    return Prepared(folder)


def observed(images: Bytes, task: str, **options: Any) -> Observation:
    plugin = registry.load("tasks", task)
    return observe(plugin, configured(plugin.Config, options), Images(images)[:], 0, task)


def scorer(images: Prepared, *metrics: str) -> Scorer:
    rows = {name: {"plugin": name, "config": {}} for name in metrics}
    return Scorer(images, rows, images.folder / "cache")


def found(scorer: Scorer, restored: Bytes, seen: Observation) -> dict[tuple[str, str], list[float]]:
    """Return values by metric and region."""
    values: dict[tuple[str, str], list[float]] = {}
    for row in scorer.restored("task", "method", 0, restored, seen, "task/1"):
        values.setdefault((row[4], row[5]), []).append(float(row[7]))
    return values


@pytest.mark.parametrize(
    ("task", "options", "floor"),
    [
        ("hole", {}, 0),
        ("random_pixels", {"sigma": SIGMA}, 255 * SIGMA),
        ("super_resolution", {"sigma": SIGMA}, 255 * SIGMA),
        ("colorization", {}, 0),
        ("denoising", {"sigma": SIGMA}, 255 * SIGMA),
    ],
)
def test_the_original_is_as_far_from_the_data_as_their_noise(
    task: str, options: dict[str, Any], floor: float, tmp_path: Path
) -> None:
    images = patches(4)
    values = found(
        scorer(prepared(tmp_path, images), "consistency"), images, observed(images, task, **options)
    )
    assert values.keys() == {("consistency", "raw")}
    assert np.mean(values["consistency", "raw"]) == pytest.approx(floor, rel=0.1, abs=1e-4)


def test_data_error_is_of_what_was_seen(tmp_path: Path) -> None:
    images = patches(2)
    seen = observed(images, "hole")
    hidden = seen.task.hidden(seen.cfg, seen.shape).numpy()
    made = scorer(prepared(tmp_path, images), "consistency")
    within, beyond = np.where(hidden, 0, images), np.where(hidden, images, noisy(images, 0.1))
    assert found(made, within.astype(np.uint8), seen)["consistency", "raw"] == [0, 0]
    assert min(found(made, beyond.astype(np.uint8), seen)["consistency", "raw"]) > 10


def test_clean_images_have_no_data_error(tmp_path: Path) -> None:
    images = patches(2)
    made = scorer(prepared(tmp_path, images), "consistency", "psnr")
    rows = list(made.undamaged("method", 0, images, images, np.arange(2)))
    assert {row[4] for row in rows} == {"psnr"}


def test_a_score_is_kept_by_what_its_metric_sees(tmp_path: Path) -> None:
    images = patches(2)
    made = scorer(prepared(tmp_path, images), "psnr", "consistency")

    def kept() -> int:
        return len(list((tmp_path / "cache").iterdir()))

    found(made, images, observed(images, "denoising", sigma=0.1))
    assert kept() == 2
    found(made, images, observed(images, "denoising", sigma=0.1))
    assert kept() == 2
    found(made, images, observed(images, "denoising", sigma=0.2))
    assert kept() == 3  # other data: PSNR does not see them


def test_sets_are_compared_with_originals_and_with_other_photographs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(monkeypatch)
    images = patches(514, 16)
    clusters = [f"photograph {i // 2}" for i in range(514)]
    made = scorer(prepared(tmp_path, images, clusters), "fid")
    values = found(made, images, observed(images, "denoising"))
    assert values["fid", "raw"] == [pytest.approx(0, abs=1e-6)]
    assert values["fid", "disjoint"][0] > 1e-3
    rows = list(made.restored("t", "m", 0, images, observed(images, "denoising"), "t/1"))
    assert rows[1][8].endswith("t/1, 256 against 256 of other clusters")
    assert found(made, images[:300], observed(images[:300], "denoising")).keys() == {("fid", "raw")}
    assert not found(made, images[:255], observed(images[:255], "denoising"))


def test_halves_share_no_photograph_and_have_as_many_images() -> None:
    clusters = ["a"] * 3 + ["b", "c"] * 4 + ["d"] * 2
    ours, others = disjoint(clusters)
    names = np.array(clusters)
    assert len(ours) == len(others) > 0
    assert not {*names[ours]} & {*names[others]}
    assert not len(disjoint(["a"] * 9)[0])


def test_too_few_test_images_for_a_distance_are_counted(tmp_path: Path) -> None:
    made = scorer(prepared(tmp_path, patches(100, 16)), "fid")
    (row,) = made.samples("method", 0, patches(256, 16))
    assert row[7:] == ("", "missing: 100 images, 256 are needed")
