"""The states of a model on its way, of which one is kept: that after 80 % of the learning.

Whether a training was long enough is judged by what its last fifth still changed. Steps count
that moved the decoder: an encoder that is fitted afterwards makes no decoder better.
"""

from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from priorbench.files import replacing
from priorbench.seeds import seed_torch

SHARES = (0.2, 0.4, 0.6, 0.8, 1.0)  # of a stage, after which the model is photographed
LEARNED = 0.8  # share of the learning
State = dict[str, Tensor]


def due(step: int, count: int) -> bool:
    """Whether the model is photographed after `step` of the `count` steps of a stage."""
    return step in {max(1, int(share * count)) for share in SHARES}


def photograph(folder: Path, steps: int, model: nn.Module) -> None:
    """Keep the state of a model after `steps` steps of all stages."""
    state = {name: value.detach().contiguous() for name, value in model.state_dict().items()}
    with replacing(folder / f"milestone-{steps:09d}.safetensors") as temporary:
        save_file(state, temporary)


@torch.no_grad()
def learned(folder: Path, model: Any) -> list[tuple[int, Path]]:
    """Return the photographs in `folder`, each with the steps so far that moved the decoder.

    Leaves the model in eval mode, and as it was.
    """
    final = {name: value.clone() for name, value in model.state_dict().items()}
    model.eval()
    code = _code(model)
    found, steps, before, shown = [], 0, 0, None
    for path in sorted(folder.glob("milestone-*.safetensors")):
        model.load_state_dict(load_file(path))
        image = None if code is None else model.decode(code)
        now = int(path.stem.split("-")[1])
        if image is None or shown is None or not torch.equal(image, shown):
            steps += now - before
        found.append((steps, path))
        before, shown = now, image
    model.load_state_dict(final)
    return found


def keep(target: Path, found: list[tuple[int, Path]]) -> None:
    """Write the last of the photographs `found` by `learned` within 80 % of the steps to `target`.

    Where nothing was photographed in time, a file without a state is written.
    """
    total = found[-1][0] if found else 0
    within = [(steps, path) for steps, path in found if 0 < steps <= LEARNED * total]
    steps, path = within[-1] if within else (0, None)
    with replacing(target) as temporary:
        told = {"steps": str(steps), "of": str(total)}
        save_file(load_file(path) if path else {}, temporary, metadata=told)


def read(path: Path) -> tuple[int, int, State]:
    """Return what `keep` wrote: steps, steps in all, and the state; no steps, no state."""
    with safe_open(path, framework="pt") as file:
        told = file.metadata()
        state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    return int(told["steps"]), int(told["of"]), state


def _code(model: Any) -> Tensor | None:
    """Return a code by whose image states are told apart; None where a model draws none."""
    if not callable(getattr(model, "draw", None)):
        return None
    seed_torch("probe")
    code: Tensor = model.draw(1)
    return code
