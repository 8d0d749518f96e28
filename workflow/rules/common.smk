import hashlib
import json
import os
import shlex
import sys
from functools import cache
from pathlib import Path

from snakemake.exceptions import WorkflowError

ROOT = Path(workflow.basedir)
sys.path.insert(0, str(ROOT))
# the jobs run with the Python that runs Snakemake, and find the project and plugins wherever
SEARCHED = [str(ROOT), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
PREFIX = (
    f"set -euo pipefail; export PATH={shlex.quote(str(Path(sys.executable).parent))}:$PATH"
    f" PYTHONPATH={shlex.quote(os.pathsep.join(dict.fromkeys(SEARCHED)))}; "
)
shell.prefix(PREFIX)

from priorbench import archive, locks, raw, warm, weights
from priorbench.config import Experiment
from priorbench.errors import UserError
from priorbench.files import read_yaml
from priorbench.paths import STORE
from priorbench.plan import Plan
from priorbench.reference import Reference
from priorbench.sources import source_hash
from workflow.failures import last_words
from workflow.figures import FIGURES as DRAWN
from workflow.figures import ACROSS, FROM_MODELS, LEAST_SETS
from workflow.papers import PAPERS


def stop(mistake):
    """End with one line, without the place in this file where it came up."""
    print(mistake, file=sys.stderr)
    sys.exit(1)


try:
    FILE = ", ".join(map(str, workflow.configfiles)) or "config"
    for path in workflow.configfiles:  # of a key that occurs twice Snakemake keeps the last
        read_yaml(Path(os.path.relpath(path)))
    EXPERIMENT = Experiment.check(config, os.path.relpath(FILE) if FILE != "config" else FILE)
    raw.lies_in(EXPERIMENT.config["images_dir"])
    ARCHIVE = None
    if EXPERIMENT.config["source"] == "archive":
        ARCHIVE = archive.opened(EXPERIMENT, FILE)
        if others := archive.differences(EXPERIMENT, ARCHIVE.experiment):
            print(f"{FILE}: drawn as archived, with another {', '.join(others)}", file=sys.stderr)
        EXPERIMENT = ARCHIVE.experiment
    PLAN = Plan(EXPERIMENT)
    REFERENCE = Reference("" if ARCHIVE else EXPERIMENT.config["reference"])
except UserError as mistake:
    stop(mistake)

if raw.VARIABLE in os.environ:  # also where jobs run on other machines
    shell.prefix(f"{PREFIX}export {raw.VARIABLE}={shlex.quote(os.environ[raw.VARIABLE])}; ")

OUT = f"results/{EXPERIMENT.name}{'_archive' * bool(ARCHIVE)}"
DEVICE = PLAN.device
THREADS = EXPERIMENT.config["torch_threads"]
GPU = int(DEVICE == "cuda")
LIGHT = "python -m priorbench.launch cpu 1"
HEAVY = f"python -m priorbench.launch {DEVICE} {THREADS}"


METRICS = {
    name: {"plugin": entry.plugin, "config": entry.options}
    for name, entry in EXPERIMENT.metrics.items()
}
# scores are made again when weights that were missing have come
WEIGHTS = {
    name: weights.state(name) for entry in EXPERIMENT.metrics.values() for name in entry.weights
}


def code(script, *plugins):
    """Return a hash of a step's source and its plugins': an edit runs the step again."""
    steps = ROOT / "workflow" / "scripts"
    roots = [(steps / f"{script}.py", ("main",)), *((path, None) for path in plugins)]
    return source_hash(roots)


SCORING = json.dumps(
    {
        "metrics": METRICS,
        "weights": WEIGHTS,
        "samples": EXPERIMENT.config["samples"],
        "rebuilt": EXPERIMENT.config["rebuilt"],
        "count": EXPERIMENT.config["test_images"],
        "code": code("score", *(entry.about.path for entry in EXPERIMENT.metrics.values())),
    }
)

SPLITTING = json.dumps(
    {"code": code("split", *(entry.about.path for entry in EXPERIMENT.tasks.values()))}
)

# names for the eye: a new one is printed and trains nothing
LABELS = [
    (entry.about.label, entry.about.constants.get("SHORT"))
    for rows in (EXPERIMENT.imagesets, EXPERIMENT.tasks, EXPERIMENT.methods)
    for entry in rows.values()
]
# drawn for some image sets only
LEARNED = [imageset for imageset in EXPERIMENT.imagesets if not EXPERIMENT.test_only(imageset)]
ASKED = {
    "energy": list(EXPERIMENT.config["energy"]),
    "contrasts": list(EXPERIMENT.imagesets if EXPERIMENT.config["contrasts"] else ()),
    **dict.fromkeys(FROM_MODELS, LEARNED),
}
FIGURES = {name: ASKED.get(name, list(EXPERIMENT.imagesets)) for name in DRAWN}
OVERALL = ACROSS if len(EXPERIMENT.imagesets) >= LEAST_SETS else ()
PER_IMAGE = [n for n, e in EXPERIMENT.metrics.items() if e.about.constants["PER"] == "image"]
TABLES = [
    table
    for imageset in EXPERIMENT.imagesets
    for table in (
        *(f"quality-{imageset}-{metric}" for metric in PER_IMAGE),
        *(f"comparisons-{imageset}-{metric}" for metric in PER_IMAGE),
        *(
            f"contrasts-{i}-{metric}"
            for i in ASKED["contrasts"]
            if i == imageset
            for metric in PER_IMAGE
        ),
        *(f"samples-{i}" for i in LEARNED if i == imageset),
        f"error_split-{imageset}",
        f"cost-{imageset}",
    )
] + ["ranks", "claims"]
# what is published and claimed, by content: an edit that is taken back makes nothing anew
CLAIMS = hashlib.sha256(
    b"".join(p.read_bytes() for p in sorted((ROOT / "published").glob("*.csv")))
    + (ROOT / "published" / "claims.yaml").read_bytes()
).hexdigest()
EXPECTATIONS = hashlib.sha256((ROOT / "published" / "expectations.yaml").read_bytes()).hexdigest()


wildcard_constraints:
    imageset="|".join(EXPERIMENT.imagesets),
    method="|".join(EXPERIMENT.methods),
    unit="all|" + "|".join(EXPERIMENT.tasks),
    seed="[0-9]+",
    key="[0-9a-f]{10}",


onstart:
    # jobs parse this file too, but only the run itself comes here; the lock ends with its holder
    global RUNNING
    try:
        if not ARCHIVE:
            PLAN.check_folders()
    except UserError as mistake:
        stop(mistake)
    # one lock for all experiments: two runs would delete from the store what the other made
    RUNNING = locks.try_lock(STORE / ".lock")
    if RUNNING is None:
        holder = (STORE / ".lock").read_text()
        stop(f"{STORE}: another run is alive: {holder}")
    path = os.pathsep.join(dict.fromkeys(SEARCHED))
    launcher = [sys.executable, *LIGHT.split()[1:]]
    warm.start(launcher, os.environ | {"PYTHONPATH": path})
    for name in () if ARCHIVE else WEIGHTS:
        if lacking := weights.lacking(name):
            print(lacking, file=sys.stderr)


onsuccess:
    # until here a killed run could have taken a result for unfinished and deleted it
    locks.forget(STORE / "state", STORE.parent)


onerror:
    for path in log:
        for line in last_words(Path(path)):
            print(line, file=sys.stderr)
