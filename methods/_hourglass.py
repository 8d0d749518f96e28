"""The two networks of Latent Convolutional Models (Athar et al. 2019; arXiv:1806.06284)."""

from functools import cache
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from methods._convnets import convolve, normalise, uniform
from priorbench.contract import Shape
from priorbench.errors import UserError

SLOPE = 0.2  # of every LeakyReLU
AMPLITUDE = 0.1  # upper end of the uniform noise map


class LatentNets(nn.Module):
    """f: rows phi, (n, length), and the noise map to latent maps, (n, latent, h/4, w/4).

    affine: whether a bound holds for the scales and shifts of normalisation too.
    """

    noise: Tensor
    first: Tensor

    def __init__(self, latent: int, shape: Shape, seed: int, affine: bool = False) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        widths = (2, 8, 16, 32, latent)
        self.kernels = [(out, c, 3, 3) for c, out in pairwise(widths)]
        sizes = [out * c * 9 for out, c, *_ in self.kernels]
        self.sizes = sizes + [out for out in widths[1:-1] for _ in ("weight", "bias")]
        self.boxed = sum(self.sizes if affine else sizes)
        # four convolutions without padding take two pixels each
        sides = [side // 4 + 2 * len(self.kernels) for side in shape[1:]]
        device = torch.get_default_device()
        with torch.device("cpu"):  # where the generator is: the same numbers on all devices
            noise = torch.rand(1, widths[0], *sides, generator=generator) * AMPLITUDE
            parts = [uniform((out * c * 9,), c * 9, generator) for out, c, *_ in self.kernels]
            parts += [torch.tensor([1.0, 0.0]).repeat_interleave(out) for out in widths[1:-1]]
        self.register_buffer("noise", noise.to(device))
        self.register_buffer("first", torch.cat(parts).to(device))

    def forward(self, phi: Tensor) -> Tensor:
        count = len(phi)
        parts = phi.split(self.sizes, 1)
        weights, affine = parts[: len(self.kernels)], parts[len(self.kernels) :]
        z = self.noise
        for layer, (kernel, weight) in enumerate(zip(self.kernels, weights, strict=True)):
            z = convolve(z, weight.reshape(count, *kernel))
            if layer < len(self.kernels) - 1:
                z = normalise(z, affine[2 * layer], affine[2 * layer + 1])
            z = F.leaky_relu(z, SLOPE, inplace=True)
        return z.view(count, -1, *z.shape[2:])

    def clamp(self, phi: Tensor, bound: float) -> Tensor:
        """Rows with their first `boxed` numbers in [-bound, bound]; a bound of 0: none."""
        if not bound:
            return phi
        inside = phi[:, : self.boxed].clamp(-bound, bound)
        return torch.cat([inside, phi[:, self.boxed :]], 1)


def _block(layer: nn.Module, channels: int) -> nn.Sequential:
    return nn.Sequential(layer, nn.BatchNorm2d(channels), nn.LeakyReLU(SLOPE, inplace=True))


@cache
def _reached(h: int, w: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """Return where each tap of `Wide` is 1: (9, h * w) pixels read, times h * w pixels written."""
    taps = torch.eye(9, dtype=dtype).view(9, 1, 3, 3).to(device)
    pixels = torch.eye(h * w, dtype=dtype).view(h * w, 1, h, w).to(device)
    reached = F.conv2d(pixels, taps, padding=2, dilation=2)  # pixel read, tap, pixel written
    return reached.flatten(2).transpose(0, 1).flatten(1)


class Wide(nn.Conv2d):
    """3x3 convolution of neighbouring pairs of channels, dilated by 2, that keeps the size.

    On maps of a few pixels all that a pair is made of is one small product of matrices.
    """

    def __init__(self, channels: int) -> None:
        super().__init__(
            channels, channels, 3, padding=2, dilation=2, groups=channels // 2, bias=False
        )

    def forward(self, x: Tensor) -> Tensor:
        count, _, h, w = x.shape
        taps = self.weight.reshape(-1, 9) @ _reached(h, w, x.dtype, x.device)
        pair = self.groups, 2 * h * w
        # out, in, read, written -> in, read, out, written
        products = (
            taps.view(self.groups, 2, 2, h * w, h * w).permute(0, 2, 3, 1, 4).reshape(*pair, -1)
        )
        written = x.reshape(count, *pair).transpose(0, 1) @ products
        return written.transpose(0, 1).reshape(x.shape)


class Hourglass(nn.Module):
    """g: latent maps (n, latent, h/4, w/4) to images (n, 3, h, w) in [0, 1].

    The narrowest map has 4x4 pixels, as at the paper's 128; smaller images leave out its
    outer levels. At a single pixel the normalisation would see no variance at all while the
    images of a batch still have the same phi, and the first gradients would explode.
    """

    def __init__(self, latent: int, width: int, narrowest: int, shape: Shape) -> None:
        super().__init__()
        halvings = min(min(shape[1:]).bit_length() - 5, 3)
        if halvings < 0 or any(side % (4 << halvings) for side in shape[1:]):
            raise UserError(f"lcm: {shape[1]}x{shape[2]} images; sides must be 16, 32, 64, 128 ...")
        narrow = narrowest * width
        inward = [latent, *[narrow // 4, narrow // 2, narrow][3 - halvings :]]
        outward = [inward[-1], *[8 * width, 8 * width, 4 * width, 2 * width][3 - halvings :]]
        # the two narrowest maps are also handed across, to the levels of their size
        across = [*inward[:0:-1][:2], 0, 0, 0, 0]
        self.down = nn.ModuleList(
            _block(nn.Conv2d(c, out, 4, 2, 1, bias=False), out) for c, out in pairwise(inward)
        )
        self.middle = nn.Sequential(*(_block(Wide(inward[-1]), inward[-1]) for _ in range(3)))
        self.up = nn.ModuleList(
            _block(nn.ConvTranspose2d(c + more, out, 4, 2, 1, bias=False), out)
            for (c, out), more in zip(pairwise(outward), across, strict=False)
        )
        self.head = nn.Sequential(
            nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True),
            _block(nn.Conv2d(2 * width, width, 3, padding=1, bias=False), width),
            _block(nn.Conv2d(width, width // 2, 3, padding=1, bias=False), width // 2),
            nn.Conv2d(width // 2, 3, 3, padding=1, bias=False),
            nn.Sigmoid(),
        )
        self.to(memory_format=torch.channels_last)

    def forward(self, z: Tensor) -> Tensor:
        x = z.contiguous(memory_format=torch.channels_last)
        across: list[Tensor] = []
        for down in self.down:
            x = down(x)
            across = [x, *across][:2]
        x = self.middle(x)
        for level, up in enumerate(self.up):
            x = up(torch.cat([x, across[level]], 1) if level < len(across) else x)
        images: Tensor = self.head(x)
        return images
