"""Which code this is: the commit of the checkout."""

import subprocess
from functools import cache
from typing import Any

from priorbench.registry import ROOT


@cache
def git() -> dict[str, Any]:
    """Commit of the code and whether it was changed since; empty outside a checkout."""
    try:
        commit = _git("rev-parse", "HEAD")
        return {"commit": commit, "dirty": bool(_git("status", "--porcelain"))}
    except (OSError, subprocess.CalledProcessError):
        return {}


def _git(*arguments: str) -> str:
    command = ["git", "-C", str(ROOT), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
