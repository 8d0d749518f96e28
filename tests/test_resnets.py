"""Generator and critic of WGAN-GP's residual pair are the authors', block by block."""

import math
from itertools import pairwise

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from methods._networks import NORMS, Decoder, Norm, Tanh
from methods._resnets import Critic, Generator, down, up
from priorbench.errors import UserError

# widths in multiples of the first, from the image inwards
WIDTHS = {32: [1, 2, 4], 64: [1, 2, 4, 8], 128: [1, 2, 4, 8, 8]}
PER_IMAGE: list[Norm] = ["none", "layer", "group"]


def size(net: nn.Module) -> int:
    return sum(p.numel() for p in net.parameters())


def generator_size(side: int, w: int, dim: int) -> int:
    """Linear, blocks of two 3x3 and a 1x1 with their normalisations, output."""
    widths = [w * times for times in reversed(WIDTHS[side])]
    first = (dim + 1) * 16 * widths[0]
    blocks = 0
    for b, a in pairwise([widths[0], *widths]):
        norms = 2 * b + 2 * a
        blocks += norms + 9 * b * a + (9 * a * a + a) + (b * a + a)
    return first + blocks + 2 * w + (9 * w * 3 + 3)


def critic_size(side: int, w: int) -> int:
    """Input, blocks of two 3x3 and a 1x1 with their normalisations, linear."""
    widths = [w * times for times in WIDTHS[side]]
    blocks = 0
    for b, a in pairwise([*widths, widths[-1]]):
        norms = 2 * b + 2 * b
        blocks += norms + 9 * b * b + (9 * b * a + a) + (b * a + a)
    return (9 * 3 * w + w) + blocks + (16 * widths[-1] + 1)


@pytest.mark.parametrize("side", WIDTHS)
@pytest.mark.parametrize("width", [4, 64])
def test_the_networks_have_the_parameters_of_their_layers(side: int, width: int) -> None:
    shape = (3, side, side)
    with torch.device("meta"):
        assert size(Generator(128, shape, width)) == generator_size(side, width, 128)
        assert size(Critic(shape, width)) == critic_size(side, width)


def test_at_64_pixels_they_have_those_of_the_authors() -> None:
    assert generator_size(64, 64, 128) == 8_540_483
    assert critic_size(64, 64) == 7_491_841


@pytest.mark.parametrize("size", [(16, 16), (48, 32), (64, 64), (128, 128)])
def test_critic_and_generator_fit_each_other(size: tuple[int, int]) -> None:
    shape = (3, *size)
    images = Generator(5, shape, 2)(torch.randn(2, 5))
    assert images.shape == (2, *shape)
    assert images.min() >= 0 and images.max() <= 1
    assert Critic(shape, 2)(images).shape == (2, 1)


def test_sizes_that_cannot_be_halved_are_refused() -> None:
    with pytest.raises(UserError, match="sides must be"):
        Generator(5, (3, 36, 36), 2)


def parts(block: nn.Module) -> list[Tensor]:
    """Weights of a block, drawn anew so that none is 0 or 1; the path's, then the shortcut's."""
    for weight in block.parameters():
        nn.init.normal_(weight)
    return [p.detach() for p in block.parameters()]


