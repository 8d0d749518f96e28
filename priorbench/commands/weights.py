"""`priorbench weights`: fetch the pretrained weights that metrics need, or tell what is there."""

import json
import sys
from collections.abc import Sequence

import click

from priorbench import weights
from priorbench.errors import MissingWeights, UserError, nearest


@click.group(
    "weights", epilog="Examples: `priorbench weights status`; `priorbench weights fetch vgg16`"
)
def command() -> None:
    """Pretrained weights that metrics and features need."""


@command.command("fetch", epilog="Example: `priorbench weights fetch vgg16`")
@click.argument("names", nargs=-1)
@click.option("--if-possible", is_flag=True, help="Exit with 0 also where nothing can be had.")
def fetching(names: Sequence[str], if_possible: bool) -> None:
    """Download what is missing, and check it.

    NAMES are known files; without them, those that the demo's metrics need.
    """
    for name in names:
        if name not in weights.FILES:
            raise UserError(f"unknown file `{name}`: {nearest(name, weights.FILES)}")
    failed: dict[str, MissingWeights] = {}
    for name in names or [name for name, file in weights.FILES.items() if file.usual]:
        try:
            path = weights.fetch(name)
            print(f"{path}: {weights.state(name)}")
        except MissingWeights as error:
            failed[name] = error
    if failed:
        columns = ", ".join(column for name in failed for column in weights.FILES[name].columns)
        reasons = "; ".join(str(error) for error in failed.values())
        lacking = f"no {columns} in the tables until {weights.folder()} has the weights"
        print(f"{lacking}: {reasons}; later: `{weights.command(*failed)}`", file=sys.stderr)
    if failed and not if_possible:
        raise click.exceptions.Exit(1)


@command.command("status", epilog="Example: `priorbench weights status --json`")
@click.option("--json", "as_json", is_flag=True, help="For a script: file, path, state, columns.")
def telling(as_json: bool) -> None:
    """Tell what is there, without the network."""
    found = {
        name: {"path": str(weights.folder() / file.name), "state": weights.state(name)}
        | {"for": file.columns}
        for name, file in weights.FILES.items()
    }
    if as_json:
        print(json.dumps(found, indent=1))
        return
    for about in found.values():
        print(f"{about['path']}: {about['state']} (for {', '.join(about['for'])})")
    lacking = [n for n, f in weights.FILES.items() if f.usual and weights.state(n) == "missing"]
    if lacking:  # of the others a config's own metrics ask for, and name them then
        print(f"the demo's metrics need {', '.join(lacking)}: `{weights.command(*lacking)}`")
