"""Every task found in the folder keeps the contract."""

import pytest

from priorbench import registry
from priorbench.conformance import PASSES, check_task

NAMES = registry.available("tasks")


def test_there_are_tasks_to_test() -> None:
    assert len(NAMES) >= 5


@pytest.mark.parametrize("name", NAMES)
def test_a_task_keeps_the_contract(name: str) -> None:
    items = check_task(name)
    passed = {item.rule for item in items if item.verdict == PASSES}
    assert "linear" in passed  # closed forms restore every task
    functions = registry.describe("tasks", name).functions
    assert ("pasted" in passed) == ("paste" in functions)
    assert ("hidden pixels" in passed) == ("hidden" in functions)
