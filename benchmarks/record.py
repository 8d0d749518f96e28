"""Run a command and record its wall time and the peak memory summed over its process tree.

    python -m benchmarks.record --out results/demo/run.json -- make demo
    python -m benchmarks.record --out FILE.json --of config/x.yaml 'cards/*.json' -- COMMAND

With `--of` it also records the SHA-256 of files, looked for once the command has ended.
Memory is the proportional set size where the system tells it (pages shared by processes are
counted once), else the resident set size, which counts them again in every process.
"""

import argparse
import hashlib
import resource
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import psutil

from priorbench.files import write_json
from priorbench.records import hardware
from priorbench.revision import git

INTERVAL = 2.0  # seconds between two looks


def memory(process: psutil.Process) -> tuple[int, int]:
    """Return (proportional, resident) bytes of a process and all its descendants."""
    proportional = resident = 0
    for one in [process, *process.children(recursive=True)]:
        try:
            info = one.memory_full_info()
        except (psutil.NoSuchProcess, psutil.AccessDenied):  # it ended while we looked
            continue
        resident += info.rss
        proportional += getattr(info, "pss", info.rss)
    return proportional, resident


def _core_seconds() -> float:
    """Return the processor time of all descendants that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def record(command: list[str]) -> dict[str, Any]:
    """Run `command` and return what it took."""
    begun = time.monotonic()
    run = subprocess.Popen(command)
    process, ended = psutil.Process(run.pid), threading.Event()
    peak = [0, 0]

    def watch() -> None:
        while not ended.wait(INTERVAL):
            try:
                peak[:] = map(max, peak, memory(process))
            except psutil.NoSuchProcess:
                return

    watcher = threading.Thread(target=watch)
    watcher.start()
    code = run.wait()
    ended.set()
    watcher.join()
    return {
        "command": " ".join(command),
        "exit_code": code,
        "minutes": round((time.monotonic() - begun) / 60, 1),
        "core_minutes": round(_core_seconds() / 60, 1),
        "peak_memory_gib": round(peak[0] / 2**30, 2),
        "peak_resident_gib": round(peak[1] / 2**30, 2),
        "hardware": hardware("cpu"),
        "git": git(),
    }


def checksums(patterns: list[str]) -> dict[str, str]:
    """Return the SHA-256 of files below this folder, by path; FileNotFoundError where none fits."""
    found: dict[str, str] = {}
    for pattern in patterns:
        paths = sorted(Path().glob(pattern))
        if not paths:
            raise FileNotFoundError(f"{pattern}: no such file to record")
        found |= {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}
    return found


def main() -> None:
    """Run the command given after `--` and write its record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--of", nargs="+", default=[], metavar="FILE", help="what it was made of")
    parser.add_argument("command", nargs="+")
    asked = parser.parse_args()
    found = record(asked.command)
    write_json(asked.out, found)  # first: a file that is missing below costs no run
    if asked.of and not found["exit_code"]:
        write_json(asked.out, found | {"sha256": checksums(asked.of)})
    sys.exit(found["exit_code"])


if __name__ == "__main__":
    main()
