"""Where a restoration's error comes from: the range of a method, its search, or the data.

Squared errors per value, image by image: x the original, r what the method's search finds when it
is shown x itself (`represent`), x* its restoration of y = A(x) + sigma n. Let D(u) be the squared
length of the shortest change of u that makes it explain y, A^+ (A u - y): without noise, the part
of the error of u that the data see. Then

    range      = min(|r - x|^2, |x* - x|^2)          how near the method comes to x, as far as known
    search     = max(0, D(x*) - D(r)), at most |x* - x|^2 - range
                                                     r explains the data better: x* was not the end
    ambiguity  = the rest                            both explain y as well, and y is not x

and the three are never negative and sum to |x* - x|^2. For y = seen pixels, say, search is what the
restoration has wrong among the seen pixels beyond what r has wrong there; for colorization the
same of the luminance.

Limits. r is found by a search too, with the method's own loss: range is an upper bound, and what
that search misses counts as range. What a failed search leaves wrong where nothing was seen is
called ambiguity, an upper bound therefore, and search a lower one. Noise that a restoration fits
is ambiguity: the data ask for it. A search that is stopped early on purpose, to leave noise alone,
has search error. Only for linear A.
"""

import torch
from torch import Tensor

from priorbench.contract import Observation

PROTOCOL = "error split/1, mean squared error, range 1"
STEPS = 60  # of conjugate gradients, at most
ENOUGH = 1e-10  # of the first squared gradient


def is_linear(seen: Observation) -> bool:
    """Whether A is linear, as far as a few images drawn at random tell."""
    generator = torch.Generator().manual_seed(0)
    pair = (2, len(seen), *seen.shape)
    drawn = torch.randn(pair, generator=generator, dtype=torch.float64)
    together = seen.degrade(drawn[0] - 2 * drawn[1])
    apart = seen.degrade(drawn[0]) - 2 * seen.degrade(drawn[1])
    return bool(torch.allclose(together, apart, rtol=1e-6, atol=1e-6))


def misfit(images: Tensor, seen: Observation) -> Tensor:
    """Return D, (n,): the mean square of the least change that makes images explain y.

    images: (n, 3, h, w), float64, in [0, 1]. The change is A^+ (A u - y), by conjugate gradients
    on the normal equations (CGLS: Hestenes and Stiefel, 1952), which leave out what no image
    explains.
    """
    transpose = torch.func.vjp(seen.degrade, torch.zeros_like(images))[1]
    left = seen.degrade(images) - seen.y
    change = torch.zeros_like(images)
    (slope,) = transpose(left)
    direction, size = slope, _square(slope)
    first = size
    for _ in range(STEPS):
        if bool((size <= ENOUGH * first).all()):
            break
        ahead = seen.degrade(direction)
        length = _ratio(size, _square(ahead))
        change, left = change + length * direction, left - length * ahead
        (slope,) = transpose(left)
        before, size = size, _square(slope)
        direction = slope + _ratio(size, before) * direction
    return change.square().mean((1, 2, 3))


def split(restored: Tensor, represented: Tensor, original: Tensor, seen: Observation) -> Tensor:
    """Return the parts of the error, (3, n): range, search and ambiguity, as above.

    Images: (n, 3, h, w) in [0, 1], of the same n originals.
    """
    restored, represented, original = (t.double() for t in (restored, represented, original))
    error = (restored - original).square().mean((1, 2, 3))
    reach = torch.minimum((represented - original).square().mean((1, 2, 3)), error)
    missed = (misfit(restored, seen) - misfit(represented, seen)).clamp(min=0)
    search = torch.minimum(missed, error - reach)
    return torch.stack([reach, search, error - reach - search])


def _square(images: Tensor) -> Tensor:
    return images.square().flatten(1).sum(1)


def _ratio(above: Tensor, below: Tensor) -> Tensor:
    """Return above / below per image, (n, 1, 1, 1); zero where there is nothing left to do."""
    ratio = torch.where(below > 0, above / below.clamp(min=torch.finfo(below.dtype).tiny), 0)
    return ratio[:, None, None, None]
