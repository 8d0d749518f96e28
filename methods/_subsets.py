"""Subsets that each cover a set of images, after Sage et al. (2018) by way of incremental GLO."""

import torch
from torch import Tensor

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
