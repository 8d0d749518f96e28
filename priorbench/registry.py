"""Which plugins there are and what each offers, read from their source text.

A plugin is named by its file in one of the four folders, by the entry point of an installed
package, by module (a.b) or by path (*.py, seen from the working folder).

Nothing is imported to answer (importing torch costs seconds, and the plan is made often);
`load` imports a plugin where its code is to run.
"""

import ast
import importlib
import importlib.util
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from priorbench.errors import UserError, nearest
from priorbench.installed import module_file, offers, packages_of

ROOT = Path(__file__).resolve().parents[1]
NOUNS = ("imagesets", "tasks", "methods", "metrics")
# names of rows that stand for a plugin with options, as others call them
ALIASES: dict[str, dict[str, tuple[str, dict[str, Any]]]] = {
    "metrics": {
        "fid_legacy": ("fid", {"resize": "legacy"}),  # as pytorch-fid gives it
        "fid_clean": ("fid", {"resize": "clean"}),
    }
}


@dataclass(frozen=True)
class Field:
    """One field of a config dataclass: its type as written, and its default."""

    annotation: str
    default: Any


@dataclass(frozen=True)
class Description:
    """What the source text of a plugin says of it."""

    noun: str
    plugin: str
    path: Path
    label: str
    constants: dict[str, Any] = field(default_factory=dict)
    functions: frozenset[str] = frozenset()  # names bound to what is no constant
    configs: dict[str, dict[str, Field]] = field(default_factory=dict)
    model: frozenset[str] = frozenset()  # methods of its Model

    @property
    def learns(self) -> bool:
        """Whether there is anything to train, or a checkpoint to load in its place."""
        return bool({"train", "load"} & self.functions)


def available(noun: str) -> list[str]:
    """Names of the plugins in the folder `noun` and of installed packages, broken ones too."""
    return sorted({*shipped(noun), *offers(noun)})


def meant(noun: str, name: str, plugin: Any = None) -> tuple[str, dict[str, Any]]:
    """Return the plugin that a name means, or `plugin`, and the options that go with the name.

    UserError where the name stands for one plugin and is that of another.
    """
    usual, given = ALIASES.get(noun, {}).get(name, (name, {}))
    if plugin is None and usual != name and name in available(noun):
        raise UserError(
            f"`{name}` stands for `{usual}`, and is {find(noun, name)} too: say `plugin: FILE.py`"
        )
    return str(plugin or usual), given if plugin in (None, usual) else {}


def shipped(noun: str) -> list[str]:
    """Names of the plugins in the folder `noun`; files that begin with _ are shelves."""
    return sorted(p.stem for p in (ROOT / noun).glob("*.py") if not p.stem.startswith("_"))


def find(noun: str, plugin: str) -> Path:
    """Return the file of a plugin; UserError where there is none, or two of this name."""
    if plugin.endswith(".py"):
        path = Path(plugin).expanduser().resolve()
        if path.is_file():
            return path
        raise UserError(f"plugin `{plugin}`: no such file")
    module = _module(noun, plugin)
    return ROOT / noun / f"{plugin}.py" if plugin in shipped(noun) else module_file(module)


def _module(noun: str, plugin: str) -> str:
    """Return the module of a plugin that is not named by path."""
    places = {f"{noun}/{plugin}.py": f"{noun}.{plugin}"} if plugin in shipped(noun) else {}
    for offer in offers(noun).get(plugin, ()):
        places[f"{offer.module} of the package {offer.package}"] = offer.module
    if len(places) > 1:
        raise UserError(f"plugin `{plugin}`: two of this name: {' and '.join(places)}")
    if not places and "." not in plugin:
        raise UserError(f"unknown {noun[:-1]} `{plugin}`: {nearest(plugin, available(noun))}")
    return next(iter(places.values()), plugin)


