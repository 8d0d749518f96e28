"""What every method has to do, tested once over all plugins, with the settings of smoke.yaml."""

from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
import yaml

from priorbench import models, registry
from priorbench.contract import Images, Observation
from priorbench.files import write_json
from priorbench.loop import Loop
from priorbench.seeds import generator
from priorbench.step import configured
from workflow.scripts.degrade import observe

NAMES = registry.available("methods")
SMOKE = yaml.safe_load((registry.ROOT / "tests" / "smoke.yaml").read_text())["methods"]
TASKS = ("hole", "super_resolution", "denoising")
SEED = 5


def smooth(count: int, seed: int) -> np.ndarray:
    """Smooth images, uint8 (count, 3, 32, 32)."""
    coarse = torch.rand(count, 3, 5, 5, generator=generator("smooth", seed))
    fine = torch.nn.functional.interpolate(coarse, size=32, mode="bicubic", align_corners=True)
    return (fine.clamp(0, 1) * 255).byte().numpy()


TRAIN, TEST = smooth(48, 0), smooth(2, 1)


class Subject:
    """A method with the settings of a config's entry."""

    def __init__(self, name: str, options: dict[str, Any]) -> None:
        self.plugin: ModuleType = registry.load("methods", name)
        self.about = registry.describe("methods", name)
        self.train_config: dict[str, Any] = options.get("train", {})
        self.cfg = configured(self.plugin.RestoreConfig, options.get("restore", {}))
        self.spec = {"seed": SEED, "device": "cpu", "plugin": name}
        self.tasks = self.about.constants.get("TASKS", TASKS)

    def loop(self, folder: Path, **given: Any) -> Loop:
        return Loop(folder, SEED, checkpoint_seconds=0, **given)

    def trained(self, folder: Path) -> Any:
        """The model after training in `folder`, ready to decode; None where nothing is learned."""
        if not self.about.learns:
            return None
        images = Images(TRAIN)
        model = models.build(self.plugin, self.train_config, images.shape, self.spec)
        cfg = configured(self.plugin.TrainConfig, self.train_config)
        loop = self.loop(folder, model=model)
        self.plugin.train(model.train(), images, cfg, loop)
        return model.eval().requires_grad_(False)

    def restored(self, model: Any, folder: Path, seen: Observation) -> torch.Tensor:
        loop = self.loop(folder, ids=seen.ids)
        found: torch.Tensor = self.plugin.restore(model, seen, self.cfg, loop).detach()
        return found


def observation(task: str) -> Observation:
    plugin = registry.load("tasks", task)
    return observe(plugin, plugin.Config(), Images(TEST)[:], 0, task)


@pytest.fixture(scope="module", params=NAMES)
def subject(request: pytest.FixtureRequest) -> Subject:
    found = Subject(request.param, SMOKE.get(request.param, {}))
    short = not (found.about.learns or "steps" in found.about.configs["RestoreConfig"])
    assert short or request.param in SMOKE, f"tests/smoke.yaml has no row `{request.param}`"
    return found


@pytest.fixture(scope="module")
def model(subject: Subject, tmp_path_factory: pytest.TempPathFactory) -> Any:
    return subject.trained(tmp_path_factory.mktemp("train"))


def test_there_are_methods_to_test() -> None:
    assert len(NAMES) >= 12


def test_restored_images_are_finite_and_in_range(
    subject: Subject, model: Any, tmp_path: Path
) -> None:
    for task in subject.tasks:
        seen = observation(task)
        before = seen.y.clone()
        restored = subject.restored(model, tmp_path / task, seen)
        assert restored.shape == (2, 3, 32, 32)
        assert restored.dtype == torch.float32
        assert torch.isfinite(restored).all()
        assert restored.min() >= 0 and restored.max() <= 1
        assert torch.equal(seen.y, before)


def test_the_same_seed_gives_the_same_pixels(subject: Subject, model: Any, tmp_path: Path) -> None:
    seen = observation(subject.tasks[0])
    first = subject.restored(model, tmp_path / "a", seen)
    again = subject.restored(subject.trained(tmp_path / "t"), tmp_path / "b", seen)
    assert torch.equal(first, again)


def test_hidden_pixels_change_nothing(subject: Subject, model: Any, tmp_path: Path) -> None:
    if "hole" not in subject.tasks:
        assert all(not hasattr(registry.load("tasks", task), "hidden") for task in subject.tasks)
        return
    seen = observation("hole")
    other = TEST.copy()
    hidden = seen.task.hidden(seen.cfg, seen.shape, **seen.parameters)
    other[hidden.expand(2, 3, -1, -1).numpy()] ^= 255
    assert (other != TEST).any()
    plugin = registry.load("tasks", "hole")
    same = observe(plugin, plugin.Config(), Images(other)[:], 0, "hole")
    first = subject.restored(model, tmp_path / "a", seen)
    assert torch.equal(first, subject.restored(model, tmp_path / "b", same))


def test_a_saved_model_restores_the_same_pixels(
    subject: Subject, model: Any, tmp_path: Path
) -> None:
    if model is None:
        assert not hasattr(subject.plugin, "Model")
        return
    models.save(tmp_path / "model.safetensors", model)
    facts = {"config": subject.train_config, "shape": [3, 32, 32], "status": "finished"}
    write_json(tmp_path / "run.json", facts)
    read = models.load(tmp_path / "model.safetensors", subject.spec).model
    seen = observation("hole")
    first = subject.restored(model, tmp_path / "a", seen)
    assert torch.equal(first, subject.restored(read, tmp_path / "b", seen))


def test_a_training_stopped_in_the_middle_goes_on_bit_for_bit(
    subject: Subject, model: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if model is None:
        assert not subject.about.learns
        return
    steps = 0
    descend = Loop.descend

    def stop(loop: Loop, *arguments: Any) -> None:
        nonlocal steps
        steps += 1
        if steps == 4:
            raise KeyboardInterrupt
        descend(loop, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(Loop, "descend", stop)
        try:
            subject.trained(tmp_path)
        except KeyboardInterrupt:
            assert steps == 4
    resumed = subject.trained(tmp_path).state_dict()
    assert all(torch.equal(resumed[name], value) for name, value in model.state_dict().items())


def test_codes_drawn_decode_to_images(subject: Subject, model: Any) -> None:
    if "draw" not in subject.about.model:
        assert not hasattr(subject.plugin, "SAMPLES")
        return
    torch.manual_seed(0)
    images = model.decode(model.draw(3))
    assert images.shape == (3, 3, 32, 32)
    assert images.min() >= 0 and images.max() <= 1
    assert subject.plugin.SAMPLES
