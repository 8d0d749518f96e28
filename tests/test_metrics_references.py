"""Metrics against outside packages, where these are installed (requirements-reference.in)."""

import warnings
from typing import Any

import numpy as np
import pytest
import scipy
import torch

from metrics import fid, kid, ms_ssim, precision_recall, ssim
from metrics._images import Config
from priorbench.conformance.material import Floats, noisy, patches

TOLERANCE = 1e-4  # relative


def outside(name: str) -> Any:
    """Import an outside package; leave the test out where it is not installed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip(name, reason="needs `pip install -r requirements-reference.in`")


def features(count: int = 120, dims: int = 64) -> tuple[Floats, Floats]:
    """Return rows of two mixed Gaussians, (count, dims) each, as large as Inception's."""
    random = np.random.default_rng(0)
    mix = random.normal(size=(2, dims, dims)) / np.sqrt(dims)
    a, b = (np.abs(random.normal(size=(count, dims)) @ m) for m in mix)
    return a, b + 0.1


@pytest.mark.parametrize("count", [40, 120])  # fewer and more than dimensions
def test_the_frechet_distance_is_torch_fidelity_s_and_torchmetrics_(count: int) -> None:
    a, b = features(count)
    theirs = outside("torch_fidelity.metric_fid")
    moments = [theirs.fid_features_to_statistics(torch.from_numpy(x)) for x in (a, b)]
    expected = theirs.fid_statistics_to_metric(*moments, verbose=False)
    found = fid.distance(a, b)
    assert found == pytest.approx(expected["frechet_inception_distance"], rel=TOLERANCE)
    other = outside("torchmetrics.image.fid")._compute_fid(
        *(torch.from_numpy(m[key]) for m in moments for key in ("mu", "sigma"))
    )
    assert found == pytest.approx(float(other), rel=TOLERANCE)


@pytest.mark.skipif(
    tuple(map(int, scipy.__version__.split(".")[:2])) >= (1, 18),
    reason="pytorch-fid's own distance needs SciPy below 1.18",
)
@pytest.mark.parametrize("count", [40, 120])
def test_the_frechet_distance_is_pytorch_fid_s(count: int) -> None:
    a, b = features(count)
    theirs = outside("pytorch_fid.fid_score")
    moments = [m for x in (a, b) for m in (x.mean(0), np.cov(x, rowvar=False))]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of sqrtm's disp
        expected = theirs.calculate_frechet_distance(*moments)
    assert fid.distance(a, b) == pytest.approx(expected, rel=TOLERANCE)


def test_kid_is_torchmetrics_() -> None:
    a, b = features()
    expected = outside("torchmetrics.image.kid").poly_mmd(*map(torch.from_numpy, (a, b)))
    assert kid.discrepancy(a, b) == pytest.approx(float(expected), rel=TOLERANCE)


def test_precision_and_recall_are_torch_fidelity_s() -> None:
    random = np.random.default_rng(0)
    drawn, real = random.normal(size=(300, 8)), 1.3 * random.normal(size=(280, 8)) + 0.5
    theirs = outside("torch_fidelity.metric_prc").calculate_precision_recall_full
    precision, recall = theirs(*map(torch.from_numpy, (drawn, real)))
    assert 0 < recall < 1 and 0 < precision < 1
    assert precision_recall.covered(drawn, real) == pytest.approx(precision, rel=TOLERANCE)
    assert precision_recall.covered(real, drawn) == pytest.approx(recall, rel=TOLERANCE)


def test_similarities_are_pytorch_msssim_s() -> None:
    x, g = patches(3, 192), noisy(patches(3, 192), 0.1)
    theirs = outside("pytorch_msssim")
    images = [torch.from_numpy(image).double() for image in (g, x)]
    for name, found in (
        ("ssim", ssim.score(g / 255, x / 255, Config())),
        ("ms_ssim", ms_ssim.score(g / 255, x / 255)),
    ):
        expected = getattr(theirs, name)(*images, data_range=255, size_average=False)
        np.testing.assert_allclose(np.asarray(found), expected.numpy(), rtol=TOLERANCE)
