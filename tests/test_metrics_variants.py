"""Variants of metrics that papers use, with labels that say so: luma, borders, scales, resizing."""

from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision import models

from metrics import (
    _inception,
    _vgg,
    consistency,
    fid,
    kid,
    lpips,
    ms_ssim,
    precision_recall,
    psnr,
    ssim,
)
from metrics._images import Config
from priorbench import weights
from priorbench.conformance.material import Floats, holes, noisy, patches

LUMA = Config("y")


def scored(metric: Any, *images: Any, **more: Any) -> Floats:
    found = metric.score(*images, **more)
    assert isinstance(found, np.ndarray)
    return found


@pytest.mark.parametrize(
    ("metric", "said"),
    [
        (psnr, "psnr/1 RGB, range 1, identical: 100 dB"),
        (ssim, "ssim/1 RGB, Gaussian window 11, sigma 1.5, range 1"),
        (lpips, "lpips/1 v0.1 alex, sides below 64 px enlarged bilinearly, hole: its patch"),
    ],
)
def test_without_options_protocol_and_label_are_plain(metric: Any, said: str) -> None:
    cfg = getattr(metric, "Config")()  # noqa: B009
    assert metric.protocol(cfg) == said
    assert metric.label(cfg) == metric.LABEL


@pytest.mark.parametrize(
    ("metric", "cfg", "label"),
    [
        (psnr, Config("y", 4), "PSNR-Y [dB], border 4"),
        (psnr, Config(border=8), "PSNR [dB], border 8"),
        (ssim, LUMA, "SSIM-Y"),
        (lpips, lpips.Config("vgg"), "LPIPS-vgg (enlarged to min. 64 px)"),
        (lpips, lpips.Config("squeeze", "0.0"), "LPIPS-squeeze v0.0 (enlarged to min. 64 px)"),
        (fid, _inception.Config(resize="clean"), "FID-clean"),
        (kid, _inception.Config(768, "clean"), "KID-clean@768 x 1000"),
        (precision_recall, precision_recall.Config(), "precision"),
        (precision_recall, precision_recall.Config("recall", "inception"), "recall, Inception"),
    ],
)
def test_options_are_in_label_and_protocol(metric: Any, cfg: Any, label: str) -> None:
    assert metric.label(cfg) == label
    assert metric.protocol(cfg).startswith(f"{label}: {metric.PROTOCOL}")
    assert metric.protocol(cfg) != metric.protocol(type(cfg)()) or cfg == type(cfg)()
    assert "; " not in metric.protocol(cfg)  # what parts it from the protocol of a task


def test_luma_weighs_colours_as_matlab_does() -> None:
    # rgb2ycbcr: 16 + 65.481 R + 128.553 G + 24.966 B, of 255
    x = np.full((1, 3, 8, 8), 0.4)
    for channel, weight in enumerate((65.481, 128.553, 24.966)):
        g = x.copy()
        g[:, channel] += 0.1
        expected = -20 * np.log10(0.1 * weight / 255)
        np.testing.assert_allclose(scored(psnr, g, x, LUMA), expected, rtol=1e-9)


def test_luma_of_a_grey_error_has_a_decibel_more() -> None:
    x = np.full((1, 3, 16, 16), 0.4)
    more = scored(psnr, x + 0.1, x, LUMA) - scored(psnr, x + 0.1, x, Config())
    np.testing.assert_allclose(more, 20 * np.log10(255 / 219), rtol=1e-9)


@pytest.mark.parametrize("metric", [psnr, ssim])
def test_what_lies_in_the_border_does_not_count(metric: Any) -> None:
    x = patches(2) / 255
    g = x.copy()
    g[:, :, :4], g[:, :, -4:], g[..., :4], g[..., -4:] = 0, 1, 0, 1
    best = metric.score(x, x, Config())
    np.testing.assert_array_equal(scored(metric, g, x, Config(border=4)), best)
    assert (scored(metric, g, x, Config(border=3)) < best).all()
    inside = np.s_[:, :, 4:-4, 4:-4]
    g = noisy(patches(2), 0.1) / 255
    np.testing.assert_array_equal(
        scored(metric, g, x, Config("y", 4)), scored(metric, g[inside], x[inside], LUMA)
    )


@pytest.mark.parametrize("metric", [psnr, ssim])
def test_a_hole_is_what_the_border_leaves_of_it(metric: Any) -> None:
    x, g = patches(2) / 255, noisy(patches(2), 0.1) / 255
    hidden = holes(x, 32)
    found = scored(metric, g, x, Config(border=8), hidden=hidden)
    alone = scored(metric, g, x, Config(), hidden=holes(x, 16))
    if metric is psnr:  # similarities near the border are of what lies beyond it, too
        np.testing.assert_allclose(found, alone, rtol=1e-12)
    hidden[1, :, 2:-2, 2:-2] = False
    assert metric.score(g, x, Config(border=2), hidden=hidden) is None
    assert metric.score(g, x, Config(border=16)) is None


def test_ms_ssim_has_the_similarity_of_one_scale_from_scikit_image() -> None:
    x, g = patches(3, 40) / 255, noisy(patches(3, 40), 0.1) / 255
    whole, _ = ms_ssim.similarity(g, x)
    np.testing.assert_allclose(whole.mean(1), scored(ssim, g, x, Config()), rtol=1e-9)


