"""A trained model on disk: safetensors with the config that rebuilds it."""

from dataclasses import asdict, dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from numpy.lib.format import open_memmap
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from priorbench import milestones, registry
from priorbench.codes import CodeTable
from priorbench.errors import UserError, out_of_memory
from priorbench.files import let_go, read_json, replacing, to_uint8
from priorbench.seeds import seed_torch
from priorbench.step import configured

CHUNK = 32  # images decoded at a time
DAMAGED = "cannot be read; delete its folder, and the model is trained again"


def build(
    plugin: ModuleType, config: dict[str, Any], shape: tuple[int, ...], spec: dict[str, Any]
) -> Any:
    """Return a new Model of `plugin`, its weights drawn under the run's seed."""
    seed_torch(spec["seed"], "model")
    with torch.device(spec["device"]):
        return plugin.Model(configured(plugin.TrainConfig, config), shape)


def save(path: Path, model: nn.Module) -> None:
    """Write a model's state."""
    state = {name: value.detach().cpu().contiguous() for name, value in model.state_dict().items()}
    with replacing(path) as temporary:
        save_file(state, temporary)


def size(model: nn.Module) -> int:
    """Count what was learned: parameters, or where there are none (closed forms) buffers."""
    learned = sum(p.numel() for p in model.parameters())
    return learned or sum(b.numel() for b in model.buffers())


def save_codes(path: Path, table: CodeTable) -> None:
    """Write all rows of a code table, (N, ...), in the precision that it keeps them in."""
    with replacing(path) as temporary:
        codes = open_memmap(temporary, "w+", table.dtype, tuple(table.initial.shape))
        start = 0
        for rows in table.chunks():
            codes[start : start + len(rows)] = rows.numpy()
            start += len(rows)
            codes.flush()
            let_go(codes)


@dataclass(frozen=True)
class Trained:
    """What a training left: the model ready to decode, its record, and its codes if any."""

    model: Any
    record: dict[str, Any]
    codes: np.ndarray | None
    folder: Path

    @property
    def diverged(self) -> bool:
        """Whether training ended in a loss that was not finite: nothing can be restored."""
        return str(self.record["status"]).startswith("diverged")

    def milestone(self) -> tuple[int, int, dict[str, Tensor]]:
        """Return steps, of how many, and the state after 80 % of the learning; 0 for none."""
        return milestones.read(self.folder / "milestone.safetensors")

    def at(self, state: dict[str, Tensor]) -> Any:
        """Return the model in an earlier state."""
        self.model.load_state_dict(state)
        return self.model


def load(file: Path | None, spec: dict[str, Any]) -> Trained:
    """Read the model that a training left in `file`; none, for a method that learns nothing."""
    if file is None:
        return Trained(None, {"status": "untrained", "steps": 0, "parameters": 0}, None, Path())
    folder = file.parent
    record = read_json(folder / "run.json")
    plugin = registry.load("methods", spec["plugin"])
    for field in ("config", "shape", "status"):
        if field not in record:
            raise UserError(f"{folder / 'run.json'}: no field `{field}`: not of a training")
    model = build(plugin, record["config"], tuple(record["shape"]), spec)
    try:
        model.load_state_dict(load_file(file, device=spec["device"]))
    except (OSError, SafetensorError) as error:
        raise UserError(f"{file}: {DAMAGED} ({error})") from error
    except RuntimeError as error:
        if out_of_memory(error):
            raise
        said = " ".join(str(error).split())
        raise UserError(f"{file}: does not fit {spec['plugin']} ({said})") from error
    model.eval().requires_grad_(False)
    codes = folder / "codes.npy"
    try:
        rows = np.load(codes, mmap_mode="r", allow_pickle=False) if codes.exists() else None
    except (OSError, ValueError, EOFError) as error:
        raise UserError(f"{codes}: {DAMAGED} ({error})") from error
    return Trained(model, record, rows, folder)


def check_size(trained: Trained, shape: tuple[int, ...]) -> None:
    """Raise UserError where a model makes images of another size than `shape`, (3, h, w)."""
    made = trained.record.get("shape")
    if made and tuple(made) != tuple(shape):
        raise UserError(
            f"the model makes images of {made[1]}x{made[2]} pixels, these have "
            f"{shape[1]}x{shape[2]}: give the image set `crop: {made[1]}`, or another size"
        )


def effective(config: Any) -> dict[str, Any]:
    """Return all values of a config dataclass, given or by default."""
    return asdict(config)


def facts(model: Any) -> dict[str, Any]:
    """Return what a trained model wants known of itself."""
    told: dict[str, Any] = getattr(model, "facts", dict)()
    return told


def has(model: Any, *abilities: str) -> bool:
    """Whether a model can "decode", "encode", "draw": as methods or as modules."""
    return all(callable(getattr(model, name, None)) for name in abilities)


def decode(model: Any, codes: Tensor) -> np.ndarray:
    """Return the images of codes, uint8 (n, 3, h, w)."""
    return to_uint8(torch.cat([model.decode(c).cpu() for c in codes.split(CHUNK)]).numpy())
