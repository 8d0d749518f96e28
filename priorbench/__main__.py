"""PriorBench's own command line: `priorbench COMMAND`, each a file in priorbench/commands/.

Exit status: 0 all is well; 1 something has to be changed or failed, and one line says what;
2 the command itself was not understood; 130 stopped by the user.
"""

import importlib
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from priorbench import commands
from priorbench.errors import Explained, UserError, nearest
from priorbench.paths import STORE

FOLDER = Path(commands.__path__[0])
TRACE = STORE / "state" / "traceback.txt"


class Commands(click.Group):
    """Every file in priorbench/commands/, imported where it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return sorted(p.stem for p in FOLDER.glob("*.py") if not p.stem.startswith("_"))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:
        """Return a command; click.UsageError names the nearest of an unknown one."""
        if cmd_name not in self.list_commands(ctx):
            hint = nearest(cmd_name, self.list_commands(ctx))
            raise click.UsageError(f"unknown command `{cmd_name}`: {hint}")
        found = importlib.import_module(f"priorbench.commands.{cmd_name}").command
        assert isinstance(found, click.Command)
        return found


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="priorbench")
def cli() -> None:
    """Reproducible comparisons of image priors.

    Exit status: 0 all is well; 1 something has to be changed or failed, and one line says what;
    2 the command was not understood; 130 stopped.
    """


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    try:
        with Explained("priorbench", trace=TRACE):
            return _run(arguments)
    except SystemExit as ended:
        return int(ended.code or 0)


def _run(arguments: Sequence[str] | None) -> int:
    try:
        ended = cli.main(arguments, prog_name="priorbench", standalone_mode=False)
    except click.ClickException as error:
        place = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else ""
        asked = f"; see `{place} --help`" if place else ""
        print(f"{error.format_message().rstrip('.')}{asked}", file=sys.stderr)
        return error.exit_code
    except UserError as error:
        print(error, file=sys.stderr)
        return 1
    except (KeyboardInterrupt, click.Abort):
        print("stopped; the same command goes on from there", file=sys.stderr)
        return 130
    return int(ended or 0)  # what click.exceptions.Exit carries


if __name__ == "__main__":
    sys.exit(main())
