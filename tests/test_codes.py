"""A table of codes: half precision, and memory that does not grow with the images."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from methods._codes import Gaussian
from priorbench import models
from priorbench.codes import CodeTable
from priorbench.loop import Loop
from priorbench.registry import ROOT

CPU = torch.device("cpu")
TRAIN = """
import importlib, json, resource, sys
from pathlib import Path
import torch
from priorbench import models
from priorbench.contract import Images
from priorbench.images import read_split
from priorbench.loop import Loop
name, folder, options = sys.argv[1], Path(sys.argv[2]), json.loads(sys.argv[3])
plugin = importlib.import_module(f"methods.{name}")
cfg = plugin.TrainConfig(**options)
model = plugin.Model(cfg, (3, 16, 16))
torch.linalg.eigh(torch.eye(64, dtype=torch.float64))  # libraries that the first use loads
begun = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
loop = Loop(folder, 0, model=model, checkpoint_seconds=0.2)
plugin.train(model, Images(read_split(folder / "train.npy")), cfg, loop)
if name == "glo":  # LCM's rows are half a gigabyte
    models.save_codes(folder / "codes.npy", loop.tables[0])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - begun)
"""
CONFIGS = {
    "lcm": {"latent": 8, "width": 4, "narrowest": 1, "inner": 1, "half": True, "batch": 100},
    "glo": {"dim": 256, "width": 4, "batch": 100},
}


def test_rows_come_back_as_float16_can_say_them(tmp_path: Path) -> None:
    table = CodeTable(tmp_path / "codes.npy", torch.full((5, 3), 0.1), CPU, half=True)
    rows = torch.rand(2, 3)
    table[torch.tensor([1, 4])] = rows
    found = table[torch.tensor([4, 1, 0])]
    assert found.dtype == torch.float32
    assert torch.equal(found[:2], rows.half().float().flip(0))
    assert torch.equal(found[2], torch.full((3,), 0.1).half().float())
    models.save_codes(tmp_path / "saved.npy", table)
    saved = np.load(tmp_path / "saved.npy")
    assert saved.dtype == np.float16
    assert torch.equal(torch.from_numpy(saved[1]).float(), found[1])


def test_half_precision_takes_half_the_room(tmp_path: Path) -> None:
    sizes = []
    for half in (False, True):
        path = tmp_path / f"{half}.npy"
        CodeTable(path, torch.zeros(50, 400), CPU, half=half)
        sizes.append(path.stat().st_size)
    assert sizes[1] < 0.51 * sizes[0]


def test_a_killed_run_with_rows_in_half_precision_goes_on_bit_for_bit(tmp_path: Path) -> None:
    def visit(folder: Path, stop_at: int) -> torch.Tensor:
        loop = Loop(folder, 0, checkpoint_seconds=0)
        table = loop.codes(torch.zeros(6, 3), half=True)
        for step in loop.steps(9):
            if step == stop_at:
                break
            index = loop.batch(6, 2)
            table[index] = table[index] + torch.rand(2, 3) / 3
        return table[torch.arange(6)]

    whole = visit(tmp_path / "whole", stop_at=99)
    for stop_at in range(1, 9):
        visit(tmp_path / str(stop_at), stop_at)
        assert torch.equal(visit(tmp_path / str(stop_at), stop_at=99), whole)


@pytest.mark.parametrize("name", CONFIGS)
def test_memory_does_not_grow_with_the_number_of_images(name: str, tmp_path: Path) -> None:
    """Images and tables of 50,000 take 190 MB (GLO); LCM's rows that are visited 200 MB.

    Rows changed since the last checkpoint are held, whatever their number: up to 60 MB here.
    """
    grown = {}
    steps = "visits" if name == "lcm" else "steps"
    # of few images all rows are held after ten steps
    for images, count in ((1_000, 20), (50_000, 120)):
        folder = tmp_path / str(images)
        folder.mkdir()
        pixels = np.random.default_rng(0).integers(0, 256, (images, 3, 16, 16), np.uint8)
        np.save(folder / "train.npy", pixels)
        told = json.dumps({**CONFIGS[name], steps: count})
        command = [sys.executable, "-c", TRAIN, name, str(folder), told]
        said = subprocess.check_output(command, cwd=ROOT, text=True)
        unit = 1 if sys.platform == "darwin" else 1024
        grown[images] = int(said) * unit / 2**20
    assert grown[50_000] < grown[1_000] + 90


def test_the_length_of_codes_is_the_root_of_their_mean_square() -> None:
    codes = torch.tensor([[3.0, 0.0], [0.0, 4.0], [0.0, 0.0], [0.0, 5.0]])
    gaussian = Gaussian(2)
    gaussian.fit(codes.mean(0), codes.T.cov(correction=0))
    assert gaussian.length() == round((50 / 4) ** 0.5, 2)
