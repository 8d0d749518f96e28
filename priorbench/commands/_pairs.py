"""Options on a command line: KEY=VALUE, values as in YAML."""

from collections.abc import Iterable
from typing import Any

import yaml

from priorbench.errors import UserError


def pairs(options: Iterable[str]) -> dict[str, Any]:
    """Return what KEY=VALUE pairs say; UserError names one that says nothing."""
    found = {}
    for pair in options:
        key, equals, value = pair.partition("=")
        if not equals:
            raise UserError(f"{pair}: KEY=VALUE is needed, such as size=64")
        try:
            found[key] = yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise UserError(f"{pair}: not a value in YAML") from error
    return found
