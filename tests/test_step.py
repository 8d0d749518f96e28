"""A step does its work where a result is missing, and none where all are there."""

import os
import subprocess
import sys
from argparse import Namespace
from pathlib import Path

import pytest

from priorbench import step
from priorbench.errors import UserError
from priorbench.registry import ROOT
from tests.processes import wait_for

FOLDER = Path("results/store/toy/0-0123456789")
NAMES = ("model.safetensors", "curve.csv")


def write_both(arguments: Namespace, state: Path) -> None:
    assert arguments.out == FOLDER / NAMES[0]
    assert state.parts[-3:] == ("toy", "0-0123456789", "model")
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in NAMES:
        (FOLDER / name).write_text("made")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    outs = [str(FOLDER / name) for name in NAMES]
    monkeypatch.setattr(sys, "argv", ["step", "--spec", "{}", "--out", *outs])
    FOLDER.mkdir(parents=True)
    return FOLDER


@pytest.mark.parametrize("deleted", NAMES)
def test_results_are_made_again_where_one_of_them_is_missing(folder: Path, deleted: str) -> None:
    """Snakemake deletes what a killed run left while the run's orphan still writes the rest."""
    for name in NAMES:
        (folder / name).write_text("the orphan's")
    (folder / deleted).unlink()
    step.run(write_both)
    assert [(folder / name).read_text() for name in NAMES] == ["made", "made"]


def test_nothing_is_done_where_all_results_are_there(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in NAMES:
        (folder / name).write_text("the orphan's")
    step.run(write_both)
    assert [(folder / name).read_text() for name in NAMES] == ["the orphan's"] * 2
    assert "is there already" in capsys.readouterr().err


def test_a_mistake_of_the_user_is_one_line(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def mistaken(arguments: Namespace, state: Path) -> None:
        raise UserError("no such thing")

    with pytest.raises(SystemExit, match="1"):
        step.run(mistaken)
    assert capsys.readouterr().err == f"{folder / NAMES[0]}: no such thing\n"


def test_a_step_waits_for_the_process_that_holds_its_state(tmp_path: Path) -> None:
    holder = (
        "from pathlib import Path; from priorbench.locks import held\n"
        "with held(Path('results/store/state/store/toy/0-0123456789/model/lock')): input()"
    )
    waiter = (
        "from priorbench import step; from tests.test_step import write_both;step.run(write_both)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    outs = [str(FOLDER / name) for name in NAMES]

    def start(code: str, *arguments: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-c", code, *arguments],
            cwd=tmp_path,
            env=environment,
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    with start(holder) as first:
        lock = tmp_path / "results/store/state/store/toy/0-0123456789/model/lock"
        wait_for(lambda: lock.exists() and lock.read_text())
        with start(waiter, "--spec", "{}", "--out", *outs) as second:
            assert second.stderr is not None
            assert f"waiting for process {first.pid}" in second.stderr.readline()
            assert not (tmp_path / FOLDER / NAMES[0]).exists()
            first.communicate("\n")
            second.communicate(timeout=60)
    assert all((tmp_path / FOLDER / name).read_text() == "made" for name in NAMES)
