"""The network of LPIPS: AlexNet from the weights folder, linear heads from lpips' own package."""

import warnings
from functools import cache

import lpips
import torch

from priorbench import weights


@cache
def perceptual() -> lpips.LPIPS:
    """Return LPIPS v0.1 on AlexNet, ready to compare images in [-1, 1].

    Raises MissingWeights where the backbone is not there: lpips alone would download it.
    """
    path = weights.find("alexnet")
    network = unfilled()
    state = torch.load(path, map_location="cpu", weights_only=True)
    # lpips cuts the features into slices but keeps their numbers; the classifier is not used
    backbone = {key: state["features." + key.split(".", 1)[1]] for key in network.net.state_dict()}
    network.net.load_state_dict(backbone)
    return network


def unfilled() -> lpips.LPIPS:
    """Return the network with its linear heads and a random backbone."""
    with warnings.catch_warnings():
        # lpips names torchvision's weights as older versions did
        warnings.filterwarnings("ignore", category=UserWarning, module="torchvision")
        return lpips.LPIPS(net="alex", version="0.1", pnet_rand=True, verbose=False).eval()
