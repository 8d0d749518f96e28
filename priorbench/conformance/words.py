"""What the contract rules of several kinds of plugins ask of a module."""

import dataclasses
import inspect
from collections.abc import Sequence
from types import ModuleType

from priorbench.conformance.verdicts import Broken
from priorbench.errors import nearest
from priorbench.registry import Description, available

# constants that are read from source text, without an import
READ = (
    *("BETTER", "FETCHED", "IN_FILES", "LABEL", "NOTE", "OWN_FILES", "PACE", "PAPER", "PER"),
    *("PROTOCOL", "REGIONS", "SHORT", "SMOKE", "TASKS", "TEST_ONLY", "UPDATES", "WEIGHTS"),
)


def check_label(module: ModuleType) -> None:
    """Ask for LABEL, the name in tables."""
    label = getattr(module, "LABEL", None)
    if not isinstance(label, str) or not label.strip() or "\n" in label:
        raise Broken(f"LABEL is {label!r}", 'write LABEL = "the name in tables"')


def check_constants(module: ModuleType, about: Description) -> None:
    """Ask for constants that are to Python what they are to who reads the source."""
    for name in READ:
        value, read = getattr(module, name, None), about.constants.get(name)
        if value != read:
            raise Broken(
                f"{name} is {value!r}, and the plan, which imports nothing, reads {read!r}",
                f"write the value itself, once and at the left margin: {name} = {value!r}",
            )
    for task in getattr(module, "TASKS", ()):
        if task not in available("tasks"):
            hint = nearest(str(task), available("tasks"))
            raise Broken(f"TASKS names `{task}`, which is no task", hint)


def check_function(module: ModuleType, name: str, asked: Sequence[str], *named: str) -> None:
    """Ask for a function that takes these arguments in this order, and those `named` by name."""
    define = f"define {name}({', '.join([*asked, *named])})"
    if not callable(found := getattr(module, name, None)):
        raise Broken(f"it has no function `{name}`", define)
    taken = inspect.signature(found)
    try:
        taken.bind(*asked, **dict.fromkeys(named))
    except TypeError as error:
        raise Broken(f"{name}{taken}: {error}", define) from error


def check_config(module: ModuleType, name: str) -> None:
    """Ask for a frozen dataclass; the registry has asked for the defaults of its fields."""
    config = getattr(module, name, None)
    parameters = getattr(config, "__dataclass_params__", None)
    if not dataclasses.is_dataclass(config) or parameters is None or not parameters.frozen:
        raise Broken(
            f"{name} is no frozen dataclass", f"put @dataclass(frozen=True) over class {name}"
        )
