"""Set14: fourteen pictures, a test set of super-resolution (Zeyde et al., 2010); one is grey."""

from imagesets._classic import Config, classic, own_files
from priorbench.pictures import Pictures

LABEL = "Set14"
IN_FILES = True
OWN_FILES = "."
TEST_ONLY = True
ORIGIN = "PNG or BMP files of its own names, such as zebra.png or zebra_GT.bmp"
SIZES = {
    "baboon": (500, 480),
    "barbara": (720, 576),
    "bridge": (512, 512),
    "coastguard": (352, 288),
    "comic": (250, 361),
    "face": (276, 276),
    "flowers": (500, 362),
    "foreman": (352, 288),
    "lenna": (512, 512),
    "man": (512, 512),
    "monarch": (768, 512),
    "pepper": (512, 512),
    "ppt3": (529, 656),
    "zebra": (586, 391),
}


def build(cfg: Config) -> Pictures:
    """Return the fourteen pictures."""
    return classic(
        own_files("set14", SIZES, ORIGIN),
        cfg,
        source="Set14 (Zeyde, Elad, Protter, Curves and Surfaces 2010)",
        licence="none stated; research",
    )
