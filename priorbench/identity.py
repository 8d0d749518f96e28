"""The task that damages nothing: y = x. With it a search asks what a prior can express at all."""

from dataclasses import dataclass

from torch import Tensor

from priorbench.contract import Shape


@dataclass(frozen=True)
class Config:
    """Nothing is degraded, and nothing added."""

    sigma: float = 0.0


def degrade(x: Tensor, cfg: Config) -> Tensor:
    """A(x) = x."""
    return x


def naive(y: Tensor, cfg: Config, shape: Shape) -> dict[str, Tensor]:
    """The image itself."""
    return {"identity": y.clamp(0, 1)}
