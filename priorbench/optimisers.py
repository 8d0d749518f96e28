"""torch's optimisers without its compiler.

An optimiser imports torch._dynamo, only to tell it not to compile what the optimiser does. That
takes as long as importing torch itself, in every process, and nothing is compiled here: what
torch wraps for the compiler's sake is called bare.
"""

import inspect

import torch
from torch.optim import Optimizer

for _name in ("add_param_group", "zero_grad", "state_dict", "load_state_dict"):
    _bare = inspect.unwrap(getattr(Optimizer, _name))
    # where torch._compile looks for the function in a form that is not compiled
    setattr(_bare, "__dynamo_disable", _bare)


@torch.no_grad()
def take_step(optimiser: Optimizer) -> None:
    """Let an optimiser take its step."""
    inspect.unwrap(type(optimiser).step)(optimiser)
