"""What every metric promises, whichever files the folder holds."""

import re
from pathlib import Path

import numpy as np
import pytest

from metrics import _inception, _perceptual, _sets, _vgg, class_accuracy
from priorbench import registry
from priorbench.checks import SET_SIZE
from priorbench.conformance import PASSES, check_metric
from priorbench.conformance.material import Bytes, Floats, digits, patches
from priorbench.errors import MissingWeights, UserError
from priorbench.scoring import Metric
from tests.pictures import stand_in

NAMES = registry.available("metrics")
PLUGINS = {name: registry.load("metrics", name) for name in NAMES}
ROWS = {name: Metric(plugin, {}) for name, plugin in PLUGINS.items()}
PER_IMAGE = [name for name in NAMES if PLUGINS[name].PER == "image"]
PER_SET = [name for name in NAMES if PLUGINS[name].PER == "set"]


@pytest.fixture
def stand_ins(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch)


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


def test_there_are_metrics_of_both_kinds() -> None:
    assert len(PER_IMAGE) >= 4
    assert len(PER_SET) >= 2


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.usefixtures("stand_ins")
def test_a_metric_keeps_the_contract(name: str) -> None:
    items = check_metric(name)
    passed = {item.rule for item in items if item.verdict == PASSES}
    assert {"form", "never NaN", "same again", "direction", "refuses"} <= passed
    assert registry.describe("metrics", name).constants["PROTOCOL"].startswith(f"{name}/")


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
