"""`priorbench new KIND NAME`: begin a plugin from a commented file that works, and its test."""

import keyword
from pathlib import Path

import click

from priorbench import registry
from priorbench.errors import UserError
from priorbench.files import write_text

KINDS = {"method": "methods", "task": "tasks", "metric": "metrics", "imageset": "imagesets"}
TEMPLATES = Path(__file__).parents[1] / "templates"


@click.command(
    "new", epilog="Examples: `priorbench new method mine`; `priorbench new task blur --out work`"
)
@click.argument("kind", type=click.Choice(list(KINDS)))
@click.argument("name")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=".",
    help="Folder that gets methods/NAME.py and tests/test_NAME.py; without it, this one.",
)
def command(kind: str, name: str, out: Path) -> None:
    """Write a commented file for a plugin, and its test; nothing is overwritten.

    The file works as it is: `priorbench check` finds no rule broken. NAME becomes the file's name,
    so it is a word of letters, digits and underscores.
    """
    noun = KINDS[kind]
    check(noun, name)
    plugin, test = out / noun / f"{name}.py", out / "tests" / f"test_{name}.py"
    for path in (plugin, test):
        if path.exists():
            raise UserError(f"{path}: is there already, and is left as it is; choose another name")
    written = {plugin: filled(kind, name), test: filled("test", name, kind, noun)}
    for path, text in written.items():
        write_text(path, text)
        print(path)
    print(f"check it: priorbench check {plugin}")
    print(f"in a config, under `{noun}`: {name}: {{plugin: {plugin}}}")


def check(noun: str, name: str) -> None:
    """Raise UserError unless a new plugin of a kind can have this name."""
    if not name.isidentifier() or not name.isascii() or keyword.iskeyword(name):
        raise UserError(
            f"`{name}` is no name for a file: letters, digits, underscores; say my_prior"
        )
    if name.startswith("_"):
        raise UserError(f"`{name}`: files that begin with _ are no plugins; say {name.strip('_')}")
    if name in registry.ALIASES.get(noun, ()):
        raise UserError(f"`{name}` stands for a plugin with options already: see `priorbench list`")
    if name in registry.available(noun):
        raise UserError(f"`{name}` is a plugin already: {registry.find(noun, name)}")


def filled(template: str, name: str, kind: str = "", noun: str = "") -> str:
    """Return a template with the names of this plugin."""
    text = (TEMPLATES / f"{template}.py.txt").read_text(encoding="utf-8")
    for word, value in {"NAME": name, "KIND": kind, "NOUN": noun}.items():
        text = text.replace(f"@{word}@", value)
    return text
