import os
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError

ROOT = Path(workflow.basedir)
sys.path.insert(0, str(ROOT))
# the jobs run with the Python that runs Snakemake, and find the project wherever they run
os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
os.environ["PYTHONPATH"] = str(ROOT)

from priorbench import locks, weights
from priorbench.config import Experiment
from priorbench.errors import UserError
from priorbench.paths import STORE
from priorbench.plan import Plan

try:
    FILE = ", ".join(map(str, workflow.configfiles)) or "config"
    EXPERIMENT = Experiment.check(config, os.path.relpath(FILE) if FILE != "config" else FILE)
    PLAN = Plan(EXPERIMENT)
except UserError as mistake:
    raise WorkflowError(str(mistake)) from None

OUT = f"results/{EXPERIMENT.name}"
DEVICE = PLAN.device
THREADS = EXPERIMENT.config["torch_threads"]
GPU = int(DEVICE == "cuda")
LIGHT = "python -m priorbench.launch cpu 1"
HEAVY = f"python -m priorbench.launch {DEVICE} {THREADS}"


wildcard_constraints:
    imageset="|".join(EXPERIMENT.imagesets),
    method="|".join(EXPERIMENT.methods),
    unit="all|" + "|".join(EXPERIMENT.tasks),
    seed="[0-9]+",
    key="[0-9a-f]{10}",


onstart:
    # jobs parse this file too, but only the run itself comes here
    RUNNING = locks.try_lock(Path(OUT, ".lock"))
    if RUNNING is None:
        holder = Path(OUT, ".lock").read_text()
        raise WorkflowError(f"{OUT}: another run of this experiment is alive: {holder}")


def spec(verb):
    """Return the params function that tells a job of `verb` what to do."""

    def tell(wildcards):
        parts = {k: v for k, v in wildcards.items() if k != "key"}
        if "seed" in parts:
            parts["seed"] = int(parts["seed"])
        job = getattr(PLAN, verb)(**parts)
        if job.key != wildcards.key:
            raise WorkflowError(f"{verb} {wildcards.key}: the config and code now lead to {job.key}")
        return job.json

    return tell


def images_of(wildcards):
    """Return the card of the image set, which stands for its folder."""
    return PLAN.prepare(wildcards.imageset).folder / "card.json"


def observations_of(wildcards):
    return PLAN.degrade(wildcards.imageset, wildcards.unit).folder / "observations.safetensors"


def controls_of(wildcards):
    return PLAN.control(wildcards.imageset, wildcards.unit).folder / "controls.safetensors"


def model_of(wildcards):
    """Return the model that a method rests on; nothing for a method that learns nothing."""
    models = PLAN.models(wildcards.imageset, wildcards.method, int(wildcards.seed))
    return [job.folder / "model.safetensors" for job in models]


def model_option(wildcards, input):
    return f"--model {input.model}" if input.model else ""


def runs(verb, name, imageset, unit=None):
    """Return the files `name` that the runs of all methods and seeds leave for `verb`."""
    units = [] if unit is None else [unit]
    paths = [
        getattr(PLAN, verb)(imageset, *units, method, seed).folder / name
        for method in EXPERIMENT.methods
        for seed in EXPERIMENT.seeds
        if verb not in ("train", "sample") or EXPERIMENT.methods[method].about.learns
    ]
    return finished(paths)


def finished(paths):
    """Return `paths`, or with `gaps: true` those that are there."""
    return [p for p in paths if Path(p).exists()] if EXPERIMENT.config["gaps"] else paths
