"""docs/plugins.md is true: its commands run in their order, and end with a row in the table."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from priorbench.__main__ import main
from priorbench.registry import ROOT
from tests.project import Project

PAGE = (ROOT / "docs" / "plugins.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)


def run(project: Project, line: str) -> None:
    """Run a command of the page in a copy of the project, which is the working folder."""
    program, *arguments = shlex.split(line)
    if program == "priorbench":
        assert main(arguments) == 0
        return
    command = [sys.executable, "-m", program, *arguments]
    done = subprocess.run(
        command, env=project.environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def edit(project: Project, block: str) -> None:
    """Put lines of the page in place of the line that it names."""
    head, lines = block.split("\n", 1)
    told = re.fullmatch(r"# (\S+): in place of the line that begins with (\S+)", head)
    assert told, head
    path = project.folder / told[1]
    text, count = re.subn(rf"^ *{re.escape(told[2])} .*\n", lines, path.read_text(), flags=re.M)
    assert count == 1
    path.write_text(text)


def write(project: Project, block: str) -> None:
    """Write the file whose name stands in the first line of a block."""
    head = block.partition("\n")[0]
    (project.folder / head.removeprefix("# ")).write_text(block)


def test_the_page_goes_from_an_empty_file_to_a_row_in_the_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project = Project(tmp_path)
    monkeypatch.chdir(tmp_path)
    for language, block in BLOCKS:
        if language == "sh":
            for line in block.splitlines():
                run(project, line)
        else:
            {"python": edit, "yaml": write}[language](project, block)
    assert "methods/mine.py: no rule fails" in capsys.readouterr().out
    assert (tmp_path / "tests" / "test_mine.py").exists()
    named = re.search(r"`(results/\S+\.md)`, and has a row `mine`", PAGE)
    assert named
    table = (tmp_path / named[1]).read_text()
    assert re.search(r"^\|[ *]*mine†?[ *]*\|", table, flags=re.MULTILINE), table


def test_the_page_names_files_and_modules_that_are_there() -> None:
    named = set(re.findall(r"`((?:methods|priorbench)/\w+\.py)`", PAGE)) - {"methods/mine.py"}
    assert len(named) >= 5
    for path in named:
        assert (ROOT / path).exists(), path
