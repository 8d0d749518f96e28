"""CBSD68: 68 photographs of 481x321 pixels in colour, a test set of denoising (Roth, Black).

From the user's own folder of pictures, or else from an archive of GitHub, which is never unpacked.
"""

from pathlib import Path
from zipfile import ZipFile

from PIL import Image

from imagesets._classic import Config, classic, numbered_files
from imagesets._read import read
from priorbench.download import Remote
from priorbench.pictures import Pictures
from priorbench.raw import obtain, own_pictures

LABEL = "CBSD68"
IN_FILES = True
OWN_FILES = "."
FETCHED = True
TEST_ONLY = True
ORIGIN = "68 test images of the Berkeley segmentation data set, in colour"
COUNT, SIZE = 68, (481, 321)
COMMIT = "51a07a95884ac7c8bdd5d1614f9da781adc3c4a0"
ARCHIVE = Remote(
    f".fetched/CBSD68-dataset-{COMMIT}.zip",  # hidden: it is no picture of the user's
    f"https://github.com/clausmichele/CBSD68-dataset/archive/{COMMIT}.zip",
    "sha256:6bc0eda995936a1a3f8e9cdd582566aebf31ce943ea20d031961e59ca4f6df76",
    size=190_175_417,
)
INSIDE = f"CBSD68-dataset-{COMMIT}/CBSD68/original_png"
SOURCE = (
    "Berkeley segmentation data set (Martin et al., ICCV 2001), the 68 test images of Roth and "
    "Black (CVPR 2005), in colour"
)
LICENCE = "non-commercial research and education"


def build(cfg: Config) -> Pictures:
    """Return the 68 photographs."""
    if own_pictures("cbsd68"):
        files, verified = numbered_files("cbsd68", COUNT, SIZE, ORIGIN)
        return classic(files, cfg, source=SOURCE, licence=LICENCE, verified=verified)
    archive = ZipFile(obtain("cbsd68", (ARCHIVE,), LICENCE)[0])

    def from_archive(path: Path) -> Image.Image:
        with archive.open(str(path)) as file:
            return read(file)

    members = [Path(INSIDE, f"{number:04d}.png") for number in range(COUNT)]
    return classic(
        members,
        cfg,
        source=SOURCE,
        licence=LICENCE,
        verified="sha256 of the archive",
        decoded=from_archive,
    )
