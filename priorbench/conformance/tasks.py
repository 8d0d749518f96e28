"""The rules of tasks."""

import dataclasses
from typing import Any, get_args, get_type_hints

import torch
from torch import Tensor

from priorbench.conformance.degrading import CLOSE, NOISE, SHAPE, SMALL, Subject, pictures
from priorbench.conformance.verdicts import UNENDED, Broken, Caught, Inapplicable, Rule
from priorbench.conformance.watching import check_generators, check_opened, watched
from priorbench.conformance.words import (
    check_config,
    check_constants,
    check_function,
    check_label,
)
from priorbench.errors import UserError


def contract(subject: Subject) -> str:
    """The functions, the config and the words that the engine looks for."""
    module = subject.module
    check_label(module)
    check_constants(module, subject.about)
    check_config(module, "Config")
    with watched(subject.path, subject.notes):  # the first use of all
        names = tuple(subject.drawn(subject.cfg(), 1)) if hasattr(module, "draw") else ()
    check_function(module, "draw", ("cfg", "shape", "generator"))
    check_function(module, "check", ("cfg", "shape"))
    check_function(module, "protocol", ("cfg", "shape"))
    check_function(module, "degrade", ("x", "cfg"), *names)
    for name in ("degraded", "naive"):
        check_function(module, name, ("y", "cfg", "shape"), *names)
    if hasattr(module, "paste"):
        check_function(module, "paste", ("x", "y", "cfg"), *names)
    if hasattr(module, "hidden"):
        check_function(module, "hidden", ("cfg", "shape"), *names)
    if "sigma" not in {field.name for field in dataclasses.fields(module.Config)}:
        raise Broken("Config has no field `sigma`", "add `sigma: float = 0.0  # noise in y`")
    return f"`{module.LABEL}`; parameters drawn per image: {', '.join(names) or 'none'}"


def opens_nothing(subject: Subject) -> str:
    """First of all uses but for one of `draw`, so that what others would repeat is seen once."""
    errors = []
    with watched(subject.path, subject.notes):
        for use in (images, protocol, pasted, hidden_pixels):
            with Caught() as caught:
                use(subject)
            errors.append(caught.error)
    check_opened(
        [*subject.notes.opened, *subject.notes.own],
        "drew or degraded",
        "draw masks and kernels in `draw`, or write them into the file",
    )
    if any(error and not isinstance(error, Inapplicable) for error in errors):
        raise Inapplicable(UNENDED)
    return "opens no file, address or process"


def images(subject: Subject) -> str:
    """A, the picture of an observation and naive inverses, for batches of several sizes."""
    module, cfg = subject.module, subject.cfg(sigma=NOISE)
    for dtype in (torch.float32, torch.float64):
        for count in (1, 3):
            drawn, x = subject.drawn(cfg, count), pictures(count, dtype=dtype)
            before = x.clone()
            y = module.degrade(x, cfg, **drawn)
            if len(y) != count or y.dtype != dtype:
                raise Broken(
                    f"degrade made {y.dtype} {tuple(y.shape)} of {dtype} {tuple(x.shape)}",
                    "keep the number of images, and their type: `new_zeros`, `.to(x.dtype)`",
                )
            noise = torch.randn(y.shape, generator=torch.Generator().manual_seed(2))
            noisy = (y + cfg.sigma * noise).to(dtype)
            made = dict(module.naive(noisy, cfg, SHAPE, **drawn))
            if not made:
                raise Broken("naive returned nothing", "return one rough image at least")
            made["degraded"] = module.degraded(noisy, cfg, SHAPE, **drawn)
            for name, image in made.items():
                _check_image(name, image, x)
            if not torch.equal(x, before):
                raise Broken("degrade changed its input", "work on a copy: `x.clone()`")
    return f"pictures in [0, 1]: {', '.join(made)}"


def _check_image(name: str, image: Tensor, x: Tensor) -> None:
    if image.shape != x.shape or image.dtype != x.dtype:
        raise Broken(
            f"{name} is {image.dtype} {tuple(image.shape)}, not {x.dtype} {tuple(x.shape)}",
            "return images of the shape sought, in the type of y",
        )
    if not torch.isfinite(image).all() or image.min() < 0 or image.max() > 1:
        raise Broken(f"{name} of a noisy observation leaves [0, 1]", "end with `.clamp(0, 1)`")


