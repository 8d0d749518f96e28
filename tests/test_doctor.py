"""`priorbench doctor`: what is wrong is found, named in a line, and mended by a command."""

import fcntl
import json
import os
import shutil
import subprocess
from collections import namedtuple
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from priorbench import devices, doctor, raw, registry, weights
from priorbench.__main__ import main
from priorbench.doctor import Finding, State
from priorbench.paths import STORE

Usage = namedtuple("Usage", "total used free")


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder with a home of its own and no GPU."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv(raw.VARIABLE, raising=False)
    return tmp_path


def only(look: Callable[[], Iterator[Finding]]) -> Finding:
    (finding,) = look()
    return finding


def test_everything_is_looked_at_and_nothing_is_made(place: Path) -> None:
    subjects = {finding.subject for finding in doctor.examine()}
    wanted = {"python", "packages", "gpu", "weights", "memory", "cores", "images", "results"}
    assert wanted | {"disk, results", "disk, weights", "lock", "code"} <= subjects
    assert not list(place.iterdir())


def test_a_problem_is_an_exit_status_and_a_note_is_none(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    states: list[tuple[State, int]] = [("note", 0), ("problem", 1)]
    for state, status in states:
        found = [Finding("disk", "ok", "fine"), Finding("gpu", state, "old", "make it new")]
        monkeypatch.setattr(doctor, "examine", lambda found=found: found)
        assert main(["doctor"]) == status
        said = capsys.readouterr().out
        assert f"{state:<9}gpu            old; to mend it: `make it new`" in said
        last = "1 to mend before a run; notes" if status else "it can run here; notes, which"
        assert said.splitlines()[-1].startswith(last)
        assert main(["doctor", "--json"]) == status
        told = json.loads(capsys.readouterr().out)
        assert told[1] == {"subject": "gpu", "state": state, "said": "old", "mend": "make it new"}


def test_packages_are_compared_with_the_lock(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "ROOT", place)
    lock = place / "requirements.lock"
    assert only(doctor._packages).state == "problem"  # there is none
    lock.write_text("# made by\nclick==0.0.1\n    # via x\ncolorama==1 ; sys_platform == 'win32'\n")
    told = only(doctor._packages)
    assert told.state == "note" and "click" in told.said and "==0.0.1" in told.said
    lock.write_text("no-such-package==1.0\n")
    told = only(doctor._packages)
    assert told.state == "problem" and "no-such-package" in told.said
    assert told.mend.endswith("-m pip install -r requirements.lock")


def test_a_gpu_that_torch_cannot_use_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    assert only(doctor._gpu).state == "note"
    monkeypatch.setattr(devices, "gpus", lambda: ["0"])
    monkeypatch.setattr(doctor, "_driver", lambda: "driver 550")
    answers = {
        "True 12.4\n": "ok",
        "False 12.4\n": "problem",
        "False None\n": "problem",
        "": "problem",
    }
    for answer, state in answers.items():
        done = subprocess.CompletedProcess([], 0, answer, "")
        monkeypatch.setattr(subprocess, "run", lambda *_, done=done, **__: done)
        assert only(doctor._gpu).state == state
    assert "no CUDA" in only(doctor._gpu).said


def test_missing_weights_are_a_note_and_damaged_ones_a_problem() -> None:
    assert {f.state for f in doctor._weights()} == {"note"}
    weights.folder().mkdir(parents=True)
    (weights.folder() / weights.FILES["alexnet"].name).write_bytes(b"half")
    found = [f for f in doctor._weights() if f.state == "problem"]
    assert "wrong size" in found[0].said and found[0].mend == weights.command("alexnet")


@pytest.mark.parametrize(("free", "state"), [(0.5, "problem"), (5, "note"), (50, "ok")])
def test_little_room_is_told(free: float, state: str, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = Usage(0, 0, free * 2**30)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    told = next(doctor._disks())
    assert told.state == state and f"{free:.1f} GiB free" in told.said


def test_a_folder_of_images_that_is_not_there_is_a_problem(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert only(doctor._images).state == "ok"
    monkeypatch.setenv(raw.VARIABLE, str(place / "pictures"))
    assert only(doctor._images).state == "problem"
    (place / "pictures" / "kodak").mkdir(parents=True)
    assert "has nothing yet" in only(doctor._images).said
    (place / "pictures" / "kodak" / "kodim01.png").touch()
    assert "has kodak" in only(doctor._images).said


def test_results_that_cannot_be_written_are_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    assert only(doctor._results).state == "ok"
    monkeypatch.setattr(os, "access", lambda path, how: False)
    assert only(doctor._results).state == "problem"


def test_a_lock_counts_while_it_is_held(place: Path) -> None:
    lock = STORE / ".lock"
    lock.parent.mkdir(parents=True)
    lock.write_text("process 7")
    assert only(doctor._lock).said == "no run is alive"
    with lock.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        told = only(doctor._lock)
    assert told.state == "note" and told.said == "a run is alive: process 7"
    assert lock.read_text() == "process 7"


def test_what_a_killed_run_left_is_told(place: Path) -> None:
    (place / ".snakemake" / "locks").mkdir(parents=True)
    (place / ".snakemake" / "locks" / "0.input.lock").touch()
    (STORE / "state" / "train" / "model").mkdir(parents=True)
    (STORE / "state" / "train" / "model" / "lock").touch()
    _, left, begun = doctor._lock()
    assert (
        left.mend == "snakemake --unlock"
        and begun.said == "1 jobs did not finish (stopped, or failed)"
    )


def test_code_without_a_checkout_is_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    for facts, word in (({}, "no git"), ({"commit": "a" * 40, "dirty": True}, "edits since")):
        monkeypatch.setattr(doctor, "git", lambda facts=facts: facts)
        told = only(doctor._code)
        assert told.state == "note" and word in told.said
    monkeypatch.setattr(doctor, "git", lambda: {"commit": "a" * 40, "dirty": False})
    assert only(doctor._code).state == "ok"
