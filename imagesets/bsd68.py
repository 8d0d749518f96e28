"""BSD68: 68 photographs of 481x321 pixels in grey, a test set of denoising (Roth, Black, 2005).

Nobody publishes a checksum of them: the files are the user's own.
"""

from imagesets._classic import Config, classic, numbered_files
from priorbench.pictures import Pictures

LABEL = "BSD68"
IN_FILES = True
OWN_FILES = "."
TEST_ONLY = True
ORIGIN = "68 test images of the Berkeley segmentation data set, in grey"
COUNT, SIZE = 68, (481, 321)


def build(cfg: Config) -> Pictures:
    """Return the 68 photographs."""
    files, verified = numbered_files("bsd68", COUNT, SIZE, ORIGIN, grey=True)
    return classic(
        files,
        cfg,
        source="Berkeley segmentation data set (Martin et al., ICCV 2001), the 68 test images "
        "of Roth and Black (CVPR 2005), in grey",
        licence="non-commercial research and education",
        verified=f"{verified}; no checksum is published",
    )
