"""What goes wrong on a command line: one line, an exit status that is not 0, nothing written."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from priorbench.__main__ import main
from priorbench.registry import ROOT
from workflow import finished
from workflow.failures import last_words
from workflow.scripts import summary

CONFIG = """
experiment: e
imagesets: {disks: {}}
tasks: {hole: {}}
methods:
  dip: {restore: {steps: 5}}
metrics: {psnr: {}}
"""
IMAGESET = """from dataclasses import dataclass

@dataclass(frozen=True)
class Config:
    size: int = 8

def build(cfg):
    return cfg.size / 0
"""
# what is typed, the status, and what is said
COMMANDS = [
    ("image disks", 2, "unknown command `image`: did you mean `images`?"),
    ("images", 2, "Missing argument 'NAME'; see `priorbench images --help`"),
    ("images disks --ofline", 2, "No such option '--ofline'"),
    ("images disk", 1, "imagesets.disk: unknown imageset `disk`: did you mean `disks`?"),
    ("images disks size", 1, "size: KEY=VALUE is needed, such as size=64"),
    ("images disks size=[", 1, "size=[: not a value in YAML"),
    ("images disks size=big", 1, "`size` must be int, found 'big'"),
    ("images disks sise=8", 1, "unknown key `sise`: did you mean `size`?"),
    ("images disks --configfile away.yaml", 1, "away.yaml: cannot be read ([Errno 2]"),
    ("images disk --configfile c.yaml", 1, "c.yaml: no image set `disk`: did you mean `disks`?"),
    ("images disks size=8 --configfile c.yaml", 1, "size=8: options stand in c.yaml"),
    ("images disks --out away/sheet.png", 1, "away/sheet.png: a file in a folder that is there"),
    ("images folder path=away", 1, "imagesets.folder: no folder away"),
    ("images folder path=c.yaml", 1, "imagesets.folder: c.yaml is a file"),
    ("images /tmp", 1, "/tmp: a folder is named by `priorbench images folder path=/tmp`"),
    ("images folder /tmp", 1, "/tmp: a folder is named by `priorbench images folder path=/tmp`"),
    ("images ../disks plugin=disks", 1, "imagesets: `../disks`: letters, digits and underscores"),
    ("weights fetch alexnot", 1, "unknown file `alexnot`: did you mean `alexnet`?"),
    (
        "images disks --out /proc/nowhere/sheet.png",
        1,
        "/proc/nowhere/sheet.png: a file in a folder",
    ),
    ("images disks --configfile .", 1, ".: cannot be read"),
    ("new method mine --out /proc/nowhere", 1, "priorbench: /proc/nowhere: "),
    ("new method mine --out c.yaml", 2, "Directory 'c.yaml' is a file; see `priorbench new --h"),
    ("new method my-prior", 1, "`my-prior` is no name for a file: letters, digits, underscores"),
    ("new metod mine", 2, "'metod' is not one of 'method', 'task', 'metric', 'imageset'"),
    ("archive", 2, "name a config after --configfile, or an archive after --verify"),
    ("archive --verify away.zip --out b.zip", 2, "--out goes with --configfile"),
    ("archive --verify away.zip --configfile c.yaml", 2, "name a config after --configfile, or"),
    ("archive --verify away.zip", 1, "away.zip: "),
    ("archive --configfile away.yaml", 1, "away.yaml: cannot be read ([Errno 2]"),
    ("archive --configfile c.yaml --out x.zip", 1, "disks.txt: not there: run the experiment"),
    ("weights get", 2, "No such command 'get'"),
]


@pytest.mark.parametrize(("typed", "status", "said"), COMMANDS, ids=[c[0] for c in COMMANDS])
def test_a_command_that_cannot_be_done_says_why(
    typed: str,
    status: int,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("c.yaml").write_text(CONFIG)
    assert main(typed.split()) == status
    line = capsys.readouterr().err
    assert said in line and line.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["c.yaml"]


def test_an_error_nobody_thought_of_is_a_line_too_and_its_traceback_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.py").write_text(IMAGESET)
    Path("c.yaml").write_text(CONFIG.replace("disks: {}", "mine: {plugin: mine.py}"))
    assert main(["estimate", "--configfile", "c.yaml"]) == 1
    line = capsys.readouterr().err
    assert line.startswith("priorbench: ") and line.count("\n") == 1
    assert "mine.py, line 8, in build: ZeroDivisionError" in line
    assert "Traceback" in Path(line.split("traceback in ")[1].strip()).read_text()


def test_a_summary_without_tables_names_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("c.yaml").write_text(CONFIG)
    with pytest.raises(SystemExit, match="1"):
        finished.run(lambda: summary.main(["--configfile", "c.yaml"]))
    said = "error: results/e/tables/quality-disks-psnr.csv: no such table\n"
    assert capsys.readouterr().err == said


def ran(*words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run a command of Python's from the project's folder."""
    return subprocess.run(
        [sys.executable, "-m", *words],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_a_step_that_finds_no_gpu_on_its_machine_does_not_wait_for_one() -> None:
    done = ran("priorbench.launch", "cuda", "1", "workflow.scripts.train", CUDA_VISIBLE_DEVICES="")
    assert done.returncode == 1
    said = "workflow.scripts.train: device `cuda`: no GPU is visible; choices: auto, cpu\n"
    assert done.stderr == said


@pytest.mark.parametrize(
    ("added", "said"),
    [
        ("  dip: {restore: {steps: 6}}\n", "line 7: `dip` is there already, in line 6; rename one"),
        ("device: cuda\n", "device `cuda`: no GPU is visible; choices: auto, cpu"),
    ],
)
def test_snakemake_says_of_a_config_what_we_say(added: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    text = CONFIG.replace("metrics", f"{added}metrics") if added[0] == " " else CONFIG + added
    path.write_text(text)
    words = ("snakemake", "--dry-run", "--configfile", str(path))
    done = ran(*words, CUDA_VISIBLE_DEVICES="")
    assert done.returncode == 1
    line = done.stderr.splitlines()[-1]
    assert line.endswith(f"c.yaml: {said}") and "Traceback" not in done.stderr


def test_make_says_of_a_config_what_is_wrong_before_anything_is_fetched(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("experiment: e\nimagesets: {disks: {}\ntasks: {hole: {}}\n")
    done = ran("priorbench.config", str(path))
    assert done.returncode == 1 and not done.stdout
    assert done.stderr.startswith(f"error: {path}: line 3: cannot be read as YAML (expected ','")
    assert "from line 2" in done.stderr and done.stderr.count("\n") == 1
    told = subprocess.run(
        ["make", "-n", "-o", ".venv/requirements.lock", "demo", f"CONFIG={path}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    asked = told.index(f"-m priorbench.config {path}")
    assert asked < told.index("weights fetch") < told.index("-m snakemake")


@pytest.mark.parametrize("arguments", [("--dry-run",), ("--cores", "1")], ids=["plan", "run"])
def test_without_its_folder_of_images_a_run_cannot_be_planned_either(
    arguments: tuple[str, ...], tmp_path: Path
) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(CONFIG.replace("disks: {}", f"mine: {{plugin: folder, path: {tmp_path}/away}}"))
    words = ("snakemake", *arguments, "--quiet", "rules", "--configfile", str(path))
    done = ran(*words)
    assert done.returncode == 1
    line = done.stderr.splitlines()[-1]
    assert line.endswith(f"c.yaml: imagesets.mine: no folder {tmp_path}/away"), done.stderr
    assert "Traceback" not in done.stderr and "Error" not in done.stderr


@pytest.mark.parametrize(
    ("log", "said"),
    [
        ("lcm: train 10 % after 20 s\n", "lcm: train 10 % after 20 s; ended from outside, most"),
        ("", "train failed: ended from outside, most often for lack of memory"),
        ("results/x: batch: 9 images asked for\n", "train failed: results/x: batch: 9"),
    ],
    ids=["killed at work", "killed at once", "a mistake"],
)
def test_a_job_that_was_killed_is_told_from_one_that_said_why(
    log: str, said: str, tmp_path: Path
) -> None:
    (tmp_path / "train.log").write_text(log)
    snakemake = tmp_path / "snakemake.log"
    snakemake.write_text("Error in rule train:\n    jobid: 3\n    log: train.log (check log)\n")
    (line,) = last_words(snakemake, tmp_path)
    assert said in line
    assert ("from outside" in line) == (not log.startswith("results/"))
