"""Pretrained weights that metrics need: which files, where they lie, how they come there.

They lie where torch.hub keeps them, so that one copy serves every program; but only
`priorbench weights fetch` downloads, never a job. No torch is imported here: the
Snakefile asks for `state` while it is being read.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from priorbench import download
from priorbench.download import DownloadError, Remote, digest
from priorbench.errors import MissingWeights

State = Literal["official", "features only", "damaged", "missing"]

COMMAND = "python -m priorbench weights fetch"


@dataclass(frozen=True)
class Copy:
    """One content that a file may have."""

    size: int  # bytes
    sha256: str


@dataclass(frozen=True)
class File:
    """A file of weights; its name carries the first eight digits of the official sum."""

    name: str
    url: str
    official: Copy
    features: Copy | None  # a smaller copy of the same weights: convolutional features only
    columns: tuple[str, ...]  # of the tables, empty without it
    usual: bool = True  # whether it is fetched without being asked for by name


FILES = {
    "alexnet": File(
        name="alexnet-owt-7be5be79.pth",
        url="https://download.pytorch.org/models/alexnet-owt-7be5be79.pth",
        official=Copy(
            244_408_911,
            "7be5be791159472b1fbf3c69796f7cb30dca7ad8466c2df70058c37116cdee02",
        ),
        features=Copy(
            9_884_993,
            "00e2a2db584bb27872bf348ce1981a6ca235126d423e697413e22e2605844d32",
        ),
        columns=("LPIPS",),
    ),
    "inception": File(
        name="pt_inception-2015-12-05-6726825d.pth",
        url="https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/"
        "pt_inception-2015-12-05-6726825d.pth",
        official=Copy(
            95_628_359,
            "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2",
        ),
        features=Copy(
            36_130_967,
            "9169d5a3ff37629162e06e74892188fa31677e7fd69694f9ab01411ff16bc907",
        ),
        columns=("FID", "KID"),
    ),
    "squeezenet": File(
        name="squeezenet1_1-b8a52dc0.pth",
        url="https://download.pytorch.org/models/squeezenet1_1-b8a52dc0.pth",
        official=Copy(
            4_958_839,
            "b8a52dc049b60e4b6ab68ad0df457362afab8b6304b2febdc1650a5dab4d7e7b",
        ),
        features=Copy(
            2_908_005,
            "1f74c621b3d8a53aa282eb72d2d3e39e46177e403c04bb9f739ed6f4ffed67cb",
        ),
        columns=("LPIPS-squeeze",),
        usual=False,
    ),
    "vgg16": File(
        name="vgg16-397923af.pth",
        url="https://download.pytorch.org/models/vgg16-397923af.pth",
        official=Copy(
            553_433_881,
            "397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0",
        ),
        features=None,
        columns=("LPIPS-vgg", "precision", "recall"),
        usual=False,
    ),
}


def folder() -> Path:
    """Return torch.hub's folder of checkpoints: $TORCH_HOME, else the user's cache."""
    home = os.environ.get("TORCH_HOME")
    if not home:
        home = str(Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")) / "torch")
    return Path(home).expanduser() / "hub" / "checkpoints"


def state(name: str) -> State:
    """Tell what lies in the folder under the file's name, by its size alone: at once."""
    file = FILES[name]
    path = folder() / file.name
    if not path.is_file():
        return "missing"
    size = path.stat().st_size
    if size == file.official.size:
        return "official"
    return "features only" if file.features and size == file.features.size else "damaged"


def command(*names: str) -> str:
    """Return the command that fetches these files."""
    asked = [name for name in names if not all(FILES[one].usual for one in names)]
    return " ".join([COMMAND, *asked])


def lacking(name: str) -> str:
    """Tell, in one line, what is missing without the file, where it belongs and what gets it."""
    file = FILES[name]
    if state(name) == "damaged":
        return f"{folder() / file.name} is damaged (wrong size): run `{command(name)}`"
    if state(name) == "missing":
        need = f"{' and '.join(file.columns)} need{'s' * (len(file.columns) == 1)}"
        return f"{need} {file.name} in {folder()}: run `{command(name)}`"
    return ""


def find(name: str) -> Path:
    """Return the path of the weights, their checksum verified (once per process).

    Raises MissingWeights, in one line, where they are absent or not what they should be.
    """
    file, path = FILES[name], folder() / FILES[name].name
    if absent := lacking(name):
        raise MissingWeights(absent)
    if not _intact(file, path):
        raise MissingWeights(f"{path} is damaged (wrong checksum): run `{command(name)}`")
    return path


def fetch(name: str) -> Path:
    """Download the weights unless a good copy is there; what broke off is continued.

    Raises MissingWeights, in one line, where they cannot be had.
    """
    file, path = FILES[name], folder() / FILES[name].name
    if path.is_file() and _intact(file, path):
        return path
    official = f"sha256:{file.official.sha256}"
    try:
        return download.fetch(Remote(file.name, file.url, official, file.official.size), path)
    except DownloadError as error:
        raise MissingWeights(str(error)) from error


def _intact(file: File, path: Path) -> bool:
    return digest(path, "sha256") in [
        copy.sha256 for copy in (file.official, file.features) if copy
    ]
