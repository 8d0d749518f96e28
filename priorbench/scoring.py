"""Scores of restored images, each computed once however often a table is made."""

import hashlib
import inspect
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from priorbench import registry
from priorbench.checks import SET_SIZE
from priorbench.contract import Images, Observation
from priorbench.errors import MISSING, MissingWeights, UserError
from priorbench.files import read_json, sha256, to_uint8, write_json
from priorbench.images import Prepared
from priorbench.showing import ENDS
from priorbench.sources import source_hash

COLUMNS = (
    "imageset",
    "task",
    "method",
    "seed",
    "metric",
    "region",
    "image",
    "value",
    "protocol",
)
Pixels = NDArray[np.uint8]
Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]
Numbers = NDArray[np.intp]  # of test images
Row = tuple[str, str, str, int, str, str, int, float | str, str]


class Scorer:
    """Scores against the test images of a set, with the metrics of an experiment.

    metrics: row -> its plugin and config. cache: folder of scores, by all that they depend on.
    """

    def __init__(self, images: Prepared, metrics: dict[str, Any], cache: Path) -> None:
        self.images = images
        self.imageset = str(images.card["name"])
        self.metrics = {
            row: Metric(registry.load("metrics", entry["plugin"]), entry["config"])
            for row, entry in metrics.items()
        }
        self.cache = cache
        self.missing: dict[str, str] = {}

    def restored(
        self, task: str, method: str, seed: int, restored: Pixels, seen: Observation, protocol: str
    ) -> Iterator[Row]:
        """Score restored images, uint8 (n, 3, h, w), of a task in all its regions."""
        numbers = seen.ids.tolist()
        original = np.stack([self.images.gallery[number] for number in numbers])
        for region, image, hidden in regions(restored, seen):
            for name, metric in self.metrics.items():
                told = f"{metric.protocol}; {protocol}"
                head = (self.imageset, task, method, seed, name, region)
                if metric.per == "image" and region in metric.plugin.REGIONS:
                    values = self._per_image(name, image, original, hidden, seen)
                    yield from self._rows(head, values, told, numbers)
                elif metric.per == "set" and region == "raw":
                    yield from self._against(head, image, original, numbers, told)

    def undamaged(
        self, method: str, seed: int, represented: Pixels, original: Pixels, numbers: Numbers
    ) -> Iterator[Row]:
        """Score what a search for clean test images, of these numbers, found."""
        for name, metric in self.metrics.items():
            if metric.per == "image":
                head = (self.imageset, "represent", method, seed, name, "raw")
                values = self._per_image(name, represented, original)
                told = f"{metric.protocol}; identity"
                yield from self._rows(head, values, told, numbers.tolist())

    def ceiling(self, name: str, count: int | None) -> Iterator[Row]:
        """Score the untouched test images, as row `name`, by what asks for their classes."""
        original = np.asarray(self.images.test[:count])
        for row, metric in self.metrics.items():
            if metric.per == "image" and "labels" in metric.wanted:
                head = (self.imageset, "represent", name, -1, row, "raw")
                values = self._per_image(row, original, original)
                yield from self._rows(head, values, metric.protocol, range(len(original)))

    def samples(
        self, method: str, seed: int, samples: Pixels, region: str = "raw"
    ) -> Iterator[Row]:
        """Score samples, or images that were rebuilt, against as many held-out images."""
        real = np.asarray(self.images.test[: len(samples)])
        few = min(len(samples), len(real))
        for name, metric in self.metrics.items():
            if metric.per == "set":
                head = (self.imageset, "sample", method, seed, name, region)
                if few < SET_SIZE:
                    yield (*head, -1, "", f"{MISSING}{few} images, {SET_SIZE} are needed")
                    continue
                values = self._per_set(name, samples, real)
                told = f"{metric.protocol}; {len(samples)} against {len(real)} test images"
                yield from self._rows(head, values, told)

    def lines(self, method: str, seed: int, lines: Pixels, ends: Pixels | None) -> Iterator[Row]:
        """Score images on lines between two codes, (n, k, 3, h, w), and how they begin and end.

        ends: the images whose codes these are, (n, 2, 3, h, w); None where codes were drawn.
        """
        for name, metric in self.metrics.items():
            if metric.per == "line":
                plugin, head = metric.plugin, (self.imageset, "sample", method, seed, name)
                told = f"{metric.protocol}; {lines.shape[1]} images on each of {len(lines)} lines"
                values = self._lines(name, "score", lines)
                yield from self._rows((*head, "raw"), values, told, range(len(lines)))
                if ends is not None:
                    values = self._lines(name, "ends", lines, ends)
                    told = plugin.ends_protocol(*metric.options)
                    yield from self._rows((*head, ENDS), values, told, range(len(lines)))

    def _lines(self, name: str, function: str, *images: Pixels) -> list[float] | str:
        metric = self.metrics[name]
        compute = getattr(metric.plugin, function)
        parts = [function, *map(sha256, images)]
        shown = [array / 255.0 for array in images]
        values = partial(compute, *shown, *metric.options)
        return self._cached(name, parts, lambda: self._numbers(name, values(), len(images[0])))

    def _against(
        self,
        head: tuple[Any, ...],
        restored: Pixels,
        original: Pixels,
        numbers: list[int],
        told: str,
    ) -> Iterator[Row]:
        """Score restorations as a set: against their originals, and those of other clusters."""
        if len(restored) < SET_SIZE:
            return
        yield from self._rows(head, self._per_set(head[4], restored, original), told)
        clusters = self.images.card["clusters"]["test"]
        ours, others = disjoint([clusters[number] for number in numbers])
        if len(ours) >= SET_SIZE:
            values = self._per_set(head[4], restored[ours], original[others])
            told = f"{told}, {len(ours)} against {len(others)} of other clusters"
            yield from self._rows((*head[:5], "disjoint"), values, told)

    def _rows(
        self,
        head: tuple[Any, ...],
        values: list[float] | str,
        told: str,
        numbers: Iterable[int] = (),
    ) -> Iterator[Row]:
        if isinstance(values, str):
            yield (*head, -1, "", values)
        elif len(values) == 1 and self.metrics[head[4]].per == "set":
            yield (*head, -1, values[0], told)
        else:
            # a metric that is not defined on these images has no values
            for image, value in zip(numbers, values, strict=True) if values else ():
                yield (*head, image, value, told)

    def _per_image(
        self,
        name: str,
        restored: Pixels,
        original: Pixels,
        hidden: Mask | None = None,
        seen: Observation | None = None,
    ) -> list[float] | str:
        metric = self.metrics[name]
        offered: dict[str, Any] = {"hidden": hidden}
        if seen is not None and "seen" in metric.wanted:
            offered["seen"] = again(restored, seen)
        labels, known = self.images.labels("test"), self.images.labels("train")
        if labels is not None:
            offered["labels"] = labels[: len(original)]
            offered["training"] = (np.asarray(self.images.train), known)
        extra = {key: value for key, value in offered.items() if key in metric.wanted}
        parts = [sha256(restored), sha256(original), "" if hidden is None else sha256(hidden)]
        parts += [sha256(extra["labels"])] if "labels" in extra else []
        parts += [sha256(array) for array in extra.get("seen", ())]
        if "training" in extra:
            parts += [str(self.images.card["sha256"]["train"]), sha256(np.asarray(known))]

        def compute() -> list[float]:
            found = metric.score(restored / 255.0, original / 255.0, **extra)
            return [] if found is None else self._numbers(name, found, len(restored))

        return self._cached(name, parts, compute)

    def _per_set(self, name: str, generated: Pixels, real: Pixels) -> list[float] | str:
        parts = [sha256(generated), sha256(real)]
        score = partial(self.metrics[name].score, generated, real)
        return self._cached(name, parts, lambda: self._numbers(name, [score()], 1))

    def _numbers(self, name: str, found: Any, count: int) -> list[float]:
        """Return what a metric said; UserError unless it is `count` numbers, or none at all."""
        file = Path(str(self.metrics[name].plugin.__file__))
        said = f"metrics.{name}: {file.name} returned"
        try:
            values = [float(value) for value in found]
        except (TypeError, ValueError):
            raise UserError(f"{said} {found!r:.40}; nearest: {count} numbers") from None
        if values and len(values) != count:
            raise UserError(
                f"{said} {len(values)} values for {count} images; nearest: {count}, or None"
            )
        if not np.isfinite(values).all():
            raise UserError(f"{said} values that are not finite; nearest: {count} numbers, or None")
        return values

    def _cached(self, name: str, parts: list[str], compute: Any) -> list[float] | str:
        """Return scores from the cache, or compute them; text where weights are missing."""
        if name in self.missing:
            return self.missing[name]
        metric = self.metrics[name]
        text = json.dumps([metric.source, metric.protocol, metric.told, parts])
        path = self.cache / f"{hashlib.sha256(text.encode()).hexdigest()[:32]}.json"
        if path.exists():
            values: list[float] = read_json(path)
            return values
        try:
            values = compute()
        except MissingWeights as missing:
            self.missing[name] = f"{MISSING}{missing}"
            return self.missing[name]
        write_json(path, values)
        return values


