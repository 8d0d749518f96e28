"""Total variation: the noisy image's nearest neighbour with short edges (Rudin, Osher, Fatemi,
Physica D 60, 1992), by the iteration of Chambolle (J. Math. Imaging Vis. 20, 2004).

x minimises sum |grad x| + |x - y|^2 / (2 weight), colours together. Nothing is learned.

Departures: the weight is a multiple of sigma, so that one setting serves all levels of noise.
"""

from dataclasses import dataclass
from functools import partial

from skimage.restoration import denoise_tv_chambolle
from torch import Tensor

from methods._adapters import by_arrays
from priorbench.contract import Loop, Observation

LABEL = "total variation"
PAPER = "Rudin, Osher & Fatemi 1992; Chambolle 2004"
TASKS = ("denoising",)


@dataclass(frozen=True)
class RestoreConfig:
    strength: float = 1.0  # weight / sigma; at 25/255 the 0.1 of scikit-image, nearly
    tolerance: float = 1e-5  # change of the minimised sum, of its first value, that ends it
    iterations: int = 500  # at most; scikit-image's 2e-4 and 200 end early on small images


def restore(model: None, seen: Observation, cfg: RestoreConfig, loop: Loop) -> Tensor:
    """Denoise each image; without noise it is returned as it is."""
    if not seen.sigma * cfg.strength:
        return seen.y.clamp(0, 1)
    denoise = partial(
        denoise_tv_chambolle,
        weight=cfg.strength * seen.sigma,
        eps=cfg.tolerance,
        max_num_iter=cfg.iterations,
        channel_axis=-1,
    )
    return by_arrays(denoise, seen)
