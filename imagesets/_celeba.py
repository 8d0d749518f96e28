"""CelebA's files and lists, for the sets that are made from its faces."""

from pathlib import Path

from priorbench.download import Remote
from priorbench.raw import obtain

LICENCE = (
    "non-commercial research only, no redistribution; agreement at "
    "https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html"
)
DRIVE = "https://drive.usercontent.google.com/download?export=download&confirm=t&id="
FACES = Remote(
    "img_align_celeba.zip",
    f"{DRIVE}0B7EVK8r0v71pZjFTYXZWM3FlRnM",
    "md5:00d2c5bc6d35e252742224ab0c1e8fcb",
    limit=2_000_000_000,
)
PARTITION = Remote(
    "list_eval_partition.txt",
    f"{DRIVE}0B7EVK8r0v71pY0NSMzRuSXJEVkk",
    "md5:d32c9cbf5e040fd4025c592c306e6668",
    limit=10_000_000,
)
IDENTITY = Remote(
    "identity_CelebA.txt",
    f"{DRIVE}1_ee_0u7vcNLOfNLegJRHmolfH5ICW-XS",
    "md5:32bd1bd63d3c78cd57e08160ec5ed1e2",
    limit=10_000_000,
)
SPLIT = {"0": "train", "1": "val", "2": "test"}


def files(*more: Remote) -> list[Path]:
    """Return the two lists, and more: of all that are missing one error tells."""
    return obtain("celeba", (PARTITION, IDENTITY, *more), LICENCE)


def partition() -> dict[str, str]:
    """Return the official split of each image file: "train", "val" or "test"."""
    found = _table(files()[0])
    return {name: SPLIT[number] for name, number in found.items()}


def identities() -> dict[str, str]:
    """Return the person on each image file."""
    found = _table(files()[1])
    return {name: f"person {number}" for name, number in found.items()}


def _table(path: Path) -> dict[str, str]:
    return dict(line.split() for line in path.read_text(encoding="ascii").splitlines() if line)
