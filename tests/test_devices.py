"""Every GPU job has a device of its own, whatever the scheduler counts."""

import itertools
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from priorbench import devices, locks
from priorbench.errors import UserError
from priorbench.registry import ROOT

JOB = """
import sys, time
from pathlib import Path
from priorbench.devices import take
device, lock = take(["0", "GPU-a1"], Path(sys.argv[1]))
log = Path(sys.argv[2])
begun = time.monotonic()
time.sleep(0.3)
with log.open("a") as file:
    file.write(f"{device} {begun} {time.monotonic()}\\n")
"""


def start(code: str, *arguments: object) -> "subprocess.Popen[bytes]":
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen([sys.executable, "-c", code, *map(str, arguments)], env=environment)


def test_jobs_that_overlap_never_share_a_device(tmp_path: Path) -> None:
    jobs = [start(JOB, tmp_path / "slots", tmp_path / "log") for _ in range(6)]
    assert [job.wait(timeout=60) for job in jobs] == [0] * 6
    spans: dict[str, list[tuple[float, float]]] = {}
    for line in (tmp_path / "log").read_text().splitlines():
        device, begun, ended = line.split()
        spans.setdefault(device, []).append((float(begun), float(ended)))
    assert set(spans) == {"0", "GPU-a1"}
    for times in spans.values():
        ordered = sorted(times)
        assert all(a[1] <= b[0] for a, b in itertools.pairwise(ordered))


def test_a_killed_job_frees_its_device(tmp_path: Path) -> None:
    (tmp_path / "slots").mkdir()
    code = JOB.replace('["0", "GPU-a1"]', '["0"]').replace("sleep(0.3)", "sleep(60)")
    job = start(code, tmp_path / "slots", tmp_path / "log")
    while not list((tmp_path / "slots").iterdir()):
        time.sleep(0.05)
    job.kill()
    job.wait()
    device, lock = devices.take(["0"], tmp_path / "slots")
    os.close(lock)
    assert device == "0"


def test_the_devices_that_the_user_allows_are_the_ones_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2, GPU-a1")
    assert devices.gpus() == ["2", "GPU-a1"]
    assert devices.resolve("auto") == "cuda"
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert devices.gpus() == []
    assert devices.resolve("auto") == "cpu"


def test_a_gpu_asked_for_in_vain_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    with pytest.raises(UserError, match="no GPU is visible"):
        devices.resolve("cuda")


def test_the_launcher_sets_threads_and_device_before_the_step_begins(tmp_path: Path) -> None:
    step = tmp_path / "shown.py"
    step.write_text(
        "import os, sys\n"
        "print(os.environ['OMP_NUM_THREADS'], os.environ['CUDA_VISIBLE_DEVICES'],"
        " os.environ['MALLOC_MMAP_MAX_'], sys.argv[1:])\n"
    )
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "7", "TMPDIR": str(tmp_path)}
    environment["PYTHONPATH"] = f"{ROOT}{os.pathsep}{tmp_path}"
    command = [sys.executable, "-m", "priorbench.launch", "cuda", "3", "shown", "--x"]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "3 7 0 ['--x']"


def test_a_lock_names_its_holder_and_is_free_after_a_kill(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from priorbench.locks import try_lock;"
        "held = try_lock(Path(sys.argv[1])); print('held'); time.sleep(60)"
    )
    job = start(code, tmp_path / "lock")
    while not (tmp_path / "lock").exists() or not (tmp_path / "lock").read_text():
        time.sleep(0.05)
    assert locks.try_lock(tmp_path / "lock") is None
    assert (tmp_path / "lock").read_text() == f"process {job.pid}"
    job.kill()
    job.wait()
    with locks.held(tmp_path / "lock"):
        pass
