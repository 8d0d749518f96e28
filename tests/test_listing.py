"""`priorbench list`: read from source alone, complete, and not to be upset by a broken plugin."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from priorbench import conformance, listing, registry
from priorbench.__main__ import main
from priorbench.conformance import Item
from priorbench.errors import UserError
from tests.fabricated import experiment

ROOT = Path(__file__).parents[1]


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A project with folders of its own."""
    for noun in registry.NOUNS:
        (tmp_path / noun).mkdir()
    monkeypatch.setattr(registry, "ROOT", tmp_path)
    registry.describe.cache_clear()
    yield tmp_path
    registry.describe.cache_clear()


@pytest.mark.parametrize("noun", listing.ORDER)
def test_every_plugin_of_the_project_is_listed_and_none_is_broken(noun: str) -> None:
    rows = listing.plugins(noun)
    assert [row["name"] for row in rows if "alias" not in row] == registry.available(noun)
    assert rows and not [row for row in rows if "broken" in row]
    assert all(row["label"] and row["about"] for row in rows)


def test_a_name_that_others_use_is_listed_and_means_a_plugin_with_options() -> None:
    rows = {row["name"]: row for row in listing.plugins("metrics")}
    assert [rows[name]["label"] for name in ("fid_legacy", "fid_clean")] == [
        "fid, resize: legacy",
        "fid, resize: clean",
    ]
    for name in ("fid_legacy", "fid_clean"):
        told = experiment(metrics={name: {"dims": 768}}).metrics[name]
        assert (told.plugin, told.options) == (
            "fid",
            {"resize": name.partition("_")[2], "dims": 768},
        )
    assert (
        experiment(metrics={"fid_legacy": {"plugin": "psnr"}}).metrics["fid_legacy"].options == {}
    )


@pytest.mark.parametrize("row", [{}, {"plugin": "fid"}])
def test_a_name_that_others_use_means_no_other_options(row: dict[str, str]) -> None:
    with pytest.raises(UserError, match=r"fid_clean: `resize: legacy`, and .* stands for clean"):
        experiment(metrics={"fid_clean": {**row, "resize": "legacy"}})
    assert experiment(metrics={"fid_clean": row}).metrics["fid_clean"].options == {
        "resize": "clean"
    }


def test_a_plugin_is_not_hidden_by_a_name_that_others_use(elsewhere: Path) -> None:
    (elsewhere / "metrics" / "fid_clean.py").write_text("LABEL = 'mine'")
    with pytest.raises(UserError, match=r"stands for `fid`, and is .*metrics/fid_clean.py too"):
        registry.meant("metrics", "fid_clean")
    assert registry.meant("metrics", "fid_clean", "mine.py") == ("mine.py", {})


def test_check_and_new_know_the_names_that_others_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[tuple[object, ...]] = []

    def found(*given: object) -> list[Item]:
        asked.append(given)
        return []

    monkeypatch.setattr(conformance, "found", found)
    assert main(["check", "fid_clean"]) == 0
    assert asked == [("metrics", "fid", {"resize": "clean"})]
    assert main(["new", "metric", "fid_clean", "--out", str(tmp_path)]) == 1
    assert "stands for a plugin" in capsys.readouterr().err


def test_capabilities_are_those_of_the_code() -> None:
    methods = {row["name"]: row for row in listing.plugins("methods")}
    told = {
        name: [m[x] for x in ("learns", "searches", "samples", "encodes")]
        for name, m in methods.items()
    }
    assert told["dip"] == [False, True, False, False]
    assert told["lcm"] == [True, True, True, False]
    assert told["vae"] == [True, True, True, True]
    assert told["pca"][:2] == [True, False]
    assert methods["lcm"]["paper"].endswith("arXiv:1806.06284")


def test_image_sets_tell_where_their_files_come_from_and_their_licence() -> None:
    sets = {row["name"]: row for row in listing.plugins("imagesets")}
    files = {name: sets[name]["files"] for name in ("photos", "cifar10", "bsd68", "folder")}
    assert list(files.values()) == ["embedded", "fetched", "your own", "your folder"]
    assert all(row["licence"] for row in sets.values())
    assert sets["celeba"]["licence"] in sets["celebahq"]["licence"]  # from the shelf


