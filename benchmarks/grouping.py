"""Networks of many images side by side against one after another: decision 10's table.

    python -m benchmarks.grouping [--rounds 5]

A step of training each, forwards and backwards, on one thread: DIP's skip networks and LCM's
latent networks. Both ways take turns; the ratio is that of their least times: above 1, side by
side is faster. A minute or two.
"""

import argparse
import time
from collections.abc import Callable
from functools import partial
from unittest.mock import patch

import torch
from torch import Tensor

from methods import _skipnets
from methods._hourglass import LatentNets
from methods._skipnets import Layout, first_weights, outputs
from priorbench.records import hardware

SIDES = (32, 64, 128)  # pixels
COUNTS = (4, 16)  # images
SMALL, LARGE = (16, 32, 64), (128, 128, 128, 128)  # channels of each scale
LIMITS = {"side by side": (10**6, 10**6), "in turn": (0, 0)}  # for `_skipnets.TOGETHER`


def skip_nets(widths: tuple[int, ...], side: int, count: int) -> dict[str, Callable[[], None]]:
    """Return a step of `count` skip networks, both ways."""
    layout = Layout(widths, widths, (4,) * len(widths))
    x = torch.rand(count, 32, side, side)
    first = first_weights(x[0], layout)
    weights = [w.expand(count, *w.shape).clone().requires_grad_() for w in first]

    def step(limit: tuple[int, int]) -> None:
        with patch.object(_skipnets, "TOGETHER", limit):
            outputs(weights, x, layout).square().mean().backward()

    return {way: partial(step, limit) for way, limit in LIMITS.items()}


def latent_nets(side: int, count: int) -> dict[str, Callable[[], None]]:
    """Return a step of `count` latent networks, both ways."""
    nets = LatentNets(64, (3, side, side), 42)
    rows = nets.first.expand(count, -1).clone().requires_grad_()

    def step(parts: tuple[Tensor, ...]) -> None:
        torch.cat([nets(part) for part in parts]).square().mean().backward()

    return {"side by side": partial(step, (rows,)), "in turn": partial(step, rows.split(1))}


def ratio(ways: dict[str, Callable[[], None]], rounds: int) -> float:
    """Return the least time in turn over the least side by side."""
    least = dict.fromkeys(ways, float("inf"))
    for _ in range(rounds + 1):  # the first, which prepares kernels, is among them
        for way, step in ways.items():
            begun = time.perf_counter()
            step()
            least[way] = min(least[way], time.perf_counter() - begun)
    return least["in turn"] / least["side by side"]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    torch.set_num_threads(1)
    rows: dict[str, Callable[[int, int], dict[str, Callable[[], None]]]] = {
        "DIP, up to 64 channels": partial(skip_nets, SMALL),
        "DIP, 128 channels": partial(skip_nets, LARGE),
        "LCM's $f$": latent_nets,
    }
    sizes = [(side, count) for side in SIDES for count in COUNTS]
    print("|  |", " | ".join(f"{side} px, {count}" for side, count in sizes), "|")
    print("| --- |" + " ---: |" * len(sizes))
    for name, made in rows.items():
        ratios = (f"{ratio(made(*size), rounds):.1f}" for size in sizes)
        print(f"| {name} |", " | ".join(ratios), "|", flush=True)
    print(f"\n{hardware('cpu')}, torch {torch.__version__}, one thread")


if __name__ == "__main__":
    main()
