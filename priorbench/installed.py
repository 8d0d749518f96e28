"""Plugins of installed packages, found without importing anything of them.

A package offers plugins by entry points of the groups `priorbench.methods`, `priorbench.tasks`,
`priorbench.metrics` and `priorbench.imagesets`, each a name and a module. To import a module its
packages would be imported first, and torch with them: here only finders are asked for files.
"""

import sys
from dataclasses import dataclass
from functools import cache
from importlib.machinery import ModuleSpec, PathFinder
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path

from priorbench.errors import UserError


@dataclass(frozen=True)
class Offer:
    """A plugin that an installed package offers: its module, and the package's name."""

    module: str
    package: str


def offers(noun: str) -> dict[str, tuple[Offer, ...]]:
    """Return what installed packages offer of a noun, by name; several where names clash."""
    return _offers(noun, tuple(sys.path))


@cache
def _offers(noun: str, _path: tuple[str, ...]) -> dict[str, tuple[Offer, ...]]:
    found: dict[str, dict[str, Offer]] = {}
    for point in entry_points(group=f"priorbench.{noun}"):
        offer = Offer(point.value, point.dist.name if point.dist else "unknown")
        found.setdefault(point.name, {}).setdefault(point.value, offer)
    return {name: tuple(by[module] for module in sorted(by)) for name, by in found.items()}


def module_file(module: str) -> Path:
    """Return the file of a module; UserError where there is none."""
    found: ModuleSpec | None = None
    for depth in range(module.count(".") + 1):
        name = ".".join(module.split(".")[: depth + 1])
        try:
            within = found.submodule_search_locations if found else None
            found = PathFinder.find_spec(name, within) if found else find_spec(name)
        except (ImportError, ValueError):  # no name of a module, or one without a place
            found = None
        if found is None:
            raise UserError(f"plugin `{module}`: no such module")
    if found is None or not found.origin or not found.origin.endswith(".py"):
        raise UserError(f"plugin `{module}`: not a module with a file of source text")
    return Path(found.origin)


@cache
def packages_of(path: Path) -> list[str]:
    """Return the names of the packages that a file lies in, the outermost first."""
    names: list[str] = []
    while (path.parents[len(names)] / "__init__.py").exists():
        names.insert(0, path.parents[len(names)].name)
    return names
