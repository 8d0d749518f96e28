"""`priorbench doctor`: whether this machine can run the benchmark."""

import json
from dataclasses import asdict

import click

from priorbench import doctor


@click.command("doctor", epilog="Example: `priorbench doctor`")
@click.option("--json", "as_json", is_flag=True, help="For a script: subject, state, said, mend.")
def command(as_json: bool) -> None:
    """Look at the environment, GPU, weights, disk, memory, and what lies in results/.

    Each line is ok, a note or a problem, with the command that mends it. Exit status 1 where
    there is a problem. Nothing is changed.
    """
    found = doctor.examine()
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in found], indent=1))
    else:
        for finding in found:
            mend = f"; to mend it: `{finding.mend}`" if finding.mend else ""
            click.echo(f"{finding.state:<9}{finding.subject:<15}{finding.said}{mend}")
        states = [finding.state for finding in found]
        problems, notes = states.count("problem"), states.count("note")
        can = f"{problems} to mend before a run" if problems else "it can run here"
        click.echo(f"{can}; notes, which stop nothing: {notes}")
    if any(finding.state == "problem" for finding in found):
        raise click.exceptions.Exit(1)
