"""The rules of methods."""

from typing import Any

import torch
from torch import Tensor

from priorbench import models, registry
from priorbench.conformance import material, repeating
from priorbench.conformance.running import Subject
from priorbench.conformance.verdicts import UNENDED, Broken, Caught, Inapplicable, Rule
from priorbench.conformance.watching import check_opened, other_generators, watched
from priorbench.conformance.words import (
    check_config,
    check_constants,
    check_function,
    check_label,
)
from priorbench.devices import gpus
from priorbench.errors import UserError
from priorbench.records import peak_memory_mb

SIZES = ((16, 16), (32, 48))  # height, width in pixels, beside 32x32
ALONE = 0.02  # an image restored alone and in company, of the range: sums round otherwise
OF_THE_WAY, ROUNDING = 0.1, 1e-6  # the same, of what a search changes after its first step
DEVICES = 0.05  # the same between CPU and GPU


def contract(subject: Subject) -> str:
    """The functions, configs and words that the engine looks for."""
    module = subject.module
    check_label(module)
    check_constants(module, subject.about)
    check_function(module, "restore", ("model", "seen", "cfg", "loop"))
    check_config(module, "RestoreConfig")
    loads = hasattr(module, "load")
    if loads:
        check_function(module, "load", ("model", "state", "cfg"))
    elif subject.learns:
        check_function(module, "train", ("model", "images", "cfg", "loop"))
    if subject.learns:
        check_config(module, "TrainConfig")
    if loads and not hasattr(module.TrainConfig, "checkpoint"):
        raise Broken("TrainConfig names no file to load", 'add `checkpoint: str = ""`')
    if subject.learns != hasattr(module, "Model"):
        has, lacks = ("train", "Model") if subject.learns else ("Model", "train")
        raise Broken(f"it has `{has}`, but no `{lacks}`", f"define `{lacks}`, or drop `{has}`")
    if draws(subject) != hasattr(module, "SAMPLES"):
        raise Broken(
            "`Model.draw` and the constant SAMPLES belong together, and one is missing",
            "let SAMPLES say in words what codes are drawn from, or drop the one that is there",
        )
    learns = "is loaded and " * loads or "trains and " * subject.learns or "only "
    return f"`{module.LABEL}`, {learns}restores"


def draws(subject: Subject) -> bool:
    """Whether its Model draws codes."""
    return hasattr(getattr(subject.module, "Model", None), "draw")


def opens_nothing(subject: Subject) -> str:
    """First of all runs, so that what others would repeat is seen once."""
    with watched(subject.path, subject.notes), other_generators(0), Caught() as caught:
        subject.found  # noqa: B018
        if draws(subject):
            subject.model.decode(subject.model.draw(1))
    check_opened(
        [*subject.notes.opened, *subject.notes.own],
        "trained, restored or drew",
        "let the image set read files, and keep results in the model or with `loop.once`",
    )
    if caught.error:
        raise Inapplicable(UNENDED)
    return "opens no file, address or process"


def runs(subject: Subject) -> str:
    """Training and restoration come to an end."""
    try:
        subject.found  # noqa: B018
    except UserError as error:
        raise Broken(
            f"it refuses the standard toy: {error}",
            "let it work on 32x32 pixels, or name the tasks it is made for in TASKS",
        ) from error
    left = [task for task in subject.tasks if task not in subject.found]
    refused = f"; refuses {', '.join(left)}" if left else ""
    return f"restored {', '.join(subject.found)} at 32x32{refused}"


def form(subject: Subject) -> str:
    """Restored images are float32 (n, 3, h, w) on the loop's device."""
    for task, images in subject.found.items():
        _check_form(images, 2, (material.SIDE, material.SIDE), subject.device.type, task)
    return "float32 (n, 3, h, w)"


def _check_form(images: Any, count: int, size: tuple[int, int], device: str, where: str) -> None:
    if not isinstance(images, Tensor):
        raise Broken(f"{where}: restore returned {type(images).__name__}", "return a tensor")
    if images.shape != (count, 3, *size):
        raise Broken(
            f"{where}: restore returned {tuple(images.shape)}, not {(count, 3, *size)}",
            "return an image for each of len(seen), of seen.shape",
        )
    if images.dtype != torch.float32 or images.device.type != device:
        raise Broken(
            f"{where}: restore returned {images.dtype} on {images.device}",
            "make tensors on `loop.device`, and return `images.float()`",
        )


