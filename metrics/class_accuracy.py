"""Whether a restored image still shows its class, in shape and in colour: 1 or 0 per image.

Two support vector machines learn from the training images and their labels: one sees
luminance with its mean and contrast taken out, the other colour alone, coarsely. Both must
name the class. (One machine on RGB pixels settles for whichever of the two is plainer: on
digits whose hue tells the class it hardly needs the shape, and grey ones pass by shape.)
How often the untouched test images pass is the ceiling of the number.
"""

import hashlib

import numpy as np
from skimage.transform import resize_local_mean
from sklearn.svm import SVC

from metrics._images import Bytes, Floats, check

LABEL = "class accuracy"
BETTER = "higher"
PER = "image"
PROTOCOL = (
    "class_accuracy/1 SVC on shape at 32 px and SVC on colour at 8 px, both right; "
    "learned from the first 10,000 training images at most"
)
NOTE = "An image counts 1 or 0, and another image of the right class counts 1, however unlike"
WEIGHTS = ()
REGIONS = ("raw", "pasted")

SHAPE_SIDE = 32  # pixels, at most
COLOUR_SIDE = 8  # pixels, at most
PENALTY = 10.0  # SVC's C; from 1 to 100 the accuracies stay within a hundredth
MOST = 10_000  # training images learned from: a machine takes time by their square
FLAT = 1e-3  # contrast below which there is no shape to be seen

Labels = np.ndarray[tuple[int], np.dtype[np.int64]]

_trained: dict[str, tuple[SVC, SVC]] = {}


def score(
    restored: Floats,
    original: Floats,
    *,
    labels: Labels | None = None,
    training: tuple[Bytes, Labels] | None = None,
) -> Floats | None:
    """Return 1.0 per image whose class both machines name, else 0.0, (n,).

    labels: classes of the originals. training: uint8 images (N, 3, h, w) and their
    classes. None where the image set has no classes.
    """
    check(restored, original)
    if labels is None or training is None:
        return None
    by_shape, by_colour = _machines(*training)
    right = by_shape.predict(shape(restored)) == labels
    return np.asarray(right & (by_colour.predict(colour(restored)) == labels), np.float64)


def shape(images: Floats) -> Floats:
    """Return luminance of zero mean and unit contrast, (n, pixels)."""
    rows = _reduced(images, SHAPE_SIDE).mean(1).reshape(len(images), -1)
    rows -= rows.mean(1, keepdims=True)
    normalised: Floats = rows / (rows.std(1, keepdims=True) + FLAT)
    return normalised


def colour(images: Floats) -> Floats:
    """Return how far each channel is from grey, coarsely, (n, 3 x pixels)."""
    small = _reduced(images, COLOUR_SIDE)
    small -= small.mean(1, keepdims=True)
    return small.reshape(len(images), -1)


def _reduced(images: Floats, side: int) -> Floats:
    """Return the images at most `side` px high and wide, by local means."""
    size = *images.shape[:2], *(min(side, pixels) for pixels in images.shape[2:])
    reduced: Floats = resize_local_mean(images, size)
    return reduced


def _machines(images: Bytes, classes: Labels) -> tuple[SVC, SVC]:
    """Return the two classifiers for a training set, trained once per process."""
    images, classes = images[:MOST], classes[:MOST]
    content = np.ascontiguousarray(images).tobytes(), np.ascontiguousarray(classes).tobytes()
    digest = hashlib.sha256(f"{images.shape}".encode() + b"".join(content)).hexdigest()
    if digest not in _trained:
        floats = images / 255
        shapes, colours = (SVC(C=PENALTY).fit(see(floats), classes) for see in (shape, colour))
        _trained[digest] = shapes, colours
    return _trained[digest]