def batched(subject: Subject) -> str:
    """An image is degraded alike alone and in a batch."""
    cfg = subject.cfg()
    drawn, x = subject.drawn(cfg, 3), pictures(3, dtype=torch.float32)
    y = subject.module.degrade(x, cfg, **drawn)
    alone = subject.module.degrade(x[2:], cfg, **{k: v[2:] for k, v in drawn.items()})
    if alone.shape != y[2:].shape or not torch.allclose(alone, y[2:], atol=CLOSE):
        raise Broken(
            "an image is degraded otherwise alone than in a batch",
            "treat images one by one: no mean, minimum or random number over the batch",
        )
    return "an image is degraded alone as in a batch"


def differentiable(subject: Subject) -> str:
    """The derivative of A is that measured."""
    cfg = subject.cfg()
    drawn = subject.drawn(cfg, 1, SMALL)
    x = pictures(1, SMALL).requires_grad_()
    if not subject.module.degrade(x, cfg, **drawn).requires_grad:
        raise Broken("no gradient comes through degrade", "use torch throughout, without `detach`")
    derived = torch.autograd.gradcheck(
        lambda image: subject.module.degrade(image, cfg, **drawn), x, raise_exception=False
    )
    if not derived:
        raise Broken(
            "its derivative is not that measured",
            "round nothing, and detach nothing, on the way from x to y",
        )
    return "its derivative is that measured"


def linear(subject: Subject) -> str:
    """A of a sum is the sum, so that closed forms and adjoints hold."""
    cfg = subject.cfg()
    drawn = subject.drawn(cfg, 2)
    x, z = pictures(2), pictures(2).flip(2)
    together = subject.module.degrade(2 * x - 3 * z, cfg, **drawn)
    apart = [subject.module.degrade(part, cfg, **drawn) for part in (x, z)]
    if not torch.allclose(together, 2 * apart[0] - 3 * apart[1], atol=CLOSE):
        raise Inapplicable("A is not linear, which closed forms (pca) will refuse")
    return "A is linear"


def seeded(subject: Subject) -> str:
    """The generator handed over decides what is drawn, and nothing is drawn later."""
    cfg = subject.cfg()
    first, second = subject.drawn(cfg, 2), subject.drawn(cfg, 2)
    x = pictures(2)
    looks = [subject.module.degrade(x, cfg, **first) for _ in range(2)]
    same = all(torch.equal(first[name], second[name]) for name in first)
    if not same or not torch.equal(*looks):
        raise Broken(
            "two draws with one generator differ",
            "draw with `generator=generator`, in `draw` alone; the engine adds the noise",
        )
    return "the generator alone decides; the engine adds the noise, seeded by the image's number"


def random_numbers(subject: Subject) -> str:
    """No generator but the one handed over, or made from it; the first uses have told."""
    made = subject.notes.made
    seeds: dict[str, set[str]] = {}
    for call in made:
        seeds.setdefault(call.partition("(")[0], set()).add(call)
    # seeded by nothing, or by the same number for every image
    alone = [c for c in made if c.endswith("()") or len(seeds[c.partition("(")[0]]) == 1]
    check_generators(
        [*subject.notes.seeded, *alone],
        "draw with the generator that `draw` is handed, seeded by the image's number, or make one "
        "of a number that it drew",
    )
    return "the generator that is handed over, and what is made of it"


def protocol(subject: Subject) -> str:
    """The protocol names all that a number depends on."""
    module, cfg = subject.module, subject.cfg()
    hints = get_type_hints(module.Config)
    plain = str(module.protocol(cfg, SHAPE))
    for field in dataclasses.fields(module.Config):
        for value in _others(getattr(cfg, field.name), hints[field.name]):
            if module.protocol(subject.cfg(**{field.name: value}), SHAPE) == plain:
                raise Broken(
                    f"the protocol is the same with another `{field.name}`",
                    f"let `protocol` name `{field.name}`",
                )
    if module.protocol(cfg, (3, 64, 64)) == plain:
        raise Broken("the protocol is the same at 64x64", "let `protocol` name the size")
    return plain


def _others(value: Any, hint: Any) -> list[Any]:
    """Return other values for a field than this one."""
    if isinstance(value, bool):
        return [not value]
    if choices := get_args(hint):
        return [choice for choice in choices if choice != value]
    if isinstance(value, int | float):
        return [value + 1 if isinstance(value, int) else value / 2 + 0.01]
    return []


