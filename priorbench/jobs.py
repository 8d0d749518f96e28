"""The jobs of an experiment one by one: what each takes, what it leaves, whether it is done."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from priorbench import listing
from priorbench.counting import pictures
from priorbench.plan import ENERGY_IMAGES, SHOWN, VALIDATION, Job, Plan
from priorbench.reference import Reference
from priorbench.registry import Description
from priorbench.throughput import (
    NOTHING,
    Kind,
    Range,
    Run,
    gradients,
    nearest,
    pace,
    searching,
    training,
    updates,
)

RESULTS = {  # files that a finished job has left
    "prepare": ("card.json", "train.npy", "val.npy", "test.npy"),
    "degrade": ("observations.safetensors",),
    "control": ("controls.safetensors",),
    "tune": ("chosen.json", "run.json"),
    "train": ("model.safetensors", "run.json"),
    "restore": ("restored.safetensors", "run.json"),
    "represent": ("represented.safetensors", "run.json"),
    "sample": ("samples.safetensors", "run.json"),
    "energy": ("curve.csv", "run.json"),
}
TARGETS = 4  # images that an energy figure follows a search to, for each of its images
PLATEAU = 2  # searches of the validation images; three where training may have a plateau
TRACE = 10 * 16  # pictures that a search keeps of its way, at most: of the first images
FLOAT = 4  # bytes


@dataclass(frozen=True)
class Work:
    """Some work of one kind, and the records that tell how long a unit of it takes."""

    kind: Kind
    runs: tuple[Run, ...]
    amount: float | None  # units; None: the images are not counted yet

    def times(self, factor: float | None) -> "Work":
        """Return more of the same work."""
        known = self.amount is not None and factor is not None
        return replace(self, amount=(self.amount or 0) * (factor or 0) if known else None)

    @property
    def seconds(self) -> Range | None:
        """Seconds of a core, or of a GPU; None where there is nothing to go by."""
        if self.amount == 0:
            return NOTHING
        if self.amount is None or not self.runs:
            return None
        return pace(self.runs, self.kind).times(self.amount)


@dataclass(frozen=True)
class Part:
    """A job of an experiment."""

    verb: str
    imageset: str
    done: bool
    work: tuple[Work, ...] = ()
    method: str = ""
    seed: int = 0
    size: float | None = 0.0  # bytes that it leaves; None: not known
    working: float = 0.0  # bytes of checkpoints, while it runs

    @property
    def seconds(self) -> Range | None:
        """Seconds of a core, or of a GPU; None where there is nothing to go by."""
        total = NOTHING
        for work in self.work:
            seconds = work.seconds
            if seconds is None:
                return None
            total = total.plus(seconds)
        return total


class Jobs:
    """Every job before the tables, with what records say of its like."""

    def __init__(self, plan: Plan, runs: Sequence[Run], device: str) -> None:
        self.plan, self.experiment = plan, plan.experiment
        self.runs, self.device = runs, device
        self.reference = Reference(plan.experiment.config["reference"])
        self.pictures = cache(lambda imageset: pictures(plan, imageset))
        self.searching = cache(self._searching)
        self.training = cache(self._training)

    def all(self) -> list[Part]:
        """Return the jobs, in the order of the verbs: none of what an archive holds already."""
        unique: dict[Path, Part] = {}
        if self.experiment.config["source"] == "archive":
            return []
        for imageset in self.experiment.imagesets:
            for folder, part in self._of(imageset):
                unique.setdefault(folder, part)
        order = [*RESULTS, "score"]
        return sorted(unique.values(), key=lambda part: order.index(part.verb))

    def _of(self, imageset: str) -> Iterator[tuple[Path, Part]]:
        counts = self.pictures(imageset).counts
        size = self._bytes(imageset, sum(counts.values()) if counts else None)
        first = self._job("prepare", self.plan.prepare(imageset), imageset, size=size)
        after = list(self._after(imageset))
        yield from [first] if after or self._asked(*first) else []
        yield from after

    def _after(self, imageset: str) -> Iterator[tuple[Path, Part]]:
        """Yield the jobs of an image set once it is prepared."""
        plan, experiment = self.plan, self.experiment
        rows = [(m, seed) for m in experiment.methods_of(imageset) for seed in experiment.seeds]
        scored = ["samples"] if any(self._scored(imageset, *row) for row in rows) else []
        for unit, tasks in experiment.units_of(imageset).items():
            images = self._bytes(imageset, self.tested(imageset), len(tasks))
            seen, inverses = (None if images is None else n * images for n in (FLOAT, 2))
            observed = self._job("degrade", plan.degrade(imageset, unit), imageset, size=seen)
            if self._asked(*observed):
                yield observed
                yield self._job("control", plan.control(imageset, unit), imageset, size=inverses)
                scored += [unit, f"split-{unit}"]
        for name in scored:
            path = Path("results") / experiment.name / "score" / imageset / f"{name}.csv"
            yield path, Part("score", imageset, path.exists())
        for row in rows:
            yield from self._of_method(imageset, *row)
        if method := experiment.config["energy"].get(imageset):
            work = self.searching(imageset, method, None).times(TARGETS * ENERGY_IMAGES)
            seed = experiment.seeds[0]
            job = self._job("energy", plan.energy(imageset), imageset, [work], method, seed)
            if self._asked(*job):
                yield from self._grounds(imageset, method, seed)
                yield job

    def _asked(self, folder: Path, part: Part) -> bool:
        """Whether the workflow has a job: with `gaps: true` only where it has left something."""
        gaps = self.experiment.config["gaps"]
        return not gaps or any((folder / name).exists() for name in RESULTS[part.verb])

    def _scored(self, imageset: str, method: str, seed: int) -> bool:
        """Whether there is, or will be, what a row can represent."""
        row = imageset, method, seed
        if not self.experiment.does(method, "represent"):
            return False
        job = self._job("represent", self.plan.represent(*row), imageset)
        return self._asked(*job) or self.reference.lends(self.plan, *row)

    def _of_method(self, imageset: str, method: str, seed: int) -> Iterator[tuple[Path, Part]]:
        """Yield the jobs of a row that the workflow has: none of a row that is lent."""
        row = imageset, method, seed
        if self.reference.lends(self.plan, *row):
            return
        searches = [job for job in self._searches(*row) if self._asked(*job)]
        home = self.experiment.home(imageset)
        if searches or any(self._asked(*job) for job in self._trained(home, method, seed)):
            yield from self._grounds(*row)
        yield from searches

    def _searches(self, imageset: str, method: str, seed: int) -> Iterator[tuple[Path, Part]]:
        """Yield the jobs that a row's model is used in."""
        plan, experiment = self.plan, self.experiment
        row = imageset, method, seed
        about = experiment.methods[method].about
        tested, clean = self.tested(imageset), self.searching(imageset, method, None)
        learns = about.learns and not experiment.test_only(imageset)
        searches = experiment.does(method, "represent")
        if learns and searches:
            known = keeps_codes(about) or "encode" in listing.abilities(about)
            work = [clean.times(0 if known else SHOWN["reconstructions"])]
            size = self._bytes(imageset, experiment.config["samples"])
            yield self._job("sample", plan.sample(*row), imageset, work, method, seed, size)
        if searches:
            again = PLATEAU * VALIDATION * (learns and not clean.kind.closed)
            work = [clean.times(None if tested is None else tested + again)]
            size = self._bytes(imageset, tested)
            yield self._job("represent", plan.represent(*row), imageset, work, method, seed, size)
        for unit, asked in experiment.units_of(imageset).items():
            if not (tasks := experiment.done_by(method, asked)):
                continue
            work = [self.searching(imageset, method, task).times(tested) for task in tasks]
            kept = None if tested is None else tested + (0 if clean.kind.closed else TRACE)
            size = self._bytes(imageset, kept, len(tasks))
            job = plan.restore(imageset, unit, method, seed)
            yield self._job("restore", job, imageset, work, method, seed, size)

    def _grounds(self, imageset: str, method: str, seed: int) -> Iterator[tuple[Path, Part]]:
        """Yield what a search rests on: the choice of options, what that needs, the training."""
        plan, home = self.plan, self.experiment.home(imageset)
        for job in plan.tuned(home, method, "restore"):
            first = self.experiment.seeds[0]
            if "train" not in self.experiment.space(method):
                yield from self._trained(home, method, first)
            yield self._job("tune", job, home, self._trials(home, method), method, first)
        yield from self._trained(home, method, seed)

    def _trained(self, home: str, method: str, seed: int) -> Iterator[tuple[Path, Part]]:
        for job in self.plan.models(home, method, seed):
            size, working = self._model(home, method)
            work = [self.training(home, method)]
            folder, train = self._job("train", job, home, work, method, seed, size)
            yield folder, replace(train, working=working)

    def _job(
        self,
        verb: str,
        job: Job,
        imageset: str,
        work: Sequence[Work] = (),
        method: str = "",
        seed: int = 0,
        size: float | None = 0.0,
    ) -> tuple[Path, Part]:
        done = all((job.folder / name).exists() for name in RESULTS[verb])
        return job.folder, Part(verb, imageset, done, tuple(work), method, seed, size)

    def _trials(self, imageset: str, method: str) -> list[Work]:
        """Return the work of choosing options, each trial taken for as long as the row is."""
        settings = self.experiment.tuning
        tasks = self.experiment.done_by(method, self.experiment.tasks_of(imageset))
        work = [self.searching(imageset, method, t).times(settings["images"]) for t in tasks]
        if "train" in self.experiment.space(method):
            work.append(self.training(imageset, method))
        return [one.times(settings["trials"]) for one in work]

    def _bytes(self, imageset: str, images: float | None, times: int = 1) -> float | None:
        """Return the size of images in 8 bits; None where number or size is not known."""
        pixels = self.pictures(imageset).pixels
        return None if images is None or pixels is None else 3 * pixels * images * times

    def tested(self, imageset: str) -> int | None:
        """Return how many test images are restored; None where that is not known."""
        there, asked = self.pictures(imageset).counts.get("test"), self.plan.tested(imageset)
        if there is None or asked is None:
            return there if asked is None else asked
        return min(asked, there)

    def _searching(self, imageset: str, method: str, task: str | None) -> Work:
        """Return the search for one image; a clean one without a task."""
        experiment = self.experiment
        trained = experiment.method_config(method, "train", experiment.home(imageset))
        told = experiment.method_config(method, "restore", imageset, task)
        about, pixels = experiment.methods[method].about, self.pictures(imageset).pixels
        kind = searching(about, told, trained, self.device, pixels or 1.0)
        amount = None if pixels is None else gradients(kind.options) or 1
        return Work(kind, tuple(nearest(self.runs, kind)), amount)

    def _training(self, imageset: str, method: str) -> Work:
        """Return the training of a row."""
        about, known = self.experiment.methods[method].about, self.pictures(imageset)
        told = self.experiment.method_config(method, "train", imageset)
        kind = training(about, told, self.device, known.pixels or 1.0)
        amount = known.counts.get("train") if kind.closed else updates(about, kind.options)
        runs = tuple(nearest(self.runs, kind))
        return Work(kind, runs, None if known.pixels is None else amount)

    def _model(self, imageset: str, method: str) -> tuple[float | None, float]:
        """Return bytes of a model, of an earlier state and of codes; and of its checkpoints."""
        train, search = self.training(imageset, method), self.searching(imageset, method, None)
        if not train.runs:
            return None, 0.0
        like = train.runs[0]
        same = train.kind.pixels / like.kind.pixels  # closed forms hold images
        scale = same if train.kind.closed else (train.kind.width / like.kind.width) ** 2
        model = FLOAT * like.parameters * scale
        images = self.pictures(imageset).counts.get("train", 0)
        coded = keeps_codes(self.experiment.methods[method].about) and search.runs
        codes = FLOAT * images * search.runs[0].searched if coded else 0.0
        # two checkpoints, each with the moments of an optimiser; and the table of codes
        return 2 * model + codes, 2 * 3 * model + codes


def keeps_codes(about: Description) -> bool:
    """Whether a training leaves a row of numbers per image."""
    return "loop.codes(" in about.path.read_text(encoding="utf-8")
