"""What sampling a model leaves, in the words of the steps that make it and that score it."""

import torch
from torch import Tensor

from priorbench.seeds import generator

OF_IMAGES = "codes of training images"  # between which a line of codes goes,
DRAWN = "codes drawn at random"  # where a method has no codes of images
# regions of scores
ENDS = "ends"  # both ends of a line of codes, against the images that they stand for
REBUILT = "rebuilt"  # training images made from their codes, in the place of samples


def drawn_training(images: int, count: int) -> Tensor:
    """Return the numbers, sorted, of `count` training images: as they are, they are the floor.

    The same ones are rebuilt from their codes.
    """
    return torch.randperm(images, generator=generator("floor"))[:count].sort().values
