"""`priorbench list`: what there is to compare."""

import json

import click

from priorbench import listing


@click.command("list", epilog="Examples: `priorbench list methods`; `priorbench list --json`")
@click.argument("noun", required=False, type=click.Choice(listing.ORDER))
@click.option("--json", "as_json", is_flag=True, help="For a script: all that is known of each.")
def command(noun: str | None, as_json: bool) -> None:
    """List methods, tasks, metrics and image sets, and what each can do.

    Nothing is imported; a plugin that cannot be used is listed as broken, with the reason.
    """
    found = {one: listing.plugins(one) for one in ([noun] if noun else listing.ORDER)}
    if as_json:
        click.echo(json.dumps(found, indent=1, ensure_ascii=False))
        return
    for place, (one, rows) in enumerate(found.items()):
        click.echo("\n" * bool(place) + one.upper().replace("IMAGESETS", "IMAGE SETS"))
        click.echo(listing.table(one, rows))
