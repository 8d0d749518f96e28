"""`priorbench archive`: put a finished experiment into one file, or check one."""

from pathlib import Path

import click

from priorbench import archive
from priorbench.config import Experiment

FILE = click.Path(path_type=Path)


@click.command(
    "archive",
    epilog="Examples: `priorbench archive --configfile config/demo.yaml --out demo.zip`; "
    "`priorbench archive --verify demo.zip`. From an archive tables and figures are drawn again "
    "without training: "
    "`snakemake --configfile FILE --config source=archive archive=FILE`",
)
@click.option("--configfile", type=FILE, help="The config of the experiment.")
@click.option("--out", type=FILE, help="FILE.zip or a new folder; else results/NAME/archive.zip.")
@click.option("--verify", type=FILE, help="Check every checksum of an archive instead.")
def command(configfile: Path | None, out: Path | None, verify: Path | None) -> None:
    """Put the results of an experiment into one file, without models and with few images."""
    if (configfile is None) == (verify is None):
        raise click.UsageError("name a config after --configfile, or an archive after --verify")
    if verify is not None and out is not None:
        raise click.UsageError("--out goes with --configfile: --verify writes nothing")
    if verify is not None:
        manifest = archive.verify(verify)
        count = len(manifest["members"])
        print(f"{verify}: experiment {manifest['experiment']}, {count} members, all intact")
    elif configfile is not None:
        experiment = Experiment.read(configfile)
        place = out or archive.RESULTS / experiment.name / "archive.zip"
        print(f"{place}: {archive.make(experiment, place, archive.RESULTS)} members")
