"""Metrics against numbers worked out by hand, or by an outside routine."""

from typing import Any

import numpy as np
import pytest
import scipy.linalg
import torch

from metrics import _perceptual, fid, kid, lpips, psnr, ssim
from metrics._images import Config
from priorbench.conformance.material import Floats, holes, noisy, patches
from tests.pictures import stand_in

RGB, ALEX = Config(), lpips.Config()


def decibels(restored: Floats, original: Floats, **more: Any) -> Floats:
    found = psnr.score(restored, original, RGB, **more)
    assert found is not None
    return found


@pytest.fixture
def stand_ins(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch)


def test_a_constant_error_of_a_tenth_is_20_db() -> None:
    x = np.full((2, 3, 8, 8), 0.4)
    np.testing.assert_allclose(decibels(x + 0.1, x), 20, rtol=1e-12)
    np.testing.assert_allclose(decibels(x + 0.01, x), 40, rtol=1e-12)


def test_psnr_of_a_hole_counts_hidden_pixels_alone() -> None:
    x = np.full((1, 3, 8, 8), 0.4)
    hidden = holes(x, side=4)
    g = np.where(hidden, 0.5, np.zeros_like(x))
    np.testing.assert_allclose(decibels(g, x, hidden=hidden), 20, rtol=1e-12)
    known = np.where(hidden, 0.5, x)
    np.testing.assert_allclose(decibels(known, x), 20 + 10 * np.log10(4), rtol=1e-12)


def test_identical_images_have_100_db_and_one_wrong_value_less() -> None:
    x = np.zeros((1, 3, 128, 128))
    g = x.copy()
    g[0, 0, 0, 0] = 1 / 255
    assert decibels(x, x) == psnr.IDENTICAL == 100
    assert decibels(g, x) < 100


def test_ssim_of_two_flat_images_is_its_luminance_term() -> None:
    # (2 a b + C1) / (a^2 + b^2 + C1) with C1 = (0.01 L)^2: contrast and structure are 1
    a, b, c = 0.5, 0.7, 1e-4
    x = np.full((1, 3, 16, 16), a)
    expected = (2 * a * b + c) / (a * a + b * b + c)
    for hidden in (None, holes(x, 4)):
        found = ssim.score(np.full_like(x, b), x, RGB, hidden=hidden)
        assert found is not None
        np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_ssim_of_an_inverted_texture_is_negative() -> None:
    x = np.random.default_rng(0).uniform(size=(1, 3, 16, 16))
    found = ssim.score(1 - x, x, RGB)
    assert found is not None
    assert found < 0


def test_ssim_has_wang_s_window_and_variances() -> None:
    # the paper's sums, written out at the one position where an 11 x 11 window fits
    random = np.random.default_rng(0)
    x, g = random.uniform(size=(2, 11, 11))
    taps = np.exp(-(np.arange(-5, 6) ** 2) / (2 * 1.5**2))
    window = np.outer(taps, taps) / np.outer(taps, taps).sum()
    mx, mg = (window * x).sum(), (window * g).sum()
    vx, vg = (window * (x - mx) ** 2).sum(), (window * (g - mg) ** 2).sum()
    covariance = (window * (x - mx) * (g - mg)).sum()
    c1, c2 = 0.01**2, 0.03**2
    similarity = (2 * mx * mg + c1) * (2 * covariance + c2)
    similarity /= (mx**2 + mg**2 + c1) * (vx + vg + c2)
    g, x = (np.broadcast_to(image, (1, 3, 11, 11)).copy() for image in (g, x))
    found = ssim.score(g, x, RGB)
    assert found is not None
    np.testing.assert_allclose(found, similarity, rtol=1e-9)


def test_ssim_is_not_defined_below_its_window() -> None:
    x = np.zeros((1, 3, 10, 40))
    assert ssim.score(x, x, RGB) is None


def test_lpips_sees_nothing_smaller_than_64_px() -> None:
    for shape, size in (((32, 32), (64, 64)), ((12, 24), (64, 128)), ((80, 90), (80, 90))):
        assert _perceptual.enlarge(np.zeros((3, *shape))).shape == (1, 3, *size)
    assert str(_perceptual.SIDE) in lpips.LABEL


@pytest.mark.usefixtures("stand_ins")
def test_lpips_shows_its_network_images_from_minus_one_to_one() -> None:
    x, g = patches(2, 64) / 255, noisy(patches(2, 64), 0.2) / 255
    shown = [torch.from_numpy(2 * image - 1).float() for image in (g, x)]
    with torch.inference_mode():
        expected = _perceptual.network("alex", "0.1", "alexnet")(*shown).flatten().numpy()
    np.testing.assert_allclose(np.asarray(lpips.score(g, x, ALEX)), expected, rtol=1e-4)


