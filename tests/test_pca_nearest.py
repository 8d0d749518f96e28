"""The two references: principal components in closed form, and the nearest training image."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from methods import nearest, pca
from methods._features import principal
from priorbench.contract import Observation
from priorbench.errors import UserError
from tests import toy

OPERATORS: dict[str, Callable[[Tensor], Observation]] = {
    "clean": toy.clean,
    "noisy": lambda x: toy.clean(x, sigma=0.1),
    "hole": toy.hole,
    "scattered": toy.scattered,
    "pooled": toy.pooled,
}
each_operator = pytest.mark.parametrize("observe", OPERATORS.values(), ids=OPERATORS)
Observe = Callable[[Tensor], Observation]


def test_principal_components_are_those_of_a_singular_value_decomposition() -> None:
    random = np.random.default_rng(0)
    x = random.normal(size=(700, 40)) * 0.8 ** np.arange(40) + random.normal(size=40)
    vectors = torch.from_numpy(x).float()
    torch.manual_seed(0)
    mean, components, variances, total = principal(lambda part: vectors[part], 700, 5)
    _, s, directions = np.linalg.svd(x - x.mean(0), full_matrices=False)
    np.testing.assert_allclose(mean, x.mean(0), atol=1e-5)
    np.testing.assert_allclose(variances, s[:5] ** 2 / 699, rtol=1e-4)
    np.testing.assert_allclose(np.abs((components.numpy() * directions[:5]).sum(1)), 1, atol=1e-4)
    np.testing.assert_allclose(total, (s**2).sum() / 699, rtol=1e-4)


def test_the_model_of_images_has_their_mean_and_covariance(tmp_path: Path) -> None:
    pixels = toy.smooth(40)
    model = toy.trained(pca, pixels, tmp_path, dim=6)
    x = toy.as_floats(pixels).flatten(1).double()
    variances = torch.linalg.eigvalsh(x.T.cov()).flip(0)
    tau2 = variances[6:].sum() / (768 - 6)
    w = model.weights.flatten(1).double()
    torch.testing.assert_close(model.tau2.double(), tau2, rtol=1e-3, atol=0)
    torch.testing.assert_close(model.mean.flatten().double(), x.mean(0), rtol=1e-4, atol=1e-5)
    expected = torch.diag(variances[:6] - tau2)
    torch.testing.assert_close(w @ w.T, expected, rtol=1e-3, atol=1e-4)


@each_operator
def test_a_restoration_is_the_ridge_regression_on_the_whole_operator(
    observe: Observe, tmp_path: Path
) -> None:
    model = toy.trained(pca, toy.smooth(60), tmp_path / "train", dim=10)
    x = toy.as_floats(toy.smooth(3, seed=1))
    seen = observe(x)
    restored = toy.restored(pca, model, seen, tmp_path / "restore")
    w = model.weights.flatten(1).T.double().numpy()
    mean = model.mean.flatten().double().numpy()
    ridge = np.sqrt(seen.sigma**2 + float(model.tau2)) * np.eye(10)
    for image in range(3):
        # the operator's whole matrix, from its action on every pixel
        every = torch.full((768,), image)
        unit = torch.eye(768).view(768, *x.shape[1:])
        operator = seen[every].degrade(unit).flatten(1).T.double().numpy()
        y = seen.y[image].flatten().double().numpy()
        system = np.concatenate([operator @ w, ridge])
        z = np.linalg.lstsq(system, np.concatenate([y - operator @ mean, np.zeros(10)]))[0]
        expected = np.clip(mean + w @ z, 0, 1)
        np.testing.assert_allclose(restored[image].flatten(), expected, atol=2e-4)


def test_images_of_the_span_are_restored_from_half_of_their_pixels(tmp_path: Path) -> None:
    pixels = toy.smooth(8)
    model = toy.trained(pca, pixels, tmp_path / "train", dim=7)
    x = toy.as_floats(pixels)
    assert toy.psnr(toy.restored(pca, model, toy.scattered(x), tmp_path / "restore"), x) > 35
    toy.check_hole(pca, model, pixels, tmp_path, gain=10.0)


def test_fewer_images_than_components_leave_components_empty(tmp_path: Path) -> None:
    model = toy.trained(pca, toy.smooth(8), tmp_path, dim=12)
    assert (model.weights[7:] == 0).all() and (model.weights[:7] != 0).any()
    assert model.decode(model.draw(5)).shape == (5, 3, 16, 16)


def test_encoding_is_undone_by_decoding(tmp_path: Path) -> None:
    pixels = toy.smooth(8)
    model = toy.trained(pca, pixels, tmp_path, dim=7)
    x = toy.as_floats(pixels)
    assert toy.psnr(model.decode(model.encode(x)), x) > 35


def test_an_operator_that_is_not_affine_is_refused(tmp_path: Path) -> None:
    model = toy.trained(pca, toy.smooth(8), tmp_path / "train", dim=4)
    seen = toy.observe(toy.as_floats(toy.smooth(2)), degrade=lambda x, cfg: x.square())
    with pytest.raises(UserError, match="affine"):
        toy.restored(pca, model, seen, tmp_path / "restore")


@each_operator
def test_the_nearest_image_to_a_training_image_is_itself(observe: Observe, tmp_path: Path) -> None:
    pixels = toy.smooth(700)  # more than are compared at a time
    model = toy.trained(nearest, pixels, tmp_path / "train")
    chosen = pixels[[0, 511, 512, 699]]
    restored = toy.restored(nearest, model, observe(toy.as_floats(chosen)), tmp_path / "restore")
    assert torch.equal(restored, toy.as_floats(chosen))


def test_the_nearest_image_has_the_smallest_distance_as_it_is_seen(tmp_path: Path) -> None:
    pixels = toy.smooth(50)
    model = toy.trained(nearest, pixels, tmp_path / "train")
    x = toy.as_floats(toy.smooth(5, seed=1))
    for name, observe in OPERATORS.items():
        seen = observe(x)
        restored = toy.restored(nearest, model, seen, tmp_path / name)
        for image in range(5):
            every = torch.full((50,), image)
            looks = seen[every].degrade(toy.as_floats(pixels)).flatten(1).numpy()
            distance = np.linalg.norm(looks - seen.y[image].flatten().numpy(), axis=1)
            assert torch.equal(restored[image], toy.as_floats(pixels)[distance.argmin()])


def test_images_that_differ_by_one_grey_level_are_told_apart(tmp_path: Path) -> None:
    pixels = np.repeat(toy.smooth(1), 40, axis=0)
    for place, image in enumerate(pixels):
        image[0, 8, place % 16] += 1 + place // 16
    model = toy.trained(nearest, pixels, tmp_path / "train")
    x = toy.as_floats(pixels)
    assert torch.equal(toy.restored(nearest, model, toy.clean(x), tmp_path / "restore"), x)


def test_the_nearest_image_does_not_depend_on_what_a_hole_hides(tmp_path: Path) -> None:
    pixels = toy.smooth(50)
    model = toy.trained(nearest, pixels, tmp_path / "train")
    toy.check_hole(nearest, model, pixels[:8], tmp_path, gain=20.0)


def test_a_saved_model_is_loaded_with_as_many_images_as_it_kept(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"images": 20}
    model = toy.trained(nearest, toy.smooth(50), tmp_path, **settings)
    fresh = nearest.Model(nearest.TrainConfig(**settings), (3, 16, 16))
    fresh.load_state_dict(model.state_dict())
    assert len(fresh.images) == 20
    assert torch.equal(fresh.images, model.images)
    kept = {tuple(image.flatten().tolist()) for image in fresh.images}
    assert len(kept) == 20
    assert kept <= {tuple(image.flatten().tolist()) for image in torch.from_numpy(toy.smooth(50))}
