"""Means of resampled seeds and clusters: drawn once, kept for the next who asks.

Tables, verdicts and pairs ask for the same scores again and again; the draws cost the most. What
is drawn follows from counts and a method's name alone: whoever asks, for whatever table, has the
same interval of the same scores.
"""

import hashlib
from collections.abc import Mapping
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

RESAMPLES = 4_000
AT_ONCE = 500  # resamples computed together
KEPT = 2_000  # methods of columns whose means are kept, 32 kB each; the oldest go first

_kept: dict[bytes, Floats] = {}


def resampled(sums: Mapping[str, Floats], sizes: Floats) -> dict[str, Floats]:
    """Return the mean of each resample, (RESAMPLES,), by method.

    sums: (seeds, clusters) by method, scores summed over a cluster's images.
    sizes: (clusters,), images of each.
    """
    keys = {m: _key(m, str(each.shape), each, sizes) for m, each in sums.items()}
    found = {method: _kept[key] for method, key in keys.items() if key in _kept}
    missing = {method: each for method, each in sums.items() if method not in found}
    if missing:
        found |= _means(missing, sizes)
    for method, key in keys.items():
        _kept[key] = found[method]
    while len(_kept) > KEPT:
        del _kept[next(iter(_kept))]
    return found


def _means(sums: Mapping[str, Floats], sizes: Floats) -> dict[str, Floats]:
    found = {method: np.empty(RESAMPLES) for method in sums}
    seeds = {method: _drawn(len(each), "seeds", method) for method, each in sums.items()}
    clusters = _clusters(len(sizes), "clusters")
    for start in range(0, RESAMPLES, AT_ONCE):
        part = slice(start, start + AT_ONCE)
        drawn = clusters[part].astype(np.float64)
        images = drawn @ sizes
        for method, each in sums.items():
            total = (seeds[method][part] * (drawn @ each.T)).sum(1)
            found[method][part] = total / (len(each) * images)
    return found


def _drawn(count: int, *names: str) -> NDArray[np.unsignedinteger]:
    """Return how often each of `count` things is drawn, `count` times with replacement.

    (RESAMPLES, count), in the smallest type that holds a count.
    """
    kind = np.min_scalar_type(count)
    if count < 2:
        return np.ones((RESAMPLES, count), kind)
    digest = hashlib.sha256("\n".join(names).encode()).digest()
    generator = np.random.default_rng(int.from_bytes(digest[:8], "big"))
    drawn = np.empty((RESAMPLES, count), kind)
    for start in range(0, RESAMPLES, AT_ONCE):
        chances = np.full(count, 1 / count)
        drawn[start : start + AT_ONCE] = generator.multinomial(count, chances, AT_ONCE)
    return drawn


# columns of as many clusters share what is drawn of them, and methods that are asked for one by one
_clusters = lru_cache(maxsize=2)(_drawn)


def _key(*parts: str | Floats) -> bytes:
    digest = hashlib.sha256()
    for part in parts:
        content = part.encode() if isinstance(part, str) else part.tobytes()
        digest.update(len(content).to_bytes(8, "big") + content)
    return digest.digest()
