"""Subsets that each cover a set of images, after Sage et al. (2018) by way of incremental GLO,
and the order in which they are learned."""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from priorbench.contract import Loop
from priorbench.errors import UserError

STARTS = 10  # of k-means, of which the best is taken


def split(features: Tensor, clusters: int, representatives: tuple[int, ...]) -> list[Tensor]:
    """Return disjoint subsets of 0 ... N - 1 that together are all of them.

    The k members nearest to the centre of each of `clusters` clusters of `features` (N, d)
    make a subset, for each k of `representatives` in turn; the rest is the last subset.
    """
    from sklearn.cluster import KMeans  # a second, which only a training is to spend

    rest, subsets = torch.arange(len(features)), []
    points = features.cpu().double()
    for k in representatives:
        if len(rest) < clusters:
            raise UserError(f"clusters: {clusters} asked for, {len(rest)} images are left")
        seed = int(torch.randint(2**31 - 1, ()))
        means = KMeans(clusters, n_init=STARTS, random_state=seed).fit(points[rest].numpy())
        labels = torch.from_numpy(means.labels_).long()
        centres = torch.from_numpy(means.cluster_centers_)
        distance = (points[rest] - centres[labels]).norm(dim=1)
        chosen = torch.zeros(len(rest), dtype=torch.bool)
        for cluster in range(clusters):
            members = torch.nonzero(labels == cluster).flatten()
            chosen[members[distance[members].argsort()[:k]]] = True
        subsets.append(rest[chosen])
        rest = rest[~chosen]
    if not len(rest):
        raise UserError("clusters x representatives: no images are left for the last subset")
    return [*subsets, rest]


def subsets(
    loop: Loop,
    features: Callable[[], Tensor],
    count: int,
    clusters: int,
    representatives: tuple[int, ...],
) -> list[Tensor]:
    """Return the subsets that `split` makes of `count` images by `features`; computed once."""
    if not representatives:
        return [torch.arange(count)]

    def make() -> dict[str, Tensor]:
        parts = split(features(), clusters, representatives)
        return {f"{number:03d}": part for number, part in enumerate(parts)}

    made = loop.once("subsets", make)
    return [made[name].cpu() for name in sorted(made)]


class Stage(NamedTuple):
    """Images to learn, and what must not be forgotten meanwhile."""

    name: str
    steps: int
    new: Tensor  # numbers of the images
    batch: int  # of them, per step
    earlier: Tensor = torch.arange(0)  # those of all other subsets met so far
    batch_earlier: int = 0  # of them, per step; 0 where there are none


def per_stage(name: str, given: int | tuple[int, ...], count: int) -> tuple[int, ...]:
    """Return a setting of each of `count` stages; UserError where it has another length."""
    values = (given,) * count if isinstance(given, int) else given
    if len(values) != count:
        raise UserError(f"{name}: {count} numbers expected, one per stage, found {len(values)}")
    return values


def plan(
    parts: list[Tensor],
    order: tuple[int, ...],
    steps: tuple[int, ...],
    batch: tuple[int, ...],
    batch_earlier: tuple[int, ...],
) -> list[Stage]:
    """Return the stages of learning: subsets, then all images for the generator and the encoder.

    `order`: the number of each stage's subset, from 1. A subset that is learned again stays out
    of the earlier images. `steps` and `batch` have two numbers more, for the last two stages.
    """
    stages: list[Stage] = []
    for place, number in enumerate(order):
        if not 1 <= number <= len(parts):
            raise UserError(f"stages: there is no subset {number} of {len(parts)}")
        new = parts[number - 1]
        others = [parts[k - 1] for k in dict.fromkeys(order[:place]) if k != number]
        earlier = torch.cat([new[:0], *others])
        name = f"subset{number}" + "_again" * order[:place].count(number)
        sizes = min(batch[place], len(new)), min(batch_earlier[place], len(earlier))
        stages.append(Stage(name, steps[place], new, sizes[0], earlier, sizes[1]))
    everything = torch.arange(sum(len(part) for part in parts))
    last = zip(("all", "encoder"), steps[-2:], batch[-2:], strict=True)
    return [*stages, *(Stage(name, count, everything, size) for name, count, size in last)]


def draw(loop: Loop, members: Tensor, size: int, step: int, order: str) -> Tensor:
    """Draw `size` of `members`; with the order "fixed", the batches of every pass are the same.

    The last batch of such a pass is what is left of the members.
    """
    if order == "fixed" and size:
        first = step % math.ceil(len(members) / size) * size
        members = members[first : first + size]
        size = len(members)
    return loop.batch(members, size, order) if size else members[:0]
