"""Functions of scikit-image as methods, and methods made for some tasks only."""

from typing import Any

import numpy as np
import pytest
import torch
from skimage.restoration import denoise_tv_chambolle

from methods import biharmonic, non_local_means, total_variation
from methods._adapters import by_arrays
from priorbench.config import Experiment
from priorbench.conformance.material import observe, originals
from priorbench.errors import UserError
from priorbench.plan import Plan
from tests import toy
from tests.fabricated import Fabricated, experiment
from workflow.quality import quality_tables
from workflow.rendering import Table

CLEAN = originals()


def restored(method: Any, task: str, **settings: Any) -> torch.Tensor:
    images: torch.Tensor = method.restore(
        None, observe(task, originals()), method.RestoreConfig(**settings), None
    )
    return images


def test_biharmonic_inpainting_continues_a_plane_and_leaves_what_was_seen() -> None:
    plane = torch.linspace(0.2, 0.8, 16).expand(1, 3, 16, 16).contiguous()
    mask = toy.inside((3, 16, 16))[None]
    seen = toy.observe(
        plane,
        degrade=lambda x, cfg: x * ~mask,
        hidden=lambda cfg, shape: mask,
    )
    found = biharmonic.restore(None, seen, biharmonic.RestoreConfig(), None)  # type: ignore[arg-type]
    torch.testing.assert_close(found, plane, atol=1e-4, rtol=0)
    assert torch.equal(found[~mask.expand_as(found)], plane[~mask.expand_as(plane)])


@pytest.mark.parametrize("task", biharmonic.TASKS)
def test_biharmonic_inpainting_gains_on_the_mean(task: str) -> None:
    assert toy.psnr(restored(biharmonic, task), CLEAN) > 8 + toy.psnr(
        observe(task, originals()).naive(), CLEAN
    )


@pytest.mark.parametrize("method", [total_variation, non_local_means])
def test_a_denoiser_gains_on_the_noisy_image(method: Any) -> None:
    noisy = observe("denoising", originals()).y
    assert toy.psnr(restored(method, "denoising"), CLEAN) > 5 + toy.psnr(noisy, CLEAN)


@pytest.mark.parametrize("method", [total_variation, non_local_means])
def test_without_noise_a_denoiser_changes_nothing(method: Any) -> None:
    found = method.restore(None, toy.clean(CLEAN), method.RestoreConfig(), None)
    assert torch.equal(found, CLEAN)


def test_total_variation_is_that_of_scikit_image_at_the_noise_level_of_the_task() -> None:
    found = restored(total_variation, "denoising", strength=1.5, iterations=7, tolerance=0.0)
    seen = observe("denoising", originals())
    noisy = seen.y[1].permute(1, 2, 0).double().numpy()
    plain = denoise_tv_chambolle(noisy, 1.5 * seen.sigma, 0.0, 7, channel_axis=-1)
    expected = torch.from_numpy(plain).permute(2, 0, 1).float().clamp(0, 1)
    torch.testing.assert_close(found[1], expected)


def test_a_function_on_arrays_sees_colours_last_and_its_output_is_clipped() -> None:
    shown = []

    def brighten(y: np.ndarray) -> np.ndarray:
        shown.append(y.copy())
        return y + 0.5

    found = by_arrays(brighten, toy.clean(CLEAN))
    assert shown[0].shape == (32, 32, 3) and shown[0].dtype == np.float64
    np.testing.assert_array_equal(shown[1][3, 5], CLEAN[1, :, 3, 5].numpy())
    assert torch.equal(found, (CLEAN + 0.5).clamp(max=1))


def test_a_function_that_returns_another_shape_is_named() -> None:
    def shrink(y: np.ndarray) -> np.ndarray:
        return y[::2]

    with pytest.raises(UserError, match=r"shrink returned \(16, 32, 3\), not \(32, 32, 3\)"):
        by_arrays(shrink, toy.clean(CLEAN))


def config(**changes: Any) -> dict[str, Any]:
    return {
        "experiment": "mine",
        "imagesets": {"photos": {}, "digits": {}},
        "tasks": {"hole": {}, "noise": {"plugin": "denoising", "imagesets": ["photos"]}},
        "methods": {"dip": {}, "total_variation": {}, "biharmonic": {}},
        "metrics": {"psnr": {}},
        **changes,
    }


def test_a_method_runs_on_the_tasks_that_it_names_and_on_image_sets_that_have_one() -> None:
    found = Experiment.check(config(), "my.yaml")
    assert list(found.methods_of("photos")) == ["dip", "total_variation", "biharmonic"]
    assert list(found.methods_of("digits")) == ["dip", "biharmonic"]
    assert found.done_by("total_variation", found.tasks) == ["noise"]
    assert found.done_by("dip", [*found.tasks, "represent"]) == ["hole", "noise", "represent"]
    assert not found.does("biharmonic", "represent")
    both = Plan(Experiment.check(config(unit="all"), "my.yaml"))
    assert list(both.restore("photos", "all", "biharmonic", 0).spec["configs"]) == ["hole"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"tasks": {"color": {"plugin": "colorization"}}}, "no task that it restores is among"),
        ({"methods": {"biharmonic": {}, "total_variation": {}}}, "digits: no method restores any"),
        ({"methods": {"biharmonic": {"tasks": {"noise": {}}}}}, "does not restore `noise`, only"),
        ({"energy": {"photos": "biharmonic"}}, "no search whose loss could be followed"),
    ],
)
def test_a_task_that_no_method_does_is_told(changes: dict[str, Any], said: str) -> None:
    if "digits: no method" in said:
        changes["tasks"] = {
            "hole": {"imagesets": ["photos"]},
            "noise": {"plugin": "denoising", "imagesets": ["photos"]},
            "color": {"plugin": "colorization", "imagesets": ["digits"]},
        }
    with pytest.raises(UserError) as caught:
        Experiment.check(config(**changes), "my.yaml")
    assert said in str(caught.value) and str(caught.value).startswith("my.yaml: ")


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Table:
    """The PSNR table of an experiment in which one method does two of the tasks."""
    told = experiment(methods={"pca": {}, "biharmonic": {}}, metrics={"psnr": {}}, energy={})
    made = Fabricated(tmp_path_factory.mktemp("made"), told)
    for name in ("sr4", "color", "denoise", "represent"):
        made.drop_scores(name, ",biharmonic,")
    return next(iter(quality_tables(made.results, "photos", every_region=False)))


def test_a_table_says_what_a_method_is_not_made_for(table: Table) -> None:
    cells = [cell.text for cell in table.groups[0][1].cells]
    assert [text == "–" for text in cells] == [False, False, True, True, True, True]
    assert "– not applicable: biharmonic is not made for sr4, color, denoise, represent." in (
        table.notes
    )
    assert not [note for note in table.notes if "not among the results" in note]
