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


class _Source:
    """The top-level definitions of a file."""

    def __init__(self, path: Path) -> None:
        self.definitions: dict[str, ast.stmt] = {}
        self.loose: list[ast.stmt] = []
        for node in _body(path):
            names = list(bound(node))
            for name in names:
                self.definitions[name] = node
            if not names and not _docstring(node):
                self.loose.append(node)
        self.meaning = cache(self._meaning)  # asked for again by every job of a plan

    def nodes(self, name: str) -> list[ast.stmt]:
        """Statements that bind `name`; those that bind nothing, for an empty one."""
        return self.loose if name == "" else [self.definitions[name]]

    def _meaning(self, name: str) -> tuple[str, frozenset[str]]:
        """Text of a definition without comments and docstrings, and the names here it uses."""
        nodes = [n for n in self.nodes(name) if not isinstance(n, ast.Import | ast.ImportFrom)]
        used = {n.id for node in nodes for n in ast.walk(node) if isinstance(n, ast.Name)}
        return "".join(map(_text, nodes)), frozenset(used & self.definitions.keys())


def source_hash(roots: Iterable[Root]) -> str:
    """Return a hash of all definitions reachable from `roots`."""
    found: dict[tuple[str, str], str] = {}
    waiting = [(path.resolve(), name) for path, names in roots for name in _names(path, names)]
    visited = set()
    while waiting:
        path, name = waiting.pop()
        if (path, name) in visited:
            continue
        visited.add((path, name))
        source = _read(path, path.stat().st_mtime_ns)
        label = "/".join([*packages_of(path), path.name])  # wherever it is installed
        text, used = source.meaning(name)
        if text:
            found[label, name] = text
        waiting += [(path, other) for other in used]
        for node in source.nodes(name):
            if isinstance(node, ast.Import | ast.ImportFrom):
                reached = _imported(node, name, path)
                waiting += reached
                if not reached:  # of an installed package: which name it is counts
                    found[label, name] = _told(node, name)
        waiting.append((path, ""))
    whole = "\n".join(f"{label}:{name}\n{body}" for (label, name), body in sorted(found.items()))
    return hashlib.sha256(whole.encode()).hexdigest()


def _names(path: Path, names: Iterable[str] | None) -> list[str]:
    defined = _read(path.resolve(), path.stat().st_mtime_ns).definitions
    return sorted(defined if names is None else (n for n in names if n in defined))


@cache
def _read(path: Path, _modified: int) -> _Source:
    return _Source(path)


def _imported(node: ast.Import | ast.ImportFrom, name: str, at: Path) -> list[tuple[Path, str]]:
    """Return what the local name `name` stands for, where it is defined in a local file."""
    alias = next(a for a in node.names if (a.asname or a.name).split(".")[0] == name)
    if isinstance(node, ast.Import):
        return _whole(_local(alias.name, at))
    # a relative import names its package by dots
    above = packages_of(at)[: 1 - node.level or None] if node.level else []
    module = ".".join([*above, *filter(None, [node.module])])
    package = _local(module, at)
    submodule = _local(f"{module}.{alias.name}", at)
    if submodule is not None:
        return _whole(submodule)
    if package is None or alias.name not in _read(package, package.stat().st_mtime_ns).definitions:
        return []
    return [(package, alias.name)]


def _told(node: ast.Import | ast.ImportFrom, name: str) -> str:
    """Return what the name `name`, of a package that is installed, stands for."""
    alias = next(a for a in node.names if (a.asname or a.name).split(".")[0] == name)
    package = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
    return ".".join([*package, alias.name])


def _whole(path: Path | None) -> list[tuple[Path, str]]:
    return [] if path is None else [(path, name) for name in _names(path, None)]


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


class _NoDocstrings(ast.NodeTransformer):
    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.stmt):
            node.body = [n for n in body if not _docstring(n)] or [ast.Pass()]  # type: ignore[attr-defined]
        return node


def _text(node: ast.stmt) -> str:
    copy = ast.parse(ast.unparse(node))
    return ast.unparse(_NoDocstrings().visit(copy))
