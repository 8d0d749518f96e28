"""Pretrained networks, and losses of what they see in two images.

Their weights are read from torch's own folder (`$TORCH_HOME/hub/checkpoints`), under their
official names; nothing is fetched here. torchvision is imported where it is used: that takes
longer than importing torch, and most runs use none of it.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from methods._losses import LOSSES, Loss
from priorbench.errors import MissingWeights, UserError, nearest

# a name ends with the first eight digits of the official file's SHA-256
FILES = {
    "alexnet": "alexnet-owt-7be5be79.pth",
    "inception": "pt_inception-2015-12-05-6726825d.pth",
    "resnet50": "resnet50-0676ba61.pth",
    "squeezenet": "squeezenet1_1-b8a52dc0.pth",
    "vgg16": "vgg16-397923af.pth",
}
# smaller copies of the same weights that are known: convolutional layers only, the rest is nan
FEATURES_ONLY = {
    "alexnet": "00e2a2db584bb27872bf348ce1981a6ca235126d423e697413e22e2605844d32",
    "inception": "9169d5a3ff37629162e06e74892188fa31677e7fd69694f9ab01411ff16bc907",
    "squeezenet": "1f74c621b3d8a53aa282eb72d2d3e39e46177e403c04bb9f739ed6f4ffed67cb",
}
IMAGENET = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # mean and deviation per channel
LAST_MIXED = "Mixed_6e"  # of Inception's blocks, the last that either copy of its weights has
# layers whose outputs are compared: of VGG16 the last rectifier of blocks 1 to 4 (the code of
# incremental GLO's authors: 3, 8, 13, and 21, before its rectifier), of the others those of LPIPS
TAPS = {
    "alexnet": (1, 4, 7, 9, 11),
    "squeezenet": (1, 4, 7, 9, 10, 11, 12),
    "vgg16": (3, 8, 15, 22),
}

# networks that stand in for VGG16: SqueezeNet's outputs grow ninetyfold from the first tap to the
# fifth, which would be the whole loss
UNIT = ("alexnet", "squeezenet")


def genuine(name: str, path: Path) -> bool:
    """Whether a file is the official one of a network, by its SHA-256, or a known copy."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    official = path.stem.rsplit("-", 1)[-1]
    return digest.startswith(official) or digest == FEATURES_ONLY.get(name)


def weights(name: str, device: torch.device) -> dict[str, Tensor]:
    """Read a network's official weights; MissingWeights names the file where there is none."""
    path = Path(torch.hub.get_dir()) / "checkpoints" / FILES[name]
    if not path.exists():
        raise MissingWeights(f"{path} is missing: put the official file of that name there")
    if not genuine(name, path):
        raise UserError(f"{path}: not the official file, its SHA-256 is not that of its name")
    read: dict[str, Tensor] = torch.load(path, map_location=device, weights_only=True)
    return read


def standardise(x: Tensor) -> Tensor:
    """Return images (n, 3, h, w) in the scale of channels that the networks were trained in."""
    mean, deviation = (x.new_tensor(values)[:, None, None] for values in IMAGENET)
    return (x - mean) / deviation


def _filled(net: nn.Module, state: dict[str, Tensor]) -> nn.Module:
    """Return a network, made without memory, with its weights, which stay as they are."""
    net.load_state_dict(state, assign=True)
    return net.eval().requires_grad_(False)


def convolutions(name: str, device: torch.device) -> nn.Module:
    """Return the convolutional layers of AlexNet, SqueezeNet 1.1 or VGG16."""
    from torchvision import models

    read = weights(name, device)
    own = {k.removeprefix("features."): v for k, v in read.items() if k.startswith("features.")}
    make = {"squeezenet": models.squeezenet1_1}.get(name) or getattr(models, name)
    with torch.device("meta"):
        layers: nn.Module = make().features
    return _filled(layers, own)


def resnet50(device: torch.device, logits: bool = False) -> nn.Module:
    """Return ResNet-50 up to its last pooling, 2048 numbers, or with its 1000 logits."""
    from torchvision import models

    read = weights("resnet50", device)
    with torch.device("meta"):
        net = _filled(models.resnet50(), read)
    if not logits:
        net.fc = nn.Identity()
    return net


class WithoutBorder(nn.Module):
    """Takes zeros beyond the border out of means of 3 x 3 pixels."""

    def forward(self, means: Tensor) -> Tensor:
        """Return (n, c, h, w) rescaled along the border."""
        return means / F.avg_pool2d(torch.ones_like(means[:1, :1]), 3, 1, 1)


def inception(device: torch.device) -> nn.Module:
    """Return the Inception of the Fréchet distance up to its 768 maps; images in [-1, 1].

    It is torchvision's but for the means along borders.
    """
    from torchvision import models

    read = weights("inception", device)
    with torch.device("meta"):
        net = models.inception_v3(aux_logits=False, init_weights=False)
    layers = nn.Sequential()
    for name, block in net.named_children():
        own = {k.removeprefix(f"{name}."): v for k, v in read.items() if k.startswith(f"{name}.")}
        layers.add_module(name, _filled(block, own))
        if hasattr(block, "branch_pool"):
            block.branch_pool = nn.Sequential(WithoutBorder(), block.branch_pool)
        if name == LAST_MIXED:
            break
    return layers


def deep_l1(layers: nn.Module, taps: tuple[int, ...], unit: bool = False) -> Loss:
    """Return the loss |x - y| + sum over taps |phi(x) - phi(y)|, each a mean, (n,) per image.

    unit: phi has the channels of a place divided by their length, as in LPIPS.
    """
    scaled = F.normalize if unit else nn.Identity()

    def loss(restored: Tensor, original: Tensor) -> Tensor:
        total = LOSSES["l1"](restored, original)
        x, y = standardise(restored), standardise(original)
        for number, layer in zip(range(max(taps) + 1), layers.children(), strict=False):
            x, y = layer(x), layer(y)
            if number in taps:
                total = total + LOSSES["l1"](scaled(x), scaled(y))
        return total

    return loss


def perceptual(name: str, device: torch.device) -> Loss:
    """Return the loss of the name: GLO's for "none", the pixels' L1, or L1 with deep features."""
    losses: dict[str, Callable[[], Loss]] = {
        "none": lambda: LOSSES["lap_mse"],
        "l1": lambda: LOSSES["l1"],
        **{
            net: lambda: deep_l1(convolutions(name, device), TAPS[name], name in UNIT)
            for net in TAPS
        },
    }
    if name not in losses:
        raise UserError(f"perceptual `{name}`: {nearest(name, losses)}")
    return losses[name]()
