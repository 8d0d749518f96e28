"""The warm process: steps in forks end, speak and die as in processes of their own."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from priorbench import warm
from priorbench.registry import ROOT
from tests.processes import wait_for

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks on Linux only")

# imports nothing of the machine learning kind: the process that forks has it, and says so
STEP = """
import os, signal, sys, time
does = sys.argv[1]
if does == "tell":
    print("torch" in sys.modules, sys.argv[1:], os.environ["ONLY_HERE"], __name__)
    print(os.environ["OMP_NUM_THREADS"], signal.getsignal(signal.SIGINT))
    print("beside", file=sys.stderr)
elif does == "pid":
    print(os.getpid())
elif does == "read":
    print(sys.stdin.read())
elif does == "words":
    sys.exit("what went wrong")
elif does == "raise":
    raise KeyError(does)
elif does == "kill":
    os.kill(os.getpid(), signal.SIGKILL)
elif does == "wait":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
    open(sys.argv[2], "w").close()
    time.sleep(60)
sys.exit(int(does) if does.isdigit() else 0)
"""
# threads, and what Ctrl-C does: nothing where that is so for the tests, as in the background
SET = f"1 {signal.getsignal(signal.SIGINT)}"
TOLD = ["False ['tell'] seen __main__", SET]  # by a process of its own
LAUNCH = [sys.executable, "-m", "priorbench.launch", "cpu", "1"]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Environment of a run with a warm process, in a process that stands for Snakemake."""
    folder = tmp_path_factory.mktemp("warm")
    (folder / "step.py").write_text(STEP)
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{folder}"}
    begin = f"from priorbench import warm; import os; warm.start({LAUNCH}, dict(os.environ))"
    text = f"{begin}; print(os.environ[{warm.PLACE!r}], flush=True); input()"
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, "-c", text], stdin=pipe, stdout=pipe, env=environment, text=True
    ) as stands:
        assert stands.stdout is not None
        place = Path(stands.stdout.readline().strip())
        wait_for(place.exists)
        yield environment | {warm.PLACE: str(place)}
        stands.communicate("")
    assert not place.parent.exists()  # it has ended, and left nothing


def step(run: dict[str, str], *words: str, said: str = "") -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*LAUNCH, "step", *words], env=run, input=said, capture_output=True, text=True, timeout=120
    )


def test_a_step_finds_torch_imported_and_is_called_as_a_module(run: dict[str, str]) -> None:
    done = step({**run, "ONLY_HERE": "seen"}, "tell", "two words")
    assert done.stdout.split("\n")[0] == "True ['tell', 'two words'] seen __main__"
    assert done.stderr == "beside\n" and done.returncode == 0
    assert done.stdout.split("\n")[1] == SET


def test_without_the_process_a_step_is_one_of_its_own(run: dict[str, str]) -> None:
    for place in ("", "/nowhere/socket"):
        done = step({**run, warm.PLACE: place, "ONLY_HERE": "seen"}, "tell")
        assert done.stdout.split("\n")[:2] == TOLD


def test_a_step_that_the_process_takes_and_drops_is_one_of_its_own(
    run: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "socket"
    monkeypatch.chdir(tmp_path)  # a path from here is short enough, wherever tests are run
    with socket.socket(socket.AF_UNIX) as listener, ThreadPoolExecutor() as other:
        listener.bind(place.name)
        listener.listen()
        environment = {**run, warm.PLACE: place.name, "ONLY_HERE": "seen"}
        asked = other.submit(
            subprocess.run,
            [*LAUNCH, "step", "tell"],
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
        )
        listener.accept()[0].close()  # what was sent is not read
        assert asked.result().stdout.split("\n")[:2] == TOLD


def test_where_a_socket_s_path_would_be_too_long_none_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / ("long" * warm.LONGEST)[: warm.LONGEST]
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    monkeypatch.delenv(warm.PLACE, raising=False)
    warm.start(LAUNCH, {})
    assert warm.PLACE not in os.environ and not list(folder.iterdir())


def test_more_threads_are_set_before_the_process_begins(run: dict[str, str]) -> None:
    command = [*LAUNCH[:-1], "2", "step", "tell"]
    done = subprocess.run(command, env={**run, "ONLY_HERE": ""}, capture_output=True, text=True)
    assert done.stdout.startswith("False")


@pytest.mark.parametrize(
    ("does", "status", "told"),
    [
        ("0", 0, ""),
        ("3", 3, ""),
        ("words", 1, "what went wrong\n"),
        ("raise", 1, "KeyError: 'raise'\n"),
        ("kill", 128 + signal.SIGKILL, ""),
    ],
)
def test_a_step_ends_as_in_a_process_of_its_own(
    does: str, status: int, told: str, run: dict[str, str]
) -> None:
    done = step(run, does)
    assert (done.returncode, done.stderr[-len(told) :]) == (status, told)


def test_a_step_has_the_streams_and_long_arguments_of_its_caller(run: dict[str, str]) -> None:
    assert step(run, "read", said="from outside").stdout == "from outside\n"
    spec = json.dumps({"spec": "x" * 100_000})
    assert len(step({**run, "ONLY_HERE": ""}, "tell", spec).stdout) > 100_000


def test_what_ends_the_caller_ends_the_step(run: dict[str, str], tmp_path: Path) -> None:
    caller = subprocess.Popen([*LAUNCH, "step", "wait", str(tmp_path / "begun")], env=run)
    wait_for((tmp_path / "begun").exists)
    caller.send_signal(signal.SIGTERM)
    assert caller.wait(timeout=30) == 7


def test_steps_that_have_ended_are_no_processes_any_more(run: dict[str, str]) -> None:
    ended = [step(run, "pid").stdout.strip() for _ in range(2)]
    assert not (Path("/proc") / ended[0]).exists()


def test_no_other_user_can_reach_the_process(run: dict[str, str]) -> None:
    assert Path(run[warm.PLACE]).parent.stat().st_mode & 0o077 == 0
