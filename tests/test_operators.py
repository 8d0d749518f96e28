"""Closed forms of the operators, and their agreement with Pillow."""

from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from priorbench.conformance.degrading import SHAPE, parameters, pictures
from priorbench.errors import UserError
from tasks import colorization, denoising, hole, random_pixels, super_resolution
from tasks._fill import mean_fill, neighbour_fill
from tasks._resample import enlarge, lanczos_weights, reduce

kernels = pytest.mark.parametrize("kernel", ["bicubic", "bilinear", "lanczos2"])
factors = pytest.mark.parametrize("factor", [4, 8])


@pytest.mark.parametrize(("size", "side"), [(16, 6), (32, 12), (64, 24), (128, 50), (256, 100)])
def test_the_hole_scales_with_the_image(size: int, side: int) -> None:
    hidden = hole.hidden(hole.Config(), (3, size, size))
    rows = hidden[0, 0].any(1).nonzero()[:, 0]
    assert hidden.sum() == side**2 == len(rows) ** 2
    assert rows[0] == (size - side) // 2 and rows[-1] == (size + side) // 2 - 1


def test_images_too_small_for_a_hole_are_refused() -> None:
    hole.check(hole.Config(), (3, 6, 6))
    with pytest.raises(UserError, match="smallest side: 6"):
        hole.check(hole.Config(), (3, 5, 5))


@pytest.mark.parametrize("keep", [0.1, 0.5, 0.9])
def test_exactly_the_stated_share_of_pixels_is_seen_and_masks_differ(keep: float) -> None:
    cfg = random_pixels.Config(keep=keep)
    known = parameters(random_pixels, cfg, 4)["known"]
    assert (known.sum((1, 2, 3)) == round(keep * 1024)).all()
    assert not torch.equal(known[0], known[1])


@pytest.mark.parametrize("keep", [0.0, 1.0])
def test_seeing_nothing_or_everything_is_refused(keep: float) -> None:
    with pytest.raises(UserError, match="nearest"):
        random_pixels.check(random_pixels.Config(keep=keep), SHAPE)


def test_mean_fill_is_the_mean_of_what_is_seen() -> None:
    y = torch.tensor([[0.2, 0.4], [0.9, 0.0]]).view(1, 1, 2, 2)
    known = torch.tensor([[True, True], [False, False]]).view(1, 1, 2, 2)
    expected = torch.tensor([[0.2, 0.4], [0.3, 0.3]]).view(1, 1, 2, 2)
    torch.testing.assert_close(mean_fill(y, known), expected)


def test_neighbour_fill_of_one_pixel_is_the_tent_mean_of_its_neighbours() -> None:
    y = pictures(1, (3, 3, 3))
    known = torch.ones(1, 1, 3, 3, dtype=torch.bool)
    known[0, 0, 1, 1] = False
    edges = y[..., 0, 1] + y[..., 2, 1] + y[..., 1, 0] + y[..., 1, 2]
    corners = y[..., 0, 0] + y[..., 2, 2] + y[..., 2, 0] + y[..., 0, 2]
    filled = neighbour_fill(y, known)
    torch.testing.assert_close(filled[..., 1, 1], (edges / 2 + corners / 4) / 3)
    assert torch.equal(filled[..., 0, :], y[..., 0, :])


def test_neighbour_fill_reaches_every_pixel_and_keeps_a_constant() -> None:
    known = torch.zeros(2, 1, 9, 17, dtype=torch.bool)
    known[0, 0, 0, 0] = known[1, 0, 4, 9] = True
    filled = neighbour_fill(0.7 * known.expand(-1, 3, -1, -1).double(), known)
    torch.testing.assert_close(filled, torch.full_like(filled, 0.7))


