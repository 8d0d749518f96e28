"""The book-keeping of every training and every search, written once for all methods.

A resumed run equals an uninterrupted one bit for bit: random numbers are a function of
(seed, stage, step), never of what was drawn before, and state is saved only between steps.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from priorbench import milestones, smoke
from priorbench.checkpoints import Checkpoints
from priorbench.clock import Clock
from priorbench.codes import CodeTable
from priorbench.contract import Rows
from priorbench.curve import Curve
from priorbench.errors import UserError
from priorbench.files import replacing
from priorbench.optimisers import take_step
from priorbench.progress import Progress
from priorbench.seeds import generator, seed_torch
from priorbench.termination import Termination

REDO_BYTES = 2**28  # changed rows held in memory before a checkpoint is written
TRACED = {first * 10**power for first in (1, 2, 5) for power in range(6)}  # steps done
TRACED_IMAGES = 16  # numbers below this are traced
T = TypeVar("T")


class DivergedError(Exception):
    """The loss was not finite: an outcome of the run, not a failure of the program."""

    def __init__(self, stage: str, step: int) -> None:
        super().__init__(f"diverged at step {step} of {stage}")


class Loop:
    """Budget, seeds, batches, code tables, checkpoints and curves of one run.

    folder: state that outlives a kill; the same folder and seed resume the run.
    budget: "smoke" cuts stages and batches short.
    ids: numbers of the images of a restoration, for `each`.
    """

    def __init__(
        self,
        folder: Path,
        seed: int,
        *,
        device: str | torch.device = "cpu",
        model: nn.Module | None = None,
        ids: Tensor | None = None,
        checkpoint_seconds: float = 60.0,
        progress: Progress | None = None,
        budget: str = "full",
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.seed = seed
        self.device = torch.device(device)
        self.model = model
        self.ids = torch.arange(0) if ids is None else ids
        self.curve = Curve()
        self.trace: dict[int, Tensor] = {}  # step -> images of the first ids, uint8
        self.tables: list[CodeTable] = []
        self.counters = {"steps": 0, "updates": 0, "images_seen": 0}
        self._short = budget == smoke.NAME
        self.searched = 0  # numbers that are found for each image of a restoration
        self._checkpoints = Checkpoints(folder, checkpoint_seconds)
        older, self._resumed = self._checkpoints.newest_two()
        self._older_tables: list[dict[str, Tensor]] = older["tables"] if older else []
        self._progress = progress
        self._kept: list[Any] = []
        self._done: list[str] = []
        self._stage, self._step, self._ordinal = "start", 0, 0
        self._orders: dict[tuple[object, ...], Tensor] = {}
        self._finite = torch.ones((), dtype=torch.bool, device=self.device)
        self.clock = Clock()
        seed_torch(seed, "start")

    def keep(self, thing: T) -> T:
        """Keep a tensor, or anything with `state_dict`, in the checkpoints of this stage."""
        self._kept.append(thing)
        return thing

    def once(self, name: str, make: Callable[[], dict[str, Tensor]]) -> dict[str, Tensor]:
        """Compute an expensive result under a seed of its own, once; then read it."""
        path = self.folder / f"once-{name}.safetensors"
        if not path.exists():
            seed_torch(self.seed, "once", name)
            with replacing(path) as temporary:
                save_file({k: v.detach().contiguous() for k, v in make().items()}, temporary)
        seed_torch(self.seed, "after", name)
        return {k: v.to(self.device) for k, v in load_file(path).items()}

    def steps(self, count: int, stage: str = "train") -> Iterator[int]:
        """Count to `count`, seeding torch at each step; nothing for a finished stage.

        Raises DivergedError when a loss was not finite.
        """
        if stage in self._done:
            raise UserError(f"stage `{stage}` is run twice: give each `steps` a name of its own")
        first = self._resume(stage)
        if first is None:
            return
        count = min(count, smoke.STEPS) if self._short else count
        self._stage = stage
        self.curve.begin(stage, count)
        with Termination() as termination:
            for step in range(first, count):
                self._step, self._ordinal = step, 0
                seed_torch(self.seed, stage, step)
                yield step
                self.counters["steps"] += 1
                if self._progress:
                    self._progress.update(stage, step + 1, count)
                if self.model is not None and milestones.due(step + 1, count):
                    milestones.photograph(self.folder, self.counters["steps"], self.model)
                due = self._checkpoints.due() or self._redo_bytes() > REDO_BYTES
                if step + 1 < count and (due or termination.asked):
                    self._save(step + 1)
                if termination.asked:
                    print(f"stopped after {step + 1} of {count} steps: run again to go on")
                    raise SystemExit(128 + termination.asked)
        self._step = count
        self._done.append(stage)
        self.clock.lap(stage, self.counters)
        self._save(count)
        self._kept.clear()

    def batch(self, members: int | Tensor, size: int, order: str = "shuffle") -> Tensor:
        """Draw `size` of `members` (a count, or indices), by stage, step and ordinal.

        order: "shuffle" (a new permutation each pass; what does not fill a batch is left to
        the next pass), "once" (one permutation, cyclic) or "fixed" (as they come, cyclic).
        """
        count = members if isinstance(members, int) else len(members)
        if size > count:
            raise UserError(f"batch: {size} images asked for, the set has {count}")
        size = min(size, smoke.BATCH) if self._short else size
        ordinal, self._ordinal = self._ordinal, self._ordinal + 1
        self.counters["images_seen"] += size
        if order == "shuffle":
            turn, place = divmod(self._step, count // size)
            chosen = self._order(count, ordinal, turn)[place * size : (place + 1) * size]
        else:
            places = (self._step * size + torch.arange(size)) % count
            chosen = places if order == "fixed" else self._order(count, ordinal, 0)[places]
        return chosen if isinstance(members, int) else members.cpu()[chosen]

    def codes(self, initial: Tensor | Rows, half: bool = False) -> CodeTable:
        """Open a table with a row per training image; `initial`: (N, ...), may be expanded.

        `initial` must not depend on what earlier stages learned, unless through `once`.
        half: rows are kept in float16.
        """
        number = len(self.tables)
        table = CodeTable(self.folder / f"codes-{number}.npy", initial, self.device, half)
        if number < len(self._older_tables):  # a kill may have come before it reached the file
            table.redo(self._older_tables[number])
            table.advance()
        if self._resumed and number < len(self._resumed["tables"]):
            table.redo(self._resumed["tables"][number])
        self.tables.append(table)
        return table

    def each(self, make: Callable[[], Tensor]) -> Tensor:
        """Call `make` once per image of the chunk, seeded by the image; stack the results."""
        ordinal, self._ordinal = self._ordinal, self._ordinal + 1
        made = []
        for image in self.ids.tolist():
            seed_torch(self.seed, "image", image, self._stage, self._step, ordinal)
            made.append(make())
        seed_torch(self.seed, "after", self._stage, self._step, ordinal)
        return torch.stack(made)

    def descend(self, loss: Tensor, *optimisers: torch.optim.Optimizer) -> None:
        """zero_grad, backward, step; a loss that is not finite ends the run as diverged."""
        for optimiser in optimisers:
            optimiser.zero_grad(set_to_none=True)
        loss.backward()
        for optimiser in optimisers:
            take_step(optimiser)
        self.counters["updates"] += 1
        # the flag stays on the device: reading it here would stall a GPU at every step
        self._finite &= torch.isfinite(loss.detach())

    def log(self, images: Callable[[], Tensor] | None = None, **values: Tensor | float) -> None:
        """Note scalars, or a value per image (n,), for the curve.

        images: gives what a search had come to before this step, (n, 3, h, w); it is called at
        some steps only, ever further apart.
        """
        if self.curve.add(self._step, values):
            self._check_finite()
        traced = self.ids < TRACED_IMAGES
        if images and self._step in TRACED and traced.any():
            found = images()[traced.to(self.device)].detach()
            self.trace[self._step] = found.clamp(0, 1).mul(255).round().byte().cpu()

    def _order(self, count: int, ordinal: int, turn: int) -> Tensor:
        key = (count, self._stage, ordinal)
        if key not in self._orders or int(self._orders[key][-1]) != turn:
            made = torch.randperm(count, generator=generator(self.seed, *key, turn))
            self._orders[key] = torch.cat([made, torch.tensor([turn])])
        return self._orders[key][:-1]

    def _resume(self, stage: str) -> int | None:
        """Load what is left of an earlier run; None: this stage was finished then."""
        saved = self._resumed
        if saved is None:
            return 0
        finished = stage in saved["done"]
        if finished:
            self._done.append(stage)
        if finished and saved["stage"] != stage:  # what a later stage saved is loaded there
            self._kept.clear()
            return None
        self._resumed = None
        if self.model is not None:
            self.model.load_state_dict(saved["model"])
        self.curve.load(saved["curve"])
        self.trace = dict(saved["trace"])
        self.counters = dict(saved["counters"])
        self.clock.load(saved["clock"])
        for thing, state in zip(self._kept, saved["kept"], strict=True):
            if isinstance(thing, Tensor):
                thing.data.copy_(state)
            else:
                thing.load_state_dict(state)
        if finished:
            self._kept.clear()
            return None
        return int(saved["step"])

    def _save(self, step: int) -> None:
        self._check_finite()
        self._checkpoints.write(
            {
                "stage": self._stage,
                "step": step,
                "done": list(self._done),
                "model": self.model.state_dict() if self.model is not None else {},
                "kept": [
                    k.detach() if isinstance(k, Tensor) else k.state_dict() for k in self._kept
                ],
                "tables": [table.redo_log() for table in self.tables],
                "curve": self.curve.state(),
                "trace": self.trace,
                "counters": self.counters,
                "clock": self.clock.state(),
            }
        )
        for table in self.tables:
            table.advance()

    def _check_finite(self) -> None:
        if not bool(self._finite):
            raise DivergedError(self._stage, self._step)

    def _redo_bytes(self) -> int:
        return sum(table.redo_bytes() for table in self.tables)
