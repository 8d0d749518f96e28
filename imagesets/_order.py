"""Orders in which any first few images are a varied sample of their split."""

from collections import defaultdict
from collections.abc import Hashable, Iterable

import numpy as np
from numpy.typing import NDArray


def in_turn(groups: Iterable[Hashable]) -> NDArray[np.intp]:
    """Return indices that take one of each group in turn, in the order within the group."""
    members: dict[Hashable, list[int]] = defaultdict(list)
    for index, group in enumerate(groups):
        members[group].append(index)
    rounds = [
        (turn, order, index)
        for order, rows in enumerate(members.values())
        for turn, index in enumerate(rows)
    ]
    return np.array([index for _, _, index in sorted(rounds)], dtype=np.intp)


def farthest_first(points: NDArray[np.int64]) -> NDArray[np.intp]:
    """Order points (n, 2): the outermost one, then always the farthest from all before."""
    if len(points) == 0:
        return np.empty(0, dtype=np.intp)
    away = ((points - points.mean(0)) ** 2).sum(1)
    order = [int(away.argmax())]
    distance = np.full(len(points), np.inf)
    for _ in range(len(points) - 1):
        distance = np.minimum(distance, ((points - points[order[-1]]) ** 2).sum(1))
        distance[order[-1]] = -1  # taken, even where two points coincide
        order.append(int(distance.argmax()))
    return np.array(order, dtype=np.intp)
