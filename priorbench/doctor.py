"""Whether this machine can run the benchmark: one finding per line, with the command that mends."""

import fcntl
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

from packaging.requirements import Requirement

from priorbench import devices, raw, registry, weights
from priorbench.listing import holds
from priorbench.paths import STORE
from priorbench.revision import git

State = Literal["ok", "note", "problem"]
PYTHON = (3, 11)
GIB = 2**30
# GiB below which a run is in danger, or may be: the demo leaves 1.5 GiB, a job takes up to 1.5
DISK, MEMORY = (2, 10), (1.5, 3)
NAMED = 4  # packages named in a line
LOCK = "requirements.lock"
TORCH = "import torch; print(torch.cuda.is_available(), torch.version.cuda)"
INSTALL = f"{Path(sys.executable).name} -m pip install -r {LOCK}"


@dataclass(frozen=True)
class Finding:
    """What was looked at, how it is, and the command that mends it (none: nothing to mend)."""

    subject: str
    state: State
    said: str
    mend: str = ""


def examine() -> list[Finding]:
    """Look at everything; nothing is changed."""
    looks: list[Callable[[], Iterator[Finding]]] = [
        *(_python, _packages, _gpu, _weights, _disks, _memory, _cores),
        *(_images, _results, _lock, _code),
    ]
    return [finding for look in looks for finding in look()]


def _python() -> Iterator[Finding]:
    said = f"{platform.python_version()} at {sys.executable}"
    if sys.version_info < PYTHON:
        wanted = ".".join(map(str, PYTHON))
        yield Finding("python", "problem", f"{said}: {wanted} or newer is needed", "make demo")
    else:
        yield Finding("python", "ok", said)


def _packages() -> Iterator[Finding]:
    path = registry.ROOT / LOCK
    if not path.is_file():
        yield Finding("packages", "problem", f"{path} is not there", f"git checkout {LOCK}")
        return
    lines = (line.partition(" #")[0].strip() for line in path.read_text("utf-8").splitlines())
    pins = [Requirement(line) for line in lines if line and line[0] not in "#-"]
    here = [pin for pin in pins if pin.marker is None or pin.marker.evaluate()]
    missing, other = [], []
    for pin in here:
        try:
            installed = version(pin.name)
        except PackageNotFoundError:
            missing.append(pin.name)
            continue
        if not pin.specifier.contains(installed, prereleases=True):
            other.append(f"{pin.name} {installed} ({pin.specifier})")
    if missing:
        yield Finding("packages", "problem", f"missing: {_some(missing)}", INSTALL)
    if other:
        said = f"other versions than {LOCK} has: {_some(other)}; numbers may differ a little"
        yield Finding("packages", "note", said, INSTALL)
    if not missing and not other:
        yield Finding("packages", "ok", f"{len(here)}, all in the versions of {LOCK}")


def _some(names: list[str]) -> str:
    rest = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {rest} more" if rest > 0 else "")


def _gpu() -> Iterator[Finding]:
    found = devices.gpus()
    if not found:
        yield Finding("gpu", "note", "none is visible: all jobs will run on the CPU")
        return
    asked = [sys.executable, "-c", TORCH]
    able, _, built = subprocess.run(
        asked, capture_output=True, text=True, check=False
    ).stdout.partition(" ")
    count = f"{len(found)} visible ({', '.join(found)})"
    if able == "True":
        yield Finding("gpu", "ok", f"{count}, torch for CUDA {built.strip()}, {_driver()}")
    else:
        why = "torch has no CUDA" if built.strip() in ("", "None") else "its driver may be too old"
        said = f"{count}, but torch cannot use it: {why}; `device: cpu` in a config does without"
        yield Finding("gpu", "problem", said, INSTALL)


def _driver() -> str:
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return "driver unknown"
    asked = [tool, "--query-gpu=driver_version", "--format=csv,noheader"]
    told = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.split()
    return f"driver {told[0]}" if told else "driver unknown"


