"""A finished experiment made by hand, for what comes after the runs: real pixels, drawn scores."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from skimage import data

from priorbench.config import Experiment
from priorbench.files import read_json, write_arrays, write_json, write_rows
from priorbench.results import CURVE_COLUMNS, ERROR_PARTS, SCORE_COLUMNS, Results

Pixels = NDArray[np.uint8]
SIDE, TEST, SHOWN, FLOOR = 32, 12, 8, "training images"
# row: plugin, PSNR of a middling method, name of the naive inverse, whether data is put back
TASKS = {
    "hole": ("hole", 28.0, "mean fill", True),
    "random": ("random_pixels", 31.0, "mean fill", True),
    "sr4": ("super_resolution", 24.0, "bicubic", False),
    "color": ("colorization", 20.0, "grey", True),
    "denoise": ("denoising", 26.0, "as seen", False),
}
GAINS = {"lcm": 0.8, "glo": 0.2, "dip": 2.0, "wgan_gp": -6.0, "ae": -0.2, "vae": 0.1}
GAINS |= {"incremental_glo": 0.3, "pca": -2.0, "nearest": -5.0}
TARGETS = {"image": 40, "image plus noise": 120, "shuffled image": 600, "noise": 1500}
CUT = "wgan_gp"  # stopped by its budget
CONTRASTS = {"an encoder": ["ae", "glo"], "noise": ["vae", "ae"], "a critic": ["wgan_gp", "ae"]}
ENCODERS = ("ae", "vae", "incremental_glo")
CLOSED = ("pca", "nearest")  # restore without a search


def experiment(**changes: Any) -> Experiment:
    """Return an experiment of all methods on one image set."""
    config = {
        "experiment": "toy",
        "imagesets": {"photos": {}},
        "tasks": {row: {"plugin": plugin} for row, (plugin, *_) in TASKS.items()},
        "methods": {row: {} for row in GAINS},
        "metrics": {m: {} for m in ("psnr", "lpips", "class_accuracy", "fid", "kid")},
        "seeds": [0, 1],
        "energy": {"photos": "dip"},
        **changes,
    }
    known = {name: pair for name, pair in CONTRASTS.items() if {*pair} <= {*config["methods"]}}
    return Experiment.check({"contrasts": known, **config}, "toy.yaml")


def patches(count: int, seed: int = 0) -> Pixels:
    """Cut patches out of real photographs: (count, 3, 32, 32)."""
    generator = np.random.default_rng(seed)
    photos = [data.astronaut()[::3, ::3], data.chelsea()[::2, ::2], data.coffee()[::3, ::3]]
    cut = []
    for number in range(count):
        photo = photos[number % len(photos)]
        top, left = (generator.integers(0, side - SIDE) for side in photo.shape[:2])
        cut.append(photo[top : top + SIDE, left : left + SIDE].transpose(2, 0, 1))
    return np.stack(cut)


def worse(images: Pixels, blur: float, seed: int = 0) -> Pixels:
    """Blur and disturb images a little, as a restoration would."""
    noise = np.random.default_rng(seed).normal(0, 8, images.shape)
    soft = gaussian_filter(images.astype(float), (0, 0, blur, blur))
    disturbed: Pixels = np.clip(soft + noise, 0, 255).astype(np.uint8)
    return disturbed


@dataclass
class Fabricated:
    """The files of a finished experiment under `root`, in the path grammar."""

    root: Path
    experiment: Experiment
    imageset: str = "photos"
    images: Pixels = field(default_factory=lambda: patches(TEST))

    def __post_init__(self) -> None:
        self.store = self.root / "results" / "store"
        self.scores = self.root / "results" / self.experiment.name / "score" / self.imageset
        self._prepare()
        for place, method in enumerate(self.experiment.methods):
            for seed in self.experiment.seeds:
                self._method(method, seed, place)
        for task in [*self.experiment.tasks_of(self.imageset), "represent"]:
            write_rows(self.scores / f"{task}.csv", SCORE_COLUMNS, self._scores(task))
            if task != "represent":
                write_rows(self.scores / f"split-{task}.csv", SCORE_COLUMNS, self._errors(task))
        write_rows(self.scores / "samples.csv", SCORE_COLUMNS, self._set_scores())

    @property
    def paths(self) -> list[Path]:
        """All files."""
        found = [*self.store.rglob("*"), *self.scores.rglob("*")]
        return sorted(path for path in found if path.is_file())

    @property
    def results(self) -> Results:
        """What a step after the runs reads."""
        return Results(self.paths, self.experiment)

    @property
    def options(self) -> list[str]:
        """The command line of such a step."""
        told = ["--experiment", self.experiment.to_json()]
        return [*told, "--inputs", *map(str, self.paths)]

    def runs(self, verb: str, method: str, task: str = "*") -> list[Path]:
        """Folders of the runs of a method."""
        unit = [task] if verb == "restore" else []
        pattern = "/".join([verb, self.imageset, *unit, method, "*"])
        return sorted(self.store.glob(pattern))

    def amend(self, verb: str, method: str, task: str = "*", **facts: Any) -> None:
        """Change facts in the records of a method's runs."""
        for folder in self.runs(verb, method, task):
            write_json(folder / "run.json", read_json(folder / "run.json") | facts)

    def edit_scores(self, name: str, old: str, new: str) -> None:
        """Replace text in a score file."""
        path = self.scores / f"{name}.csv"
        path.write_text(path.read_text().replace(old, new))

    def drop_scores(self, name: str, word: str) -> None:
        """Leave out the lines of a score file in which `word` stands."""
        path = self.scores / f"{name}.csv"
        lines = path.read_text().splitlines()
        path.write_text("\n".join(line for line in lines if word not in line) + "\n")

    def _prepare(self) -> None:
        folder = self.store / "prepare" / self.imageset / "k0"
        folder.mkdir(parents=True)
        np.save(folder / "test.npy", self.images)
        card = {
            "name": self.imageset,
            "shape": [3, SIDE, SIDE],
            "counts": {"train": 600, "test": TEST},
            "clusters": {"test": [f"photo{n % 4}" for n in range(TEST)]},
            "licence": "public domain",
        }
        write_json(folder / "card.json", card)
        degraded = self._degraded()
        arrays = {f"{task}/degraded": pixels for task, pixels in degraded.items()}
        arrays |= {f"{task}/{TASKS[task][2]}": worse(degraded[task], 1) for task in TASKS}
        folder = self.store / "control" / self.imageset / "all" / "k1"
        write_arrays(folder / "controls.safetensors", arrays)

    def _degraded(self) -> dict[str, Pixels]:
        holed = self.images.copy()
        holed[:, :, 10:22, 10:22] = 128
        mask = np.random.default_rng(1).random((TEST, 1, SIDE, SIDE)) < 0.5
        return {
            "hole": holed,
            "random": np.where(mask, self.images, 0).astype(np.uint8),
            "sr4": self.images[:, :, ::4, ::4].repeat(4, 2).repeat(4, 3),
            "color": self.images.mean(1, keepdims=True).astype(np.uint8).repeat(3, 1),
            "denoise": worse(self.images, 0),
        }

    def _method(self, method: str, seed: int, place: int) -> None:
        blur = 2 - GAINS.get(method, 0) / 4
        if method != "dip":
            self._train(method, seed, place)
            self._sample(method, seed, blur)
        status = "budget-limited" if method == CUT else "plateau"
        folder = self._folder("represent", method, seed)
        self._record(folder, seconds=4.0, images=TEST, status=status)
        encoded = worse(self.images[:SHOWN], blur, seed + 1)
        found = {"encoded": encoded} if method in ENCODERS else {}
        write_arrays(folder / "represented.safetensors", found)
        for task in self.experiment.tasks_of(self.imageset):
            folder = self._folder("restore", f"{task}/{method}", seed)
            seconds = {task: 60.0 if method == "dip" else 2.0 + place}
            write_arrays(folder / "restored.safetensors", {task: worse(self.images, blur, seed)})
            trace = {} if method in CLOSED else {step: 3 / step**0.5 for step in (1, 10, 100)}
            write_arrays(
                folder / "trace.safetensors",
                {f"{task}/{s}": worse(self.images[:8], blur + b, seed) for s, b in trace.items()},
            )
            told = {} if method in CLOSED else {"steps": 300}
            facts = {"task_seconds": seconds, "parameters": 30_000, "effective": {task: told}}
            self._record(folder, images=TEST, **facts)
            rows = [(task, "restore", 300, "loss", i, 1e-3 * (place + i)) for i in range(TEST)]
            write_rows(folder / "curve.csv", CURVE_COLUMNS, rows)
        if method in self.experiment.config["energy"].values() and not seed:
            self._energy(self._folder("energy", method, seed))

    def _train(self, method: str, seed: int, place: int) -> None:
        folder = self._folder("train", method, seed)
        note = "features: pixel PCA" if method == "incremental_glo" else ""
        counts = {"parameters": 10_000 * (place + 1), "steps": 1000, "images_seen": 64_000}
        self._record(folder, seconds=30.0 + 7 * place, images=600, note=note, **counts)
        stages = ["first", "second"] if method == "incremental_glo" else ["train"]
        rows = [
            (
                "",
                stage,
                step,
                "loss",
                -1,
                0.2 / (1 + step / 60) + 0.002 * float(np.cos(step + place)),
            )
            for stage in stages
            for step in range(5, 1001, 5)
        ]
        write_rows(folder / "curve.csv", CURVE_COLUMNS, rows)

    def _sample(self, method: str, seed: int, blur: float) -> None:
        folder = self._folder("sample", method, seed)
        ends = self.images[:4].astype(float)
        share = np.linspace(0, 1, 9)[:, None, None, None]
        lines = [(1 - share) * ends[2 * k] + share * ends[2 * k + 1] for k in (0, 1)]
        arrays = {
            "reconstructions": worse(self.images[:SHOWN], blur / 2, seed),
            "training": self.images[:SHOWN],
        }
        if method in ENCODERS:
            arrays["encoded"] = worse(self.images[:SHOWN], blur, seed)
        if method != "nearest":
            arrays["samples"] = worse(patches(16, seed + 1), blur, seed)
            arrays["interpolations"] = np.stack(lines).astype(np.uint8)
        write_arrays(folder / "samples.safetensors", arrays)
        codes = "codes drawn at random" if method == CUT else "codes of training images"
        self._record(folder, samples="Gaussian fit to the codes", interpolations=codes)

    def _energy(self, folder: Path) -> None:
        rows = [
            (target, "restore", step, "loss", image, 0.06 / (1 + step / (pace * (1 + image / 10))))
            for target, pace in TARGETS.items()
            for image in range(4)
            for step in range(5, 1001, 5)
        ]
        write_rows(folder / "curve.csv", CURVE_COLUMNS, rows)

    def _folder(self, verb: str, method: str, seed: int) -> Path:
        unit, _, row = method.rpartition("/")
        return self.store / verb / self.imageset / unit / row / f"{seed}-0123456789"

    def _record(self, folder: Path, **facts: Any) -> None:
        known = {
            "status": "finished",
            "seconds": 5.0,
            "peak_memory_mb": 500,
            "device": "cpu",
            "threads": 1,
            "hardware": "a processor, 2 cores",
            "git": {"commit": "0123456789abcdef", "dirty": False},
            "versions": {"torch": "2.15.0"},
            "started": "2026-11-21T12:00:00+0000",
        }
        write_json(folder / "run.json", known | facts)

    def _scores(self, task: str) -> list[tuple[Any, ...]]:
        """Images share how hard they are; a method adds its gain and a little chance."""
        generator = np.random.default_rng([*task.encode()])
        _, level, naive, pasted = TASKS.get(task, ("", 33.0, "", False))
        controls = {"degraded": -8.0, naive: -1.5} if naive else {}
        gains = {method: GAINS.get(method, 0.0) for method in self.experiment.methods} | controls
        hardness = generator.normal(0, 1.5, TEST)
        rows = []
        for method, gain in gains.items():
            for seed in [-1] if method in controls else self.experiment.seeds:
                decibels = level + gain + hardness + generator.normal(0, 0.4, TEST)
                for region in ("raw", "pasted") if pasted else ("raw",):
                    place = (self.imageset, task, method, seed)
                    for image, value in enumerate((decibels + (region == "pasted")).tolist()):
                        told = f"{task}/1: as drawn; sigma 0"
                        psnr = ("psnr", region, image, value, f"psnr/1; {told}")
                        distance = 4 * 10 ** (-value / 20)
                        lpips = ("lpips", region, image, distance, f"lpips/1; {told}")
                        rows += [(*place, *psnr), (*place, *lpips)]
        return rows

    def _errors(self, task: str) -> list[tuple[Any, ...]]:
        shares = ((1.0, 0.0, 0.0), (0.25, 0.5, 0.25), (0.1, 0.1, 0.8))
        return [
            (self.imageset, task, method, seed, metric, "raw", image, error * share, "split/1")
            for place, method in enumerate(self.experiment.methods)
            for seed in self.experiment.seeds
            for metric, share in zip(ERROR_PARTS.values(), shares[place % 3], strict=True)
            for image, error in enumerate(1e-3 * (1 + place + np.arange(TEST) / TEST))
        ]

    def _set_scores(self) -> list[tuple[Any, ...]]:
        rows = []
        for metric, label, scale in (("fid", "FID@768", 100.0), ("kid", "KID@768 x 1000", 50.0)):
            told = f"{label}: {metric}/1; 256 against 256 test images"
            drawn = [m for m in self.experiment.methods if m not in ("dip", "nearest")]
            for place, method in enumerate([FLOOR, *drawn]):
                for seed in [-1] if method == FLOOR else self.experiment.seeds:
                    head = (self.imageset, "sample", method, seed, metric, "raw", -1)
                    rows.append((*head, scale * (0.3 + place / 5 + max(seed, 0) / 20), told))
        return rows
