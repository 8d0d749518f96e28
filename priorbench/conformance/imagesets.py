"""The rules of image sets."""

from argparse import Namespace
from functools import cached_property
from pathlib import Path

import numpy as np

from priorbench.conformance import material
from priorbench.conformance.verdicts import Broken, Rule
from priorbench.conformance.watching import Plugin
from priorbench.conformance.words import (
    check_config,
    check_constants,
    check_function,
    check_label,
)
from priorbench.errors import UserError
from priorbench.files import sha256
from priorbench.images import Gallery, Prepared
from priorbench.imageset import CARD_KEYS, SPLITS

THREADS = (1, 4)  # of two preparations, which have to agree
FACTS = tuple(key for key in CARD_KEYS if key != "disjoint_clusters")


class Subject(Plugin):
    """An image set plugin with options, prepared twice as its step does it."""

    noun = "imagesets"

    @cached_property
    def _folder(self) -> Path:
        return material.passing_folder(self)

    @cached_property
    def made(self) -> list[Prepared]:
        """The set as two preparations leave it."""
        return [self._prepared(threads) for threads in THREADS]

    @property
    def test_only(self) -> bool:
        """Whether it is a classic test set, of which nothing is learned."""
        return bool(self.about.constants.get("TEST_ONLY", False))

    def images(self, split: str) -> Gallery:
        """Return the images of a split, whatever their sizes."""
        if self.test_only:
            return self.made[0].gallery if split == "test" else []
        found: Gallery = getattr(self.made[0], split)
        return found

    def _prepared(self, threads: int) -> Prepared:
        spec = {"name": self.path.stem, "plugin": self.name, "config": self.options}
        place = self._folder / str(threads)
        given = Namespace(spec=spec, out=place / "out" / "card.json", threads=threads)
        material.step("prepare").main(given, place / "state")
        return Prepared(place / "out")


def contract(subject: Subject) -> str:
    """The functions, the config and the words that the engine looks for."""
    check_label(subject.module)
    check_constants(subject.module, subject.about)
    check_function(subject.module, "build", ("cfg",))
    check_config(subject.module, "Config")
    return f"`{subject.module.LABEL}`"


def built(subject: Subject) -> str:
    """It can be prepared."""
    try:
        counts = subject.made[0].card["counts"]
    except UserError as error:
        raise Broken(str(error), "see what the message asks for; nothing else was looked at") from (
            error
        )
    except ValueError as error:  # what ImageSet and Pictures refuse
        raise Broken(str(error), "return what priorbench.imageset.ImageSet asks for") from error
    return ", ".join(f"{split}: {count} images" for split, count in counts.items())


def splits(subject: Subject) -> str:
    """Three splits of uint8 images, as many as the card says, of one shape."""
    card = subject.made[0].card
    for split in SPLITS:
        images = subject.images(split)
        if not len(images) == card["counts"][split] == len(card["clusters"][split]):
            raise Broken(f"{split}: counts on the card are others", "give each image a cluster")
        if (len(images) == 0) != (subject.test_only and split != "test"):
            raise Broken(f"{split} is empty", "leave images to every split, or set TEST_ONLY")
        if any(image.dtype != np.uint8 or image.shape[0] != 3 for image in images):
            raise Broken(f"{split}: images are not uint8 (3, h, w)", "convert to 8 bits, to RGB")
        if not subject.test_only and len({image.shape for image in images}) > 1:
            raise Broken(f"{split}: images of several shapes", "crop or resize to one size")
        pixels = np.load(subject.made[0].folder / f"{split}.npy", allow_pickle=False)
        if card["sha256"][split] != sha256(pixels):
            raise Broken(f"{split}: checksum on the card is another", "let the engine write it")
        if (labels := card["labels"]) is not None and len(labels[split]) != len(images):
            raise Broken(f"{split}: {len(labels[split])} labels", "give each image a label")
    return "three splits of uint8 images"


def card(subject: Subject) -> str:
    """The card says where a set is from, under which licence, and how it was split."""
    told = subject.made[0].card
    for key in FACTS:
        if not told.get(key):
            raise Broken(f"the card does not say its {key.replace('_', ' ')}", f"fill in `{key}`")
    members = [set(told["clusters"][split]) for split in SPLITS]
    disjoint = len(set.union(*members)) == sum(map(len, members))
    if told["disjoint_clusters"] and not disjoint:
        raise Broken("a cluster is in two splits", "split by cluster, or promise nothing")
    return f"{told['source']}; licence: {told['licence']}"


def disjoint_pixels(subject: Subject) -> str:
    """No image of one split is in another."""
    found = {s: {(i.shape, i.tobytes()) for i in subject.images(s)} for s in SPLITS}
    for one, other in (("train", "val"), ("train", "test"), ("val", "test")):
        if shared := len(found[one] & found[other]):
            raise Broken(f"{shared} images of {other} are in {one}", "leave them out of the first")
    return "no image is in two splits"


def same_again(subject: Subject) -> str:
    """A second preparation, in more threads, gives the same bytes."""
    once, again = (
        {path.name: path.read_bytes() for path in made.folder.glob("*")} for made in subject.made
    )
    if set(once) != {"card.json", *(f"{split}.npy" for split in SPLITS)}:
        raise Broken(f"it wrote {', '.join(sorted(once))}", "let the engine write files")
    if once != again:
        changed = ", ".join(sorted(name for name in once if once[name] != again[name]))
        raise Broken(f"a second preparation gave another {changed}", "sort files, seed generators")
    return "a second preparation gives the same bytes"


RULES = (
    Rule("contract", contract),
    Rule("built", built, ("contract",)),
    Rule("splits", splits, ("built",)),
    Rule("card", card, ("built",)),
    Rule("disjoint", disjoint_pixels, ("splits",)),
    Rule("same again", same_again, ("built",)),
)
