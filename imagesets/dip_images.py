"""The test images of Deep Image Prior (Ulyanov et al., CVPR 2018), from the authors' repository.

Clean pictures only: the snail is damaged already, masks belong to tasks, kate is there twice.
"""

from imagesets._classic import Config, classic
from priorbench.download import Remote
from priorbench.pictures import Pictures
from priorbench.raw import supplied

LABEL = "DIP's images"
IN_FILES = True
TEST_ONLY = True
LICENCE = "Apache-2.0 (repository); the origin of the pictures is not stated"
ADDRESS = "https://raw.githubusercontent.com/DmitryUlyanov/deep-image-prior/master/data"
FILES = [
    Remote(path, f"{ADDRESS}/{path}", f"sha256:{checksum}", limit=10_000_000)
    for path, checksum in (
        (
            "denoising/F16_GT.png",
            "33810cc97ab8222e5bbb5fb32394d314d7d53564b008a4bf5371d0044ca45336",
        ),
        ("sr/zebra_GT.png", "eb531120c7bddf6858c2d9c274ce989df63becd39a4dd29f46215a21a884603a"),
        ("inpainting/kate.png", "8516aecf3628fd97ba12ab480d7b9c64d1c8e06be2ef603256087a40cae4971a"),
        (
            "inpainting/library.png",
            "4795d1f90c0c5310456057a8ea219e2bcf9ff2f6abcd9a192abfe0c2d472a647",
        ),
        ("inpainting/vase.png", "1c25862a0a914bdb29ee793d182533b9e64c2c2da40d56623ee33f9dcfd38424"),
        (
            "restoration/barbara.png",
            "764b8a2748cc7ad381cccc047c5e512cb528c197ba86adb83aa339e8932e66c0",
        ),
    )
]


def build(cfg: Config) -> Pictures:
    """Return the pictures that are clean."""
    return classic(
        supplied("dip_images", FILES, LICENCE),
        cfg,
        source="github.com/DmitryUlyanov/deep-image-prior, folder data",
        licence=LICENCE,
        verified="sha256 of each file",
    )