@cache
def describe(noun: str, plugin: str) -> Description:
    """Read what a plugin offers: its constants, functions and the fields of its configs."""
    path = find(noun, plugin)
    tree = _parsed(path)
    constants: dict[str, Any] = {}
    functions: set[str] = set()
    configs = {}
    model: frozenset[str] = frozenset()
    for node in tree.body:
        if not isinstance(node, ast.ClassDef):
            functions |= {name for name in bound(node) if not name.isupper()}
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = {target.id for target in targets if isinstance(target, ast.Name)}
            if (value := _literal(node.value)) is not None:
                constants |= {name: value for name in names if name.isupper()}
        elif isinstance(node, ast.ClassDef) and node.name == "Model":
            model = frozenset(n.name for n in node.body if isinstance(n, ast.FunctionDef))
        elif isinstance(node, ast.ClassDef) and node.name.endswith("Config"):
            configs[node.name] = _fields(node, path)
        elif isinstance(node, ast.ImportFrom):
            configs |= _shared(node, path)
    return Description(
        noun=noun,
        plugin=plugin,
        path=path,
        label=str(constants.get("LABEL", plugin if path.stem == "__init__" else path.stem)),
        constants=constants,
        functions=frozenset(functions),
        configs=configs,
        model=model,
    )


def load(noun: str, plugin: str) -> ModuleType:
    """Import a plugin; one named by path may import what lies beside it."""
    path = find(noun, plugin)
    try:
        if not plugin.endswith(".py"):
            return importlib.import_module(_module(noun, plugin))
        packages = packages_of(path)
        if str(folder := path.parents[len(packages)]) not in sys.path:
            sys.path.append(str(folder))
        name = ".".join([*packages, path.stem]) if packages else f"{noun}_plugin_{path.stem}"
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module  # dataclasses look their module up
        spec.loader.exec_module(module)
    except ImportError as error:
        raise UserError(f"{path}: cannot be imported ({error})") from error
    return module


def bound(node: ast.stmt) -> Iterator[str]:
    """Yield the names that a statement binds: by definition, import or assignment."""
    match node:
        case ast.FunctionDef() | ast.ClassDef() | ast.AsyncFunctionDef():
            yield node.name
        case ast.Import() | ast.ImportFrom():
            for alias in node.names:
                yield (alias.asname or alias.name).split(".")[0]
        case ast.Assign() | ast.AnnAssign():
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                yield from (n.id for n in ast.walk(target) if isinstance(n, ast.Name))


def _parsed(path: Path) -> ast.Module:
    try:
        return ast.parse(path.read_text(encoding="utf-8"), str(path))
    except SyntaxError as error:
        raise UserError(f"{path}: line {error.lineno}: {error.msg}") from error
    except (OSError, ValueError) as error:  # no text in UTF-8, or with null characters
        raise UserError(f"{path}: cannot be read as Python ({error})") from error


def _shared(node: ast.ImportFrom, path: Path) -> dict[str, dict[str, Field]]:
    """Return the configs among imported names, of a shelf that several plugins share."""
    names = {a.name: a.asname or a.name for a in node.names if a.name.endswith("Config")}
    above = (
        [path.parents[node.level - 1]]
        if node.level
        else [ROOT, path.parents[len(packages_of(path))]]
    )
    files = [
        folder.joinpath(*(node.module or "").split(".")).with_suffix(".py") for folder in above
    ]
    shelf = next((file for file in files if file.is_file()), None)
    if not names or shelf is None:
        return {}
    classes = (n for n in _parsed(shelf).body if isinstance(n, ast.ClassDef))
    return {names[found.name]: _fields(found, shelf) for found in classes if found.name in names}


def _fields(node: ast.ClassDef, path: Path) -> dict[str, Field]:
    fields = {}
    for item in node.body:
        if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name):
            name = item.target.id
            if item.value is None:
                raise UserError(f"{path}: {node.name}.{name} needs a default")
            try:
                default = ast.literal_eval(item.value)
            except (ValueError, TypeError) as error:
                text = f"{path}: {node.name}.{name}: the default must be a plain value"
                raise UserError(text) from error
            fields[name] = Field(ast.unparse(item.annotation), default)
    return fields


def _literal(node: ast.expr | None) -> Any:
    try:
        return None if node is None else ast.literal_eval(node)
    except (ValueError, TypeError):  # TypeError: of a dictionary whose keys cannot be any
        return None
