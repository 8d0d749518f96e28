"""Keep what a finished experiment's rows can be compared by, without training them again.

Below --out: the config, with the device that was used; every image's scores; and of every run its
record, its training curve, and its images where the image set is named by --free, for pictures of
others may not be shown to everybody.
"""

import argparse
import shutil
from collections.abc import Sequence
from pathlib import Path

import yaml

from priorbench.config import Experiment
from priorbench.errors import UserError
from priorbench.files import read_yaml, write_text
from priorbench.paths import STORE
from priorbench.plan import Plan
from priorbench.reference import CONFIG, IMAGES, RUNS, files
from workflow import finished


def main(arguments: Sequence[str] | None = None) -> None:
    """Copy config, scores and runs of the experiment of --configfile."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--configfile", required=True, type=Path, metavar="FILE")
    parser.add_argument("--out", required=True, type=Path, metavar="FOLDER")
    parser.add_argument("--free", nargs="*", default=[], metavar="IMAGESET")
    asked = parser.parse_args(arguments)
    experiment = Experiment.read(asked.configfile)
    plan = Plan(experiment)
    copies = {
        path: asked.out / path.relative_to(Path("results") / experiment.name)
        for path in Path("results", experiment.name, "score").rglob("*.csv")
    }
    for imageset in experiment.imagesets:
        for method in experiment.methods_of(imageset):
            for seed in experiment.seeds:
                for job, name in files(plan, imageset, method, seed):
                    if name not in IMAGES.values() or imageset in asked.free:
                        path = job.folder / name
                        copies[path] = asked.out / RUNS / path.relative_to(STORE)
    if absent := [path for path in copies if not path.exists()]:
        raise UserError(f"{absent[0]}: not there; is the run of {asked.configfile} finished?")
    for path, target in copies.items():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    config = read_yaml(asked.configfile) | {"device": plan.device}
    write_text(asked.out / CONFIG, yaml.safe_dump(config, sort_keys=False))


if __name__ == "__main__":
    finished.run(main)
