"""A metric on the standard toy: images as it asks for them, and what it says of them."""

from functools import cached_property
from typing import Any

import numpy as np

from priorbench.checks import SET_SIZE
from priorbench.conformance import material
from priorbench.conformance.material import Bytes, Floats
from priorbench.conformance.verdicts import Inapplicable
from priorbench.conformance.watching import Plugin, watched
from priorbench.errors import MissingWeights
from priorbench.scoring import Metric

COUNT = 12  # images of a metric per image
LEARNED, HELD = 1500, 40  # scans with classes: to learn from, and to score
LARGE = 176  # pixels, for metrics that look at several scales
ALONG = 5  # images on a line


class Subject(Plugin):
    """A metric plugin with options of a row."""

    noun = "metrics"
    changed = False  # whether a score has changed its images
    ended: BaseException | None = None  # by what the first scores were

    @cached_property
    def metric(self) -> Metric:
        """The plugin with its options, as scores are made by it."""
        module = self.module
        with watched(self.path, self.notes):
            return Metric(module, self.options)

    @property
    def regions(self) -> tuple[str, ...]:
        """Parts of an image that are scored."""
        return tuple(self.metric.plugin.REGIONS) if self.metric.per == "image" else ("raw",)

    @cached_property
    def original(self) -> Bytes:
        """Images that are scored well: as many, as large and of such a kind as it asks for."""
        if "labels" in self.metric.wanted:
            return material.digits()[0][LEARNED : LEARNED + HELD]
        if self.metric.per != "image":
            return material.patches(SET_SIZE if self.metric.per == "set" else COUNT)
        small = material.patches(COUNT)
        told = self.scored(small, small)
        return material.patches(2, LARGE) if told is None else small

    def scored(self, restored: Bytes, original: Bytes, region: str = "raw") -> Any:
        """Return what the metric says of images, uint8, offered what it asks for."""
        try:
            if self.metric.per == "set":
                return self.metric.score(restored, original)
            if self.metric.per == "line":
                return self.metric.score(lines(restored, original))
            offered: dict[str, Any] = {
                "hidden": material.holes(original) if region == "hole" else None,
                "seen": (restored / 255, original / 255, np.ones(original.shape, bool)),
            }
            if "labels" in self.metric.wanted:
                images, classes = material.digits()
                offered["labels"] = classes[LEARNED : LEARNED + len(original)]
                offered["training"] = images[:LEARNED], classes[:LEARNED]
            given = {key: offered[key] for key in self.metric.wanted if key in offered}
            ours, theirs = restored / 255, original / 255
            values = self.metric.score(ours, theirs, **given)
            same = np.array_equal(ours, restored / 255) and np.array_equal(theirs, original / 255)
            self.changed |= not same
            return values
        except MissingWeights as missing:
            raise Inapplicable(f"its weights are not here: {missing}") from missing


def lines(restored: Bytes, original: Bytes) -> Floats:
    """Return lines between pairs of originals, (n / 2, k, 3, h, w), astray by the difference."""
    begin, end = original[0::2] / 255, original[1::2] / 255
    astray = (restored / 255 - original / 255)[0::2]
    shares = np.linspace(0, 1, ALONG)
    sides = [0, *((-1) ** np.arange(ALONG - 2)), 0]  # from side to side, but for both ends
    images = [
        (1 - share) * begin + share * end + side * astray
        for share, side in zip(shares, sides, strict=True)
    ]
    return np.stack(images, 1).clip(0, 1)
