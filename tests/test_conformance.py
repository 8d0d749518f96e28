"""The conformance kit: plugins broken on purpose are each caught by the right rule alone."""

import gc
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from priorbench import conformance
from priorbench.__main__ import main
from priorbench.commands import check, new
from priorbench.conformance import (
    DOES_NOT_APPLY,
    FAILS,
    PASSES,
    ConformanceError,
    Item,
    check_method,
    check_metric,
    methods,
)
from priorbench.conformance.running import Subject
from tests import broken

BROKEN = [
    *(("method", name) for name in broken.METHODS),
    *(("task", name) for name in broken.TASKS),
    *(("metric", name) for name in broken.METRICS),
    *(("imageset", name) for name in broken.IMAGESETS),
]
CASES = {
    "method": broken.METHODS,
    "task": broken.TASKS,
    "metric": broken.METRICS,
    "imageset": broken.IMAGESETS,
}
# the one is broken below, for it needs a GPU; the others say, and do not judge
NOT_BROKEN = {"CPU and GPU", "cost", "linear", "symmetric"}


def written(kind: str, folder: Path, *edits: broken.Edit) -> str:
    """Return the path of what `priorbench new` writes, edited."""
    text = new.filled(kind, "mine")
    for old, changed in edits:
        assert old in text
        text = text.replace(old, changed)
    path = folder / "mine.py"
    path.write_text(text, encoding="utf-8")
    return str(path)


def verdicts(items: list[Item], verdict: str) -> set[str]:
    return {item.rule for item in items if item.verdict == verdict}


@pytest.mark.parametrize(("kind", "what"), BROKEN)
def test_a_broken_plugin_is_caught_by_the_rule_that_it_breaks_and_by_no_other(
    kind: str, what: str, tmp_path: Path
) -> None:
    rule, edits = CASES[kind][what]
    items = conformance.found(new.KINDS[kind], written(kind, tmp_path, *edits))
    assert verdicts(items, FAILS) == {rule}
    failed = next(item for item in items if item.verdict == FAILS)
    assert failed.text and failed.mend and "\n" not in failed.text + failed.mend


@pytest.mark.parametrize("kind", new.KINDS)
def test_every_rule_is_broken_by_one_of_these(kind: str) -> None:
    rules = {rule.name for rule in conformance.KINDS[new.KINDS[kind]][1]} - NOT_BROKEN
    assert {rule for rule, _ in CASES[kind].values()} == rules


@pytest.mark.parametrize("kind", new.KINDS)
def test_what_new_writes_breaks_no_rule(kind: str, tmp_path: Path) -> None:
    items = conformance.found(new.KINDS[kind], written(kind, tmp_path))
    assert not verdicts(items, FAILS)
    assert verdicts(items, DOES_NOT_APPLY) <= {"CPU and GPU"}


