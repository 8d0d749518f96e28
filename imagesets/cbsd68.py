"""CBSD68: 68 photographs of 481x321 pixels in colour, a test set of denoising (Roth, Black).

From the user's own folder of pictures or archive, or else from an archive of GitHub, which is never
unpacked.
"""

from dataclasses import replace

from imagesets._classic import Config, classic, numbered_files
from priorbench import packed
from priorbench.download import Remote
from priorbench.errors import UserError
from priorbench.pictures import Pictures
from priorbench.raw import home, obtain, own_pictures

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
INSIDE = "original_png"
SOURCE = (
    "Berkeley segmentation data set (Martin et al., ICCV 2001), the 68 test images of Roth and "
    "Black (CVPR 2005), in colour"
)
LICENCE = "non-commercial research and education"


def build(cfg: Config) -> Pictures:
    """Return the 68 photographs."""
    given = home("cbsd68") / ARCHIVE.name.removeprefix(".fetched/")
    remote = replace(ARCHIVE, name=given.name) if given.exists() else ARCHIVE
    if remote is ARCHIVE and any(own_pictures("cbsd68", inside) for inside in (INSIDE, "")):
        files, verified = numbered_files("cbsd68", COUNT, SIZE, ORIGIN, INSIDE, "")
        return classic(files, cfg, source=SOURCE, licence=LICENCE, verified=verified)
    root = packed.opened(obtain("cbsd68", (remote,), LICENCE)[0])
    names = [f"{INSIDE}/{number:04d}.png" for number in range(COUNT)]
    found = {name: packed.member(root, name) for name in names}
    if lacking := [name for name, file in found.items() if file is None]:
        raise UserError(f"cbsd68: {root} has no {lacking[0]}, or two")
    return classic(
        [file for file in found.values() if file is not None],
        cfg,
        source=SOURCE,
        licence=LICENCE,
        verified="sha256 of the archive",
    )
