"""What every metric promises, whichever files the folder holds."""

import re
from pathlib import Path

import numpy as np
import pytest

from metrics import _inception, _perceptual, _sets, _vgg, class_accuracy, ms_ssim
from priorbench import registry, weights
from priorbench.checks import SET_SIZE
from priorbench.config import Entry
from priorbench.errors import MissingWeights, UserError
from priorbench.scoring import Metric
from tests.pictures import Bytes, Floats, digits, holes, noisy, patches, stand_in

NAMES = registry.available("metrics")
PLUGINS = {name: registry.load("metrics", name) for name in NAMES}
ROWS = {name: Metric(plugin, {}) for name, plugin in PLUGINS.items()}
PER_IMAGE = [name for name in NAMES if PLUGINS[name].PER == "image"]
PER_SET = [name for name in NAMES if PLUGINS[name].PER == "set"]


@pytest.fixture
def stand_ins(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch)


def scored(name: str, restored: Bytes, original: Bytes, region: str = "raw") -> Floats:
    """Score images with what a metric asks for."""
    offered = {
        "hidden": holes(original) if region == "hole" else None,
        "seen": (restored / 255, original / 255, np.ones(original.shape, bool)),
    }
    if "labels" in (wanted := ROWS[name].wanted):
        return class_scores(restored, original)
    given = {key: value for key, value in offered.items() if key in wanted}
    values: Floats = ROWS[name].score(restored / 255, original / 255, **given)
    return values


def class_scores(restored: Bytes, original: Bytes) -> Floats:
    """Score scans that no classifier has seen."""
    images, classes = digits()
    training = images[:1500], classes[:1500]
    values = class_accuracy.score(
        restored / 255,
        original / 255,
        labels=classes[1500 : 1500 + len(original)],
        training=training,
    )
    assert values is not None
    return values


def originals(name: str) -> Bytes:
    if name == "class_accuracy":
        return digits()[0][1500:1540]
    return patches(2, ms_ssim.LEAST) if name == "ms_ssim" else patches(12)


def test_there_are_metrics_of_both_kinds() -> None:
    assert len(PER_IMAGE) >= 4
    assert len(PER_SET) >= 2


@pytest.mark.parametrize("name", NAMES)
def test_a_metric_says_what_it_is_in_words_that_need_no_import(name: str) -> None:
    told = registry.describe("metrics", name).constants
    assert told["LABEL"]
    assert told["BETTER"] in ("higher", "lower")
    assert told["PER"] in ("image", "line", "set")
    assert told["PROTOCOL"].startswith(f"{name}/")
    assert set(Entry(name, name, registry.describe("metrics", name)).weights) <= {*weights.FILES}
    assert {"raw"} <= set(told["REGIONS"]) <= {"raw", "pasted", "hole"}


@pytest.mark.parametrize("name", PER_IMAGE)
@pytest.mark.usefixtures("stand_ins")
def test_every_region_gives_a_finite_number_per_image_and_leaves_the_images_alone(
    name: str,
) -> None:
    original = originals(name)
    restored = noisy(original, 0.1)
    copies = restored.copy(), original.copy()
    for region in PLUGINS[name].REGIONS:
        values = scored(name, restored, original, region)
        assert values.dtype == np.float64
        assert values.shape == (len(original),)
        assert np.isfinite(values).all()
        np.testing.assert_array_equal(values, scored(name, restored, original, region))
    np.testing.assert_array_equal(restored, copies[0])
    np.testing.assert_array_equal(original, copies[1])


@pytest.mark.parametrize("name", PER_IMAGE)
@pytest.mark.usefixtures("stand_ins")
def test_the_original_is_best_and_more_noise_is_worse(name: str) -> None:
    original = originals(name)
    sign = 1 if PLUGINS[name].BETTER == "higher" else -1
    for region in PLUGINS[name].REGIONS:
        levels = [
            sign * scored(name, noisy(original, sigma), original, region).mean()
            for sigma in (0.0, 0.15, 0.8)
        ]
        assert levels == sorted(levels, reverse=True)
        assert levels[0] > levels[2]


