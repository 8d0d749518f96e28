"""Keep what a finished experiment's rows can be compared by, without training them again.

Below --out: the config, and of every run its record, its curve, and its images where the image
set is named by --free, for pictures of others may not be shown to everybody.
"""

import argparse
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from priorbench.config import Experiment
from priorbench.paths import STORE
from priorbench.plan import Job, Plan
from priorbench.reference import CONFIG, FACTS, IMAGES, RUNS


def main(arguments: Sequence[str] | None = None) -> None:
    """Copy config and runs of the experiment of --configfile."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--configfile", required=True, type=Path, metavar="FILE")
    parser.add_argument("--out", required=True, type=Path, metavar="FOLDER")
    parser.add_argument("--free", nargs="*", default=[], metavar="IMAGESET")
    asked = parser.parse_args(arguments)
    plan = Plan(Experiment.read(asked.configfile))
    asked.out.mkdir(parents=True, exist_ok=True)
    shutil.copy(asked.configfile, asked.out / CONFIG)
    for imageset, verb, job in jobs(plan):
        names = [*FACTS, *([IMAGES[verb]] if verb in IMAGES and imageset in asked.free else [])]
        for name in names:
            if (file := job.folder / name).exists():
                target = asked.out / RUNS / file.relative_to(STORE)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(file, target)


def jobs(plan: Plan) -> Iterator[tuple[str, str, Job]]:
    """Yield image set, verb and job of every run whose result is compared."""
    experiment = plan.experiment
    for imageset in experiment.imagesets:
        for method in experiment.methods_of(imageset):
            for seed in experiment.seeds:
                for job in plan.models(imageset, method, seed):
                    yield imageset, "train", job
                yield imageset, "represent", plan.represent(imageset, method, seed)
                for unit in experiment.units_of(imageset):
                    yield imageset, "restore", plan.restore(imageset, unit, method, seed)


if __name__ == "__main__":
    main()