def finite(subject: Subject) -> str:
    """Restored images hold numbers."""
    for task, images in subject.found.items():
        if not torch.isfinite(images).all():
            raise Broken(f"{task}: values are not finite", "look for a division by zero or a log")
    return "no NaN, no infinity"


def in_range(subject: Subject) -> str:
    """Restored images are in [0, 1]."""
    for task, images in subject.found.items():
        low, high = float(images.min()), float(images.max())
        if low < 0 or high > 1:
            raise Broken(
                f"{task}: values from {low:.3g} to {high:.3g}, not in [0, 1]",
                "end with `.clamp(0, 1)`, or with a sigmoid",
            )
    return "in [0, 1]"


def leaves_alone(subject: Subject) -> str:
    """What was seen is the same afterwards."""
    seen = material.observe(subject.task, material.originals()).to(subject.device)
    before = seen.y.clone(), {name: value.clone() for name, value in seen.parameters.items()}
    subject.restored(subject.model, seen)
    same = [torch.equal(seen.parameters[name], value) for name, value in before[1].items()]
    if not torch.equal(seen.y, before[0]) or not all(same):
        raise Broken("`seen` was changed", "work on a copy: `seen.y.clone()`")
    return "what was seen is left as it was"


def batch_sizes(subject: Subject) -> str:
    """An image is restored alone as in company."""
    seen = material.observe(subject.task, material.originals(3)).to(subject.device)
    together = subject.restored(subject.model, seen)
    _check_form(together, 3, (material.SIDE, material.SIDE), subject.device.type, "3 images")
    last = torch.tensor([2], device=subject.device)
    alone = subject.restored(subject.model, seen[last])
    _check_form(alone, 1, (material.SIDE, material.SIDE), subject.device.type, "1 image")
    apart = float((alone[0] - together[2]).abs().mean())
    # steps that are too short to tell much in a few: against the way they went
    way = float((alone - subject.restored(subject.model, seen[last], few=1)).abs().mean())
    if apart > ALONE or (apart > max(ROUNDING, OF_THE_WAY * way) and way):
        raise Broken(
            f"an image restored alone differs by {apart:.3g} of the range from the same in a chunk",
            "sum losses over images rather than averaging, draw with `loop.each`, and let no layer "
            "mix images (batch normalisation in training mode)",
        )
    return "1, 2 and 3 images; an image alone as in company"


def sizes(subject: Subject) -> str:
    """Other image sizes: worked on, or refused in one line."""
    done, refused = [], []
    for height, width in SIZES:
        size = f"{height}x{width}"
        try:
            model = subject.trained(size=(height, width))
            seen = material.observe(subject.task, material.originals(1, height, width))
            images = subject.restored(model, seen.to(subject.device))
        except UserError as error:
            refused.append(f"refuses {size}: {error}")
            continue
        _check_form(images, 1, (height, width), subject.device.type, size)
        done.append(size)
    if not done:
        raise Inapplicable("; ".join(refused))
    return "; ".join([f"restores {', '.join(done)} too", *refused])


def hidden_pixels(subject: Subject) -> str:
    """What an observation hides changes nothing."""
    x = material.originals()
    for task in ("hole", "random_pixels"):
        if task not in registry.available("tasks") or task not in {*subject.tasks, subject.task}:
            continue
        seen = material.observe(task, x)
        hidden = seen.task.hidden(seen.cfg, seen.shape, **seen.parameters)
        first = subject.restored(subject.model, seen.to(subject.device))
        x = torch.where(hidden, 1 - x, x)
        same = material.observe(task, x)
        if not torch.equal(first, subject.restored(subject.model, same.to(subject.device))):
            raise Broken(
                f"{task}: other pixels where nothing was seen gave another restoration",
                "use nothing but `seen`: y, degrade, naive and parameters",
            )
        return f"other pixels where `{task}` shows nothing change nothing"
    raise Inapplicable("none of its tasks hides pixels")