@pytest.mark.usefixtures("stand_ins")
def test_lpips_of_a_hole_is_that_of_its_patch_enlarged() -> None:
    x, g = patches(3) / 255, patches(6)[3:] / 255
    hidden = holes(x)
    inside = np.s_[:, :, 10:22, 10:22]
    np.testing.assert_array_equal(
        np.asarray(lpips.score(g, x, ALEX, hidden=hidden)),
        np.asarray(lpips.score(g[inside], x[inside], ALEX)),
    )


@pytest.mark.usefixtures("stand_ins")
def test_lpips_of_holes_of_several_sizes_keeps_the_order_of_the_images() -> None:
    x, g = patches(4) / 255, noisy(patches(4), 0.3) / 255
    hidden = np.concatenate([holes(x[:1], side) for side in (12, 8, 12, 32)])
    hidden[1, :, :16] = False  # 4 x 8
    together = np.asarray(lpips.score(g, x, ALEX, hidden=hidden))
    for i in range(4):
        alone = lpips.score(g[i : i + 1], x[i : i + 1], ALEX, hidden=hidden[i : i + 1])
        np.testing.assert_allclose(together[i], np.asarray(alone)[0], rtol=1e-5)


def test_lpips_of_scattered_pixels_is_not_defined() -> None:
    x = patches(2) / 255
    scattered = np.random.default_rng(0).uniform(size=(2, 1, 32, 32)) < 0.5
    assert lpips.score(x, x, ALEX, hidden=scattered) is None
    assert lpips.score(x, x, ALEX, hidden=np.zeros_like(scattered)) is None


def test_equal_covariances_make_the_frechet_distance_a_squared_norm() -> None:
    random = np.random.default_rng(0)
    shift = random.normal(size=20)
    for count in (15, 300):
        a = random.normal(size=(count, 20))
        assert fid.distance(a, a + shift) == pytest.approx(shift @ shift, rel=1e-9)
        assert fid.distance(a, a) == pytest.approx(0, abs=1e-9)


def test_the_frechet_distance_agrees_with_a_general_matrix_root() -> None:
    random = np.random.default_rng(0)
    mix = random.normal(size=(2, 12, 12))
    a, b = (random.normal(size=(200, 12)) @ m for m in mix)
    s1, s2 = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    root = scipy.linalg.sqrtm(s1 @ s2)
    shift = a.mean(0) - b.mean(0)
    expected = shift @ shift + np.trace(s1 + s2 - 2 * root.real)
    assert fid.distance(a, b) == pytest.approx(expected, rel=1e-9)


def test_both_forms_of_the_frechet_distance_agree() -> None:
    random = np.random.default_rng(0)
    for count in (10, 60):  # fewer and more than dimensions
        a, b = random.normal(size=(count, 30)), 2 * random.normal(size=(count + 5, 30)) + 1
        moments = [(x.mean(0), np.cov(x, rowvar=False)) for x in (a, b)]
        expected = fid.from_moments(*moments[0], *moments[1])
        assert fid.from_few(a, b) == pytest.approx(expected, rel=1e-7)
        assert fid.distance(a, b) == pytest.approx(expected, rel=1e-7)


def test_the_frechet_distance_of_features_that_do_not_vary_is_a_number() -> None:
    flat, line = np.ones((300, 8)), np.outer(np.arange(300.0), np.ones(8))
    for a, b in ((flat, flat), (flat, 2 * flat), (flat, line), (line, line), (0 * flat, line)):
        assert np.isfinite(fid.distance(a, b))
    assert fid.distance(flat, 2 * flat) == pytest.approx(8)


def test_kid_is_the_double_loop_of_its_definition() -> None:
    random = np.random.default_rng(0)
    a, b = random.normal(size=(7, 5)), random.normal(size=(9, 5)) + 1

    def k(x: Floats, y: Floats) -> float:
        return float((x @ y / 5 + 1) ** 3)

    def within(s: Floats) -> float:
        n = len(s)
        return sum(k(s[i], s[j]) for i in range(n) for j in range(n) if i != j) / (n * (n - 1))

    across = sum(k(x, y) for x in a for y in b) / (7 * 9)
    assert kid.discrepancy(a, b) == pytest.approx(within(a) + within(b) - 2 * across, rel=1e-12)


def test_kid_does_not_lean_to_either_side_for_few_images() -> None:
    random = np.random.default_rng(0)
    estimates = [kid.discrepancy(*random.normal(size=(2, 20, 6))) for _ in range(400)]
    assert abs(np.mean(estimates)) < 3 * np.std(estimates) / np.sqrt(400)
    assert min(estimates) < 0
