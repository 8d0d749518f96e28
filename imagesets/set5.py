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
# sha256 of the pixels in RGB, of a copy that is passed on as PNG files
PIXELS = {
    "baby": "f14d515486b1a110a8f6a08b23114a7c0ef79e96337692bb48e24dfd8943b3b7",
    "bird": "0f7ca11adc96abc59dd08160fb99dc77a3732ffc7b903db6832eceeb5592dcbf",
    "butterfly": "200d3ae507119f83763ea74f31f54de31cad6a36ec478cae7a8eab2de2304163",
    "head": "1aca63a883d2cabd7a143dd452427305ca9fa8ab965d7202d9081fcce5cbd508",
    "woman": "6d9d5a40b83984bde434c44ae6e070484ec37b15741b4561c684b2001deb474f",
}


def build(cfg: Config) -> Pictures:
    """Return the five pictures."""
    files, found = own_files("set5", SIZES, PIXELS, ORIGIN)
    return classic(
        files,
        cfg,
        source="Set5 (Bevilacqua et al., BMVC 2012)",
        licence="none stated; research",
        **found,
    )
