"""Set5: five pictures of 228 to 512 pixels, a test set of super-resolution (Bevilacqua, 2012)."""

from imagesets._classic import Config, classic, own_files
from priorbench.pictures import Pictures

LABEL = "Set5"
IN_FILES = True
OWN_FILES = "."
TEST_ONLY = True
ORIGIN = "PNG or BMP files of its own names, such as butterfly.png or butterfly_GT.bmp"
SIZES = {
    "baby": (512, 512),
    "bird": (288, 288),
    "butterfly": (256, 256),
    "head": (280, 280),
    "woman": (228, 344),
}


def build(cfg: Config) -> Pictures:
    """Return the five pictures."""
    return classic(
        own_files("set5", SIZES, ORIGIN),
        cfg,
        source="Set5 (Bevilacqua et al., BMVC 2012)",
        licence="none stated; research",
    )