@kernels
@factors
def test_a_constant_image_stays_constant_when_reduced_and_enlarged(
    kernel: str, factor: int
) -> None:
    x = torch.full((2, 3, 32, 32), 0.3, dtype=torch.float64)
    y = reduce(x, factor, kernel)
    assert y.shape == (2, 3, 32 // factor, 32 // factor)
    torch.testing.assert_close(y, torch.full_like(y, 0.3))
    for inverse in ("nearest", "bilinear", "bicubic"):
        torch.testing.assert_close(enlarge(y, factor, inverse), x)


@factors
@pytest.mark.parametrize(
    ("kernel", "method"),
    [("bicubic", Image.Resampling.BICUBIC), ("bilinear", Image.Resampling.BILINEAR)],
)
def test_reduction_and_enlargement_agree_with_pillow(
    kernel: str, method: Image.Resampling, factor: int
) -> None:
    x = pictures(1, dtype=torch.float32)[:, :1]
    picture = Image.fromarray(x[0, 0].numpy())
    small = picture.resize((32 // factor, 32 // factor), method)
    torch.testing.assert_close(
        reduce(x, factor, kernel)[0, 0], torch.from_numpy(np.array(small)), atol=1e-5, rtol=0
    )
    large = picture.resize((32 * factor, 32 * factor), method)
    torch.testing.assert_close(
        enlarge(x, factor, kernel)[0, 0], torch.from_numpy(np.array(large)), atol=1e-5, rtol=0
    )


@factors
def test_lanczos2_is_a_windowed_sinc_around_the_centre_of_each_block(factor: int) -> None:
    x = pictures(1)[:, :1]
    weights = lanczos_weights(factor, x)
    places = np.arange(4 * factor) - 1.5 * factor + 0.5  # of the taps, from the block's start
    t = np.pi * (places - factor / 2) / factor
    expected = 2 * np.sin(t) * np.sin(t / 2) / t**2
    expected /= expected.sum()
    np.testing.assert_allclose(weights, expected, atol=1e-12)
    padded = np.pad(x[0, 0].numpy(), 2 * factor, mode="edge")
    start = 2 * factor + factor - 3 * factor // 2  # of output (1, 1), border included
    block = padded[start : start + 4 * factor, start : start + 4 * factor]
    y = reduce(x, factor, "lanczos2")[0, 0, 1, 1]
    np.testing.assert_allclose(y, expected @ block @ expected, atol=1e-12)


@kernels
def test_the_gradient_of_every_kernel_is_right(kernel: Any) -> None:
    cfg = super_resolution.Config(kernel=kernel)
    x = pictures(1, (3, 8, 8)).requires_grad_()
    assert torch.autograd.gradcheck(lambda image: super_resolution.degrade(image, cfg), x)


def test_a_factor_that_does_not_divide_the_side_is_refused_with_the_nearest_size() -> None:
    cfg = super_resolution.Config(factor=8)
    super_resolution.check(cfg, (3, 32, 32))
    with pytest.raises(UserError, match="nearest: 32"):
        super_resolution.check(cfg, (3, 32, 30))
    with pytest.raises(UserError, match="nearest: 16"):
        super_resolution.check(cfg, (3, 8, 8))


def test_colorization_sees_the_luma_of_bt_601() -> None:
    x = torch.eye(3).view(3, 3, 1, 1)  # a red, a green and a blue pixel
    y = colorization.degrade(x, colorization.Config())
    torch.testing.assert_close(y.flatten(), torch.tensor([0.299, 0.587, 0.114]))


def test_a_pasted_colour_keeps_its_hue_and_moves_only_where_it_must() -> None:
    cfg = colorization.Config()
    x = 0.3 + 0.4 * pictures(2)
    y = colorization.degrade(x, cfg)
    torch.testing.assert_close(colorization.paste(x, y, cfg), x)
    torch.testing.assert_close(colorization.paste(x, y + 0.1, cfg), x + 0.1)
    black, white = torch.zeros_like(y), torch.ones_like(y)
    torch.testing.assert_close(colorization.paste(x, black, cfg), torch.zeros_like(x))
    torch.testing.assert_close(colorization.paste(x, white, cfg), torch.ones_like(x))
    grey = torch.full_like(x, 0.2).requires_grad_()
    colorization.paste(grey, y, cfg).sum().backward()
    assert grey.grad is not None and torch.isfinite(grey.grad).all()


def test_blurring_a_noisy_image_keeps_constants_and_removes_noise() -> None:
    cfg = denoising.Config()
    assert cfg.sigma == 25 / 255
    flat = torch.full((2, 3, 4, 4), 0.6, dtype=torch.float64)
    (blurred,) = denoising.naive(flat, cfg, (3, 4, 4)).values()
    torch.testing.assert_close(blurred, flat)
    noise = torch.randn(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    (cleaned,) = denoising.naive(0.5 + cfg.sigma * noise, cfg, SHAPE).values()
    assert cleaned.std() < 0.5 * cfg.sigma
