"""Adam for a table of which only some rows are visited at a time.

One dense Adam would go on moving the rows that are absent from the batch, by their momentum;
torch's SparseAdam counts steps for all rows together, so that a row visited late starts with
a step many times too long. Here each row has its own moments and its own count.
"""

import torch
from torch import Tensor

from priorbench.contract import Codes, Loop

BETAS = 0.9, 0.999  # decay of the first and second moment, per visit
EPS = 1e-8


class RowAdam:
    """Adam (Kingma & Ba; arXiv:1412.6980) row by row; its state is a table of the loop's."""

    def __init__(self, loop: Loop, codes: Codes, lr: float) -> None:
        dim = codes[torch.tensor([0])].numel()
        self.lr = lr
        self.state = loop.codes(torch.zeros(1, 2 * dim + 1).expand(len(codes), -1))

    def step(self, index: Tensor, rows: Tensor, gradient: Tensor | None) -> Tensor:
        """Return `rows`, those at `index`, after a step against `gradient`; both (n, ...)."""
        assert gradient is not None, "no loss has been descended"
        flat = gradient.detach().flatten(1)
        first, second, count = self.state[index].split([flat.shape[1], flat.shape[1], 1], dim=1)
        first.lerp_(flat, 1 - BETAS[0])
        second.lerp_(flat.square(), 1 - BETAS[1])
        count += 1
        self.state[index] = torch.cat([first, second, count], dim=1)
        size = (second / (1 - BETAS[1] ** count)).sqrt() + EPS
        change = first / (1 - BETAS[0] ** count) / size
        moved: Tensor = rows.detach() - self.lr * change.view_as(rows)
        return moved
