"""The colour photographs inside the wheels of scikit-image and scikit-learn.

Origins and licences are those that the packages state: scikit-image in the docstrings of
`skimage.data`, scikit-learn in `sklearn/datasets/images/README.txt`.
"""

from dataclasses import dataclass
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from priorbench.errors import UserError

REACH = 2  # output pixels: how far to each side bicubic reduction looks


@dataclass(frozen=True)
class Photograph:
    """A bundled file, its licence and where it comes from."""

    package: str
    path: str  # inside the package
    licence: str
    origin: str

    def reduced(self, short: int) -> NDArray[np.uint8]:
        """Return it in RGB, (h, w, 3), with a short side of `short` pixels, antialiased."""
        file = files(self.package).joinpath(self.path)
        if not file.is_file():
            raise UserError(
                f"photos: {self.package} has no {self.path} here; install the wheel of "
                "requirements.lock, which contains it"
            )
        with file.open("rb") as stream, Image.open(stream) as image:
            colour = image.convert("RGB")
        return np.asarray(shrunk(colour, short))


def shrunk(image: Image.Image, short: int) -> Image.Image:
    """Return the image reduced to a short side of `short` pixels, antialiased."""
    ratio = short / min(image.size)
    width, height = (round(side * ratio) for side in image.size)
    return image.resize((width, height), Image.Resampling.BICUBIC)


PHOTOGRAPHS = {
    "astronaut": Photograph(
        "skimage",
        "data/astronaut.png",
        "public domain, no known copyright restrictions",
        "NASA Great Images, https://flic.kr/p/r9qvLn",
    ),
    "chelsea": Photograph("skimage", "data/chelsea.png", "CC0", "photograph: Stefan van der Walt"),
    "coffee": Photograph(
        "skimage",
        "data/coffee.png",
        "CC0",
        "photograph: Rachel Michetti, courtesy of Pikolo Espresso Bar",
    ),
    "rocket": Photograph(
        "skimage",
        "data/rocket.jpg",
        "public domain",
        "SpaceX, https://www.flickr.com/photos/spacexphotos/16511594820",
    ),
    "immunohistochemistry": Photograph(
        "skimage",
        "data/ihc.png",
        "no known copyright restrictions",
        "Center for Microscopy And Molecular Imaging (CMMI)",
    ),
    "retina": Photograph(
        "skimage",
        "data/retina.jpg",
        "CC0 1.0",
        "Mikael Häggström, Wikimedia Commons, Fundus_photograph_of_normal_left_eye.jpg",
    ),
    "hubble_deep_field": Photograph(
        "skimage",
        "data/hubble_deep_field.jpg",
        "public domain (NASA)",
        "HubbleSite, release 2012/37",
    ),
    "motorcycle": Photograph(
        "skimage",
        "data/motorcycle_left.png",
        "none stated in the package",
        "Middlebury 2014 stereo benchmark, left view (Scharstein et al., GCPR 2014)",
    ),
    "china": Photograph(
        "sklearn",
        "datasets/images/china.jpg",
        "CC BY 2.0",
        "danielbuechele, https://www.flickr.com/photos/danielbuechele/6061409035",
    ),
    "flower": Photograph(
        "sklearn",
        "datasets/images/flower.jpg",
        "CC BY 2.0",
        "https://www.flickr.com/photos/vultilion/6056698931 (the package's README attributes "
        "it to danielbuechele)",
    ),
}
