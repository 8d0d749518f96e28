"""How the tests run: side by side, a thread each, the longest file first."""

import os

# threads that wait for each other are slow where others want the cores; before numpy, torch
os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import pytest
import torch

torch.set_num_threads(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: "test_pipeline" not in item.nodeid)
