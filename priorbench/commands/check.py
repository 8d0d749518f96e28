"""`priorbench check NAME_OR_PATH`: does a plugin keep the contract?"""

import json

import click

from priorbench import listing, registry
from priorbench.errors import UserError, nearest

# the function that tells a kind of plugin, where nothing else does
TELLING = {"restore": "methods", "degrade": "tasks", "score": "metrics", "build": "imagesets"}


@click.command(
    "check",
    epilog="Examples: `priorbench check glo`; `priorbench check methods/mine.py`; "
    "`priorbench check mypackage.mymethod --json`",
)
@click.argument("plugin", metavar="NAME_OR_PATH")
@click.option("--json", "as_json", is_flag=True, help="For a script: kind, plugin, items.")
def command(plugin: str, as_json: bool) -> None:
    """Check a plugin rule by rule, in plain words.

    NAME_OR_PATH is a plugin's name, a path (*.py) or a module (a.b): a method, task, metric or
    image set. A rule passes, fails (what was seen, how to mend it) or does not apply (why). Exit
    status: 0 where none fails, else 1.
    """
    nouns = kinds(plugin)
    from priorbench import conformance  # imports torch, which --help does without

    broken = False
    for noun in nouns:
        items = conformance.found(noun, *registry.meant(noun, plugin))
        failed = sum(item.verdict == conformance.FAILS for item in items)
        broken |= failed > 0
        if as_json:
            facts = {"kind": noun[:-1], "plugin": plugin, "ok": not failed}
            print(json.dumps({**facts, "items": [item.facts() for item in items]}))
            continue
        print(f"{noun[:-1]} {plugin}")
        print("\n".join(map(str, items)))
        apart = sum(item.verdict == conformance.DOES_NOT_APPLY for item in items)
        told = f"{failed} of {len(items)} rules fail" if failed else "no rule fails"
        print(f"{plugin}: {told}{f', {apart} did not apply' * (apart > 0)}")
    if broken:
        raise click.exceptions.Exit(1)


def kinds(plugin: str) -> list[str]:
    """Return the kinds of plugin that go by a name; UserError where there is none."""
    if plugin.endswith(".py") or "." in plugin:
        return [_kind(registry.describe("methods", plugin))]
    named = [
        noun
        for noun in registry.NOUNS
        if plugin in {*registry.available(noun), *registry.ALIASES.get(noun, ())}
    ]
    if not named:
        known = [name for noun in registry.NOUNS for name in registry.available(noun)]
        raise UserError(f"unknown plugin `{plugin}`: {nearest(plugin, known)}; or a path: x.py")
    return named


def _kind(about: registry.Description) -> str:
    """Return the kind of a file, whose helpers may be called what another kind's functions are."""
    if "restore" in about.functions:
        return "methods"
    if about.path.parent.name in registry.NOUNS:
        return about.path.parent.name
    for noun, (functions, constants) in listing.NEEDED.items():
        if {*functions} <= about.functions and {*constants} <= about.constants.keys():
            return noun
    for name, noun in TELLING.items():
        if name in about.functions:
            return noun
    told = ", ".join(f"`{name}` ({noun[:-1]})" for name, noun in TELLING.items())
    raise UserError(f"{about.plugin}: a plugin has one of the functions {told}")
