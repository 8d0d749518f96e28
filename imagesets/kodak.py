"""Kodak: 24 photographs of 768x512 pixels, scanned from film (Kodak lossless true color suite)."""

from dataclasses import dataclass
from typing import Literal

from imagesets._classic import classic, numbered_files
from priorbench.pictures import Pictures

LABEL = "Kodak"
IN_FILES = True
OWN_FILES = "."
TEST_ONLY = True
ORIGIN = "kodim01.png to kodim24.png of http://r0k.us/graphics/kodak"
COUNT, SIZES = 24, ((768, 512),)


@dataclass(frozen=True)
class Config:
    fit: Literal["div32", "mod8", "whole"] = "div32"  # sides to multiples: DIP's, SR papers', none
    crop: int = 0  # pixels: only the central square, for methods that need one size


def build(cfg: Config) -> Pictures:
    """Return the 24 photographs."""
    facts = {
        "source": "Kodak lossless true color image suite",
        "licence": "released for unrestricted usage by Eastman Kodak, as stated there",
    }
    return classic(numbered_files("kodak", COUNT, SIZES, ORIGIN), cfg.fit, cfg.crop, facts)
