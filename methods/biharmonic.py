"""Biharmonic inpainting: what was not seen continues its surroundings with the least bending
(Damelin, Hoang, Int. J. Math. Math. Sci. 2018, 3950312), by scikit-image.

At each hidden pixel the discrete bi-Laplacian of x is 0, colour by colour; the system is linear
and solved exactly. Nothing is learned, and nothing is to be set. Noise of seen pixels stays.
"""

from dataclasses import dataclass

from skimage.restoration import inpaint_biharmonic
from torch import Tensor

from methods._adapters import Array, by_arrays
from priorbench.contract import Loop, Observation

LABEL = "biharmonic"
PAPER = "Damelin & Hoang 2018"
TASKS = ("hole", "random_pixels")


@dataclass(frozen=True)
class RestoreConfig:
    """Nothing to choose: a linear system."""


def restore(model: None, seen: Observation, cfg: RestoreConfig, loop: Loop) -> Tensor:
    """Fill what was not seen of each image."""
    return by_arrays(_fill, seen, seen.task.hidden(seen.cfg, seen.shape, **seen.parameters))


def _fill(y: Array, hidden: Array) -> Array:
    filled: Array = inpaint_biharmonic(y, hidden[..., 0], channel_axis=-1)
    return filled
