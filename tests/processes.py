"""Other processes that a test waits for or kills."""

import time
from pathlib import Path


def wait_for(condition: object, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.02)


def training_processes(folder: Path) -> list[int]:
    """Processes of workflow.scripts.train that work in `folder`."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
            named = (process / "comm").read_text() == "train\n"  # a fork of the warm process
            trains = named or b"workflow.scripts.train" in words[:4]
            if trains and (process / "cwd").resolve() == folder:
                found.append(int(process.name))
        except OSError:  # it ended while we looked
            continue
    return found
