"""Results of others that are kept with the project, so that nobody has to train them again.

`make reference` keeps, below results/reference/<experiment>/runs, what tables take of every run:
records, training curves, and the images of free image sets; not models, nor samples. They lie
under the same keys as in the store. A config with `reference: demo` takes from there each row that
the store does not have and whose key, that is code, options, device and images, is the same.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from priorbench.errors import UserError, nearest
from priorbench.paths import STORE, parse
from priorbench.plan import Job, Plan
from priorbench.registry import ROOT

FOLDER = Path(os.path.relpath(ROOT / "results" / "reference"))
CONFIG, RUNS = "config.yaml", "runs"
FACTS = {
    "train": ("run.json", "curve.csv"),
    "represent": ("run.json",),
    "restore": ("run.json",),
}
IMAGES = {"represent": "represented.safetensors", "restore": "restored.safetensors"}


class Reference:
    """A kept experiment, by name; without a name it lends nothing."""

    def __init__(self, name: str) -> None:
        known = [path.parent.name for path in FOLDER.glob(f"*/{CONFIG}")]
        if name and name not in known:
            raise UserError(f"reference `{name}`: {nearest(name, known)}")
        self.name = name
        self.folder = FOLDER / name

    def file(self, job: Job, name: str) -> Path:
        """Return where a file of a job lies, or would lie, in the reference."""
        return self.folder / RUNS / job.folder.relative_to(STORE) / name

    def lends(self, plan: Plan, imageset: str, method: str, seed: int) -> bool:
        """Whether a row's results on an image set come from here, as the store has them not."""
        if not self.name:
            return False
        kept = files(plan, imageset, method, seed)
        return not there(plan, imageset, method, seed) and all(
            self.file(job, name).exists() for job, name in kept
        )


def there(plan: Plan, imageset: str, method: str, seed: int) -> bool:
    """Whether the store has all that a row is compared by."""
    return all((job.folder / name).exists() for job, name in files(plan, imageset, method, seed))


def files(plan: Plan, imageset: str, method: str, seed: int) -> list[tuple[Job, str]]:
    """Return what a row is compared by: jobs, and the names of their files."""
    found = []
    for job in compared(plan, imageset, method, seed):
        verb = parse(job.folder / CONFIG).verb
        found += [(job, name) for name in (*FACTS[verb], *filter(None, [IMAGES.get(verb)]))]
    return found


def compared(plan: Plan, imageset: str, method: str, seed: int) -> Iterator[Job]:
    """Yield the jobs that a row is compared by: training, clean images, restorations."""
    yield from plan.models(imageset, method, seed)
    if plan.experiment.does(method, "represent"):
        yield plan.represent(imageset, method, seed)
    for unit, tasks in plan.experiment.units_of(imageset).items():
        if plan.experiment.done_by(method, tasks):
            yield plan.restore(imageset, unit, method, seed)