def convolved(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    return F.conv2d(x, weight, bias, padding=weight.shape[2] // 2)


def pooled(x: Tensor) -> Tensor:
    corners = [x[:, :, i::2, j::2] for i in (0, 1) for j in (0, 1)]
    return sum(corners[1:], corners[0]) / 4


def per_image(x: Tensor, scale: Tensor, offset: Tensor) -> Tensor:
    """Layer normalisation as the authors have it: a scale and an offset per channel."""
    rows = x.flatten(1)
    variance, mean = torch.var_mean(rows, dim=1, correction=0, keepdim=True)
    standard = ((rows - mean) / (variance + 1e-5).sqrt()).view_as(x)
    return standard * scale[:, None, None] + offset[:, None, None]


def test_a_block_of_the_critic_pools_after_its_convolutions_and_before_its_shortcut() -> None:
    torch.manual_seed(0)
    block, x = down(3, 5, "layer"), torch.randn(2, 3, 6, 6)
    scale1, offset1, conv1, scale2, offset2, conv2, bias2, short, bias = parts(block)
    path = convolved(per_image(x, scale1, offset1).relu(), conv1)
    path = pooled(convolved(per_image(path, scale2, offset2).relu(), conv2, bias2))
    expected = path + convolved(pooled(x), short, bias)
    torch.testing.assert_close(block(x), expected, atol=1e-4, rtol=1e-4)


def test_a_block_of_the_generator_enlarges_before_its_convolutions() -> None:
    torch.manual_seed(0)
    block, x = up(3, 5), torch.randn(4, 3, 6, 6)
    scale1, offset1, conv1, scale2, offset2, conv2, bias2, short, bias = parts(block)

    def large(x: Tensor) -> Tensor:
        return x.repeat_interleave(2, 2).repeat_interleave(2, 3)

    def norm(x: Tensor, scale: Tensor, offset: Tensor) -> Tensor:
        return F.batch_norm(x, None, None, scale, offset, training=True)

    path = convolved(large(norm(x, scale1, offset1).relu()), conv1)
    path = convolved(norm(path, scale2, offset2).relu(), conv2, bias2)
    expected = path + convolved(large(x), short, bias)
    torch.testing.assert_close(block(x), expected, atol=1e-4, rtol=1e-4)


def test_group_normalisation_takes_the_channels_in_32_groups() -> None:
    torch.manual_seed(0)
    x = torch.randn(2, 64, 3, 3)
    groups = x.view(2, 32, -1)
    variance, mean = torch.var_mean(groups, dim=2, correction=0, keepdim=True)
    expected = ((groups - mean) / (variance + 1e-5).sqrt()).view_as(x)
    torch.testing.assert_close(NORMS["group"](64)(x), expected)


@pytest.mark.parametrize("norm", PER_IMAGE)
def test_a_convolution_has_a_bias_where_no_normalisation_follows(norm: Norm) -> None:
    assert ("path.2.bias" in dict(down(4, 8, norm).named_parameters())) == (norm == "none")


def test_weights_begin_uniform_with_the_variance_of_the_authors() -> None:
    torch.manual_seed(0)
    block = down(64, 128, "layer")
    he, glorot = block.path[5], block.shortcut[1]  # type: ignore[index]
    for layer, inputs, outputs, gain in ((he, 64 * 9, 128 * 9, 4), (glorot, 64, 128, 2)):
        variance = gain / (inputs + outputs)
        assert float(layer.weight.detach().var()) == pytest.approx(variance, rel=0.05)
        assert layer.weight.abs().max() <= math.sqrt(3 * variance)
        assert not layer.bias.any()


def test_the_tanh_is_brought_from_both_signs_to_the_range_of_images() -> None:
    x = torch.linspace(-6, 6, 25)
    torch.testing.assert_close(Tanh()(x), (x.tanh() + 1) / 2)


def test_the_critic_sees_images_in_both_signs() -> None:
    critic, images = Critic((3, 16, 16), 4), torch.rand(2, 3, 16, 16)
    seen: list[Tensor] = []
    critic[0].register_forward_pre_hook(lambda layer, inputs: seen.extend(inputs))
    critic(images)
    torch.testing.assert_close(seen[0], 2 * images - 1)


def test_a_raw_tanh_leaves_half_of_its_range_to_images() -> None:
    torch.manual_seed(0)
    decoders = [Decoder(4, (3, 16, 16), 4, output) for output in ("tanh", "raw_tanh")]
    decoders[1].load_state_dict(decoders[0].state_dict())
    z = torch.randn(8, 4)
    inside, raw = (decoder(z) for decoder in decoders)
    assert raw.min() < 0
    torch.testing.assert_close(inside, (raw + 1) / 2)
