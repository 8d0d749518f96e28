"""Numbers that official tools gave for the same images, with the recipe that made each.

One picture, x, is the part of scikit-image's astronaut that `pair` cuts out; the other, g, is x
with noise, rounded to 8 bits. What needs real weights says so where it is left out.
"""

import os
import tarfile
import warnings
from pathlib import Path
from typing import Any

import lpips as official
import numpy as np
import pytest
import torch
from PIL import Image
from skimage.data import astronaut, coffee

from metrics import _inception, _perceptual, fid, lpips, ms_ssim, psnr, ssim
from metrics._images import Config
from priorbench import weights
from priorbench.conformance.material import Bytes, Floats
from tests.test_metrics_references import features

TOLERANCE = 1e-4  # relative


def pair() -> tuple[Floats, Floats]:
    """Return g and x, float64 (1, 3, 256, 256)."""
    x = astronaut()[:256, 128:384]
    noise = np.random.default_rng(0).normal(0, 20, x.shape)
    g = np.clip(x + noise, 0, 255).astype(np.uint8)
    g, x = (image.transpose(2, 0, 1)[None] / 255 for image in (g, x))
    return g, x


def real(name: str) -> None:
    """Leave a test out where the real weights are not on this machine."""
    if weights.state(name) not in ("official", "features only"):
        pytest.skip(f"needs {weights.FILES[name].name}: run `{weights.command(name)}`")
    _perceptual.network.cache_clear()
    _inception.network.cache_clear()


@pytest.mark.parametrize(
    ("metric", "cfg", "golden"),
    [
        # scikit-image 0.26.0, on the bytes: peak_signal_noise_ratio(x, g, data_range=255)
        (psnr, Config(), 22.458228183658893),
        # structural_similarity(x, g, data_range=255, channel_axis=-1, gaussian_weights=True,
        # sigma=1.5, use_sample_covariance=False)
        (ssim, Config(), 0.38655440139616964),
        # both again on rgb2ycbcr(x)[4:-4, 4:-4, 0], and of g
        (psnr, Config("y", 4), 27.2142059143941),
        (ssim, Config("y", 4), 0.5724013568683869),
    ],
)
def test_numbers_are_those_of_scikit_image(metric: Any, cfg: Config, golden: float) -> None:
    assert metric.score(*pair(), cfg) == pytest.approx(golden, rel=1e-9)


def test_similarities_are_those_of_pytorch_msssim() -> None:
    # pytorch-msssim 1.0.0: ssim and ms_ssim(x, g, data_range=255), float64
    assert ssim.score(*pair(), Config()) == pytest.approx(0.3865593093, rel=TOLERANCE)
    assert np.asarray(ms_ssim.score(*pair())) == pytest.approx(0.8476379652, rel=TOLERANCE)


def test_the_frechet_distance_is_that_of_a_matrix_root() -> None:
    # SciPy 1.17.1, of m and S, mean and np.cov(rowvar=False) of each set of features:
    # |m1 - m2|^2 + trace(S1 + S2) - 2 trace(sqrtm(S1 @ S2)).real
    assert fid.distance(*features(300, 768)) == pytest.approx(286.0218831594501, rel=1e-6)


@pytest.fixture(scope="module")
def examples() -> dict[str, Floats]:
    """Return lpips' own example images by name, float64 (1, 3, 64, 64)."""
    archive = os.environ.get("PRIORBENCH_EXAMPLES")
    if archive is None:
        pytest.skip("needs PRIORBENCH_EXAMPLES: a tar of lpips' ex_ref, ex_p0 and ex_p1.png")
    images = {}
    with tarfile.open(archive) as tar:
        for member in tar:
            if member.name.endswith(".png"):
                picture = Image.open(tar.extractfile(member)).convert("RGB")  # type: ignore[arg-type]
                images[Path(member.name).stem] = np.asarray(picture).transpose(2, 0, 1)[None] / 255
    return images


@pytest.mark.parametrize(
    ("cfg", "golden"),
    [
        # README of lpips, `lpips_2imgs.py` on ex_ref with ex_p0 and with ex_p1: 0.722, 0.138
        (lpips.Config(), (0.72188, 0.13757)),
        # lpips 0.1.4, LPIPS(net, version=version) on the same images
        (lpips.Config("alex", "0.0"), (0.405575, 0.083881)),
        (lpips.Config("squeeze"), (0.711048, 0.147902)),
        (lpips.Config("squeeze", "0.0"), (0.396770, 0.086290)),
    ],
)
def test_lpips_gives_the_numbers_of_its_package_on_its_own_example(
    cfg: lpips.Config, golden: tuple[float, float], examples: dict[str, Floats]
) -> None:
    real(*lpips.WEIGHTS[cfg.net])
    for name, expected in zip(("ex_p0", "ex_p1"), golden, strict=True):
        found = lpips.score(examples[name], examples["ex_ref"], cfg)
        assert np.asarray(found) == pytest.approx(expected, rel=TOLERANCE)


@pytest.mark.parametrize("net", ["alex", "vgg", "squeeze"])
@pytest.mark.parametrize("version", ["0.1", "0.0"])
def test_lpips_is_that_of_the_package_alone(net: Any, version: Any) -> None:
    real(*lpips.WEIGHTS[net])
    g, x = (image[..., :64, :80] for image in pair())
    with warnings.catch_warnings():
        # lpips names torchvision's weights as older versions did
        warnings.filterwarnings("ignore", category=UserWarning, module="torchvision")
        theirs = official.LPIPS(net=net, version=version, verbose=False)
    with torch.inference_mode():
        expected = theirs(*(torch.from_numpy(2 * image - 1).float() for image in (g, x))).item()
    found = lpips.score(g, x, lpips.Config(net, version))
    assert np.asarray(found) == pytest.approx(expected, rel=TOLERANCE)


def cut(photograph: Bytes, count: int = 96, side: int = 48) -> Bytes:
    """Return patches of a photograph, (n, 3, side, side)."""
    most = min(photograph.shape[:2]) - side
    corners = np.random.default_rng(0).integers(0, most, (count, 2))
    found = [photograph[i : i + side, j : j + side] for i, j in corners]
    return np.stack(found).transpose(0, 3, 1, 2)


@pytest.mark.parametrize(
    ("dims", "golden"),
    [
        # pytorch-fid 0.3.0 (SciPy 1.17.1) on both sets of patches as PNG files in folders A and B:
        # python -m pytorch_fid A B --dims 64 --device cpu
        (64, 5.534104023841188),  # more images than dimensions
        (192, 29.7855794604356),  # fewer
    ],
)
def test_fid_is_that_of_pytorch_fid_s_own_command(dims: Any, golden: float) -> None:
    real("inception")
    sets = [
        _inception.compute(cut(photograph), _inception.Config(dims))
        for photograph in (astronaut(), coffee())
    ]
    assert fid.distance(*sets) == pytest.approx(golden, rel=TOLERANCE)
