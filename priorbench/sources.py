"""What a result depends on in the code: a hash of the definitions that it can reach.

The syntax tree counts, without comments and docstrings, so that explaining a line trains
nothing anew. Names are followed from the roots through functions, classes and local imports;
where a whole module is imported, all of it counts. Price: a name used through `getattr` is
not seen, hence plugins are given as roots.
"""

import ast
import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import NamedTuple

from priorbench.errors import UserError
from priorbench.installed import packages_of
from priorbench.registry import ROOT, bound

# they say or keep what happened, or find the code that is hashed here; what a step computes does
# not pass through them (what is downloaded is told by its checksum, which stands in the plugin)
NEUTRAL = {
    *("download", "errors", "installed", "locks", "paths", "progress", "raw", "records"),
    *("registry", "smoke", "sources", "weights"),
}
Root = tuple[Path, Iterable[str] | None]  # a file and names in it; None: all of it


def _body(path: Path) -> list[ast.stmt]:
    try:
        return ast.parse(path.read_text(encoding="utf-8")).body
    except SyntaxError as error:  # of what a plugin imports
        raise UserError(f"{path}: line {error.lineno}: {error.msg}") from error


class _Import(NamedTuple):
    """What a name stands for that an import binds: `told` where it is of an installed package.

    module: a local file, all of which counts. package: one in which only `member` counts.
    """

    told: str
    module: Path | None
    package: Path | None
    member: str


class _Source:
    """The top-level definitions of a file."""

    def __init__(self, path: Path) -> None:
        self.label = "/".join([*packages_of(path), path.name])  # wherever it is installed
        self.path = path
        self.definitions: dict[str, ast.stmt] = {}
        self.loose: list[ast.stmt] = []
        for node in _body(path):
            names = list(bound(node))
            for name in names:
                self.definitions[name] = node
            if not names and not _docstring(node):
                self.loose.append(node)
        # asked for again by every job of a plan
        self.meaning, self.imports = cache(self._meaning), cache(self._imports)

    def nodes(self, name: str) -> list[ast.stmt]:
        """Statements that bind `name`; those that bind nothing, for an empty one."""
        return self.loose if name == "" else [self.definitions[name]]

    def _meaning(self, name: str) -> tuple[str, frozenset[str]]:
        """Text of a definition without comments and docstrings, and the names here it uses."""
        nodes = [n for n in self.nodes(name) if not isinstance(n, ast.Import | ast.ImportFrom)]
        used = {n.id for node in nodes for n in ast.walk(node) if isinstance(n, ast.Name)}
        return "".join(map(_text, nodes)), frozenset(used & self.definitions.keys())

    def _imports(self, name: str) -> list[_Import]:
        nodes = [n for n in self.nodes(name) if isinstance(n, ast.Import | ast.ImportFrom)]
        return [_imported(node, name, self.path) for node in nodes]


def source_hash(roots: Iterable[Root]) -> str:
    """Return a hash of all definitions reachable from `roots`."""
    read = cache(lambda path: _read(path, path.stat().st_mtime_ns))  # looked at once a hash
    found: dict[tuple[str, str], str] = {}
    waiting = [(path.resolve(), name) for path, names in roots for name in _names(path, names)]
    visited = set()
    while waiting:
        path, name = waiting.pop()
        if (path, name) in visited:
            continue
        visited.add((path, name))
        source = read(path)
        text, used = source.meaning(name)
        if text:
            found[source.label, name] = text
        waiting += [(path, other) for other in used]
        for told, module, package, member in source.imports(name):
            reached: list[tuple[Path, str]] = []
            if module is not None:
                reached = [(module, defined) for defined in read(module).definitions]
            elif package is not None and member in read(package).definitions:
                reached = [(package, member)]
            waiting += reached
            if not reached:  # of an installed package: which name it is counts
                found[source.label, name] = told
        waiting.append((path, ""))
    whole = "\n".join(f"{label}:{name}\n{body}" for (label, name), body in sorted(found.items()))
    return hashlib.sha256(whole.encode()).hexdigest()


def _names(path: Path, names: Iterable[str] | None) -> list[str]:
    defined = _read(path.resolve(), path.stat().st_mtime_ns).definitions
    return sorted(defined if names is None else (n for n in names if n in defined))


@cache
def _read(path: Path, _modified: int) -> _Source:
    return _Source(path)


def _imported(node: ast.Import | ast.ImportFrom, name: str, at: Path) -> _Import:
    """Return what the local name `name` stands for."""
    alias = next(a for a in node.names if (a.asname or a.name).split(".")[0] == name)
    if isinstance(node, ast.Import):
        return _Import(alias.name, _local(alias.name, at), None, "")
    told = ".".join([node.module or "", alias.name])
    # a relative import names its package by dots
    above = packages_of(at)[: 1 - node.level or None] if node.level else []
    module = ".".join([*above, *filter(None, [node.module])])
    return _Import(told, _local(f"{module}.{alias.name}", at), _local(module, at), alias.name)


@cache
def _local(module: str, at: Path) -> Path | None:
    """Return the file of a module of this project, or of the package that `at` lies in.

    Beside an installed package lie others, torch among them, which do not count.
    """
    parts = module.split(".")
    if parts[-1] in NEUTRAL and parts[0] == "priorbench":
        return None
    packages = packages_of(at)
    beside = at.parents[len(packages)]
    strange = parts[:1] != packages[:1] and any(beside.glob("*.dist-info"))
    for folder in (ROOT,) if strange else (ROOT, beside):
        for path in (folder.joinpath(*parts).with_suffix(".py"), folder.joinpath(*parts)):
            if path.suffix == ".py" and path.is_file():
                return path.resolve()
            if (path / "__init__.py").is_file():
                return (path / "__init__.py").resolve()
    return None


def _docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _text(node: ast.stmt) -> str:
    _without_docstrings(node)
    return ast.unparse(node)


def _without_docstrings(node: ast.AST) -> None:
    """Take docstrings, and whatever else says nothing but a constant, out of a statement."""
    for part in ("body", "orelse", "finalbody", "handlers", "cases"):  # where statements may be
        inner = getattr(node, part, [])
        for statement in inner:
            _without_docstrings(statement)
        if part == "body" and inner:
            node.body = [n for n in inner if not _docstring(n)] or [ast.Pass()]  # type: ignore[attr-defined]
