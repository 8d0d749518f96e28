"""One training of a method under the loop: what `train` keeps and `tune` tries out."""

from pathlib import Path
from types import ModuleType
from typing import Any

from priorbench import models, pretrained, step
from priorbench.contract import Images
from priorbench.loop import DivergedError, Loop
from priorbench.progress import Progress

CHECKPOINT_SECONDS = 60.0


def fit(
    plugin: ModuleType,
    images: Images,
    config: dict[str, Any],
    spec: dict[str, Any],
    state: Path,
    title: str,
) -> tuple[Any, Loop, str]:
    """Train a new model on images; return it with its loop and "finished" or "diverged ...".

    One that was trained elsewhere is loaded instead.

    What an earlier try left in the folder `state` is gone on with.
    """
    model = models.build(plugin, config, images.shape, spec)
    loop = Loop(
        state,
        spec["seed"],
        device=spec["device"],
        model=model,
        checkpoint_seconds=CHECKPOINT_SECONDS,
        progress=Progress(title),
        budget=spec.get("budget", "full"),
    )
    cfg = step.configured(plugin.TrainConfig, config)
    try:
        if hasattr(plugin, "load"):
            pretrained.fill(plugin, model, cfg, spec["checkpoint"])
        else:
            plugin.train(model.train(), images, cfg, loop)
    except DivergedError as diverged:
        return model, loop, str(diverged)
    return model, loop, "finished"