@pytest.mark.parametrize("name", PER_SET)
@pytest.mark.usefixtures("stand_ins")
def test_a_set_is_nearest_to_itself_and_more_noise_is_farther(name: str) -> None:
    real = patches(256)
    before = real.copy()
    sign = 1 if PLUGINS[name].BETTER == "lower" else -1
    levels = [sign * ROWS[name].score(noisy(real, sigma), real) for sigma in (0.0, 0.1, 0.6)]
    assert all(type(value) is float for value in levels)
    assert levels == sorted(levels)
    assert levels[0] < levels[2]
    np.testing.assert_array_equal(real, before)


@pytest.mark.parametrize("name", PER_SET)
@pytest.mark.usefixtures("stand_ins")
def test_a_collapsed_set_has_a_finite_distance(name: str) -> None:
    collapsed = np.repeat(patches(1), 256, 0)
    for generated, real in ((collapsed, patches(256)), (collapsed, collapsed)):
        assert np.isfinite(ROWS[name].score(generated, real))


@pytest.mark.parametrize("name", PER_SET)
def test_fewer_than_256_images_are_refused(name: str) -> None:
    assert _sets.LEAST == SET_SIZE
    for generated, real in ((patches(255), patches(256)), (patches(256), patches(255))):
        with pytest.raises(UserError, match=r"256 images or more; \w+: 255$"):
            ROWS[name].score(generated, real)


@pytest.mark.parametrize("name", [name for name in NAMES if PLUGINS[name].WEIGHTS])
def test_missing_weights_are_named_and_nothing_is_downloaded(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    for network in (_perceptual.network, _inception.network, _vgg.network):
        network.cache_clear()
    monkeypatch.setattr(_sets, "_computed", {})
    metric = ROWS[name]
    images = patches(256) if metric.per == "set" else patches(1) / 255
    given = (patches(3)[None] / 255,) if metric.per == "line" else (images, images)
    with pytest.raises(MissingWeights, match=r"\.pth in .*: run `python -m priorbench"):
        metric.score(*given)
    assert not list(tmp_path.iterdir())


def test_no_metric_calls_what_newer_packages_took_away() -> None:
    # pytorch-fid's own distance, and scipy's general root with its argument `disp`
    for path in (registry.ROOT / "metrics").glob("*.py"):
        assert not re.search(r"fid_score|sqrtm", path.read_text())


@pytest.mark.parametrize("name", PER_IMAGE)
def test_images_of_another_range_or_shape_are_refused(name: str) -> None:
    x = patches(2).astype(np.float64)
    for restored, original in ((x, x), (x / 255, x[:1] / 255), (x[0] / 255, x[0] / 255)):
        with pytest.raises(ValueError, match=r"in \[0, 1\]|shapes"):
            ROWS[name].score(restored, original)


def test_scans_that_were_not_learned_are_recognised() -> None:
    unseen = digits()[0][1500:]
    assert class_scores(unseen, unseen).mean() > 0.85


def test_neither_the_shape_nor_the_colour_of_a_class_is_enough() -> None:
    unseen = digits()[0][1500:]
    grey = np.repeat(unseen.mean(1, keepdims=True), 3, 1).astype(np.uint8)
    another = unseen[:, [1, 2, 0]]
    smeared = np.broadcast_to(unseen.mean((2, 3), keepdims=True), unseen.shape).astype(np.uint8)
    for spoilt in (grey, another, smeared):
        assert class_scores(spoilt, unseen).mean() < 0.25


def test_brightness_and_saturation_do_not_change_a_class() -> None:
    unseen = digits()[0][1500:]
    darker, paler = unseen // 2, unseen // 2 + unseen.mean(1, keepdims=True).astype(np.uint8) // 2
    for changed in (darker, paler):
        assert class_scores(changed, unseen).mean() > 0.8


def test_a_class_is_learned_from_no_more_images_than_the_protocol_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert f"first {class_accuracy.MOST:,} training images" in class_accuracy.PROTOCOL
    images, classes = digits()
    monkeypatch.setattr(class_accuracy, "MOST", int(np.argmax(classes != classes[0])))
    with pytest.raises(ValueError, match="number of classes"):  # all of one class
        class_scores(images[1500:1502], images[1500:1502])


def test_a_set_without_classes_has_no_accuracy() -> None:
    x = patches(2) / 255
    assert class_accuracy.score(x, x) is None
