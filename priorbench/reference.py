"""Results of others that are kept with the project, so that nobody has to train them again.

`make reference` keeps, below results/reference/<experiment>/runs, what tables take of every run:
records, curves, and the images of free image sets; not models, nor samples. They lie under the
same keys as in the store. A config with `reference: demo` takes from there each row that the
store does not have and whose key, that is code, options and images, is the same.
"""

from pathlib import Path

from priorbench.errors import UserError, nearest
from priorbench.paths import STORE
from priorbench.plan import Job, Plan

FOLDER = Path("results/reference")
CONFIG, RUNS = "config.yaml", "runs"
# of every run; images besides where they may be shown
FACTS = ("run.json", "curve.csv")
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
        needed = compared(plan, imageset, method, seed)
        here = all((job.folder / name).exists() for job, name in needed)
        return not here and all(self.file(job, name).exists() for job, name in needed)


def compared(plan: Plan, imageset: str, method: str, seed: int) -> list[tuple[Job, str]]:
    """Return the jobs that a row is compared by, each with the name of its images."""
    found = []
    if plan.experiment.does(method, "represent"):
        found.append((plan.represent(imageset, method, seed), IMAGES["represent"]))
    for unit, tasks in plan.experiment.units_of(imageset).items():
        if plan.experiment.done_by(method, tasks):
            found.append((plan.restore(imageset, unit, method, seed), IMAGES["restore"]))
    return found
