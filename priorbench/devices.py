"""Which device a job runs on: found without torch, one job to a device.

Snakemake counts `gpu` resources but hands out no ids, so every job would use the first GPU.
A lock per device does it: the kernel frees it when the job ends, however it ends.
"""

import fcntl
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from priorbench.errors import UserError

WAIT = 0.2  # seconds between two looks for a free device


def gpus() -> list[str]:
    """Ids of the GPUs that this process may use; CUDA_VISIBLE_DEVICES is respected."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return [name.strip() for name in visible.split(",") if name.strip() not in ("", "-1")]
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return []
    listing = subprocess.run([tool, "--list-gpus"], capture_output=True, text=True, check=False)
    lines = [line for line in listing.stdout.splitlines() if line.startswith("GPU ")]
    return [str(number) for number in range(len(lines))]


def resolve(device: str) -> str:
    """Return "cpu" or "cuda" for a config's `device`; UserError where there is no GPU for it."""
    if device == "cpu":
        return "cpu"
    found = gpus()
    if device == "cuda" and not found:
        raise UserError("device `cuda`: no GPU is visible; choices: auto, cpu")
    return "cuda" if found else "cpu"


def take(devices: Sequence[str], folder: Path | None = None) -> tuple[str, int]:
    """Wait for a free device; return its id and the open lock, held until the process ends."""
    folder = folder or Path(tempfile.gettempdir()) / f"priorbench-gpus-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    while True:
        for device in devices:
            name = "".join(c if c.isalnum() else "_" for c in device)
            lock = os.open(folder / name, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(lock)
                continue
            os.set_inheritable(lock, True)
            return device, lock
        time.sleep(WAIT)
