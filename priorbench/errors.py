"""The one way in which PriorBench says that a user has to change something."""

import difflib
from collections.abc import Iterable

MISSING = "missing: "  # how the protocol of a score begins that could not be computed


class UserError(Exception):
    """A mistake that the user can mend: shown as one line, without a traceback."""


class MissingWeights(UserError):
    """Pretrained weights that a metric or method needs are not on this machine."""


def nearest(word: str, choices: Iterable[str]) -> str:
    """Say what `word` may have meant: the nearest of `choices`, and all of them."""
    known = sorted(choices)
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    hint = f"did you mean `{close[0]}`? " if close else ""
    return f"{hint}choices: {', '.join(known) or 'none'}"
