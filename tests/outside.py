"""A package of somebody else with a plugin of each kind, as files and as a wheel."""

import zipfile
from collections.abc import Mapping
from pathlib import Path

NAME = "tinypriors"
POINTS = {"methods": "shrink", "tasks": "fog", "metrics": "worst", "imagesets": "stripes"}
FILES = {
    # whoever imports the package at all has torch: planning must not
    "__init__.py": "import torch\n",
    "_shelf.py": '''"""What the method shares with others."""
from dataclasses import dataclass

GREY = 0.5

@dataclass(frozen=True)
class RestoreConfig:
    share: float = 0.9  # of what was seen; the rest is grey

def shrunk(y, share):
    return share * y.clamp(0, 1) + (1 - share) * GREY
''',
    "shrink.py": '''"""Towards grey."""
from tinypriors._shelf import RestoreConfig, shrunk

LABEL = "towards grey"

def restore(model, seen, cfg, loop):
    return shrunk(seen.naive(), cfg.share)
''',
    "fog.py": '''"""Whitened."""
from dataclasses import dataclass

LABEL = "fog"

@dataclass(frozen=True)
class Config:
    sigma: float = 0.0
    white: float = 0.5

def check(cfg, shape): pass

def protocol(cfg, shape): return f"fog/1: {cfg.white}"

def draw(cfg, shape, generator): return {}

def degrade(x, cfg): return x * (1 - cfg.white) + cfg.white

def degraded(y, cfg, shape): return y.clamp(0, 1)

def naive(y, cfg, shape): return {"as it is": y.clamp(0, 1)}
''',
    "worst.py": '''"""The worst pixel."""
from dataclasses import dataclass

LABEL = "worst"
BETTER = "lower"
PER = "image"
PROTOCOL = "worst/1"
WEIGHTS = ()
REGIONS = ("raw",)

@dataclass(frozen=True)
class Config:
    """Nothing to choose."""

def score(restored, original, cfg):
    return abs(restored - original).reshape(len(original), -1).max(1)
''',
    "stripes.py": '''"""Stripes."""
from dataclasses import dataclass

import numpy as np

from priorbench.imageset import SPLITS, ImageSet

LABEL = "stripes"

@dataclass(frozen=True)
class Config:
    size: int = 8

def build(cfg):
    pixels = np.zeros((4, 3, cfg.size, cfg.size), np.uint8)
    pixels[:, :, ::2] = np.array([40, 90, 160, 220])[:, None, None, None]
    keys = ("source", "licence", "split_rule", "cluster")
    clusters = {split: [f"{split} {i}" for i in range(4)] for split in SPLITS}
    card = {**dict.fromkeys(keys, "made here"), "disjoint_clusters": True}
    shown = {split: pixels + n for n, split in enumerate(SPLITS)}
    return ImageSet(**shown, clusters=clusters, labels=None, card=card)
''',
}


def points(named: Mapping[str, str], package: str = NAME) -> str:
    """The text of entry_points.txt: noun -> name of a plugin and of its module."""
    return "".join(f"[priorbench.{noun}]\n{n} = {package}.{n}\n" for noun, n in named.items())


def install(folder: Path, named: Mapping[str, str], package: str, wheel: str) -> None:
    """Lay a package's metadata into a folder, as an installer does."""
    about = folder / f"{wheel}-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {wheel}\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(points(named, package))


def wheel(folder: Path) -> Path:
    """Write the package as a wheel (PEP 427)."""
    path = folder / f"{NAME}-1.0-py3-none-any.whl"
    about = f"{NAME}-1.0.dist-info"
    parts = {f"{NAME}/{name}": text for name, text in FILES.items()}
    parts |= {
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {NAME}\nVersion: 1.0\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{about}/entry_points.txt": points(POINTS),
    }
    record = "".join(f"{name},,\n" for name in [*parts, f"{about}/RECORD"])
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in [*parts.items(), (f"{about}/RECORD", record)]:
            archive.writestr(name, text)
    return path
