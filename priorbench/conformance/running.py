"""A method on the standard toy: short trainings and restorations that can be stopped."""

import time
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from priorbench import models, pretrained
from priorbench.conformance import material
from priorbench.conformance.material import SEED, SIDE, TRAINING
from priorbench.conformance.watching import Plugin
from priorbench.contract import Images, Observation
from priorbench.download import digest
from priorbench.errors import UserError
from priorbench.loop import Loop
from priorbench.step import configured

STEPS = 4  # of each stage of a training, and of each search
BATCH = 8  # images
NEVER = 1e9  # seconds
OTHER_SEED = 17  # of generators that are not torch's: any but 0


class Stopped(BaseException):
    """A run that ends between two steps, as one does that is told to."""


class ShortLoop(Loop):
    """A loop of few steps, which stops on demand, and sees whether gradients reach what is moved.

    stop: steps after which the run ends, its checkpoint written; None: it does not. few: steps
    of each stage at most.
    """

    def __init__(
        self, *given: Any, stop: int | None = None, few: int = STEPS, **named: Any
    ) -> None:
        # each checkpoint waits for the disk: only a run that is to be resumed writes many
        super().__init__(*given, checkpoint_seconds=NEVER if stop is None else 0, **named)
        self.left, self.few = stop, few
        self.descents = 0
        self.moved: list[tuple[Tensor, bool]] = []  # at each descent, and if it has a gradient

    def steps(self, count: int, stage: str = "train") -> Iterator[int]:
        """Count to a few; seeds and checkpoints as ever."""
        for step in super().steps(min(count, self.few), stage):
            if self.left == 0:
                raise Stopped
            self.left = self.left and self.left - 1
            yield step

    def batch(self, members: int | Tensor, size: int, order: str = "shuffle") -> Tensor:
        """Draw a few of `members`."""
        return super().batch(members, min(size, BATCH), order)

    def descend(self, loss: Tensor, *optimisers: torch.optim.Optimizer) -> None:
        """Step, where there is a gradient to follow."""
        self.descents += 1
        if loss.requires_grad:
            super().descend(loss, *optimisers)
            moved = [p for o in optimisers for group in o.param_groups for p in group["params"]]
            self.moved += [(p, p.grad is not None and bool(p.grad.any())) for p in moved]

    def missed(self) -> str:
        """Say which tensors that are moved no gradient reached; nothing where there are none."""
        if not any(reached for _, reached in self.moved):
            return "anything"
        missed = {id(p): tuple(p.shape) for p, _ in self.moved if p.grad is None}
        return f"the tensor {next(iter(missed.values()))}" if missed else ""


class Subject(Plugin):
    """A method plugin with the options that it is checked under.

    plugin: a name, a path or a module. train, restore: options as of a config's entry, over those
    of the plugin's constant SMOKE.
    """

    noun = "methods"

    def __init__(
        self,
        plugin: str,
        train: dict[str, Any] | None = None,
        restore: dict[str, Any] | None = None,
        device: str = "cpu",
    ) -> None:
        super().__init__(plugin)
        smoke = self.about.constants.get("SMOKE", {})
        self.options = {**smoke.get("train", {}), **(train or {})}
        self.restoring = {**smoke.get("restore", {}), **(restore or {})}
        self.spec = {"seed": SEED, "device": device, "plugin": plugin}
        self.device = torch.device(device)
        self._folder = material.passing_folder(self)
        self._count = 0
        self.seconds = {"train": 0.0, "restore": 0.0}  # of the newest run of each

    @cached_property
    def tasks(self) -> list[str]:
        """Tasks that the method is checked on."""
        return material.tasks_of(self.about.constants)

    @property
    def learns(self) -> bool:
        """Whether there is anything to train."""
        return self.about.learns

    def folder(self) -> Path:
        """Return a new folder, for the state of a run."""
        self._count += 1
        return self._folder / str(self._count)

    def trained(
        self,
        folder: Path | None = None,
        stop: int | None = None,
        size: tuple[int, int] = (SIDE, SIDE),
    ) -> Any:
        """Return the model after training, ready to restore; None where nothing is learned.

        One that is loaded keeps the weights that it was made with, unless options name a file.
        """
        if not self.learns:
            return None
        images = Images(material.smooth(TRAINING, 0, *size), self.device)
        model = models.build(self.module, self.options, images.shape, self.spec)
        loop = ShortLoop(folder or self.folder(), SEED, device=self.device, model=model, stop=stop)
        cfg = configured(self.module.TrainConfig, self.options)
        begun = time.perf_counter()
        if not hasattr(self.module, "load"):
            self.module.train(model.train(), images, cfg, loop)
        elif cfg.checkpoint:
            checksum = digest(Path(cfg.checkpoint).expanduser(), "sha256")
            pretrained.fill(self.module, model, cfg, checksum)
        self.seconds["train"] = time.perf_counter() - begun
        self.training = loop
        return model.eval().requires_grad_(False)

    def restored(
        self,
        model: Any,
        seen: Observation,
        folder: Path | None = None,
        stop: int | None = None,
        few: int = STEPS,
    ) -> Tensor:
        """Return what `restore` makes of what was seen."""
        place = folder or self.folder()
        ids = seen.ids.cpu()
        loop = ShortLoop(place, SEED, device=self.device, ids=ids, stop=stop, few=few)
        self.search = loop
        cfg = configured(self.module.RestoreConfig, self.restoring)
        begun = time.perf_counter()
        found: Tensor = self.module.restore(model, seen, cfg, loop)
        self.seconds["restore"] = time.perf_counter() - begun
        return found.detach() if isinstance(found, Tensor) else found

    @cached_property
    def model(self) -> Any:
        """The model that an undisturbed training leaves."""
        return self.trained()

    @cached_property
    def found(self) -> dict[str, Tensor]:
        """What an undisturbed restoration of two images gives, by task; refused tasks left out."""
        found, refused = {}, []
        for task in self.tasks:
            seen = material.observe(task, material.originals()).to(self.device)
            try:
                found[task] = self.restored(self.model, seen)
            except UserError as error:
                refused.append(f"{task}: {error}")
        if not found:
            raise UserError("; ".join(refused))
        return found

    @cached_property
    def task(self) -> str:
        """The first task that the method restores: where repetitions are compared."""
        return next(iter(self.found))

    def again(self, model: Any = None, **given: Any) -> Tensor:
        """Restore the observation of `task` once more."""
        seen = material.observe(self.task, material.originals()).to(self.device)
        return self.restored(self.model if model is None else model, seen, **given)