@pytest.mark.parametrize(("apart", "verdict"), [("0", PASSES), ("0.2", FAILS)])
def test_a_method_that_restores_otherwise_on_a_gpu_is_caught(
    apart: str, verdict: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(methods, "_gpu", lambda: "cpu:0")  # stands for one; "cpu" has no number
    there = f"\n    return images.lerp(images.round(), {apart} * (loop.device.index == 0))"
    path = written("method", tmp_path, (broken.SEARCH, broken.FOUND + there))
    items = conformance.found("methods", path)
    assert next(item.verdict for item in items if item.rule == "CPU and GPU") == verdict
    assert verdicts(items, FAILS) <= {"CPU and GPU"}


def test_a_rule_waits_for_those_it_rests_on(tmp_path: Path) -> None:
    _, edits = broken.METHODS["the clock"]
    items = conformance.found("methods", written("method", tmp_path, *edits))
    waiting = {item.rule: item.text for item in items if "before" in item.text}
    assert waiting["save and load"] == "not looked at before `same again` is mended"
    assert "range" in verdicts(items, PASSES)


def test_what_an_earlier_check_left_is_not_blamed_on_a_plugin(tmp_path: Path) -> None:
    path = written(
        "method", tmp_path, *broken.learns("", "        import gc; _ == 0 and gc.collect()")[1]
    )
    left = Subject("nearest")
    left.folder().mkdir()
    left.itself = left  # type: ignore[attr-defined]  # until memory is cleared
    gc.disable()
    del left
    try:
        assert check_method(path)
    finally:
        gc.enable()


def test_a_test_gets_all_broken_rules_at_once(tmp_path: Path) -> None:
    edits = broken.METHODS["another range"][1] + broken.METHODS["a code too few"][1]
    path = written("method", tmp_path, *edits)
    with pytest.raises(ConformanceError, match="breaks 2 rules") as error:
        check_method(path)
    assert [item.rule for item in error.value.failed] == ["range", "samples"]
    assert "to mend it: end with `.clamp(0, 1)`" in str(error.value)


def test_a_slip_is_told_with_its_line(tmp_path: Path) -> None:
    _, edits = broken.METHODS["an error"]
    path = written("method", tmp_path, *edits)
    line = Path(path).read_text().splitlines().index("    raise ValueError('a slip')") + 1
    items = conformance.found("methods", path)
    assert f"mine.py, line {line}: ValueError: a slip" in {item.text for item in items}


def test_a_task_that_is_not_linear_is_told_and_not_judged(tmp_path: Path) -> None:
    path = written("task", tmp_path, ("return x * known(x)", "return x.square() * known(x)"))
    items = conformance.found("tasks", path)
    assert "linear" in verdicts(items, DOES_NOT_APPLY)
    assert "linear" not in verdicts(items, FAILS)


def test_what_is_loaded_is_checked_with_the_weights_of_its_file_or_without(tmp_path: Path) -> None:
    path = written(
        "method",
        tmp_path,
        (
            "def train(",
            "def load(model, state, cfg):\n    model.load_state_dict(state)\n\n\ndef old(",
        ),
        ("    dim: int", '    checkpoint: str = ""\n    dim: int'),
    )
    weights = tmp_path / "weights.safetensors"
    save_file({"mean": torch.ones(32)}, weights)
    contract, *_ = check_method(path)
    assert "is loaded and restores" in contract.text
    items = conformance.found("methods", path, {"checkpoint": str(weights)})
    assert verdicts(items, FAILS) == {"runs"}
    assert any("does not fit" in item.text for item in items)


def test_without_weights_a_metric_says_which(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    told = {item.rule: item for item in check_metric("lpips")}
    assert told["direction"].verdict == DOES_NOT_APPLY
    assert "weights" in told["direction"].text and told["contract"].verdict == PASSES
    for rule in ("files and network", "random numbers"):  # nothing was scored
        assert told[rule].verdict == DOES_NOT_APPLY and "weights" in told[rule].text


@pytest.mark.parametrize(("kind", "line"), [("metric", broken.RETURNED), ("task", broken.MASKED)])
def test_a_slip_on_first_use_tells_nothing_of_files(kind: str, line: str, tmp_path: Path) -> None:
    path = written(kind, tmp_path, (line, f"raise TypeError('a slip')\n    {line}"))
    told = {item.rule: item for item in conformance.found(new.KINDS[kind], path)}
    found = told["files and network"]
    assert (found.verdict, found.text) == (DOES_NOT_APPLY, "it did not come to its end")
    assert told["random numbers"].verdict == DOES_NOT_APPLY


def test_a_task_may_make_a_generator_of_what_it_draws(tmp_path: Path) -> None:
    seed = "seed=int(torch.randint(2**31, (), generator=generator))"
    items = conformance.found("tasks", written("task", tmp_path, *broken.made_of(seed)))
    assert not verdicts(items, FAILS)
    assert "random numbers" in verdicts(items, PASSES)


def test_a_metric_may_bring_weights_in_its_own_folder(tmp_path: Path) -> None:
    np.save(tmp_path / "mine.npy", np.ones(1))
    read = 'np.load(__file__.replace(".py", ".npy"))'
    path = written("metric", tmp_path, (broken.RETURNED, f"{broken.RETURNED}{read} * "))
    assert "files and network" in verdicts(check_metric(path), PASSES)


def test_check_ends_with_0_only_where_nothing_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = written("metric", tmp_path)
    assert main(["check", good]) == 0
    assert "no rule fails" in capsys.readouterr().out
    (worse := tmp_path / "worse").mkdir()  # a plugin is read once
    bad = written("metric", worse, *broken.METRICS["the other direction"][1])
    assert main(["check", bad, "--json"]) == 1
    facts = json.loads(capsys.readouterr().out)
    assert (facts["kind"], facts["ok"]) == ("metric", False)
    failed = [item for item in facts["items"] if item["verdict"] == FAILS]
    assert [item["rule"] for item in failed] == ["direction"] and failed[0]["mend"]


@pytest.mark.parametrize("kind", new.KINDS)
def test_helpers_named_like_functions_of_another_kind_change_no_kind(
    kind: str, tmp_path: Path
) -> None:
    path = Path(written(kind, tmp_path))
    own = {"method": "restore", "task": "degrade", "metric": "score", "imageset": "build"}[kind]
    others = [name for name in ("build", "score", "degrade") if name != own]
    helpers = "".join(f"\n\ndef {name}() -> None: ...\n" for name in others)
    path.write_text(path.read_text() + helpers)
    assert check.kinds(str(path)) == [new.KINDS[kind]]


def test_a_method_of_one_size_says_that_others_do_not_apply(tmp_path: Path) -> None:
    _, edits = broken.begins(
        "",
        "    from priorbench.errors import UserError\n\n"
        "    if seen.shape[1:] != (32, 32):\n        raise UserError('32x32 pixels alone')",
    )
    told = {item.rule: item for item in check_method(written("method", tmp_path, *edits))}
    assert told["image sizes"].verdict == DOES_NOT_APPLY
    assert "refuses 16x16: 32x32 pixels alone" in told["image sizes"].text


def test_the_folder_tells_the_kind_of_a_plugin_that_lacks_its_functions(tmp_path: Path) -> None:
    (tmp_path / "methods").mkdir()
    path = written("method", tmp_path / "methods", ("def restore(", "def score("))
    assert check.kinds(path) == ["methods"]


@pytest.mark.parametrize(
    ("plugin", "said"),
    [
        ("glp", "did you mean `glo`"),
        ("no/where.py", "no such file"),
        ("no.where", "no such module"),
        ("tests.broken", "one of the functions `restore` (method)"),
    ],
)
def test_check_names_what_it_does_not_find_in_one_line(
    plugin: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", plugin]) == 1
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1


def test_new_writes_a_plugin_and_a_test_that_passes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["new", "metric", "mine", "--out", str(tmp_path)]) == 0
    files = sorted(str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*.py"))
    assert files == ["metrics/mine.py", "tests/test_mine.py"]
    said = capsys.readouterr().out
    assert all(str(tmp_path / file) in said for file in files)
    text = (tmp_path / "tests" / "test_mine.py").read_text()
    scope = {"__file__": str(tmp_path / "tests" / "test_mine.py")}
    exec(compile(text, "test_mine.py", "exec"), scope)
    scope["test_mine_keeps_the_contract"]()  # type: ignore[operator]


def test_new_overwrites_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_mine.py").write_text("mine")
    assert main(["new", "method", "mine", "--out", str(tmp_path)]) == 1
    assert "is there already" in capsys.readouterr().err
    assert [p.name for p in tmp_path.rglob("*.py")] == ["test_mine.py"]


@pytest.mark.parametrize(
    "name", ["../mine", "a/b", "a.b", "two words", "1st", "class", "_shelf", "glo", "é", "", "a;b"]
)
def test_new_refuses_hostile_names_and_those_taken(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["new", "method", name, "--out", str(tmp_path)]) == 1
    assert capsys.readouterr().err.count("\n") == 1
    assert not list(tmp_path.iterdir())
