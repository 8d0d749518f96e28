"""Deep Image Prior against its authors' settings, and against the same written out otherwise."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from numpy.typing import NDArray
from torch import Tensor, nn

from methods import dip
from methods._skipnets import Layout, first_weights, outputs
from priorbench.config import Experiment
from priorbench.registry import ROOT
from priorbench.step import configured
from tasks import super_resolution
from tests.toy import as_floats, clean, restored, smooth

LARGE = (3, 256, 256)  # of the paper's images, about; enough for all scales of all networks
FILE = ROOT / "config" / "papers" / "dip.yaml"
NOTEBOOKS = Experiment.check(yaml.safe_load(FILE.read_text()), FILE.name)


def notebook(task: str) -> dip.RestoreConfig:
    """The settings of a notebook, as they reach the method."""
    options = NOTEBOOKS.method_config("dip", "restore", "photos", task)
    cfg: dip.RestoreConfig = configured(dip.RestoreConfig, options)
    return cfg


def made(cfg: dip.RestoreConfig) -> int:
    """Count the numbers that a search has to find for a large image."""
    inputs = 2 if cfg.input == "meshgrid" else cfg.channels
    x = torch.empty(inputs, *LARGE[1:], device="meta")
    return sum(w.numel() for w in first_weights(x, dip.layout(cfg, LARGE)))


# steps, lr, std of the noise on the input, image returned, fall taken back, parameters
NUMBERS: dict[str, tuple[int, float, float, str, float, int]] = {
    "sr4": (2_000, 0.01, 0.03, "noisy", 0, 2_217_831),
    "sr8": (4_000, 0.01, 0.05, "noisy", 0, 2_217_831),
    "denoise25": (3_000, 0.01, 1 / 30, "average", 5, 2_217_831),
    "denoise50": (3_000, 0.01, 1 / 20, "average", 5, 2_217_831),
    "text": (6_001, 0.01, 0.03, "clean", 0, 3_002_627),
    "vase": (5_001, 0.01, 0.03, "clean", 0, 2_157_955),
    "library": (3_001, 0.01, 0.0, "clean", 0, 2_996_467),
    "half": (11_000, 0.001, 0.03, "noisy", 5, 2_217_831),
    "sparse": (1_000, 0.01, 0.0, "clean", 0, 1_027_379),
    "dejpeg": (2_400, 0.01, 1 / 30, "average", 5, 572_827),
}


@pytest.mark.parametrize("task", NOTEBOOKS.tasks)
def test_a_config_alone_reaches_the_settings_of_a_notebook(task: str) -> None:
    steps, lr, jitter, output, backtrack, parameters = NUMBERS[task]
    cfg = notebook(task)
    assert (cfg.steps, cfg.lr, cfg.output, cfg.backtrack) == (steps, lr, output, backtrack)
    assert cfg.jitter == pytest.approx(jitter, rel=1e-6)
    assert (cfg.average, cfg.average_from, cfg.loss) == (0.99, 0, "mse")
    assert made(cfg) == parameters


def convolution(inputs: int, out: int, kernel: int) -> int:
    return (inputs * kernel**2 + 1) * out


def by_formula(cfg: dip.RestoreConfig) -> int:
    """Count parameters: convolutions with biases, two numbers per normalised channel."""
    inputs = 2 if cfg.input == "meshgrid" else cfg.channels
    ups = cfg.widths_up or cfg.widths
    skips = cfg.skip if isinstance(cfg.skip, tuple) else [cfg.skip for _ in ups]
    inners = *ups[1:], cfg.widths[-1]
    count = convolution(ups[0], 3, 1)
    for inner, down, up, skip in zip(inners, cfg.widths, ups, skips, strict=True):
        count += convolution(inputs, down, cfg.kernel_down) + 2 * down
        count += convolution(down, down, cfg.kernel_down) + 2 * down
        count += convolution(inputs, skip, 1) + 2 * skip
        count += 2 * (skip + inner) + convolution(skip + inner, up, cfg.kernel_up) + 2 * up
        count += (convolution(up, up, 1) + 2 * up) * cfg.pointwise_up
        inputs = down
    return count


OPTIONS: list[dict[str, Any]] = [
    {},
    {"skip": 0, "upsampling": "nearest"},
    {"skip": (0, 4, 4), "channels": 3},
    {"widths_up": (4, 6, 12), "kernel_up": 5, "channels": 1},
    {"kernel_down": 5, "pointwise_up": False, "skip": 0, "upsampling": "nearest"},
    {"downsampling": "average", "input": "meshgrid"},
]


def small(options: dict[str, Any]) -> dip.RestoreConfig:
    return dip.RestoreConfig(**{"widths": (8, 12, 16), **options})


@pytest.mark.parametrize("options", OPTIONS)
def test_parameters_are_as_many_as_a_formula_says(options: dict[str, Any]) -> None:
    assert made(small(options)) == by_formula(small(options))


def test_a_small_image_leaves_out_the_innermost_scale_and_nothing_else() -> None:
    cfg = small({**OPTIONS[3], **OPTIONS[5], "skip": (0, 2, 4), "upsampling": "nearest"})
    assert dip.layout(cfg, (3, 12, 16)) == Layout(
        down=(8, 12),
        up=(4, 6),
        skip=(0, 2),
        kernel_down=3,
        kernel_up=5,
        pointwise_up=True,
        downsampling="average",
        upsampling="nearest",
    )


def test_the_network_of_the_library_has_the_parameters_counted_by_hand() -> None:
    inwards = [416 + 6_416, 12_832 + 25_632, 51_264 + 102_464, 204_928 + 409_728]
    inwards += [409_728 + 409_728] * 2  # 5x5: 1-16-16, 16-32-32, 32-64-64, 64-128-128 ...
    outwards = [4_624, 18_464, 73_792, 147_584, 147_584, 147_584]  # 3x3: 32-16, 64-32, 128-64 ...
    norms = 2 * (2 * (16 + 32 + 64 + 3 * 128) + (32 + 64 + 4 * 128) + (16 + 32 + 64 + 3 * 128))
    assert made(notebook("library")) == sum(inwards) + sum(outwards) + norms + 51


def block(inputs: int, out: int, kernel: int, stride: int = 1) -> list[nn.Module]:
    layer = nn.Conv2d(inputs, out, kernel, stride, kernel // 2, padding_mode="reflect")
    return [layer, nn.BatchNorm2d(out), nn.LeakyReLU(0.2)]


class Scale(nn.Module):
    """One scale of the network and all within it, as layers of torch for a single image."""

    def __init__(self, inputs: int, net: Layout, depth: int = 0) -> None:
        super().__init__()
        down, up, skip = net.down[depth], net.up[depth], net.skip[depth]
        last = depth + 1 == len(net.down)
        strided = net.downsampling == "stride"
        halved = block(inputs, down, net.kernel_down, 2 if strided else 1)
        if not strided:
            halved.insert(1, nn.AvgPool2d(2))
        self.down = nn.Sequential(*halved, *block(down, down, net.kernel_down))
        self.inner = nn.Identity() if last else Scale(down, net, depth + 1)
        self.upsample = nn.Upsample(scale_factor=2, mode=net.upsampling)
        self.skip = nn.Sequential(*(block(inputs, skip, 1) if skip else []))
        joined = skip + (down if last else net.up[depth + 1])
        self.up = nn.Sequential(nn.BatchNorm2d(joined), *block(joined, up, net.kernel_up))
        if net.pointwise_up:
            self.up.extend(block(up, up, 1))

    def forward(self, x: Tensor) -> Tensor:
        inner = self.upsample(self.inner(self.down(x)))
        out: Tensor = self.up(torch.cat([self.skip(x), inner], 1) if len(self.skip) else inner)
        return out


def reference(inputs: int, net: Layout) -> nn.Module:
    """The network for one image as layers of torch."""
    return nn.Sequential(Scale(inputs, net), nn.Conv2d(net.up[0], 3, 1), nn.Sigmoid())


@pytest.mark.parametrize("options", OPTIONS)
def test_networks_are_those_of_layers_of_torch_and_begin_as_these(options: dict[str, Any]) -> None:
    cfg = small(options)
    net = dip.layout(cfg, (3, 32, 48))
    x = dip.first_input(cfg, (3, 32, 48)).double()
    assert len(net.down) == 3
    torch.manual_seed(1)
    layers = reference(len(x), net).double()
    torch.manual_seed(1)
    weights = first_weights(x, net)
    for layer, weight in zip(layers.parameters(), weights, strict=True):
        torch.testing.assert_close(layer.data, weight, rtol=1e-6, atol=0)
        layer.data.copy_(weight)
    found = outputs([w[None] for w in weights], x[None], net)
    torch.testing.assert_close(found, layers(x[None]), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("output", ["clean", "average"])
def test_a_restoration_is_the_plain_descent_of_one_network(
    output: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[tuple[list[Tensor], Tensor]] = []

    def noted(weights: list[Tensor], x: Tensor, net: Layout) -> Tensor:
        begun.append(([w.detach().clone() for w in weights], x))
        return outputs(weights, x, net)

    monkeypatch.setattr(dip, "outputs", noted)
    seen = clean(as_floats(smooth(1, side=32)).double(), sigma=0.1)
    settings: dict[str, Any] = {"widths": (8, 12), "jitter": 0.0, "average": 0.9}
    cfg = dip.RestoreConfig(**settings)
    found = restored(dip, None, seen, tmp_path, steps=6, output=output, average_from=0, **settings)
    weights, x = begun[0]
    layers = reference(cfg.channels, dip.layout(cfg, seen.shape)).double()
    for layer, weight in zip(layers.parameters(), weights, strict=True):
        layer.data.copy_(weight[0])
    adam = torch.optim.Adam(layers.parameters(), lr=0.01)
    mean: Any = None
    for _ in range(6):
        adam.zero_grad()
        y = layers(x)
        mean = y.detach() if mean is None else 0.9 * mean + 0.1 * y.detach()
        nn.functional.mse_loss(y, seen.y).backward()
        adam.step()
    expected = layers(x).detach() if output == "clean" else mean
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-8)


def lanczos2(t: float) -> float:
    """The kernel, t in pixels of the small image."""
    if t == 0:
        return 1.0
    inside = abs(t) < 2
    return inside * 2 * math.sin(math.pi * t) * math.sin(math.pi * t / 2) / (math.pi * t) ** 2


def reduced(x: NDArray[np.float64], factor: int) -> NDArray[np.float64]:
    """Reduce (h, w), pixel by pixel: the kernel lies about the centre of each small pixel."""
    h, w = x.shape
    small = np.zeros((h // factor, w // factor))
    reach = range(-2 * factor, 3 * factor)
    for i, j in np.ndindex(*small.shape):
        total = 0.0
        for a in reach:
            for b in reach:
                # between centres of pixels, in pixels of the small image
                dy = (i * factor + a + 0.5) / factor - (i + 0.5)
                dx = (j * factor + b + 0.5) / factor - (j + 0.5)
                weight = lanczos2(dy) * lanczos2(dx)
                row = min(max(i * factor + a, 0), h - 1)
                column = min(max(j * factor + b, 0), w - 1)
                small[i, j] += weight * x[row, column]
                total += weight
        small[i, j] /= total
    return small


@pytest.mark.parametrize("factor", [4, 8])
def test_lanczos2_is_the_kernel_about_the_centre_of_each_small_pixel(factor: Any) -> None:
    x = np.random.default_rng(0).random((1, 3, 4 * factor, 3 * factor))
    cfg = super_resolution.Config(factor=factor, kernel="lanczos2")
    found = super_resolution.degrade(torch.from_numpy(x), cfg)
    expected = torch.from_numpy(np.stack([reduced(plane, factor) for plane in x[0]]))
    torch.testing.assert_close(found[0], expected, rtol=1e-12, atol=1e-12)


def test_the_taps_of_lanczos2_for_factor_4_are_the_published_ones() -> None:
    """Sixteen a side, phase 1/2: sin(pi d) sin(pi d / 2) 2 / (pi d)^2 at d = 1/8, 3/8 ..."""
    cfg = super_resolution.Config(factor=4, kernel="lanczos2")
    taps = [lanczos2((2 * k + 1) / 8) for k in range(8)]
    row = torch.tensor([*reversed(taps), *taps], dtype=torch.float64) / (2 * sum(taps))
    line = torch.zeros(1, 3, 48, 48, dtype=torch.float64)
    for column in range(18, 34):  # about the small pixel in column 6, centred at 25.5
        line.zero_()[..., column] = 1
        found = super_resolution.degrade(line, cfg)[0, 0, 5, 6]
        assert found.item() == pytest.approx(row[column - 18].item(), rel=1e-12)
    assert row[8] > row[11] > 0 > row[12]