def refuses(subject: Subject) -> str:
    """A noise level that is none is refused in one line."""
    for sigma in (-0.1, 25.0):
        try:
            subject.module.check(subject.cfg(sigma=sigma), SHAPE)
        except UserError as error:
            if "sigma" in str(error) and "\n" not in str(error):
                continue
        raise Broken(
            f"sigma {sigma:g} is not refused in a line that names it",
            "raise priorbench.errors.UserError in `check` unless sigma is in [0, 1]",
        )
    return "a sigma outside of [0, 1], in one line"


def pasted(subject: Subject) -> str:
    """An image with known data put back agrees with the observation."""
    module, cfg = subject.module, subject.cfg()
    if not hasattr(module, "paste"):
        raise Inapplicable("it has no `paste`")
    drawn = subject.drawn(cfg, 4)
    x, original = pictures(4), pictures(4).flip(3)
    y = module.degrade(original, cfg, **drawn)
    image = module.paste(x, y, cfg, **drawn)
    again = module.paste(image, y, cfg, **drawn)
    close = torch.allclose(module.degrade(image, cfg, **drawn), y, atol=CLOSE)
    if not close or not torch.allclose(again, image, atol=CLOSE):
        raise Broken("a pasted image does not agree with y", "put back all that y tells exactly")
    if image.min() < 0 or image.max() > 1:
        raise Broken("a pasted image leaves [0, 1]", "end with `.clamp(0, 1)`")
    return "a pasted image agrees with y"


def hidden_pixels(subject: Subject) -> str:
    """What is hidden reaches neither y nor its pictures."""
    module, cfg = subject.module, subject.cfg()
    if not hasattr(module, "hidden"):
        raise Inapplicable("it has no `hidden`")
    drawn, x = subject.drawn(cfg, 3), pictures(3)
    hidden = module.hidden(cfg, SHAPE, **drawn)
    if hidden.dtype != torch.bool or hidden.shape[1:] != (1, *SHAPE[1:]):
        raise Broken(
            f"hidden returned {hidden.dtype} {tuple(hidden.shape)}", "return bool (n or 1, 1, h, w)"
        )
    y = module.degrade(x, cfg, **drawn)
    if y.shape[2:] != x.shape[2:]:
        raise Broken(f"y is {tuple(y.shape)}, and `hidden` speaks of its pixels", "drop `hidden`")
    if not torch.equal(module.degrade(torch.where(hidden, 1 - x, x), cfg, **drawn), y):
        raise Broken("hidden pixels reach y", "let `hidden` be True only where y tells nothing")
    # noise is added everywhere, in hidden places too: it must not be seen either
    noisy = torch.where(hidden, 9.0, y)
    shown = {"degraded": module.degraded, "naive": module.naive}
    for name, picture in shown.items():
        first, second = (picture(each, cfg, SHAPE, **drawn) for each in (y, noisy))
        first, second = ([v] if isinstance(v, Tensor) else [*v.values()] for v in (first, second))
        if not all(torch.equal(a, b) for a, b in zip(first, second, strict=True)):
            raise Broken(
                f"`{name}` shows what lies in y where nothing was seen", "multiply y by its mask"
            )
    if hasattr(module, "paste"):
        image = module.paste(torch.zeros_like(x), y, cfg, **drawn)
        if not torch.equal(torch.where(hidden, image, 0), torch.zeros_like(x)):
            raise Broken("`paste` changes hidden pixels", "put back seen pixels, and no others")
    return "what is hidden is nowhere to be seen"


RULES = (
    Rule("contract", contract),
    Rule("files and network", opens_nothing, ("contract",)),
    Rule("images", images, ("contract",)),
    Rule("batched", batched, ("images",)),
    Rule("differentiable", differentiable, ("images",)),
    Rule("linear", linear, ("images",)),
    Rule("seeded", seeded, ("images",)),
    Rule("random numbers", random_numbers, ("seeded",)),
    Rule("protocol", protocol, ("contract",)),
    Rule("refuses", refuses, ("contract",)),
    Rule("pasted", pasted, ("batched",)),
    Rule("hidden pixels", hidden_pixels, ("batched",)),
)
