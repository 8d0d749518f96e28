"""`priorbench archive CONFIG`: put a finished experiment into one file, or check one."""

from pathlib import Path

import click

from priorbench import archive
from priorbench.config import Experiment

FILE = click.Path(path_type=Path)


@click.command(
    "archive",
    epilog="From an archive tables and figures are drawn again without training: "
    "`snakemake --configfile CONFIG --config source=archive archive=FILE`",
)
@click.argument("config", required=False, type=FILE)
@click.option("--out", type=FILE, help="FILE.zip or a new folder; else results/NAME/archive.zip.")
@click.option("--verify", type=FILE, help="Check every checksum of an archive instead.")
def command(config: Path | None, out: Path | None, verify: Path | None) -> None:
    """Put the results of CONFIG into an archive, without models and with few images."""
    if (config is None) == (verify is None):
        raise click.UsageError("name a config, or an archive after --verify")
    if verify is not None:
        manifest = archive.verify(verify)
        count = len(manifest["members"])
        print(f"{verify}: experiment {manifest['experiment']}, {count} members, all intact")
    elif config is not None:
        experiment = Experiment.read(config)
        place = out or archive.RESULTS / experiment.name / "archive.zip"
        print(f"{place}: {archive.make(experiment, place, archive.RESULTS)} members")
