"""LPIPS: backbones from the weights folder, linear heads from lpips' own package."""

import warnings
from collections.abc import Sequence
from functools import cache
from itertools import groupby

import lpips
import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from metrics._images import Floats
from priorbench import weights

SIDE = 64  # pixels, the least that the network gets to see
SIDES = f"sides below {SIDE} px enlarged bilinearly"
BATCH = 16  # pairs of images at once


def name(net: str, version: str) -> str:
    """Return "LPIPS", or as "LPIPS-vgg v0.0"."""
    return f"LPIPS{f'-{net}' * (net != 'alex')}{f' v{version}' * (version != '0.1')}"


def distances(pairs: Sequence[tuple[Floats, Floats]], net: str, version: str, file: str) -> Floats:
    """Return LPIPS of each pair of images (3, h, w) in [0, 1], alike in a pair; (n,).

    Raises MissingWeights where `file`, the backbone's, is not there.
    """
    made = network(net, version, file)
    shown = [(enlarge(g), enlarge(x)) for g, x in pairs]
    found: list[Tensor] = []
    with torch.inference_mode():
        for _, alike in groupby(shown, key=lambda pair: pair[0].shape):
            group = list(alike)
            for start in range(0, len(group), BATCH):
                g, x = (torch.cat(side) for side in zip(*group[start : start + BATCH], strict=True))
                found.append(made(g, x, normalize=True).flatten())
    return torch.cat(found).numpy().astype(np.float64)


def enlarge(image: Floats) -> Tensor:
    """Return (3, h, w) as float32 (1, 3, H, W), its shorter side at least 64 px."""
    batch = torch.from_numpy(image).float()[None]
    short = min(image.shape[1:])
    if short >= SIDE:
        return batch
    size = [round(side * SIDE / short) for side in image.shape[1:]]
    return interpolate(batch, size=size, mode="bilinear", align_corners=False)


@cache
def network(net: str, version: str, file: str) -> lpips.LPIPS:
    """Return LPIPS ("alex", "vgg" or "squeeze"; "0.1" or "0.0"), its backbone from `file`.

    It compares images in [-1, 1]; version 0.0 has other heads and does not standardise colours.
    Raises MissingWeights where the backbone is not there: lpips alone would download it.
    """
    path = weights.find(file)
    made = unfilled(net, version)
    state = torch.load(path, map_location="cpu", weights_only=True)
    # lpips cuts the features into slices but keeps their numbers; the classifier is not used
    backbone = {key: state["features." + key.split(".", 1)[1]] for key in made.net.state_dict()}
    made.net.load_state_dict(backbone)
    return made


def unfilled(net: str, version: str) -> lpips.LPIPS:
    """Return the network with its linear heads and a random backbone."""
    with warnings.catch_warnings():
        # lpips names torchvision's weights as older versions did
        warnings.filterwarnings("ignore", category=UserWarning, module="torchvision")
        return lpips.LPIPS(net=net, version=version, pnet_rand=True, verbose=False).eval()
