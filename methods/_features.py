"""What images are clustered by: principal components, and features of pretrained networks."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from methods._perceptual import convolutions, inception, resnet50, standardise
from priorbench.contract import Images, Loop
from priorbench.errors import UserError, nearest

CHUNK = 512  # images at a time
PASSES = 4  # power iterations over the images; the spectrum of images falls fast
SPARE = 16  # directions beyond those asked for, which the iterations need
SIDE, SIDE_INCEPTION = 224, 299  # pixels, of the images that the networks were trained on


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


@dataclass(frozen=True)
class Coordinates:
    """Coordinates of images along principal components, (N, dim), worked out where they are read.

    Where there are fewer components than `dim`, the other coordinates are 0.
    """

    images: Images
    dim: int
    mean: Tensor  # (D,)
    components: Tensor  # (k, D)
    length: Tensor | float = 1.0  # that counts as 1
    project: Callable[[Tensor], Tensor] = Tensor.clone  # of rows, into their set

    @property
    def shape(self) -> tuple[int, int]:
        """(N, dim)."""
        return len(self.images), self.dim

    def __getitem__(self, index: slice) -> Tensor:
        """Return the rows at `index`."""
        first, last, _ = index.indices(len(self.images))
        found = self.mean.new_zeros(last - first, self.dim)
        for start in range(first, last, CHUNK):
            part = slice(start, min(start + CHUNK, last))
            centred = self.images[part].flatten(1) - self.mean
            own = found[start - first : start - first + CHUNK]
            own[:, : len(self.components)] = centred @ self.components.T
        return self.project(found / self.length)


def coordinates(
    loop: Loop,
    images: Images,
    dim: int,
    project: Callable[[Tensor], Tensor],
    *,
    scaled: bool = True,
) -> Coordinates:
    """Return projected coordinates of training images; scaled: first to a mean length of 1."""

    def make() -> dict[str, Tensor]:
        parts = [slice(start, start + CHUNK) for start in range(0, len(images), CHUNK)]
        mean, components, _, _ = principal(lambda part: images[part].flatten(1), len(images), dim)
        plain = Coordinates(images, dim, mean, components)
        lengths = torch.cat([plain[part].norm(dim=1) for part in parts])
        return {"mean": mean, "components": components, "length": lengths.mean()}

    made = loop.once("start", make)
    length = made.pop("length")
    length = length if scaled else torch.ones_like(length)
    return Coordinates(images, dim, **made, length=length, project=project)


def deep(name: str, images: Images, prepared: bool = True) -> Tensor:
    """Return features (N, D) by the pretrained network `name`, averaged over positions.

    prepared: images in the size and scale that the network was trained on, else as they are.
    """
    device = images.device
    networks: dict[str, Callable[[], torch.nn.Module]] = {
        "resnet50": lambda: resnet50(device),
        "resnet50_logits": lambda: resnet50(device, logits=True),
        "alexnet": lambda: convolutions("alexnet", device),
        "squeezenet": lambda: convolutions("squeezenet", device),
        "inception": lambda: inception(device),
    }
    if name not in networks:
        raise UserError(f"features `{name}`: {nearest(name, [*networks, 'pixel_pca'])}")
    from torchvision.transforms.functional import resize

    net, side = networks[name](), SIDE_INCEPTION if name == "inception" else SIDE
    made = []
    with torch.no_grad():
        for start in range(0, len(images), CHUNK // 8):
            x = images[start : start + CHUNK // 8]
            if prepared:
                x = resize(x, [side, side])
                x = 2 * x - 1 if name == "inception" else standardise(x)
            found = net(x)
            made.append(found.mean((2, 3)) if found.dim() == 4 else found)
    return torch.cat(made)


def turned_rows(features: Tensor, dim: int) -> Tensor:
    """Project features (N, D) as incremental GLO's authors did, on rows of a matrix of columns.

    V holds the eigenvectors of X^T X, uncentred, in columns; taken are its rows whose numbers
    are those of the `dim` largest eigenvalues. Eigenvalues rise, and the largest entry of each
    eigenvector is positive: with rows, unlike columns, both matter.
    """
    count, width = features.shape
    if count < width:
        raise UserError(f"projection `rows`: {width} features need as many images, not {count}")
    x = features.double()
    values, vectors = torch.linalg.eigh(x.T @ x)
    peaks = vectors.gather(0, vectors.abs().argmax(0, keepdim=True))
    taken = values.argsort(descending=True)[:dim]
    turned: Tensor = (x @ (vectors * peaks.sign())[taken].T).to(features)
    return turned


def extract(
    name: str, images: Images, dim: int, projection: str = "pca", prepared: bool = True
) -> Tensor:
    """Return features (N, dim) by the extractor `name`, reduced by PCA, or by `turned_rows`."""
    if name == "pixel_pca":
        if projection != "pca":
            raise UserError(f"projection `{projection}`: for features of networks only")
        mean, components, _, _ = principal(lambda part: images[part].flatten(1), len(images), dim)
        return Coordinates(images, dim, mean, components)[:]
    features = deep(name, images, prepared)
    if projection == "rows":
        return turned_rows(features, dim)
    mean, components, _, _ = principal(lambda part: features[part], len(features), dim)
    return (features - mean) @ components.T
