"""Kodak: 24 photographs of 768x512 pixels, scanned from film (Kodak lossless true color suite)."""

from imagesets._classic import Config, classic, numbered_files
from priorbench.pictures import Pictures

LABEL = "Kodak"
IN_FILES = True
OWN_FILES = "."
TEST_ONLY = True
ORIGIN = "kodim01.png to kodim24.png of http://r0k.us/graphics/kodak"
COUNT, SIZES = 24, ((768, 512),)


def build(cfg: Config) -> Pictures:
    """Return the 24 photographs."""
    return classic(
        numbered_files("kodak", COUNT, SIZES, ORIGIN),
        cfg,
        source="Kodak lossless true color image suite",
        licence="released for unrestricted usage by Eastman Kodak, as stated there",
    )
