"""What every method has to do: the conformance kit, with the options of smoke.yaml."""

import pytest
import yaml

from priorbench import registry
from priorbench.conformance import PASSES, check_method

NAMES = registry.available("methods")
SMOKE = yaml.safe_load((registry.ROOT / "tests" / "smoke.yaml").read_text())["methods"]


def test_there_are_methods_to_test() -> None:
    assert len(NAMES) >= 12


@pytest.mark.parametrize("name", NAMES)
def test_a_method_keeps_the_contract(name: str) -> None:
    about = registry.describe("methods", name)
    searches = "steps" in about.configs["RestoreConfig"]
    assert name in SMOKE or not (about.learns or searches), f"tests/smoke.yaml has no row `{name}`"
    options = SMOKE.get(name, {})
    items = check_method(name, options.get("train"), options.get("restore"))
    passed = {item.rule for item in items if item.verdict == PASSES}
    # what applies was not passed over
    assert ("save and load" in passed) == about.learns
    assert ("samples" in passed) == ("draw" in about.model)
    assert ("gradient" in passed) == ("restoration resumed" in passed) == searches
    learns_by_steps = about.learns and {"steps", "visits"} & {*about.configs["TrainConfig"]}
    assert ("training resumed" in passed) == bool(learns_by_steps)
    if "TASKS" not in about.constants:
        assert "hidden pixels" in passed
