"""A process that has imported what steps need and forks into them, on Linux.

    python -m priorbench.warm SOCKET LISTENER LIFE

Importing torch takes as long as many a step. A run starts this process (`start`); the launcher
hands it a step, together with its own standard streams (`become`), and ends as the step ends.
Only installed packages are imported before the fork, and not before the first step: modules of
the project and plugins are read by each step anew, as in a process of its own.
"""

import atexit
import gc
import importlib
import json
import os
import runpy
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from typing import TextIO

PLACE = "PRIORBENCH_WARM"  # environment variable: the socket on which the process listens
PACKAGES = ("torch", "pandas", "scipy.stats", "skimage.metrics", "matplotlib.figure")
LENGTH = 4  # bytes that say how long a request is
LONGEST = 70  # bytes of a folder's path, below which a socket's, of 107 at most, is not too long
KILLED = 128 + signal.SIGKILL  # status of a step that could not say how it ended


def start(launch: list[str], environment: dict[str, str]) -> None:
    """Start the process for the steps of this run; it ends when this process ends, however.

    launch: begins the command that starts a step on one thread of the processor.
    """
    if sys.platform != "linux":  # elsewhere a fork after such imports is not safe
        return
    if len(os.fsencode(tempfile.gettempdir())) > LONGEST:  # steps are processes of their own then
        return
    # the folder is open to this user alone
    place = Path(tempfile.mkdtemp(prefix="priorbench-")) / "socket"
    reading, writing = os.pipe()  # nothing is written; its end is that of this process
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(place))
        listener.listen()  # already here: the first step may come before the process is there
        ends = [listener.fileno(), reading]
        command = [*launch, "priorbench.warm", str(place), *map(str, ends)]
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, env=environment, pass_fds=ends
        )
    os.close(reading)
    os.environ[PLACE] = str(place)

    def stop() -> None:
        os.close(writing)
        process.wait()

    atexit.register(stop)


def become(module: str, arguments: list[str], environment: dict[str, str]) -> None:
    """Have a step done by the warm process and end as it ends; return where there is none."""
    step = {"module": module, "arguments": arguments, "environment": environment}
    interrupt = signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the step by itself
    with socket.socket(socket.AF_UNIX) as connection, connection.makefile() as answers:
        if process := _handed_over(connection, json.dumps(step).encode(), answers):
            signal.signal(signal.SIGTERM, lambda number, _: os.kill(process, number))
            status = answers.readline()
            sys.exit(int(status) if status else KILLED)
    signal.signal(signal.SIGINT, interrupt)


def _handed_over(connection: socket.socket, request: bytes, answers: TextIO) -> int:
    """Return the number of the process that does a step; 0 where nothing listens, or no more."""
    try:
        connection.connect(os.environ.get(PLACE, ""))
        socket.send_fds(connection, [len(request).to_bytes(LENGTH)], [0, 1, 2])
        connection.sendall(request)
        return int(answers.readline() or 0)
    except OSError:  # none was started, or it has ended, if only while it was spoken to
        return 0


def main(place: str, listener: str, life: str) -> None:
    """Listen until the run has ended; in a fork, do a step.

    place: of the socket. listener, life: numbers of open files, the socket itself and a pipe
    that ends with the run.
    """
    connection = _forked(Path(place), int(listener), int(life))
    head, streams, *_ = socket.recv_fds(connection, LENGTH, 3)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    with connection.makefile("rw") as talk:
        step = json.loads(talk.read(int.from_bytes(head)))
        print(os.getpid(), file=talk, flush=True)
        status = 1  # of an error, which is told as it leaves this process
        try:
            status = _done(**step)
            _finish()
        finally:
            print(status, file=talk, flush=True)
    # as forks of multiprocessing end: clearing away all that was imported takes as long as a step
    os._exit(status)


def _forked(place: Path, listening: int, life: int) -> socket.socket:
    """Return a connection, each in a fork of its own; exit when the run has ended."""
    interrupt = signal.signal(signal.SIGINT, signal.SIG_IGN)  # it ends after the run
    with socket.socket(fileno=listening) as listener:
        while life not in select.select([listening, life], [], [])[0]:
            connection, _ = listener.accept()
            _count(os.WNOHANG)
            for package in PACKAGES:
                importlib.import_module(package)
            gc.freeze()  # a step does not look through what was there before it
            if os.fork() == 0:
                os.close(life)
                signal.signal(signal.SIGINT, interrupt)
                return connection
            connection.close()
    shutil.rmtree(place.parent, ignore_errors=True)  # it may have been tidied away
    _count()
    sys.exit()


def _count(options: int = 0) -> None:
    """Count what ended steps took as the run's; without options, wait for those that have not."""
    with suppress(ChildProcessError):  # there are none
        while os.waitpid(-1, options)[0]:
            pass


def _done(module: str, arguments: list[str], environment: dict[str, str]) -> int:
    """Run a module as `python -m` does; return its exit status."""
    Path("/proc/self/comm").write_text(module.rpartition(".")[2])  # its name among processes
    os.environ.clear()
    os.environ.update(environment)
    sys.argv[1:] = arguments
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        print(end.code, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    return 0


def _finish() -> None:
    """Do what Python does at the end of a process, but for clearing its memory."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
