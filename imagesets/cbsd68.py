"""CBSD68: 68 photographs of 481x321 pixels in colour, a test set of denoising (Roth, Black)."""

from imagesets._classic import Config, classic, numbered_files
from priorbench.pictures import Pictures

LABEL = "CBSD68"
IN_FILES = True
OWN_FILES = "."
TEST_ONLY = True
ORIGIN = "68 test images of the Berkeley segmentation data set, in colour"
COUNT, SIZES = 68, ((481, 321),)


def build(cfg: Config) -> Pictures:
    """Return the 68 photographs."""
    return classic(
        numbered_files("cbsd68", COUNT, SIZES, ORIGIN),
        cfg,
        source="Berkeley segmentation data set (Martin et al., ICCV 2001), the 68 test images "
        "of Roth and Black (CVPR 2005), in colour",
        licence="non-commercial research and education",
    )
