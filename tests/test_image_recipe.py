"""The image set that the documentation shows whole is an image set."""

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from priorbench import preparing
from priorbench.errors import UserError
from priorbench.files import read_json
from priorbench.images import Prepared
from priorbench.registry import ROOT, describe
from tests.sets import encoded, filled, scene

TEXT = (ROOT / "docs" / "imagesets.md").read_text(encoding="utf-8")
SPLITS = ["train"] * 6 + ["val"] * 2 + ["test"] * 4


@pytest.fixture
def moths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return the module of the only block of Python, with twelve pictures to read."""
    (block,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    path = tmp_path / "moths.py"
    path.write_text(block, encoding="utf-8")
    assert describe("imagesets", str(path)).constants["OWN_FILES"] == "."
    spec = importlib.util.spec_from_file_location("moths", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "moths", module)
    spec.loader.exec_module(module)
    monkeypatch.setenv("PRIORBENCH_IMAGES", str(tmp_path))
    files = {f"{n}.png": encoded(scene(n, (80, 70)), "PNG") for n in range(len(SPLITS))}
    rows = [f"{n}.png,{split},{'ab'[n % 2]},place {n}" for n, split in enumerate(SPLITS)]
    text = "\n".join(["file,split,class,place", *rows, ""])
    filled(tmp_path / "moths", files | {"list.csv": text.encode()})
    return module


@pytest.mark.parametrize("size", [64, 128])
def test_the_speed_that_is_told_was_measured(size: int) -> None:
    told = read_json(ROOT / "results" / "reference" / "prepare" / f"{size}.json")
    share, rate, limit = (
        told[key]
        for key in ("share_of_limit", "prepared_per_second", "decoded_and_reduced_per_second")
    )
    assert told["size"] == size and told["hardware"] in TEXT
    assert re.search(rf"{share:.0%}[^.;]*at {size}".replace("%", " %"), TEXT)
    assert re.search(rf"\({rate}\s+of\s+{limit}", TEXT)
    if told["pictures"] == 200_000:
        assert told["memory_mib"] < 1_024
        assert f"process had {told['memory_mib']} MiB at most" in TEXT
        assert f"{told['memory_before_mib']} of them before" in TEXT


def test_the_set_of_the_documentation_is_prepared(moths: ModuleType, tmp_path: Path) -> None:
    preparing.write(moths.build(moths.Config()), "moths", tmp_path / "out", tmp_path / "state", 2)
    found = Prepared(tmp_path / "out")
    assert found.card["counts"] == {"train": 6, "val": 2, "test": 4}
    assert found.card["disjoint_clusters"] and found.shape == (3, 64, 64)
    labels = found.labels("test")
    assert labels is not None and np.array_equal(labels, [0, 1, 0, 1])


@pytest.mark.parametrize("wrong", ["list.csv", "3.png"])
def test_a_file_that_is_missing_is_told_by_its_name(
    moths: ModuleType, tmp_path: Path, wrong: str
) -> None:
    (tmp_path / "moths" / wrong).unlink()
    with pytest.raises(UserError, match=rf"moths/{wrong}: No such file"):
        moths.build(moths.Config()).read(3)


def test_a_split_of_another_name_is_told_with_the_row(moths: ModuleType, tmp_path: Path) -> None:
    listed = tmp_path / "moths" / "list.csv"
    listed.write_text(listed.read_text().replace("7.png,val", "7.png,valid"))
    with pytest.raises(ValueError, match=r"7.png: no split is called valid; choices: train, val"):
        moths.build(moths.Config())
