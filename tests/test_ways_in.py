"""Plugins from outside: by path, by module, and by the entry point of an installed package."""

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest

from priorbench import registry
from priorbench.config import Experiment
from priorbench.errors import UserError
from priorbench.plan import Plan
from priorbench.registry import ROOT
from priorbench.sources import source_hash
from tests import outside

CONFIG: dict[str, Any] = {
    "experiment": "guest",
    "imagesets": {"stripes": {"size": 16}},
    "tasks": {"fog": {"white": 0.25}},
    "methods": {"shrink": {"restore": {"share": 0.5}}, "nearest": {}},
    "metrics": {"worst": {}},
}
SHIPPED: dict[str, Any] = {
    "experiment": "host",
    "imagesets": {"digits": {}},
    "tasks": {"hole": {}},
    "methods": {"nearest": {}},
    "metrics": {"psnr": {}},
}
# what a fresh environment says of the package: planned before torch is there, then run
GUEST = """
import json, sys
from pathlib import Path
from priorbench import registry
from priorbench.config import Experiment
from priorbench.errors import UserError
from priorbench.plan import Plan

config = json.loads(sys.argv[1])

def keys():
    plan = Plan(Experiment.check(config, "guest.yaml"))
    return {
        "restore": plan.restore("stripes", "fog", "shrink", 0).key,
        "degrade": plan.degrade("stripes", "fog").key,
        "train": plan.train("stripes", "nearest", 0).key,
    }

said = {"keys": keys(), "torch": "torch" in sys.modules}
said["label"] = Experiment.check(config, "guest.yaml").methods["shrink"].label
shelf = registry.find("methods", "shrink").with_name("_shelf.py")
for name, old, new in (("shelf", "GREY = 0.5", "GREY = 0.25"), ("words", "shares", "has")):
    text = shelf.read_text()
    shelf.write_text(text.replace(old, new))
    said[name] = keys()
    shelf.write_text(text)
try:
    registry.find("methods", "shrnk")
except UserError as error:
    said["hint"] = str(error)

import numpy as np, torch
from priorbench.contract import Images
from priorbench.step import configured
from workflow.scripts.degrade import observe
plugins = {noun: registry.load(noun, name) for noun, name in json.loads(sys.argv[2]).items()}
images = plugins["imagesets"].build(plugins["imagesets"].Config(size=16))
fog, shrink = plugins["tasks"], plugins["methods"]
seen = observe(fog, configured(fog.Config, {"white": 0.25}), Images(images.test)[:], 0, "fog")
restored = shrink.restore(None, seen, configured(shrink.RestoreConfig, {"share": 1}), None)
score = plugins["metrics"].score(restored.numpy(), images.test / 255, plugins["metrics"].Config())
said["worst"] = score.tolist()
print(json.dumps(said))
"""


