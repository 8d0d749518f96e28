"""Inception features of image sets, for FID and KID; each set's are computed once per process.

The network is pytorch-fid's, a port of the one that FID was defined with: torchvision's own
Inception gives other numbers. Images are uint8, enlarged or reduced bilinearly to 299 px.
"""

import hashlib
from functools import cache
from unittest.mock import patch

import numpy as np
import torch
from pytorch_fid import inception
from torch import nn

from metrics._images import Bytes, Floats
from priorbench import weights
from priorbench.errors import MissingWeights, UserError

LEAST = 256  # images per set: with fewer, the numbers tell more of their count than of the images
OFFICIAL = 2048  # dimensions, from the last pooling
PARTIAL = 768  # dimensions, up to Mixed_6e: all that the features-only file holds
BATCH = 16  # images at once: larger ones take more memory and are no faster

_computed: dict[tuple[str, int], Floats] = {}


def label(name: str, dims: int) -> str:
    """Return the metric's name, with the dimension where it is not the usual one."""
    return name if dims == OFFICIAL else f"{name}@{dims}"


def protocol(dims: int) -> str:
    """Return what the features depend on: weights, dimension, resizing."""
    checksum = weights.FILES["inception"].official.sha256[:8]
    return f"pytorch-fid Inception {checksum}, {dims} dimensions, bilinear to 299 px"


def features(generated: Bytes, real: Bytes, dims: int) -> tuple[Floats, Floats]:
    """Return the features of two sets, float64 (n, dims) each.

    Raises UserError for fewer than 256 images, MissingWeights without the network's file.
    """
    for what, images in (("generated", generated), ("real", real)):
        if images.dtype != np.uint8 or images.ndim != 4 or images.shape[1] != 3:
            raise ValueError(f"{what}: {images.dtype} {images.shape} are not uint8 (n, 3, h, w)")
        if len(images) < LEAST:
            raise UserError(f"FID and KID need {LEAST} images or more; {what}: {len(images)}")
    return _features(generated, dims), _features(real, dims)


def _features(images: Bytes, dims: int) -> Floats:
    content = np.array(images)  # torch warns of a memory map that it cannot write to
    digest = hashlib.sha256(f"{content.shape}".encode() + content.tobytes()).hexdigest()
    key = digest, dims
    if key not in _computed:
        _computed[key] = compute(content, network(dims))
    return _computed[key]


def compute(images: Bytes, net: nn.Module) -> Floats:
    """Return the network's features of uint8 images, averaged over positions, (n, d)."""
    rows = []
    with torch.inference_mode():
        for start in range(0, len(images), BATCH):
            batch = torch.from_numpy(images[start : start + BATCH]).float().div_(255)
            (maps,) = net(batch.contiguous(memory_format=torch.channels_last))
            rows.append(maps.mean((2, 3)).double().numpy())
    return np.concatenate(rows)


@cache
def network(dims: int) -> nn.Module:
    """Return pytorch-fid's Inception up to the block with `dims` features, made fast."""
    if dims > PARTIAL and weights.state("inception") == "features only":
        raise MissingWeights(
            f"{dims} dimensions need the whole {weights.FILES['inception'].name}: in "
            f"{weights.folder()} are its lower layers; remove it and run `{weights.COMMAND}`"
        )
    state = torch.load(weights.find("inception"), map_location="cpu", weights_only=True)
    block = inception.InceptionV3.BLOCK_INDEX_BY_DIM[dims]
    # its constructor would download, and unpickle; it is handed the verified file instead
    with patch.object(inception, "load_state_dict_from_url", lambda *_, **__: state):
        net: nn.Module = inception.InceptionV3([block]).eval()
    _fold(net)
    return net.to(memory_format=torch.channels_last)


def _fold(module: nn.Module) -> None:
    """Fold each batch normalisation into its convolution: an eighth of the time saved."""
    for child in module.children():
        conv, norm = getattr(child, "conv", None), getattr(child, "bn", None)
        if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
            child.conv, child.bn = nn.utils.fuse_conv_bn_eval(conv, norm), nn.Identity()
        else:
            _fold(child)
