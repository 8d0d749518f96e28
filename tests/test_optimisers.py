"""Optimisers without torch's compiler take the same steps."""

import subprocess
import sys
from collections.abc import Callable, Iterable

import pytest
import torch
from torch import Tensor
from torch.optim import SGD, Adam, Optimizer

from priorbench.optimisers import take_step
from priorbench.registry import ROOT

Make = Callable[[Iterable[Tensor]], Optimizer]
KINDS: list[Make] = [lambda w: Adam(w, lr=0.1, fused=True), lambda w: SGD(w, lr=0.1, momentum=0.9)]


@pytest.mark.parametrize("make", KINDS)
def test_a_step_is_torch_s(make: Make) -> None:
    ways: list[Callable[[Optimizer], object]] = [take_step, lambda optimiser: optimiser.step()]
    found = []
    for way in ways:
        weights = torch.linspace(-1, 1, 9, requires_grad=True)
        optimiser = make([weights])
        for _ in range(3):
            optimiser.zero_grad()
            weights.pow(4).sum().backward()
            way(optimiser)
        assert weights.requires_grad
        found.append(weights.detach())
    assert torch.equal(*found)


def test_training_with_it_never_imports_the_compiler() -> None:
    code = """
import sys, torch
from priorbench.optimisers import take_step
weights = torch.ones(3, requires_grad=True)
adam = torch.optim.Adam([weights], fused=True)
adam.zero_grad()
weights.sum().backward()
take_step(adam)
adam.load_state_dict(adam.state_dict())
sys.exit("torch._dynamo" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