@pytest.fixture(scope="module")
def guest(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a fresh environment, with the wheel installed, says of its plugins."""
    folder = tmp_path_factory.mktemp("guest")
    venv = folder / "venv"
    run = {"check": True, "capture_output": True, "text": True}
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], **run)  # type: ignore[call-overload]
    (packages,) = venv.glob("lib/python*/site-packages")
    outer = [sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
    (packages / "outer.pth").write_text("\n".join(dict.fromkeys(outer)) + "\n")
    offline = ["--no-index", "--no-deps", "--disable-pip-version-check", "--no-compile"]
    install = [sys.executable, "-m", "pip", "install", *offline, "--target", str(packages)]
    subprocess.run([*install, str(outside.wheel(folder))], **run)  # type: ignore[call-overload]
    told = [json.dumps(CONFIG), json.dumps(outside.POINTS)]
    said = subprocess.run(  # type: ignore[call-overload]
        [str(venv / "bin" / "python"), "-c", GUEST, *told], cwd=folder, env=environment(), **run
    )
    answer: dict[str, Any] = json.loads(said.stdout)
    return answer


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}


def test_a_run_with_plugins_of_a_package_is_planned_without_importing_it(
    guest: dict[str, Any],
) -> None:
    assert not guest["torch"]
    assert guest["label"] == "towards grey"


def test_an_edit_of_what_a_plugin_of_a_package_imports_moves_its_keys_alone(
    guest: dict[str, Any],
) -> None:
    keys, moved = guest["keys"], guest["shelf"]
    assert {name for name in keys if keys[name] != moved[name]} == {"restore"}
    assert guest["words"] == keys


def test_plugins_of_a_package_run(guest: dict[str, Any]) -> None:
    # a quarter of white moves the darkest pixel, 2 of 255, most
    assert guest["worst"] == pytest.approx([0.25 * 253 / 255] * 4, abs=1e-6)


def test_the_hint_of_an_unknown_name_knows_plugins_of_packages(guest: dict[str, Any]) -> None:
    assert "unknown method `shrnk`: did you mean `shrink`?" in guest["hint"]


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of installed packages."""
    folder = tmp_path / "packages"
    (folder / outside.NAME).mkdir(parents=True)
    for name, text in outside.FILES.items():
        (folder / outside.NAME / name).write_text(text)
    monkeypatch.syspath_prepend(str(folder))
    registry.describe.cache_clear()
    for module in [name for name in sys.modules if name.startswith(outside.NAME)]:
        monkeypatch.delitem(sys.modules, module)
    return folder


def test_two_plugins_of_one_name_are_named_with_both_places(installed: Path) -> None:
    outside.install(installed, outside.POINTS, outside.NAME, "first")
    outside.install(installed, {"methods": "shrink"}, "other", "second")
    outside.install(installed, {"methods": "pca"}, outside.NAME, "third")
    with pytest.raises(UserError, match=r"other\.shrink of the package second and tinypriors\.sh"):
        registry.find("methods", "shrink")
    with pytest.raises(UserError, match=r"methods/pca\.py and tinypriors\.pca of the package thi"):
        registry.find("methods", "pca")
    assert registry.find("tasks", "fog").parent.name == outside.NAME
    assert registry.find("methods", "dip").name == "dip.py"


BROKEN = {
    "a word too many": ("def restore(model, seen, cfg, loop) return 1\n", "line 1: "),
    "no default": ("class RestoreConfig:\n    steps: int\n", "RestoreConfig.steps needs a default"),
    "a null": ("LABEL = 'a\0'\n", "null byte"),
    "nothing to run": ("LABEL = 'a'\n", "has no function `restore`"),
}


@pytest.mark.parametrize(("text", "said"), BROKEN.values(), ids=BROKEN)
def test_a_broken_plugin_stops_only_the_run_that_names_it(
    installed: Path, text: str, said: str
) -> None:
    (installed / outside.NAME / "shrink.py").write_text(text)
    outside.install(installed, outside.POINTS, outside.NAME, "whole")
    others = {**CONFIG, "methods": {"nearest": {}}}
    assert Plan(Experiment.check(others, "my.yaml")).train("stripes", "nearest", 0)
    with pytest.raises(UserError) as caught:
        Experiment.check(CONFIG, "my.yaml")
    assert str(caught.value).startswith("my.yaml: methods.shrink: ")
    assert said in str(caught.value) and "shrink.py" in str(caught.value)
    assert "shrink" in registry.available("methods")


def test_a_plugin_that_lacks_a_package_is_told_in_one_line(installed: Path) -> None:
    path = installed / "needy.py"
    path.write_text("import nowhere_to_be_found\n")
    with pytest.raises(UserError, match=r"needy\.py: cannot be imported \(No module named"):
        registry.load("methods", str(path))


@pytest.mark.parametrize("noun", outside.POINTS)
@pytest.mark.parametrize("way", ["path", "home", "module"])
def test_a_plugin_of_each_kind_may_be_a_path_or_a_module(
    noun: str, way: str, installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = outside.POINTS[noun]
    monkeypatch.chdir(installed.parent)
    monkeypatch.setenv("HOME", str(installed.parent))
    inside = f"packages/{outside.NAME}/{name}.py"
    plugin = {"path": inside, "home": f"~/{inside}", "module": f"{outside.NAME}.{name}"}[way]
    path = registry.find(noun, plugin)
    assert path == installed / outside.NAME / f"{name}.py"
    rows = {**SHIPPED, noun: {"mine": {"plugin": plugin}}}
    entry = getattr(Experiment.check(rows, "my.yaml"), noun)["mine"]
    assert entry.about.label == registry.describe(noun, plugin).constants["LABEL"]
    assert registry.load(noun, plugin).__file__ == str(path)


def test_a_loose_file_may_import_what_lies_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "beside_it.py").write_text("def f():\n    return 3\n")
    (tmp_path / "loose.py").write_text(
        "from beside_it import f\n\ndef restore(model, seen, cfg, loop):\n    return f()\n"
    )
    loaded = registry.load("methods", str(tmp_path / "loose.py"))
    assert loaded.restore(None, None, None, None) == 3


def test_what_else_is_installed_beside_a_package_is_not_its_source(installed: Path) -> None:
    outside.install(installed, outside.POINTS, outside.NAME, "whole")
    lone = installed / "lone.py"
    lone.write_text("import other\n\ndef restore():\n    return other.f()\n")
    hashes = []
    for text in ("def f():\n    return 1\n", "def f():\n    return 2\n"):
        (installed / "other.py").write_text(text)
        hashes.append(source_hash([(lone, ("restore",))]))
    assert hashes[0] == hashes[1]


def test_files_of_one_name_in_two_folders_of_a_package_both_count(tmp_path: Path) -> None:
    for folder in ("own", "own/a", "own/b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "__init__.py").touch()
    for folder, number in (("a", 1), ("b", 2)):
        (tmp_path / "own" / folder / "same.py").write_text(f"def f():\n    return {number}\n")
    plugin = tmp_path / "own" / "plugin.py"
    plugin.write_text(
        "from own.a import same as a\nfrom own.b import same as b\n\n"
        "def restore():\n    return a.f() + b.f()\n"
    )
    before = source_hash([(plugin, ("restore",))])
    for folder in ("a", "b"):
        path = tmp_path / "own" / folder / "same.py"
        text = path.read_text()
        path.write_text(text.replace("return", "return 5 +"))
        assert source_hash([(plugin, ("restore",))]) != before
        path.write_text(text)
