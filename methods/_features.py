"""What images are compared by: features for clustering, and losses of deep features.

Pretrained networks are read from torch's own folder (`$TORCH_HOME/hub/checkpoints`), under
their official names; nothing is fetched here. torchvision is imported where it is used: that
takes longer than importing torch, and most runs use none of it.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from methods._losses import LOSSES, Loss
from priorbench.contract import Images
from priorbench.errors import MissingWeights, UserError, nearest

CHUNK = 512  # images at a time
PASSES = 4  # power iterations over the images; the spectrum of images falls fast
SPARE = 16  # directions beyond those asked for, which the iterations need
RESNET_SIDE = 224  # pixels, of the images that the network was trained on
IMAGENET = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # mean and deviation per channel
VGG_TAPS = (3, 8, 15, 22)  # layers of VGG16: the last rectifier of blocks 1 to 4


def principal(
    read: Callable[[slice], Tensor], count: int, dim: int
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Principal components of `count` vectors, by subspace iteration (Halko et al. 2011).

    `read` gives the vectors of a slice, (n, D). Returns their mean (D,), components (k, D)
    with k <= dim, variances (k,) in falling order, and the total variance ().
    """
    slices = [slice(start, start + CHUNK) for start in range(0, count, CHUNK)]
    mean = torch.stack([read(part).sum(0) for part in slices]).sum(0) / count
    k = min(dim, count - 1, len(mean))
    basis = torch.randn(len(mean), min(k + SPARE, len(mean)), device=mean.device)
    total = mean.new_zeros(())
    for _ in range(PASSES + 1):
        basis, _ = torch.linalg.qr(basis)
        image = torch.zeros_like(basis)
        total = mean.new_zeros(())
        for part in slices:
            centred = read(part) - mean
            image += centred.T @ (centred @ basis)
            total += centred.square().sum()
        basis, turned = image, basis
    values, vectors = torch.linalg.eigh(turned.T @ image)
    order = values.argsort(descending=True)[:k]
    components = (turned @ vectors[:, order]).T.contiguous()
    return mean, components, values[order].clamp(min=0) / (count - 1), total / (count - 1)


def principal_codes(images: Images, dim: int) -> Tensor:
    """Return the coordinates of each image along the principal components, (N, dim).

    Where there are fewer components than `dim`, the other coordinates are 0.
    """
    mean, components, _, _ = principal(lambda part: images[part].flatten(1), len(images), dim)
    codes = mean.new_zeros(len(images), dim)
    for start in range(0, len(images), CHUNK):
        part = slice(start, start + CHUNK)
        codes[part, : len(components)] = (images[part].flatten(1) - mean) @ components.T
    return codes


def official(path: Path) -> bool:
    """Whether the SHA-256 of a file begins as the end of its name says."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return digest.startswith(path.stem.rsplit("-", 1)[-1])


def weights(name: str, device: torch.device) -> dict[str, Tensor]:
    """Read a network's official weights; MissingWeights names the file where there is none."""
    path = Path(torch.hub.get_dir()) / "checkpoints" / name
    if not path.exists():
        raise MissingWeights(f"{path} is missing: put the official {name} of torchvision there")
    if not official(path):
        raise UserError(f"{path}: not the official file, its SHA-256 is not that of its name")
    read: dict[str, Tensor] = torch.load(path, map_location=device, weights_only=True)
    return read


def standardise(x: Tensor) -> Tensor:
    """Return images (n, 3, h, w) in the scale of channels that the networks were trained in."""
    mean, deviation = (x.new_tensor(values)[:, None, None] for values in IMAGENET)
    return (x - mean) / deviation


def resnet50(device: torch.device) -> nn.Module:
    """Return ResNet-50 up to its last pooling: 2048 numbers per image."""
    from torchvision.models import resnet

    net = resnet.resnet50()
    net.load_state_dict(weights("resnet50-0676ba61.pth", device))
    net.fc = nn.Identity()
    pooled: nn.Module = net.to(device).eval().requires_grad_(False)
    return pooled


def vgg16(device: torch.device) -> nn.Module:
    """Return the convolutional layers of VGG16, as far as the loss looks."""
    from torchvision.models import vgg

    read = weights("vgg16-397923af.pth", device)
    own = {k.removeprefix("features."): v for k, v in read.items() if k.startswith("features.")}
    layers = vgg.make_layers(vgg.cfgs["D"])
    layers.load_state_dict(own)
    blocks: nn.Module = layers[: VGG_TAPS[-1] + 1].to(device).eval().requires_grad_(False)
    return blocks


def extract(name: str, images: Images, dim: int) -> Tensor:
    """Return features (N, dim) by the extractor `name`, reduced by PCA."""
    if name == "pixel_pca":
        return principal_codes(images, dim)
    if name != "resnet50":
        raise UserError(f"features `{name}`: {nearest(name, ['pixel_pca', 'resnet50'])}")
    from torchvision.transforms.functional import resize

    net = resnet50(images.device)
    made = []
    with torch.no_grad():
        for start in range(0, len(images), CHUNK // 8):
            x = resize(images[start : start + CHUNK // 8], [RESNET_SIDE, RESNET_SIDE])
            made.append(net(standardise(x)))
    features = torch.cat(made)
    mean, components, _, _ = principal(lambda part: features[part], len(features), dim)
    return (features - mean) @ components.T


def deep_l1(layers: nn.Module) -> Loss:
    """Return the loss |x - y| + sum over blocks |phi(x) - phi(y)|, each a mean, (n,) per image."""

    def loss(restored: Tensor, original: Tensor) -> Tensor:
        total = LOSSES["l1"](restored, original)
        x, y = standardise(restored), standardise(original)
        for number, layer in enumerate(layers.children()):
            x, y = layer(x), layer(y)
            if number in VGG_TAPS:
                total = total + LOSSES["l1"](x, y)
        return total

    return loss


def perceptual(name: str, device: torch.device) -> Loss:
    """Return the loss of the name: GLO's for "none", or the pixels' L1, alone or with VGG16."""
    losses: dict[str, Callable[[], Loss]] = {
        "none": lambda: LOSSES["lap_mse"],
        "l1": lambda: LOSSES["l1"],
        "vgg16": lambda: deep_l1(vgg16(device)),
    }
    if name not in losses:
        raise UserError(f"perceptual `{name}`: {nearest(name, losses)}")
    return losses[name]()