def test_ms_ssim_of_flat_images_is_a_power_of_their_luminance_term() -> None:
    a, b, c = 0.5, 0.7, 1e-4
    x = np.full((1, 3, ms_ssim.LEAST, ms_ssim.LEAST), a)
    luminance = (2 * a * b + c) / (a * a + b * b + c)
    found = scored(ms_ssim, np.full_like(x, b), x)
    np.testing.assert_allclose(found, luminance**0.1333, rtol=1e-9)


def test_ms_ssim_of_a_negative_is_a_number_and_below_176_px_none() -> None:
    x = patches(1, 177) / 255  # an odd side
    np.testing.assert_array_equal(scored(ms_ssim, 1 - x, x), 0)
    np.testing.assert_allclose(scored(ms_ssim, x, x), 1, rtol=1e-12)
    assert ms_ssim.LEAST == 176
    assert ms_ssim.score(x[..., :175], x[..., :175]) is None


def test_halves_are_means_of_four_pixels_an_odd_row_twice() -> None:
    x = np.arange(9.0).reshape(1, 1, 3, 3)
    np.testing.assert_array_equal(ms_ssim.halved(x)[0, 0], [[2, 3.5], [6.5, 8]])


@pytest.mark.parametrize("side", [32, 400])
def test_clean_resizing_is_pillow_s(side: int) -> None:
    image = patches(1, side)[0]
    found = _inception.resized(torch.from_numpy(image[None] / 255).float())[0].numpy()
    for channel in range(3):
        plane = Image.fromarray(image[channel].astype(np.float32))
        expected = np.asarray(plane.resize((299, 299), Image.Resampling.BICUBIC)).clip(0, 255)
        np.testing.assert_allclose(255 * found[channel], expected, atol=0.01)


@pytest.mark.parametrize("resize", ["legacy", "clean"])
def test_only_clean_resizing_takes_a_fine_pattern_away(
    resize: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def seen(batch: torch.Tensor) -> list[torch.Tensor]:
        """Enlarge or reduce as pytorch-fid's network does before its first layer."""
        shown = torch.nn.functional.interpolate(batch, (299, 299), mode="bilinear")
        return [shown.std((2, 3), keepdim=True)]

    monkeypatch.setattr(_inception, "network", lambda dims: seen)
    board = np.broadcast_to(255 * (np.indices((897, 897)).sum(0) % 2), (1, 3, 897, 897))
    left = _inception.compute(board.astype(np.uint8), _inception.Config(resize=resize))
    assert (left < 0.1).all() if resize == "clean" else (left > 0.4).all()


def test_precision_and_recall_count_what_lies_in_balls() -> None:
    # on a line; the third neighbours of 0, 1, 2, 3 are 3, 2, 2 and 3 away: from -3 to 6
    real = np.array([[0.0], [1], [2], [3]])
    drawn = np.array([[6.0], [6.1], [1], [-4], [60]])
    assert precision_recall.covered(drawn, real) == 2 / 5
    # of the drawn ones, 6 alone covers all from -4 to 16
    assert precision_recall.covered(real, drawn) == 1
    assert precision_recall.covered(real, drawn[[3, 3, 3, 3]]) == 0  # a point has no width


def test_what_is_the_same_is_covered_whatever_its_rounding() -> None:
    random = np.random.default_rng(0)
    points = np.repeat(1e3 + random.normal(size=(8, 500)), 4, 0)
    for k in range(0, len(points), 4):  # alone, they are multiplied in another order
        assert precision_recall.covered(points[k : k + 1], points) == 1
    far = points + 1e-2
    assert precision_recall.covered(far, points) == 0


def test_a_collapsed_set_has_precision_without_recall() -> None:
    real = np.random.default_rng(0).normal(size=(200, 4))
    collapsed = np.zeros((200, 4))
    assert precision_recall.covered(collapsed, real) == 1
    assert precision_recall.covered(real, collapsed) == 0


def test_features_of_vgg16_are_those_of_torchvision(monkeypatch: pytest.MonkeyPatch) -> None:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        theirs = models.vgg16().eval()
    monkeypatch.setattr(weights, "find", lambda name: name)
    monkeypatch.setattr(torch, "load", lambda *_, **__: theirs.state_dict())
    _vgg.network.cache_clear()
    images = patches(2)
    found = _vgg.compute(images)
    _vgg.network.cache_clear()
    theirs.classifier = theirs.classifier[:5]
    with torch.inference_mode():
        seen = models.VGG16_Weights.IMAGENET1K_V1.transforms(
            crop_size=224, resize_size=224, antialias=True
        )(torch.from_numpy(images) / 255)
        expected = theirs(seen).numpy()
    assert found.shape == (2, 4096)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=0.01 * expected.std())


def test_the_data_error_of_a_constant_tenth_is_a_tenth_of_255() -> None:
    x = patches(2) / 255
    y = np.full((2, 1, 4, 4), 0.5)
    seen = y + 0.1, y, np.ones(y.shape, bool)
    np.testing.assert_allclose(scored(consistency, x, x, seen=seen), 25.5, rtol=1e-12)


def test_what_was_not_seen_has_no_data_error() -> None:
    x = patches(2) / 255
    known = ~np.broadcast_to(holes(x), x.shape)
    again = np.where(known, x + 0.1, 7.0)
    np.testing.assert_allclose(scored(consistency, x, x, seen=(again, x, known)), 25.5, rtol=1e-12)
    assert consistency.score(x, x) is None
    with pytest.raises(ValueError, match="differ"):
        consistency.score(x, x, seen=(again[..., 1:], x, known))
