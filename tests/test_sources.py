"""What a result depends on in the code: enough, and no more."""

import os
from pathlib import Path

import pytest

from priorbench import registry
from priorbench.sources import source_hash

PLUGIN = '''"""A method."""
import math
from cmath import sin as wave
from helpers import shared, unrelated
STEPS = 3
OTHER = 4
def train(x):
    """Explain."""
    # comment
    return shared(wave(x), STEPS)
def restore(x):
    return unrelated(x, OTHER)
'''
HELPERS = """SCALE = 2
def shared(x, n):
    return inner(x) * n
def inner(x):
    return x * SCALE
def unrelated(x, n):
    return x
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    (tmp_path / "plugin.py").write_text(PLUGIN)
    (tmp_path / "helpers.py").write_text(HELPERS)
    return tmp_path


def hash_after(package: Path, file: str, old: str, new: str) -> tuple[str, str]:
    """Hashes of `train` before and after an edit."""
    before = source_hash([(package / "plugin.py", ("train",))])
    text = (package / file).read_text()
    assert old in text
    (package / file).write_text(text.replace(old, new))
    return before, source_hash([(package / "plugin.py", ("train",))])


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("plugin.py", "STEPS = 3", "STEPS = 5"),
        ("plugin.py", "shared(wave(x), STEPS)", "shared(wave(x) + 1, STEPS)"),
        ("plugin.py", "sin as wave", "cos as wave"),
        ("plugin.py", "from cmath", "from numpy"),
        ("helpers.py", "SCALE = 2", "SCALE = 3"),
        ("helpers.py", "inner(x) * n", "inner(x) + n"),
    ],
)
def test_an_edit_that_training_reaches_changes_its_hash(
    package: Path, file: str, old: str, new: str
) -> None:
    before, after = hash_after(package, file, old, new)
    assert before != after


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("plugin.py", '"""Explain."""', '"""Explain it better."""'),
        ("plugin.py", "# comment", "# another comment\n\n"),
        ("plugin.py", "unrelated(x, OTHER)", "unrelated(x + 1, OTHER)"),
        ("plugin.py", "OTHER = 4", "OTHER = 5"),
        ("plugin.py", "import math\n", "import statistics\n"),
        ("helpers.py", "return x\n", "return x + 1\n"),
    ],
)
def test_an_edit_that_training_does_not_reach_leaves_its_hash(
    package: Path, file: str, old: str, new: str
) -> None:
    before, after = hash_after(package, file, old, new)
    assert before == after


def test_undoing_an_edit_finds_the_old_hash_again(package: Path) -> None:
    before, changed = hash_after(package, "helpers.py", "SCALE = 2", "SCALE = 3")
    _, undone = hash_after(package, "helpers.py", "SCALE = 3", "SCALE = 2")
    assert before == undone != changed


@pytest.mark.parametrize("method", registry.available("methods"))
def test_training_of_every_method_reaches_its_own_file(method: str) -> None:
    path = registry.find("methods", method)
    roots = ("TrainConfig", "Model", "train", "restore")
    assert source_hash([(path, roots)]) != source_hash([])


@pytest.mark.parametrize("line", ["from .helpers import f", "from . import helpers"])
def test_a_relative_import_is_followed(line: str, tmp_path: Path) -> None:
    folder = tmp_path / "outer" / "inner"
    folder.mkdir(parents=True)
    for package in (folder, folder.parent):
        (package / "__init__.py").touch()
    called = "f(1)" if "helpers import" in line else "helpers.f(1)"
    (folder / "plugin.py").write_text(f"{line}\n\n\ndef train():\n    return {called}\n")
    (folder / "helpers.py").write_text("def f(x):\n    return x\n")
    (folder.parent / "above.py").write_text(
        "from .inner.helpers import f\n\n\ndef g():\n    return f(2)\n"
    )
    roots = [[(folder / "plugin.py", ("train",))], [(folder.parent / "above.py", ("g",))]]
    before = [source_hash(root) for root in roots]
    path = folder / "helpers.py"
    path.write_text("def f(x):\n    return x + 1\n")
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 10**9))
    assert all(source_hash(root) != hash for root, hash in zip(roots, before, strict=True))
