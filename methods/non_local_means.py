"""Non-local means: a pixel becomes the mean of those whose surroundings look like its own
(Buades, Coll, Morel, CVPR 2005), in the fast version of scikit-image.

Weights fall with the distance d of two patches as exp(-max(d^2 - 2 sigma^2, 0) / h^2). Nothing
is learned.
"""

from dataclasses import dataclass
from functools import partial

from skimage.restoration import denoise_nl_means
from torch import Tensor

from methods._adapters import by_arrays
from priorbench.contract import Loop, Observation

LABEL = "non-local means"
PAPER = "Buades, Coll & Morel 2005"
TASKS = ("denoising",)


@dataclass(frozen=True)
class RestoreConfig:
    patch: int = 5  # side of the patches compared, pixels; scikit-image's example
    reach: int = 6  # how far away they are looked for, pixels; scikit-image's example
    h: float = 0.8  # decay of the weights, in units of sigma; as scikit-image advises


def restore(model: None, seen: Observation, cfg: RestoreConfig, loop: Loop) -> Tensor:
    """Denoise each image; without noise it is returned as it is."""
    if not seen.sigma * cfg.h:
        return seen.y.clamp(0, 1)
    denoise = partial(
        denoise_nl_means,
        patch_size=cfg.patch,
        patch_distance=cfg.reach,
        h=cfg.h * seen.sigma,
        sigma=seen.sigma,
        preserve_range=True,
        channel_axis=-1,
    )
    return by_arrays(denoise, seen)
