"""Files between the steps: whole or not at all, and checked when they are read."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from priorbench import paths, registry
from priorbench.contract import Images, Observation
from priorbench.errors import UserError
from priorbench.files import read_arrays, read_json, replacing, to_uint8, write_arrays, write_rows
from priorbench.images import Prepared, write_prepared
from priorbench.observations import read_observations, write_observations

PIXELS = np.random.default_rng(0).integers(0, 256, (4, 3, 8, 8)).astype(np.uint8)
CARD: dict[str, Any] = {"name": "toy", "label": "toy", "clusters": {}, "labels": None}


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    with pytest.raises(RuntimeError), replacing(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert [p.name for p in tmp_path.iterdir()] == ["file"]
    assert path.read_text() == "old"


def test_nothing_at_all_reads_back_as_nothing(tmp_path: Path) -> None:
    # what a diverged run leaves
    write_arrays(tmp_path / "x.safetensors", {})
    assert read_arrays(tmp_path / "x.safetensors") == ({}, {})


def test_arrays_and_facts_read_back_equal(tmp_path: Path) -> None:
    arrays = {"a/b": PIXELS, "mask": PIXELS > 3}
    write_arrays(tmp_path / "x.safetensors", arrays, shape=(3, 8, 8), name="toy")
    read, facts = read_arrays(tmp_path / "x.safetensors")
    assert facts == {"shape": [3, 8, 8], "name": "toy"}
    assert all(np.array_equal(read[name], array) for name, array in arrays.items())


def test_floats_in_tables_read_back_equal(tmp_path: Path) -> None:
    write_rows(tmp_path / "x.csv", ("a", "b"), [(0.1 + 0.2, "t")])
    assert float((tmp_path / "x.csv").read_text().split("\n")[1].split(",")[0]) == 0.1 + 0.2


@pytest.mark.parametrize("reader", [read_arrays, read_json])
def test_a_file_that_cannot_be_read_is_named(reader: object, tmp_path: Path) -> None:
    (tmp_path / "torn").write_bytes(b"\x00\x01{")
    for name in ("torn", "absent"):
        with pytest.raises(UserError, match=name):
            reader(tmp_path / name)  # type: ignore[operator]


def test_images_are_rounded_and_never_wrapped() -> None:
    assert to_uint8(np.array([-0.1, 0.0, 0.5, 1.0, 1.2])).tolist() == [0, 0, 128, 255, 255]
    with pytest.raises(UserError, match="not finite"):
        to_uint8(np.array([np.nan]))


def test_a_prepared_set_reads_back_equal(tmp_path: Path) -> None:
    splits = {"train": PIXELS, "val": PIXELS[:1], "test": PIXELS[1:]}
    write_prepared(tmp_path, CARD, splits)
    read = Prepared(tmp_path)
    assert read.shape == (3, 8, 8)
    assert np.array_equal(read.test, PIXELS[1:])


def test_a_split_that_does_not_fit_its_card_is_named(tmp_path: Path) -> None:
    write_prepared(tmp_path, CARD, {"train": PIXELS, "val": PIXELS, "test": PIXELS})
    np.save(tmp_path / "val.npy", PIXELS[:2])
    with pytest.raises(UserError, match=r"val\.npy: shape"):
        _ = Prepared(tmp_path).val


def test_images_come_as_floats_and_stay_unchanged() -> None:
    images = Images(PIXELS)
    batch = images[torch.tensor([2, 0])]
    assert batch.dtype == torch.float32
    assert torch.equal((batch * 255).round(), torch.from_numpy(PIXELS[[2, 0]]).float())
    batch.zero_()
    assert images[torch.tensor([2])].any()


@pytest.mark.parametrize("task", registry.available("tasks"))
def test_observations_read_back_equal_and_degrade_alike(task: str, tmp_path: Path) -> None:
    plugin = registry.load("tasks", task)
    cfg = plugin.Config()
    x = torch.rand(3, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    drawn = [plugin.draw(cfg, (3, 32, 32), torch.Generator().manual_seed(i)) for i in range(3)]
    parameters = {key: torch.stack([d[key] for d in drawn]) for key in drawn[0]}
    y = plugin.degrade(x, cfg, **parameters)
    seen = Observation(y, plugin, cfg, (3, 32, 32), torch.arange(3), parameters)
    about = {"row": {"plugin": task, "config": {}, "protocol": plugin.protocol(cfg, (3, 32, 32))}}
    write_observations(tmp_path / "o.safetensors", {"row": seen}, about, "checksum")
    read = read_observations(tmp_path / "o.safetensors")["row"]
    assert torch.equal(read.y, y)
    assert torch.equal(read.degrade(x), y)
    assert read.naive().shape == x.shape
    twice = read[torch.tensor([2, 2, 0])]
    assert torch.equal(twice.degrade(x[[2, 2, 0]]), y[[2, 2, 0]])


def test_a_path_says_what_lies_there() -> None:
    folder = paths.folder("restore", "0123456789", imageset="a", unit="all", method="m", seed=4)
    place = paths.parse(folder / "restored.safetensors")
    assert (place.imageset, place.unit, place.method, place.seed, place.key) == (
        *("a", "all", "m", 4, "0123456789"),
    )
    assert paths.parse("results/x/score/a/hole.csv").unit == "hole"
    with pytest.raises(UserError, match="not the path of a result"):
        paths.parse("results/x/figures/bars.png")


def test_json_never_holds_a_number_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        write_prepared(
            tmp_path, CARD | {"bad": float("nan")}, dict.fromkeys(("train", "val", "test"), PIXELS)
        )
    assert not (tmp_path / "card.json").exists()
