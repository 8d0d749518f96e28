"""House rules that a machine can see: short files, no unpickling, nothing of one machine."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = [
    *[".ci", "benchmarks", "config", "docs", "imagesets", "methods", "metrics", "priorbench"],
    *["profiles", "published", "tasks", "tests", "workflow"],
]
SUFFIXES = {
    *[".py", ".smk", ".md", ".yaml", ".yml", ".toml", ".in", ".lock", ".cff", ".csv", ".html"],
    *[".rst"],
}
UNPICKLERS = {"pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"}
ELSEWHERE = {
    "a path of one machine": r"(?<![\w.])/(work|tmp|root|home|Users|mnt|opt)/\w|[A-Z]:\\\\?Users",
    "a host of packages": r"(?i)pypi\.|pythonhosted|anaconda\.(org|com)|download\.pytorch\.org/whl",
    "an index of packages": r"--(extra-)?index-url|--find-links|--trusted-host",
    "unfinished work": r"\b(TODO|FIXME|XXX)\b|raise NotImplementedError",
}


def texts() -> list[Path]:
    """Every text file of the project, but for results and for this file, which names the words."""
    inside = [path for room in ROOMS for path in (ROOT / room).rglob("*")]
    files = [
        path for path in [*ROOT.iterdir(), *inside] if path.is_file() and path != Path(__file__)
    ]
    return sorted(
        path
        for path in files
        if path.suffix in SUFFIXES or path.name in {"Makefile", "Snakefile", "run"}
    )


def modules() -> list[Path]:
    return [path for path in texts() if path.suffix == ".py"]


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


def unpickles(tree: ast.Module) -> Iterator[int]:
    """Yield the lines that could run what a file contains."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names) if UNPICKLERS & {n.name.split(".")[0] for n in names}:
                yield node.lineno
            case ast.ImportFrom(module=str(module)) if module.split(".")[0] in UNPICKLERS:
                yield node.lineno
            case ast.keyword(arg="allow_pickle", value=ast.Constant(value=True)):
                yield node.lineno
            case ast.Call(func=ast.Attribute(value=ast.Name(id="torch"), attr="load")):
                safe = {k.arg: ast.unparse(k.value) for k in node.keywords}
                if safe.get("weights_only") != "True":
                    yield node.lineno


def test_the_house_has_files() -> None:
    assert len(modules()) > 20


@pytest.mark.parametrize("path", [*modules(), *ROOT.glob("workflow/rules/*.smk")], ids=shown)
def test_a_file_is_short(path: Path) -> None:
    limit = 200 if path.parent.name == "methods" else 300
    assert len(path.read_text().splitlines()) < limit


@pytest.mark.parametrize("path", modules(), ids=shown)
def test_a_module_unpickles_nothing(path: Path) -> None:
    assert not list(unpickles(ast.parse(path.read_text())))


@pytest.mark.parametrize("path", modules(), ids=shown)
def test_a_module_catches_no_error_that_it_does_not_name(path: Path) -> None:
    handlers = [
        n for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.ExceptHandler)
    ]
    caught = [ast.unparse(handler.type) if handler.type else "" for handler in handlers]
    assert not {"", "Exception", "BaseException"} & set(caught)


@pytest.mark.parametrize("what", ELSEWHERE)
def test_no_file_holds(what: str) -> None:
    found = [
        f"{shown(path)}:{number}: {line.strip()}"
        for path in texts()
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if re.search(ELSEWHERE[what], line)
    ]
    assert not found
