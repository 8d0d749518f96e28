"""Refusals that several tasks share."""

from priorbench.errors import UserError


def noise_level(task: str, sigma: float) -> None:
    """Raise UserError unless sigma is a standard deviation in units of the range [0, 1]."""
    if not 0 <= sigma <= 1:
        hint = f"; {sigma:g}/255 is {sigma / 255:.4f}" if sigma > 1 else "; nearest: 0"
        raise UserError(f"{task}: sigma {sigma:g} is not in [0, 1]{hint}")
