"""What the steps after the runs share: a command line that names results, and errors as a line."""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from pathlib import Path

from priorbench.config import Experiment
from priorbench.errors import Explained
from priorbench.paths import STORE
from priorbench.results import Results

TRACE = STORE / "state" / "traceback.txt"


def parser(description: str | None) -> ArgumentParser:
    """Return a parser for an experiment and its results; @FILE stands for the lines of a file."""
    made = ArgumentParser(description=description, fromfile_prefix_chars="@")
    made.add_argument("--experiment", required=True, metavar="JSON", help="the checked config")
    made.add_argument(
        "--inputs", required=True, nargs="*", type=Path, metavar="PATH", help="results"
    )
    return made


def results(arguments: Namespace) -> Results:
    """Return the results that a command line names."""
    return Results(arguments.inputs, Experiment.from_json(arguments.experiment))


def run(main: Callable[[], None]) -> None:
    """Run `main`; what the user has to mend is said in one line."""
    with Explained("error", trace=TRACE):
        main()
