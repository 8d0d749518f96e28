"""What a run was: config, code, versions, hardware, time and memory, beside its result."""

import os
import platform
import resource
import sys
import time
from functools import cache
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

from priorbench.files import read_json, write_json
from priorbench.revision import git

PACKAGES = ("torch", "torchvision", "numpy", "scipy", "scikit-image", "scikit-learn", "lpips")


class Record:
    """Facts of a run, from now until `write`."""

    def __init__(self, verb: str, spec: dict[str, Any], imageset: str) -> None:
        names = ("method", "plugin", "seed", "key", "threads", "device")
        self.facts: dict[str, Any] = {"verb": verb, "imageset": imageset, "status": "finished"}
        self.facts |= {name: spec[name] for name in names if name in spec}
        self.facts["started"] = time.strftime("%Y-%m-%dT%H:%M:%S%z")
        self._begun = time.monotonic()

    def elapsed(self) -> float:
        """Seconds since the record was opened."""
        return time.monotonic() - self._begun

    def write(self, path: Path, **facts: Any) -> None:
        """Write the record with `facts` added."""
        seconds = round(self.elapsed(), 2)
        machine = {
            "seconds": seconds,
            "peak_memory_mb": peak_memory_mb(),
            "hardware": hardware(self.facts.get("device", "cpu")),
            "versions": {"python": platform.python_version()} | {p: version(p) for p in PACKAGES},
            "git": git(),
            "command": [Path(sys.argv[0]).name, *sys.argv[1:]],
        }
        write_json(path, self.facts | machine | facts)


def note(plugin: ModuleType, *configs: dict[str, Any]) -> str:
    """Return what a plugin wants said of its settings, and of its model, below a table."""
    values = {name: value for config in configs for name, value in config.items()}
    return str(getattr(plugin, "NOTE", "")).format(**values)


def told(file: Path | None, part: str) -> str:
    """Say below a table what tuning chose; nothing where it did not."""
    if not file:
        return ""
    found = read_json(file)
    chosen = ", ".join(f"{key} {value}" for key, value in found[part].items())
    trial = f"trial {found['trial']} of {found['trials']} on validation images"
    edge = f"at the edge of its choices: {', '.join(found['edges'])}" if found["edges"] else ""
    said = "; ".join(filter(None, [trial, found["shared"], edge]))
    return f"{part}: {chosen or 'as the row stands'} ({said})"


def peak_memory_mb() -> int:
    """Peak memory of this process: resident, or on the GPU where one is in use."""
    if torch.cuda.is_available() and torch.cuda.max_memory_allocated():
        return round(torch.cuda.max_memory_allocated() / 2**20)
    unit = 1 if sys.platform == "darwin" else 1024  # ru_maxrss is in bytes there
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20)


@cache
def hardware(device: str) -> str:
    """Return the name of the processor or of the GPU."""
    if device.startswith("cuda") and torch.cuda.is_available():
        return torch.cuda.get_device_name()
    cpuinfo = Path("/proc/cpuinfo")
    names = []
    if cpuinfo.exists():
        lines = cpuinfo.read_text(encoding="utf-8").splitlines()
        names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    name = names[0] if names else platform.processor() or platform.machine()
    return f"{name}, {os.cpu_count()} cores"
