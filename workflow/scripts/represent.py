"""Search for clean images: what a method's range can express, and whether training had a plateau.

The test images are shown undamaged, so this is a control and no restoration. The validation
images are searched for with the final model and with its states at 80 % of each stage.
"""

from argparse import Namespace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor

from priorbench import models, registry, step
from priorbench.contract import Images
from priorbench.files import write_arrays
from priorbench.images import Prepared, mean_psnr
from priorbench.loop import MILESTONE, DivergedError
from priorbench.observations import undamaged
from priorbench.paths import parse
from priorbench.records import Record
from priorbench.restoring import restore
from priorbench.seeds import seed_torch
from priorbench.tuning import chosen

PLATEAU = 0.1  # dB on validation images over the last fifth of a stage
LEARNED = 1.0  # dB that a training must have gained to count as one


def main(arguments: Namespace, state: Path) -> None:
    """Search for clean images: a method's range, and whether its training had a plateau."""
    spec = arguments.spec
    record = Record("represent", spec, parse(arguments.out).imageset)
    images = Prepared(arguments.images.parent)
    trained = models.load(arguments.model, spec)
    plugin = registry.load("methods", spec["plugin"])
    found: dict[str, Any] = {}
    validation: dict[str, float] = {}
    status = trained.record["status"]
    if not trained.diverged:
        cfg = step.configured(
            plugin.RestoreConfig, spec["config"] | chosen(arguments.tuned, "restore")
        )
        search = _Search(plugin, cfg, spec, state, parse(arguments.out).imageset)
        try:
            found["represent"] = search(trained.model, images.test[: spec["count"]], "test")
            validation, status = _plateau(search, trained, images.val[: spec["validation"]])
        except DivergedError as diverged:
            found, status = {}, str(diverged)
    record.write(
        arguments.out.with_name("run.json"),
        config=spec["config"],
        images=spec["count"],
        plateau_rule={
            "validation_images": spec["validation"],
            "last_share_of_a_stage": round(1 - MILESTONE, 2),
            "less_than_db": PLATEAU,
            "gained_db": LEARNED,
        },
        validation_psnr={state: round(value, 4) for state, value in validation.items()},
        status=status,
    )
    write_arrays(arguments.out, found)


class _Search:
    """A method's own search with A = identity."""

    def __init__(
        self, plugin: ModuleType, cfg: Any, spec: dict[str, Any], state: Path, imageset: str
    ) -> None:
        self.plugin, self.cfg, self.spec = plugin, cfg, spec
        self.state, self.imageset = state, imageset

    def __call__(self, model: Any, originals: np.ndarray, name: str) -> np.ndarray:
        title = f"represent {self.imageset} {self.spec['method']} {name}"
        seen = undamaged(Images(originals)[:].to(self.spec["device"]))
        state = self.state / name
        return restore(self.plugin, model, seen, self.cfg, self.spec, state, title).images


def _plateau(
    search: _Search, trained: models.Trained, originals: np.ndarray
) -> tuple[dict[str, float], str]:
    """Return validation PSNRs by state, and the status that follows from them."""
    if trained.record["steps"] == 0:
        return {}, "untrained" if trained.model is None else "closed form"
    final = mean_psnr(search(trained.model, originals, "final"), originals)
    psnrs = {"final": final}
    stage = _rewind(trained)
    if stage is None:
        return psnrs, "budget-limited"
    try:
        psnrs[stage] = mean_psnr(search(trained.model, originals, f"stage-{stage}"), originals)
    except DivergedError:  # the model was another then
        return psnrs, "budget-limited"
    if abs(final - psnrs[stage]) < PLATEAU:
        # what has hardly begun to learn does not move either
        facts = trained.record
        untrained = models.build(search.plugin, facts["config"], tuple(facts["shape"]), search.spec)
        model = untrained.eval().requires_grad_(False)
        psnrs["untrained"] = mean_psnr(search(model, originals, "untrained"), originals)
        if final - psnrs["untrained"] > LEARNED:
            return psnrs, "plateau"
    return psnrs, "budget-limited"


def _rewind(trained: models.Trained) -> str | None:
    """Bring the model to its state in the last stage that moved the decoder; name the stage.

    An encoder's stage moves none.
    """
    shown = _probe(trained.model)
    for stage, state in reversed(trained.milestones().items()):
        model = trained.at(state).eval().requires_grad_(False)
        if shown is None or not torch.equal(model.decode(shown[0]), shown[1]):
            return stage
    return None


def _probe(model: Any) -> tuple[Tensor, Tensor] | None:
    """Return a code and its image, by which states are told apart; None where none is drawn."""
    if not hasattr(model, "draw"):
        return None
    seed_torch("probe")
    code = model.draw(1)
    return code, model.decode(code)


if __name__ == "__main__":
    step.run(main, "images", "model", "tuned")