def test_metrics_tell_unit_direction_and_missing_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    metrics = {row["name"]: row for row in listing.plugins("metrics")}
    assert metrics["psnr"]["label"] == "PSNR [dB]" and metrics["psnr"]["better"] == "higher"
    assert metrics["lpips"]["weights"] == dict.fromkeys(
        ("alexnet", "vgg16", "squeezenet"), "missing"
    )
    line = next(
        x for x in listing.table("metrics", [metrics["lpips"]]).splitlines() if "LPIPS" in x
    )
    assert "alexnet: missing" in line and "vgg16" not in line


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("def restore(:\n", "line 1: "),
        ('"""Learns."""\n', "no function `restore`"),
        ("TASKS = 3\n\ndef restore(): ...\n", "TASKS is 3, not a tuple of names"),
        ("import nosuchpackage\n\ndef restore(): ...\n", "package nosuchpackage is not installed"),
        (
            "from dataclasses import dataclass\n\nclass TrainConfig:\n    dim: int\n",
            "TrainConfig.dim needs a default",
        ),
    ],
)
def test_a_broken_plugin_is_listed_with_its_reason_beside_sound_ones(
    elsewhere: Path, source: str, reason: str
) -> None:
    (elsewhere / "methods" / "sound.py").write_text('"""Sound."""\n\ndef restore(): ...\n')
    (elsewhere / "methods" / "worse.py").write_text(source)
    sound, worse = listing.plugins("methods")
    assert "broken" not in sound and reason in worse["broken"]
    assert "\n" not in worse["broken"]
    lines = listing.table("methods", [sound, worse]).splitlines()
    assert lines[-1].startswith("worse: broken: ") and lines[1].startswith("sound")


METRIC = """LABEL: str = "mine"
BETTER: str = "lower"
PER, PROTOCOL, REGIONS = "image", "mine/1", ("raw",)
score = print
"""


@pytest.mark.parametrize(
    ("noun", "source", "reason"),
    [
        ("metrics", f'{METRIC}WEIGHTS = ("nope",)\n', "WEIGHTS names `nope`: choices: "),
        ("metrics", f"{METRIC}WEIGHTS = 3\n", "WEIGHTS is 3, not a tuple of names"),
        ("metrics", f'{METRIC}WEIGHTS = {{"vgg": ("vgg16",)}}\n', "an option `net`"),
        ("imagesets", 'LABEL = "mine"\nOWN_FILES = 3\nbuild = print\n', "OWN_FILES is 3"),
        ("imagesets", 'LABEL = "mine"\nORIGIN = {1}\nbuild = print\n', "ORIGIN is {1}, not a text"),
        ("imagesets", 'LABEL = "mine"\n', "no function `build`"),
    ],
)
def test_a_broken_metric_or_image_set_is_listed_with_its_reason(
    elsewhere: Path, noun: str, source: str, reason: str
) -> None:
    (elsewhere / noun / "worse.py").write_text(source)
    (worse,) = listing.plugins(noun)
    assert reason in worse["broken"]


def test_annotated_constants_and_functions_that_are_assigned_are_read(elsewhere: Path) -> None:
    text = 'LABEL: str = "Mine"\nTASKS: tuple[str, ...] = ("hole",)\nrestore = print\n'
    (elsewhere / "methods" / "mine.py").write_text(text)
    (row,) = listing.plugins("methods")
    assert (row["label"], row["tasks"]) == ("Mine", ["hole"])
    about = registry.describe("methods", "mine")
    assert "restore" in about.functions and not about.learns


def test_bytes_that_are_no_text_are_a_broken_plugin(elsewhere: Path) -> None:
    (elsewhere / "methods" / "binary.py").write_bytes(b"\xff\xfe\x00")
    assert "broken" in listing.plugins("methods")[0]


def test_a_method_made_for_some_tasks_names_them(elsewhere: Path) -> None:
    text = '"""Sound."""\n\nTASKS = ("hole",)\n\ndef restore(): ...\n'
    (elsewhere / "methods" / "filling.py").write_text(text)
    rows = listing.plugins("methods")
    assert rows[0]["tasks"] == ["hole"]
    assert "tasks" in listing.table("methods", rows).splitlines()[0].split()


@pytest.mark.parametrize("noun", listing.ORDER)
def test_a_table_fits_a_hundred_columns(noun: str) -> None:
    rows = listing.plugins(noun)
    for width in (100, 250):
        assert max(map(len, listing.table(noun, rows, width).splitlines())) <= 100


def test_json_has_all_four_nouns_or_the_one_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "--json"]) == 0
    assert set(json.loads(capsys.readouterr().out)) == set(registry.NOUNS)
    assert main(["list", "tasks", "--json"]) == 0
    assert list(json.loads(capsys.readouterr().out)) == ["tasks"]


def test_a_noun_that_does_not_exist_is_not_understood(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "method"]) == 2
    assert "methods" in capsys.readouterr().err


def test_listing_imports_no_torch_and_takes_less_than_a_second() -> None:
    code = "import sys; from priorbench.__main__ import main; main(['list']); "
    code += "sys.exit(bool({'torch', 'numpy', 'snakemake'} & {*sys.modules}))"
    begun = time.monotonic()
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert time.monotonic() - begun < 5  # a second, on a machine that is not busy
