"""Inception features of image sets, for FID, KID, precision and recall.

The network is pytorch-fid's, a port of the one that FID was defined with: torchvision's own
Inception gives other numbers. Images are uint8 and brought to 299 px: `legacy` bilinearly, as
pytorch-fid does, which aliases what is reduced; `clean` by an antialiased bicubic filter, that
of Pillow (Parmar, Zhang and Zhu, CVPR 2022; arXiv:2104.11222).
"""

from dataclasses import dataclass
from functools import cache, partial
from typing import Literal
from unittest.mock import patch

import numpy as np
import torch
from pytorch_fid import inception
from torch import Tensor, nn
from torch.nn.functional import interpolate

from metrics import _sets
from metrics._images import Bytes, Floats
from priorbench import weights
from priorbench.errors import MissingWeights

OFFICIAL = 2048  # dimensions, from the last pooling
PARTIAL = 768  # dimensions, up to Mixed_6e: all that the features-only file holds
SIDE = 299  # pixels that the network sees
BATCH = 16  # images at once: larger ones take more memory and are no faster


@dataclass(frozen=True)
class Config:
    dims: Literal[64, 192, 768, 2048] = 2048  # features of an image, from ever later layers
    resize: Literal["legacy", "clean"] = "legacy"  # pytorch-fid's, or without aliasing


def label(name: str, cfg: Config) -> str:
    """Return as "FID-clean@768": what differs from the usual resizing and dimension."""
    clean = "-clean" * (cfg.resize == "clean")
    return f"{name}{clean}" if cfg.dims == OFFICIAL else f"{name}{clean}@{cfg.dims}"


def protocol(cfg: Config) -> str:
    """Return what the features depend on: weights, dimension, resizing."""
    checksum = weights.FILES["inception"].official.sha256[:8]
    resize = {"legacy": "bilinear", "clean": "bicubic antialiased"}[cfg.resize]
    return f"pytorch-fid Inception {checksum}, {cfg.dims} dimensions, {resize} to {SIDE} px"


def features(generated: Bytes, real: Bytes, cfg: Config) -> tuple[Floats, Floats]:
    """Return the features of two sets, float64 (n, dims) each.

    Raises UserError for fewer than 256 images, MissingWeights without the network's file.
    """
    return _sets.features(generated, real, f"inception {cfg}", partial(compute, cfg=cfg))


def compute(images: Bytes, cfg: Config) -> Floats:
    """Return the network's features of uint8 images, averaged over positions, (n, d)."""
    net = network(cfg.dims)
    rows = []
    with torch.inference_mode():
        for start in range(0, len(images), BATCH):
            batch = torch.from_numpy(images[start : start + BATCH]).float().div_(255)
            if cfg.resize == "clean":
                batch = resized(batch)
            # what is not of its size yet, the network resizes itself
            (maps,) = net(batch.contiguous(memory_format=torch.channels_last))
            rows.append(maps.mean((2, 3)).double().numpy())
    return np.concatenate(rows)


def resized(batch: Tensor) -> Tensor:
    """Return images (n, 3, h, w) at 299 px by Pillow's bicubic filter, confined to [0, 1]."""
    size = (SIDE, SIDE)
    return interpolate(batch, size, mode="bicubic", align_corners=False, antialias=True).clamp(0, 1)


@cache
def network(dims: int) -> nn.Module:
    """Return pytorch-fid's Inception up to the block with `dims` features, made fast."""
    if dims > PARTIAL and weights.state("inception") == "features only":
        fetch = weights.command("inception")
        raise MissingWeights(
            f"{dims} dimensions need the whole {weights.FILES['inception'].name}: in "
            f"{weights.folder()} are its lower layers; remove it and run `{fetch}`"
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