def _weights() -> Iterator[Finding]:
    for name, file in weights.FILES.items():
        state, columns = weights.state(name), ", ".join(file.columns)
        if state == "damaged":
            path = weights.folder() / file.name
            said = f"{path} has the wrong size, for {columns}"
            yield Finding("weights", "problem", said, weights.command(name))
        elif state != "missing":
            yield Finding("weights", "ok", f"{name}: {state}, for {columns}")
        elif file.usual:
            said = f"{name} is not here: tables will have no {columns}"
            yield Finding("weights", "note", said, weights.command(name))


def _disks() -> Iterator[Finding]:
    for subject, path in (("disk, results", STORE), ("disk, weights", weights.folder())):
        there = next(p for p in (path, *path.absolute().parents) if p.exists())
        free = shutil.disk_usage(there).free / GIB
        least, easy = DISK if path == STORE else (1, 1)
        said = f"{free:.1f} GiB free at {there.resolve()}"
        mend = "make clean STORE=1" if path == STORE else "export TORCH_HOME=..."
        yield _graded(subject, free, least, easy, said, mend)


def _graded(subject: str, value: float, least: float, easy: float, said: str, mend: str) -> Finding:
    """Return a problem below `least`, a note below `easy`."""
    if value >= easy:
        return Finding(subject, "ok", said)
    return Finding(subject, "problem" if value < least else "note", said, mend)


def _memory() -> Iterator[Finding]:
    path = Path("/proc/meminfo")
    if not path.exists():
        return
    told = dict(line.split(":", 1) for line in path.read_text("utf-8").splitlines())
    free, whole = (int(told[k].split()[0]) / 2**20 for k in ("MemAvailable", "MemTotal"))
    said = f"{free:.1f} of {whole:.1f} GiB free; a job of the demo takes up to 1.5 GiB"
    yield _graded("memory", free, *MEMORY, said, "snakemake --cores 1")


def _cores() -> Iterator[Finding]:
    whole = os.cpu_count() or 1
    mine = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else whole
    said = f"{mine} of {whole} may be used"
    if set_here := [n for n in ("OMP_NUM_THREADS", "MKL_NUM_THREADS") if os.environ.get(n)]:
        said += f"; {', '.join(set_here)} set here; jobs go by `torch_threads` of the config"
    yield Finding("cores", "ok" if mine == whole else "note", said)


def _images() -> Iterator[Finding]:
    folder = raw.home("")
    if folder.is_dir():
        held = sorted(path.name for path in folder.iterdir() if path.is_dir() and holds(path))
        yield Finding("images", "ok", f"{folder} has {', '.join(held) or 'nothing yet'}")
    elif os.environ.get(raw.VARIABLE):
        mend = f"export {raw.VARIABLE}=..."
        yield Finding("images", "problem", f"{raw.VARIABLE}: no folder {folder}", mend)
    else:
        yield Finding("images", "ok", f"embedded sets only; others come to {folder}")


def _results() -> Iterator[Finding]:
    folder = STORE.parent
    there = next(path for path in (STORE, folder, Path()) if path.exists())
    if not os.access(there, os.W_OK | os.X_OK):
        said = f"{there.resolve()} cannot be written to"
        yield Finding("results", "problem", said, f"chmod u+rwx {there}")
    else:
        yield Finding("results", "ok", f"{there.resolve()} can be written to")


def _lock() -> Iterator[Finding]:
    path = STORE / ".lock"
    if _held(path):
        yield Finding("lock", "note", f"a run is alive: {path.read_text('utf-8')}")
    else:
        yield Finding("lock", "ok", "no run is alive")
    if left := list(Path(".snakemake/locks").glob("*")):
        said = f"{len(left)} left by a run without profiles/default"
        yield Finding("lock", "note", said, "snakemake --unlock")
    if stopped := len(list((STORE / "state").rglob("lock"))):
        yield Finding("lock", "ok", f"{stopped} jobs did not finish (stopped, or failed)")


def _held(path: Path) -> bool:
    """Whether somebody holds a lock; the file is left as it is."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _code() -> Iterator[Finding]:
    facts = git()
    if not facts:
        yield Finding("code", "note", "no git checkout: records will not name the code")
    elif facts["dirty"]:
        said = f"{facts['commit'][:10]} and edits since (`git status`): records will say so"
        yield Finding("code", "note", said)
    else:
        yield Finding("code", "ok", f"{facts['commit'][:10]}, unchanged")
