"""A restoration in another process, where texts have other hashes, and sets another order.

A job of a run is a process of its own. One process serves all checks: to start one takes seconds.
"""

import atexit
import json
import os
import select
import subprocess
import sys
from functools import cache
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from priorbench import models
from priorbench.conformance import material
from priorbench.conformance.running import Subject
from priorbench.conformance.verdicts import Broken, Caught, described
from priorbench.registry import ROOT

LIMIT = 300  # seconds for a restoration of two small images
ALONE = (
    "let the model be made and used in a process that has not trained it: from its file alone, and "
    "without going by the order of a set, or by `hash`"
)
WAITS = "let nothing wait for what only the process that trained it has, such as a thread or a lock"
HASHES = ("1", "2")  # of which one is not this process's
FOUND = "restored.safetensors"
_started: list["subprocess.Popen[str]"] = []


def restored(subject: Subject, model: Path) -> Tensor:
    """Return what the model in a file restores of `task` there; Broken where it does not."""
    asked = {
        "given": [subject.name, subject.options, subject.restoring],
        "task": subject.task,
        "model": str(model.absolute()),
        "threads": torch.get_num_threads(),
        "folder": os.getcwd(),  # noqa: PTH109
        "path": sys.path,
    }
    server = _server()
    assert server.stdin and server.stdout
    server.stdin.write(f"{json.dumps(asked)}\n")
    server.stdin.flush()
    try:
        told = _answer(server)
    except TimeoutError:
        server.kill()
        server.wait()
        raise Broken(
            f"in another process a saved model was not used within {LIMIT} seconds", WAITS
        ) from None
    if not told:
        server.wait()
        told = json.dumps(f"it ended with status {server.returncode}{_last_words()}")
    if error := json.loads(told):
        raise Broken(f"in another process a saved model could not be used: {error}", ALONE)
    return load_file(model.with_name(FOUND))["found"]


def _server() -> "subprocess.Popen[str]":
    """Return the process, alive."""
    if _started and _started[-1].poll() is None:
        return _started[-1]
    seed = next(seed for seed in HASHES if seed != os.environ.get("PYTHONHASHSEED"))
    searched = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    _complaints().seek(0)
    _complaints().truncate()
    server = subprocess.Popen(
        [sys.executable, "-m", "priorbench.conformance.elsewhere"],
        env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": searched},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=_complaints(),
        text=True,
    )
    _started.append(server)
    atexit.register(server.communicate)  # its input ends, and so does it
    return server


def _answer(server: "subprocess.Popen[str]") -> str:
    """Return a line of the process, or nothing where it has ended; TimeoutError."""
    assert server.stdout
    if not select.select([server.stdout], [], [], LIMIT)[0]:
        raise TimeoutError
    return server.stdout.readline()


@cache
def _complaints() -> IO[bytes]:
    """Return the file of what the process writes to stderr."""
    file = TemporaryFile(buffering=0)  # noqa: SIM115
    atexit.register(file.close)
    return file


def _last_words() -> str:
    """Return the last line that a process has written to stderr, if any."""
    file = _complaints()
    file.seek(0)
    lines = file.read().decode(errors="replace").split("\n")
    return next((f": {line.strip()}" for line in reversed(lines) if line.strip()), "")


def serve() -> None:
    """Answer each line of the input with one: an error, or nothing."""
    with os.fdopen(os.dup(1), "w") as answers:
        os.dup2(2, 1)  # plugins may print
        for line in sys.stdin:
            asked = json.loads(line)
            with Caught() as caught:
                _restore(**asked)
            said = described(caught.error, Path(asked["given"][0])) if caught.error else ""
            print(json.dumps(said), file=answers, flush=True)


def _restore(
    given: list[Any], task: str, model: str, threads: int, folder: str, path: list[str]
) -> None:
    os.chdir(folder)
    sys.path[:] = path
    torch.set_num_threads(threads)
    subject = Subject(*given)
    read = models.load(Path(model), subject.spec).model
    found = subject.restored(read, material.observe(task, material.originals()))
    save_file({"found": found.contiguous()}, Path(model).with_name(FOUND))


if __name__ == "__main__":
    serve()
