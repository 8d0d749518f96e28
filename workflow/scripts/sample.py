"""Show what a model has learned: samples, images reconstructed and encoded, codes interpolated."""

from argparse import Namespace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from priorbench import models, registry, step
from priorbench.contract import Images
from priorbench.files import to_uint8, write_arrays
from priorbench.images import Prepared
from priorbench.loop import DivergedError
from priorbench.models import CHUNK, decode, has
from priorbench.observations import undamaged
from priorbench.paths import parse
from priorbench.records import Record
from priorbench.restoring import restore
from priorbench.seeds import generator, seed_torch
from priorbench.showing import DRAWN, OF_IMAGES, drawn_training
from priorbench.tuning import chosen as tuned


def main(arguments: Namespace, state: Path) -> None:
    """Draw samples, reconstruct training images, and go from one code to another."""
    spec = arguments.spec
    spec["config"] |= tuned(arguments.tuned, "restore")
    record = Record("sample", spec, parse(arguments.out).imageset)
    images = Images(Prepared(arguments.images.parent).train, torch.device(spec["device"]))
    trained = models.load(arguments.model, spec)
    shown: dict[str, Any] = {}
    status = trained.record["status"]
    if not trained.diverged:
        try:
            shown = show(trained, images, spec, state)
        except DivergedError as diverged:
            status = str(diverged)
    plugin = registry.load("methods", spec["plugin"])
    record.write(
        arguments.out.with_name("run.json"),
        status=status,
        samples=getattr(trained.model, "drawn", getattr(plugin, "SAMPLES", "")),
        interpolations=shown.pop("from", ""),
    )
    write_arrays(arguments.out, shown)


@torch.no_grad()
def show(
    trained: models.Trained, images: Images, spec: dict[str, Any], state: Path
) -> dict[str, Any]:
    """Return arrays of pictures by name, as far as the model can make them."""
    model = trained.model
    shown: dict[str, Any] = {}
    if has(model, "draw"):
        seed_torch(spec["seed"], "sample")
        shown["samples"] = decode(model, model.draw(spec["samples"]))
    order = torch.randperm(len(images), generator=generator("shown"))
    chosen = order[: spec["reconstructions"]].sort().values
    shown["training"] = to_uint8(images[chosen].cpu().numpy())
    codes = codes_of(trained, images, chosen)
    if has(model, "decode", "encode"):
        shown["encoded"] = decode(model, model.encode(images[chosen]))
    if codes is not None:
        shown["reconstructions"] = decode(model, codes)
        shown["from"] = OF_IMAGES
        some = drawn_training(len(images), spec["samples"])
        parts = (codes_of(trained, images, part) for part in some.split(CHUNK))
        shown["rebuilt"] = np.concatenate([decode(model, p) for p in parts if p is not None])
    else:
        shown["reconstructions"] = searched(trained, images[chosen], spec, state)
        if has(model, "draw"):
            seed_torch(spec["seed"], "interpolate")
            codes = model.draw(2 * spec["pairs"])
            shown["from"] = DRAWN
    if codes is not None:
        lines = [
            decode(model, between(codes[2 * k], codes[2 * k + 1], spec["between"]))
            for k in range(min(spec["pairs"], len(codes) // 2))
        ]
        shown["interpolations"] = np.stack(lines)
    return shown


def codes_of(trained: models.Trained, images: Images, chosen: Tensor) -> Tensor | None:
    """Return the codes of training images, as learned or else encoded; None without either."""
    model = trained.model
    if not has(model, "decode"):
        return None
    if trained.codes is not None:
        codes = torch.from_numpy(trained.codes[chosen.numpy()]).to(images.device).float()
        clamped: Tensor = getattr(model, "clamp", Tensor.clone)(codes)  # float16 may round out
        return clamped
    encoded: Tensor | None = model.encode(images[chosen]) if has(model, "encode") else None
    return encoded


def between(a: Tensor, b: Tensor, count: int) -> Tensor:
    """Return `count` codes on the straight line from a to b."""
    share = torch.linspace(0, 1, count, device=a.device).view(-1, *[1] * a.ndim)
    return a + share * (b - a)


@torch.enable_grad()
def searched(trained: models.Trained, x: Tensor, spec: dict[str, Any], state: Path) -> np.ndarray:
    """Reconstruct images x by the method's own search, where a model has no codes of them."""
    plugin = registry.load("methods", spec["plugin"])
    cfg = step.configured(plugin.RestoreConfig, spec["config"])
    title = f"reconstruct {spec['method']}"
    return restore(plugin, trained.model, undamaged(x), cfg, spec, state, title).images


if __name__ == "__main__":
    step.run(main, "images", "model", "tuned")
