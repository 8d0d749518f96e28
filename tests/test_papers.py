"""The numbers of the papers and of their authors' code are those of config/papers."""

from math import ceil
from typing import Any

import pandas as pd
import pytest
import yaml

from methods import incremental_glo
from priorbench import models, registry
from priorbench.config import Experiment
from priorbench.errors import UserError
from priorbench.results import Results
from priorbench.step import configured
from tests.fabricated import experiment
from workflow.papers import _paper, incremental_glo_times

FOLDER = registry.ROOT / "config" / "papers"
# config, row, image set, task (restoring) or none (training): option and value
TRAININGS: list[tuple[str, str, str, dict[str, Any]]] = [
    (
        "lcm_celeba128",
        "lcm_as_run",
        "celeba",
        {"visits": 150_000, "inner": 50, "batch": 10, "lr": 1.0, "lr_phi": 0.1, "bound": 0.01}
        | {"width": 64, "latent": 64, "narrowest": 16, "laplacian": "lcm_official"}
        | {"space": "nets"},
    ),
    ("lcm_celeba128", "lcm", "celeba", {"laplacian": "gaussian", "inner": 50, "visits": 150_000}),
    ("lcm_celeba128", "ae", "celeba", {"loss": "lap_mse"}),  # the comparison shares LCM's loss
    ("lcm_celeba128", "glo", "celeba", {"loss": "lap_mse"}),
    (
        "lcm_celeba128",
        "wgan_gp",
        "celeba",
        {"architecture": "resnet", "beta1": 0.0, "beta2": 0.9, "batch": 64, "critic_steps": 5}
        | {"penalty": 10.0, "lr": 1e-4},
    ),
    (
        "glo",
        "glo",
        "photos",  # 25 passes over 100,000 in batches of 128; rates of images in [0, 1]
        {"steps": 25 * 100_000 // 128, "batch": 128, "optimiser": "sgd", "lr": 2.0}
        | {"lr_code": 20.0, "init": "pca", "loss": "lap_l1", "levels": "equal"}
        | {"laplacian": "lcm_official", "output": "tanh"},
    ),
    (
        "wgan_gp",
        "wgan_gp",
        "photos",
        {"steps": 200_000, "critic_steps": 5, "batch": 64, "lr": 1e-4, "beta1": 0.0, "beta2": 0.9}
        | {"penalty": 10.0, "slopes": "signed", "critic_norm": "layer", "dim": 128, "width": 64}
        | {"architecture": "resnet", "schedule": "constant"},
    ),
    ("wgan_gp", "wgan_gp", "digits", {"steps": 160_000, "beta1": 0.5}),
]
RESTORINGS: list[tuple[str, str, str, str, dict[str, Any]]] = [
    ("lcm_celeba128", "lcm_as_run", "celeba", "hole", {"steps": 3_001, "lr": 0.02, "band": 5.0}),
    ("lcm_celeba128", "lcm_as_run", "celeba", "sr8", {"steps": 3_001, "lr": 0.02, "band": 1.0}),
    ("dip", "dip", "photos", "half", {"backtrack": 5, "backtrack_every": 50}),
    ("dip", "dip", "photos", "denoise25", {"backtrack": 5, "backtrack_every": 1}),
]


def effective(config: str, row: str, part: str, *place: str) -> dict[str, Any]:
    """Return all options of a row's training or restoring, given or by default."""
    text = (FOLDER / f"{config}.yaml").read_text(encoding="utf-8")
    experiment = Experiment.check(yaml.safe_load(text), config)
    plugin = registry.load("methods", experiment.methods[row].plugin)
    options = experiment.method_config(row, part, *place)
    return models.effective(configured(getattr(plugin, f"{part.capitalize()}Config"), options))


@pytest.mark.parametrize(("config", "row", "imageset", "numbers"), TRAININGS)
def test_a_training_has_the_numbers_of_its_paper(
    config: str, row: str, imageset: str, numbers: dict[str, Any]
) -> None:
    found = effective(config, row, "train", imageset)
    assert {name: found[name] for name in numbers} == numbers


@pytest.mark.parametrize(("config", "row", "imageset", "task", "numbers"), RESTORINGS)
def test_a_restoration_has_the_numbers_of_its_paper(
    config: str, row: str, imageset: str, task: str, numbers: dict[str, Any]
) -> None:
    found = effective(config, row, "restore", imageset, task)
    assert {name: found[name] for name in numbers} == numbers


@pytest.mark.parametrize("config", ["matched.yaml", "studies/matched_digits.yaml"])
def test_the_rows_of_the_matched_track_differ_in_their_codes_only(config: str) -> None:
    text = (registry.ROOT / "config" / config).read_text(encoding="utf-8")
    experiment = Experiment.check(yaml.safe_load(text), config)
    own = {"space", "bound", "lr_phi", "dim"}
    trained, restored = [], []
    for row, entry in experiment.methods.items():
        assert entry.plugin == "lcm"
        plugin = registry.load("methods", "lcm")
        for imageset in experiment.imagesets:
            options = experiment.method_config(row, "train", imageset)
            found = models.effective(configured(plugin.TrainConfig, options))
            trained.append({k: v for k, v in found.items() if k not in own})
            for task in experiment.tasks_of(imageset):
                options = experiment.method_config(row, "restore", imageset, task)
                found = models.effective(configured(plugin.RestoreConfig, options))
                restored.append({k: v for k, v in found.items() if k != "lr"})
        choices = {part: {*options} for part, options in experiment.space(row).items()}
        assert choices == {"train": {"lr_phi"}, "restore": {"lr", "start"}}
    assert all(options == trained[0] for options in trained)
    assert all(options == restored[0] for options in restored)


def test_published_times_are_told_apart_by_their_labels_and_not_by_their_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def drawn(rows: pd.DataFrame) -> pd.DataFrame:
        monkeypatch.setattr(incremental_glo_times, "published", lambda _: rows)
        return incremental_glo_times.draw(Results([], experiment())).table.data

    rows = _paper.published("incremental_glo_report")
    pd.testing.assert_frame_equal(drawn(rows.iloc[::-1].reset_index(drop=True)), drawn(rows))
    with pytest.raises(UserError, match=r"incremental_glo_report\.csv: no label `GLO`"):
        drawn(rows[rows["label"] != "GLO"])


# incremental GLO, of the report, of its time table, and of the later code: each stage, then of all
EPOCHS = {
    "glo_as_run": [(4001, 6000)],
    "as_run": [(1501, 512), (1501, 1024), (701, 4464), (376, 6000)],
    "as_run_noise": [(1501, 512), (1501, 1024), (701, 4464), (201, 6000), (1161, 6000)],
    "as_described": [(1501, 512), (1501, 1024), (701, 4464), (201, 6000), (1161, 6000)],
    "glo_as_head": [(2001, 6000)],
    "as_head": [(1501, 512), (901, 1024), (601, 4464), (351, 4464), (451, 6000)],
}


def test_steps_of_the_reports_rows_are_its_epochs() -> None:
    path = FOLDER / "incremental_glo_frogs64.yaml"
    experiment = Experiment.check(yaml.safe_load(path.read_text()), path.name)
    assert set(experiment.methods) == set(EPOCHS)
    for row, epochs in EPOCHS.items():
        options = experiment.method_config(row, "train", "photos")
        cfg = configured(incremental_glo.TrainConfig, options)
        steps = [*cfg.steps, cfg.steps_all, cfg.steps_encoder]
        batch = cfg.batch if isinstance(cfg.batch, tuple) else [cfg.batch] * len(steps)
        for (passes, images), size, count in zip(epochs, batch, steps, strict=False):
            assert count == passes * ceil(images / size)
        assert (cfg.lr, cfg.lr_code, cfg.dim) == (1e-3, 1e-3, 100)
