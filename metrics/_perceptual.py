"""Networks of LPIPS: backbones from the weights folder, linear heads from lpips' own package."""

import warnings
from functools import cache

import lpips
import torch

from priorbench import weights


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
