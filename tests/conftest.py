"""How the tests run: side by side, a thread each, the longest files first."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

# threads that wait for each other are slow where others want the cores; before numpy, torch
os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import pytest
import torch

if TYPE_CHECKING:
    from tests.mistakes import Bench
    from tests.project import Project

torch.set_num_threads(1)
LONGEST = ("test_pipeline", "test_stopped_runs", "test_mixed_sizes", "test_run_against")


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: whole runs wait for their processes much of the time."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not any(name in item.nodeid for name in LONGEST))


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Project]":
    """Yield a copy of the project, of its own for each file of tests."""
    from tests.project import Project

    made = Project(tmp_path_factory.mktemp("project") / "priorbench")
    yield made
    shutil.rmtree(made.folder)


@pytest.fixture(scope="session")
def laid_out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with images, observations and a model in its store."""
    from tests import mistakes

    return mistakes.laid_out(tmp_path_factory.mktemp("bench")).folder


@pytest.fixture
def bench(laid_out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> "Bench":
    """Return a bench of its own, in the folder where the test runs."""
    from tests.mistakes import Bench

    shutil.copytree(laid_out, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return Bench(tmp_path)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder without records; discs are not drawn to be counted."""
    from priorbench import counting, recorded
    from tests.took import COUNTS

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    monkeypatch.setattr(counting, "_made", lambda *_: COUNTS)
    monkeypatch.setattr(recorded, "REFERENCE", tmp_path / "reference")
    return tmp_path
