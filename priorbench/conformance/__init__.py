"""Whether a plugin keeps the contract: rule by rule, in plain words.

For a test in any package: `check_method("mypackage.mymethod")` returns what was found of each
rule, and raises ConformanceError, an AssertionError, which lists all rules that are broken.
"""

from typing import Any

from priorbench.conformance import degrading, imagesets, methods, metrics, running, scoring, tasks
from priorbench.conformance.verdicts import (
    DOES_NOT_APPLY,
    FAILS,
    PASSES,
    ConformanceError,
    Item,
    Rule,
    judged,
)

KINDS: dict[str, tuple[Any, tuple[Rule, ...]]] = {
    "methods": (running.Subject, methods.RULES),
    "tasks": (degrading.Subject, tasks.RULES),
    "metrics": (scoring.Subject, metrics.RULES),
    "imagesets": (imagesets.Subject, imagesets.RULES),
}
__all__ = [
    "DOES_NOT_APPLY",
    "FAILS",
    "PASSES",
    "ConformanceError",
    "Item",
    "check_imageset",
    "check_method",
    "check_metric",
    "check_task",
    "found",
]


def found(noun: str, plugin: str, *options: dict[str, Any] | None) -> list[Item]:
    """Return what is found of each rule of a plugin: a name, a path (*.py) or a module (a.b).

    noun: "methods", "tasks", "metrics" or "imagesets"; UserError where there is no such plugin.
    """
    subject, rules = KINDS[noun]
    return judged(rules, subject(plugin, *options))


def check_method(
    plugin: str, train: dict[str, Any] | None = None, restore: dict[str, Any] | None = None
) -> list[Item]:
    """Check a method on small images, with options of its training and of its restoration."""
    return _demanded("methods", plugin, train, restore)


def check_task(plugin: str, options: dict[str, Any] | None = None) -> list[Item]:
    """Check a task, with options of its Config."""
    return _demanded("tasks", plugin, options)


def check_metric(plugin: str, options: dict[str, Any] | None = None) -> list[Item]:
    """Check a metric, with options of its Config."""
    return _demanded("metrics", plugin, options)


def check_imageset(plugin: str, options: dict[str, Any] | None = None) -> list[Item]:
    """Check an image set, with options of its Config; it is prepared in a temporary folder."""
    return _demanded("imagesets", plugin, options)


def _demanded(noun: str, plugin: str, *options: dict[str, Any] | None) -> list[Item]:
    items = found(noun, plugin, *options)
    if any(item.verdict == FAILS for item in items):
        raise ConformanceError(plugin, items)
    return items
