"""Search for clean images: what a method's range can express, and whether training had a plateau.

The test images are shown undamaged, so this is a control and no restoration. The validation
images are searched for with the final model and with its state after 80 % of the learning.
"""

from argparse import Namespace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch

from priorbench import models, registry, step
from priorbench.contract import Images
from priorbench.files import write_arrays
from priorbench.images import Prepared, mean_psnr, named
from priorbench.loop import DivergedError
from priorbench.milestones import LEARNED
from priorbench.observations import undamaged
from priorbench.paths import parse
from priorbench.records import Record
from priorbench.restoring import fewer, restore
from priorbench.tuning import chosen

PLATEAU = 0.1  # dB on validation images over the last fifth of the learning
GAINED = 3.0  # dB that a training must have gained to count as one: half the squared error


def main(arguments: Namespace, state: Path) -> None:
    """Search for clean images: a method's range, and whether its training had a plateau."""
    spec = arguments.spec
    record = Record("represent", spec, parse(arguments.out).imageset)
    images = Prepared(arguments.images.parent)
    trained = models.load(arguments.model, spec)
    plugin = registry.load("methods", spec["plugin"])
    found: dict[str, Any] = {}
    validation: dict[str, float] = {}
    status, chunk = trained.record["status"], spec["chunk"]
    if not trained.diverged:
        cfg = step.configured(
            plugin.RestoreConfig, spec["config"] | chosen(arguments.tuned, "restore")
        )
        search = _Search(plugin, cfg, spec, state, parse(arguments.out).imageset)
        try:
            for group, (numbers, originals) in enumerate(images.tested(spec["count"])):
                models.check_size(trained, originals.shape[1:])
                name = named("represent", group if images.sizes else None)
                found[name] = search(trained.model, originals, f"test-{group}", numbers)
            if models.has(trained.model, "encode", "decode"):
                found["encoded"] = _encoded(trained.model, images.test[: spec["shown"]], spec)
            if len(images.val):  # a classic test set has none: its model was judged at home
                validation, status = _plateau(search, trained, images.val[: spec["validation"]])
        except DivergedError as diverged:
            found, status = {}, str(diverged)
        chunk = search.chunk
    record.write(
        arguments.out.with_name("run.json"),
        config=spec["config"],
        images=spec["count"] or images.card["counts"]["test"],
        chunk=chunk,
        note=f"represent {said}" if (said := fewer(chunk, spec["chunk"])) else "",
        plateau_rule={
            "validation_images": spec["validation"],
            "last_share_of_steps_that_moved_the_decoder": round(1 - LEARNED, 2),
            "less_than_db": PLATEAU,
            "gained_db": GAINED,
        },
        validation_psnr={state: round(value, 4) for state, value in validation.items()},
        status=status,
    )
    write_arrays(arguments.out, found)


@torch.no_grad()
def _encoded(model: Any, originals: np.ndarray, spec: dict[str, Any]) -> np.ndarray:
    """Return images as rebuilt from the codes that the model's encoder predicts."""
    x = Images(originals)[:].to(spec["device"])
    return models.decode(model, model.encode(x))


class _Search:
    """A method's own search with A = identity."""

    def __init__(
        self, plugin: ModuleType, cfg: Any, spec: dict[str, Any], state: Path, imageset: str
    ) -> None:
        self.plugin, self.cfg, self.spec = plugin, cfg, spec
        self.state, self.imageset = state, imageset
        self.chunk = spec["chunk"]  # the smallest that was used

    def __call__(
        self, model: Any, originals: np.ndarray, name: str, numbers: np.ndarray | None = None
    ) -> np.ndarray:
        title = f"represent {self.imageset} {self.spec['method']} {name}"
        ids = None if numbers is None else torch.from_numpy(numbers)
        seen = undamaged(Images(originals)[:].to(self.spec["device"]), ids)
        state = self.state / name
        found = restore(self.plugin, model, seen, self.cfg, self.spec, state, title)
        self.chunk = min(self.chunk, found.chunk)
        return found.images


def _plateau(
    search: _Search, trained: models.Trained, originals: np.ndarray
) -> tuple[dict[str, float], str]:
    """Return validation PSNRs by state, and the status that follows from them."""
    if trained.record["steps"] == 0:
        elsewhere = "pretrained" if hasattr(search.plugin, "load") else "closed form"
        return {}, "untrained" if trained.model is None else elsewhere
    psnrs = {"final": mean_psnr(search(trained.model, originals, "final"), originals)}
    steps, total, state = trained.milestone()
    if not steps:
        return psnrs, "budget-limited"
    at = f"step {steps} of {total}"
    try:
        before = trained.at(state).eval().requires_grad_(False)
        psnrs[at] = mean_psnr(search(before, originals, "before"), originals)
    except DivergedError:  # the model was another then
        return psnrs, "budget-limited"
    if abs(psnrs["final"] - psnrs[at]) < PLATEAU:
        # what has hardly begun to learn does not move either
        facts = trained.record
        untrained = models.build(search.plugin, facts["config"], tuple(facts["shape"]), search.spec)
        model = untrained.eval().requires_grad_(False)
        psnrs["untrained"] = mean_psnr(search(model, originals, "untrained"), originals)
        if psnrs["final"] - psnrs["untrained"] > GAINED:
            return psnrs, "plateau"
    return psnrs, "budget-limited"


if __name__ == "__main__":
    step.run(main, "images", "model", "tuned")