class Metric:
    """A metric plugin with the options of its row, where it has any."""

    def __init__(self, plugin: ModuleType, options: dict[str, Any]) -> None:
        self.plugin, self.told = plugin, options
        self.options = (plugin.Config(**options),) if hasattr(plugin, "Config") else ()
        self.per = str(plugin.PER)
        self.source = source_hash([(Path(str(plugin.__file__)), None)])
        self.wanted = inspect.signature(plugin.score).parameters
        # it may depend on the options, and on the weights that are there
        told = plugin.protocol(*self.options) if hasattr(plugin, "protocol") else plugin.PROTOCOL
        self.protocol = str(told)

    def score(self, *images: Any, **extra: Any) -> Any:
        """Return the plugin's scores under the row's options."""
        return self.plugin.score(*images, *self.options, **extra)


def regions(restored: Pixels, seen: Observation) -> Iterator[tuple[str, Pixels, Mask | None]]:
    """Yield what is scored: images as restored, with known data put back, their hidden parts."""
    yield "raw", restored, None
    if hasattr(seen.task, "paste"):
        pasted = seen.task.paste(Images(restored)[:], seen.y, seen.cfg, **seen.parameters)
        yield "pasted", to_uint8(pasted.numpy()), None
    if hasattr(seen.task, "hidden"):
        hidden = seen.task.hidden(seen.cfg, seen.shape, **seen.parameters)
        yield "hole", restored, torch.as_tensor(hidden).expand(len(restored), -1, -1, -1).numpy()


def disjoint(clusters: Sequence[str]) -> tuple[Numbers, Numbers]:
    """Return the places of two sets, as large as each other, without a cluster in common."""
    ours: set[str] = set()
    taken = 0
    for cluster, count in Counter(clusters).items():
        if taken + count <= len(clusters) // 2:
            ours.add(cluster)
            taken += count
    mine = np.isin(clusters, sorted(ours))
    first, second = np.flatnonzero(mine), np.flatnonzero(~mine)
    return first, second[: len(first)]


def again(restored: Pixels, seen: Observation) -> tuple[Floats, Floats, Mask]:
    """Return restored images degraded again, what was seen, and which of its values were."""
    y = seen.y.numpy().astype(np.float64)
    degraded = seen.degrade(Images(restored)[:]).numpy().astype(np.float64)
    known = np.ones(y.shape, bool)
    if hasattr(seen.task, "hidden"):
        known[:] = ~torch.as_tensor(
            seen.task.hidden(seen.cfg, seen.shape, **seen.parameters)
        ).numpy()
    return degraded, y, known
