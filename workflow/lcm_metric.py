"""The control lines of LCM's figure 4 by every variant of LPIPS: which one did it use?

Athar, Burnaev and Lempitsky's post of June 2018 calls its measure a perceptual metric, and does
not say which. LPIPS was new then; a variant is a network, a version of its heads, and the range of
the inputs, of which one is right ([-1, 1]) and two are mistakes that programs make. What an option
of a line is (which patch, how enlarged, how the hole is filled, how the image was reduced) may be
another for each line; the variant is one for all three.
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import interpolate

from priorbench import registry, weights
from priorbench.contract import Observation
from priorbench.errors import MissingWeights
from workflow.rendering import Cell, Row, Table

PUBLISHED = registry.ROOT / "published" / "lcm_figure4.csv"
# plugin of the task: the line's name there, and the control that it is
LINES = {
    "hole": ("Hole Image", "degraded"),
    "super_resolution": ("Bilinear Upsampling", "bilinear"),
    "colorization": ("Gray Image", "grey"),
}
VERSIONS = ("0.1", "0.0")
RANGES = {"[-1, 1]": (2.0, -1.0), "[0, 1]": (1.0, 0.0), "[0, 255]": (255.0, 0.0)}
MARGINS = (0, 5, 7)  # pixels around the hole; 5: the ring that their loss weighs, 7: 64 px in all
SIDE = 64  # pixels, the patches that LPIPS was made for
KERNELS = ("bilinear", "bicubic")
BATCH = 25  # images at once
VARIANT = ["net", "version", "range"]
COLUMNS = ["imageset", "line", *VARIANT, "option", "images", "value", "published", "ratio", "said"]
Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Option:
    """One way to come to a line: pictures and their originals, float (n, 3, h, w) in [0, 1]."""

    line: str
    name: str
    shown: Tensor
    original: Tensor


def published() -> dict[str, float]:
    """Return the values of the lines, by name."""
    with PUBLISHED.open(encoding="utf-8") as file:
        values = {row["label"]: float(row["value"]) for row in csv.DictReader(file)}
    return {name: values[name] for name, _ in LINES.values()}


def options(
    task: str, plugin: str, control: Pixels, original: Pixels, seen: Observation
) -> Iterator[Option]:
    """Yield the options of the line that a control of a task is, uint8 (n, 3, h, w)."""
    line = LINES[plugin][0]
    x, g = (torch.from_numpy(images.copy()).float() / 255 for images in (original, control))
    if plugin != "hole":
        yield Option(line, f"{task}, whole image", g, x)
        return
    hidden = seen.task.hidden(seen.cfg, seen.shape)
    rows, columns = (torch.nonzero(hidden[0, 0].any(axis)).flatten() for axis in (1, 0))
    for fill, colour in (("black", 0.0), ("mid-grey", 0.5)):
        filled = torch.where(hidden, torch.tensor(colour), g)
        yield Option(line, f"{fill}, whole image", filled, x)
        for margin in MARGINS:
            cut = (
                ...,
                slice(int(rows[0]) - margin, int(rows[-1]) + 1 + margin),
                slice(int(columns[0]) - margin, int(columns[-1]) + 1 + margin),
            )
            patch, true = filled[cut], x[cut]
            side = patch.shape[-1]
            yield Option(line, f"{fill}, patch of {side} px", patch, true)
            for kernel in KERNELS if side < SIDE else ():
                large, real = (_enlarged(images, kernel) for images in (patch, true))
                yield Option(line, f"{fill}, patch of {side} px to {SIDE}, {kernel}", large, real)


def _enlarged(images: Tensor, kernel: str) -> Tensor:
    large = interpolate(images, (SIDE, SIDE), mode=kernel, align_corners=False, antialias=True)
    return large.clamp(0, 1)


def measured(imageset: str, found: Sequence[Option]) -> Iterator[dict[str, Any]]:
    """Yield a row per option and variant: the mean over images, and its ratio to the line.

    Without the file of a network one row says so.
    """
    lines = published()
    perceptual = registry.load("metrics", "metrics._perceptual")
    nets: Mapping[str, tuple[str, ...]] = registry.describe("metrics", "lpips").constants["WEIGHTS"]
    for net, version, span in product(nets, VERSIONS, RANGES):
        head = {"imageset": imageset, "net": net, "version": version, "range": span}
        try:
            network = perceptual.network(net, version, *nets[net])
        except MissingWeights:
            yield head | {"said": f"no {weights.FILES[nets[net][0]].name}"}
            continue
        for option in found:
            value = distance(network, option.shown, option.original, *RANGES[span])
            line = lines[option.line]
            yield head | {
                "line": option.line,
                "option": option.name,
                "images": len(option.shown),
                "value": value,
                "published": line,
                "ratio": value / line,
                "said": "",
            }


@torch.inference_mode()
def distance(network: Any, g: Tensor, x: Tensor, scale: float, shift: float) -> float:
    """Return the mean distance of images in [0, 1], each handed on as scale * image + shift."""
    parts = zip(g.split(BATCH), x.split(BATCH), strict=True)
    values = [network(a * scale + shift, b * scale + shift).flatten() for a, b in parts]
    return float(torch.cat(values).double().mean())


def fits(rows: pd.DataFrame) -> pd.DataFrame:
    """Return of each variant the option nearest to each line, and how far the variant is off.

    `off`: the largest ratio, or its inverse, of the three. `factor` and `off_scaled`: what all
    its values would be divided by to be nearest, and how far off they are then; for a distance
    that was averaged where LPIPS adds, or the other way.
    """
    found = []
    for variant, group in rows.groupby(VARIANT, sort=False):
        fit: dict[str, Any] = dict(zip(VARIANT, variant, strict=True))
        fit["said"] = next((said for said in group["said"] if said), "")
        if not fit["said"]:
            by_line = [part for _, part in group.groupby("line", sort=False)]
            logs = [np.log(part["ratio"].to_numpy(float)) for part in by_line]
            chosen = [int(np.abs(log).argmin()) for log in logs]
            for part, place in zip(by_line, chosen, strict=True):
                fit[str(part["line"].iloc[0])] = part.iloc[place]
            fit["off"] = float(
                np.exp(max(abs(log[i]) for log, i in zip(logs, chosen, strict=True)))
            )
            spread = min(product(*logs), key=np.ptp)
            fit["factor"] = float(np.exp((max(spread) + min(spread)) / 2))
            fit["off_scaled"] = float(np.exp(np.ptp(spread) / 2))
        found.append(fit)
    return pd.DataFrame(found)


def table(imageset: str, rows: pd.DataFrame) -> Table:
    """Return the variants with the values nearest to the lines; the best of each kind is bold."""
    lines, fitted = published(), fits(rows)
    best = {kind: fitted[kind].min() if kind in fitted else None for kind in ("off", "off_scaled")}

    def cells(fit: Any) -> tuple[Cell, ...]:
        if fit["said"]:
            return (Cell(fit["said"]), *(Cell("") for _ in range(len(lines) + 1)))
        values = (fit[line] for line in lines)
        told = (Cell(f"{v['value']:.4g}", f"x{v['ratio']:.3g}: {v['option']}") for v in values)
        off, scaled = fit["off"], fit["off_scaled"]
        return (
            *told,
            Cell(f"x{off:.3g}", bold=off == best["off"]),
            Cell(f"x{scaled:.3g}", f"divided by {fit['factor']:.3g}", scaled == best["off_scaled"]),
        )

    counted = rows["images"].dropna()
    return Table(
        name=f"lcm_metric-{imageset}",
        title=f"The control lines of LCM's figure 4 by variants of LPIPS, on {imageset}",
        columns=(
            *(f"{line}, published {value:g}" for line, value in lines.items()),
            *("largest deviation", "the same up to a factor"),
        ),
        groups=tuple(
            tuple(Row(f"{net} v{fit['version']}, {fit['range']}", cells(fit)) for fit in group)
            for net, group in (
                (net, part.to_dict("records")) for net, part in fitted.groupby("net", sort=False)
            )
        ),
        notes=(
            "Of each line the nearest of its options, by its ratio to the published value; an "
            "option may be another for each line. Bold: the nearest variant.",
            "Up to a factor: after all values of a variant were divided by one number, the best "
            "one, with options chosen anew.",
            f"Means over {int(counted.max()) if len(counted) else 0} test images; the lines are of "
            "CelebA at 128 px, and on other images say little.",
        ),
        data=rows,
    )
