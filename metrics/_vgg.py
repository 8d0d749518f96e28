"""VGG16 features of image sets, for precision and recall: 4096 numbers of an image.

Simonyan and Zisserman, ICLR 2015 (arXiv:1409.1556), with torchvision's weights; the numbers are
those after the rectifier of the second fully connected layer.
"""

from functools import cache

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from metrics._images import Bytes, Floats
from priorbench import weights

SIDE = 224  # pixels that the network sees
BATCH = 16  # images at once
CHANNELS = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))  # by size
WIDTH = 4096  # of the fully connected layers
IMAGENET = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # mean and deviation per channel


def protocol() -> str:
    """Return what the features depend on: weights, layer, resizing."""
    checksum = weights.FILES["vgg16"].official.sha256[:8]
    return f"torchvision VGG16 {checksum}, {WIDTH} of fc2, bilinear antialiased to {SIDE} px"


def compute(images: Bytes) -> Floats:
    """Return the features of uint8 images, float64 (n, 4096).

    Raises MissingWeights without the network's file.
    """
    net = network()
    rows = []
    with torch.inference_mode():
        for start in range(0, len(images), BATCH):
            batch = torch.from_numpy(images[start : start + BATCH]).float().div_(255)
            rows.append(net(standardised(batch)).double().numpy())
    return np.concatenate(rows)


def standardised(batch: Tensor) -> Tensor:
    """Return images in [0, 1], (n, 3, h, w), at 224 px and in the scale of ImageNet's colours."""
    size = (SIDE, SIDE)
    batch = interpolate(batch, size, mode="bilinear", align_corners=False, antialias=True)
    mean, deviation = (torch.tensor(values)[:, None, None] for values in IMAGENET)
    return (batch - mean) / deviation


@cache
def network() -> nn.Module:
    """Return VGG16 up to the rectifier of its second fully connected layer."""
    state = torch.load(weights.find("vgg16"), map_location="cpu", weights_only=True)
    with torch.device("meta"):
        net = unfilled()
    kept = {key: state[key] for key in net.state_dict()}
    net.load_state_dict(kept, assign=True)
    return net.eval()


def unfilled() -> nn.Sequential:
    """Return the layers under the numbers and names of torchvision's."""
    layers: list[nn.Module] = []
    channels = 3
    for block in CHANNELS:
        for width in block:
            layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
            channels = width
        layers.append(nn.MaxPool2d(2))
    pixels = (SIDE // 2 ** len(CHANNELS)) ** 2
    connected = [nn.Linear(channels * pixels, WIDTH), nn.ReLU(), nn.Dropout()]
    connected += [nn.Linear(WIDTH, WIDTH), nn.ReLU()]
    net = nn.Sequential()
    net.add_module("features", nn.Sequential(*layers))
    net.add_module("flat", nn.Flatten())
    net.add_module("classifier", nn.Sequential(*connected))
    return net
