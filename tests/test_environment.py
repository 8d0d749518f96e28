"""The lists of packages agree: by name, by version, on every Python that they are made for."""

import ast
import re
import sys
from importlib.metadata import packages_distributions, version
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[1]
LOCKS = ["requirements.lock", "requirements-dev.lock"]
ROOMS = [
    "benchmarks",
    "imagesets",
    "methods",
    "metrics",
    "priorbench",
    "tasks",
    "tests",
    "workflow",
]
PYTHONS = ["3.11", "3.12", "3.13"]
LINUX = {"sys_platform": "linux", "platform_machine": "x86_64", "platform_system": "Linux"}


def requirements(lines: list[str]) -> list[Requirement]:
    """Return what a list of packages asks for, without comments and references to other lists."""
    words = (line.split(" #")[0].strip() for line in lines)
    return [Requirement(word) for word in words if word and word[0] not in "#-"]


def listed(name: str) -> list[Requirement]:
    return requirements((ROOT / name).read_text().splitlines())


def pins(wanted: list[Requirement], python: str = "3.12") -> dict[str, str]:
    """Return name -> exact version of the packages that a Linux machine would install."""
    here = LINUX | {"python_version": python, "python_full_version": f"{python}.0"}
    found: dict[str, str] = {}
    for requirement in wanted:
        if requirement.marker is None or requirement.marker.evaluate(here):
            (specifier,) = requirement.specifier
            assert specifier.operator == "==", f"{requirement} is not an exact pin"
            name = canonicalize_name(requirement.name)
            assert name not in found, f"{name} is pinned twice for Python {python}"
            found[name] = specifier.version
    return found


def environment() -> list[str | dict[str, list[str]]]:
    text = (ROOT / "environment.yml").read_text()
    dependencies: list[str | dict[str, list[str]]] = yaml.safe_load(text)["dependencies"]
    return dependencies


def test_environment_yml_names_the_direct_packages_at_the_same_versions() -> None:
    (by_pip,) = (entry["pip"] for entry in environment() if isinstance(entry, dict))
    assert pins(requirements(by_pip)) == pins(listed("requirements.in"))


def test_environment_yml_takes_a_python_that_the_lock_is_made_for() -> None:
    (python,) = (e for e in environment() if isinstance(e, str) and e.startswith("python="))
    assert python.removeprefix("python=") in PYTHONS


@pytest.mark.parametrize("python", PYTHONS)
def test_the_lock_holds_every_direct_package_at_its_version(python: str) -> None:
    direct, lock = pins(listed("requirements.in"), python), pins(listed(LOCKS[0]), python)
    assert direct and direct.items() <= lock.items()


@pytest.mark.parametrize("python", PYTHONS)
def test_the_development_lock_adds_to_the_lock_and_changes_nothing(python: str) -> None:
    lock, development = (pins(listed(name), python) for name in LOCKS)
    tools = pins(listed("requirements-dev.in"), python)
    assert lock.items() <= development.items()
    assert tools.items() <= development.items()


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_no_index_and_no_address(name: str) -> None:
    lines = [line.split("#")[0].strip() for line in (ROOT / name).read_text().splitlines()]
    odd = [line for line in lines if re.search(r"://|^-|@|\.whl|\.tar", line)]
    assert not odd


def test_scipy_still_has_what_pytorch_fid_calls() -> None:
    assert Version(pins(listed("requirements.in"))["scipy"]) < Version("1.18")


def imported(room: str) -> set[str]:
    """Return the top-level names of the packages that a room imports from elsewhere."""
    trees = [ast.parse(path.read_text()) for path in (ROOT / room).rglob("*.py")]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    dotted = {alias.name for n in nodes if isinstance(n, ast.Import) for alias in n.names}
    dotted |= {n.module for n in nodes if isinstance(n, ast.ImportFrom) and n.module}
    return {name.split(".")[0] for name in dotted} - sys.stdlib_module_names - {*ROOMS}


@pytest.mark.parametrize("room", ROOMS)
def test_every_package_that_is_imported_is_asked_for(room: str) -> None:
    asked = pins(listed("requirements.in"))
    if room == "tests":
        asked |= pins(listed("requirements-dev.in"))
    distributions = packages_distributions()
    strange = [
        name
        for name in imported(room)
        if not {canonicalize_name(d) for d in distributions.get(name, [])} & asked.keys()
    ]
    assert not strange


def test_what_is_installed_is_what_the_direct_pins_say() -> None:
    wanted = pins(listed("requirements.in"))
    # a processor-only build of torch says so after a plus sign
    installed = {name: Version(version(name)).public for name in wanted}
    assert installed == wanted