def samples(subject: Subject) -> str:
    """Codes drawn decode to images."""
    if not draws(subject):
        raise Inapplicable("its Model draws no codes")
    torch.manual_seed(material.SEED)
    images = subject.model.decode(subject.model.draw(3))
    _check_form(images, 3, (material.SIDE, material.SIDE), subject.device.type, "decode(draw(3))")
    if not (images.min() >= 0 and images.max() <= 1):
        raise Broken("decode(draw(3)) leaves [0, 1]", "let `decode` end with a clamp or a sigmoid")
    return "codes drawn decode to images"


def gradient(subject: Subject) -> str:
    """The gradient of the loss reaches what is searched."""
    subject.again()
    if not subject.search.descents:
        raise Inapplicable("it does not descend: no search by gradient")
    if missed := subject.search.missed():
        raise Broken(
            f"no gradient reaches {missed} that the search moves: it stays where it began",
            "take no `detach`, `no_grad`, rounding or numpy between the code and the loss",
        )
    return "reaches what is searched"


def _gpu() -> str:
    """Return torch's name of the GPU, empty where there is none."""
    return "cuda" if gpus() and torch.cuda.is_available() else ""


def processors(subject: Subject) -> str:
    """A restoration on the GPU is that on the CPU, up to rounding."""
    if not (gpu := _gpu()):
        raise Inapplicable("there is no GPU here: run the check where there is one")
    other = Subject(subject.name, subject.options, subject.restoring, device=gpu)
    other.trained()
    model = None if subject.model is None else subject.trained().to(gpu)
    seen = material.observe(subject.task, material.originals()).to(other.device)
    there = other.restored(model, seen)
    _check_form(there, 2, (material.SIDE, material.SIDE), other.device.type, "on the GPU")
    apart = float((there.cpu() - subject.found[subject.task]).abs().mean())
    if apart > DEVICES:
        raise Broken(
            f"restorations on CPU and GPU differ by {apart:.3g} of the range",
            "draw random numbers with `loop.each` or on the CPU, then move them to `loop.device`",
        )
    return f"restorations on CPU and GPU differ by {apart:.2g} of the range"


def cost(subject: Subject) -> str:
    """Time and memory, which nothing is judged by."""
    told = []
    if subject.learns:
        steps = subject.training.counters["steps"]
        each = f", {1000 * subject.seconds['train'] / steps:.0f} ms a step" if steps else ""
        told.append(f"{models.size(subject.model):,} numbers learned{each}")
    subject.again()
    steps = subject.search.counters["steps"]
    took = 1000 * subject.seconds["restore"] / (steps or 1) / len(subject.found[subject.task])
    told.append(f"{took:.1f} ms an image{' and step' * bool(steps)} restored")
    return "; ".join([*told, f"peak memory {peak_memory_mb()} MiB, torch included (not judged)"])


STEADY = ("same again", "random numbers")
RULES = (
    Rule("contract", contract),
    Rule("files and network", opens_nothing, ("contract",)),
    Rule("runs", runs, ("contract",)),
    Rule("shape and type", form, ("runs",)),
    Rule("finite", finite, ("shape and type",)),
    Rule("range", in_range, ("finite",)),
    Rule("input left alone", leaves_alone, ("finite",)),
    Rule("same again", repeating.same_again, ("finite",)),
    Rule("random numbers", repeating.random_numbers, ("same again",)),
    Rule("batch sizes", batch_sizes, ("input left alone", *STEADY)),
    Rule("image sizes", sizes, ("finite",)),
    Rule("hidden pixels", hidden_pixels, STEADY),
    Rule("training resumed", repeating.training_resumed, STEADY),
    Rule("restoration resumed", repeating.restoration_resumed, STEADY),
    Rule("save and load", repeating.saved_and_loaded, STEADY),
    Rule("samples", samples, ("runs",)),
    Rule("gradient", gradient, ("finite",)),
    Rule("CPU and GPU", processors, STEADY),
    Rule("cost", cost, ("finite",)),
)
