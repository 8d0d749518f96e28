"""Rules of methods that compare a run with the same one again: repeated, resumed, loaded."""

from typing import Any

import torch

from priorbench import models
from priorbench.conformance import elsewhere, material
from priorbench.conformance.running import OTHER_SEED, Stopped, Subject
from priorbench.conformance.verdicts import Broken, Inapplicable
from priorbench.conformance.watching import check_generators, other_generators, watched
from priorbench.files import write_json

UNKEPT = "hand all that changes from step to step to `loop.keep` before the first step"


def same_again(subject: Subject) -> str:
    """The same seed gives the same model and the same pixels."""
    with other_generators(0):
        model = subject.trained()
        if not _alike(model, subject.model):
            raise Broken(
                "two trainings with one seed leave different models",
                "take random numbers from torch only, and nothing from the clock, from sets, ids "
                "or memory that is not filled",
            )
        if not torch.equal(subject.again(model), subject.found[subject.task]):
            raise Broken(
                "two restorations with one seed differ",
                "take random numbers from torch only; let nothing be left in the module between "
                "two calls",
            )
    return "one seed, one model, one restoration"


def random_numbers(subject: Subject) -> str:
    """Only torch's random numbers, as the loop seeds them."""
    with other_generators(OTHER_SEED), watched(subject.path, subject.notes) as notes:
        model = subject.trained()
        same = _alike(model, subject.model)
        same = same and torch.equal(subject.again(model), subject.found[subject.task])
    check_generators(
        [*notes.seeded, *notes.made],
        "set no seed, and make no generator: `loop.steps` and `loop.each` seed torch's",
    )
    if not same:
        raise Broken(
            "the generators of numpy or of Python's `random` decide the result",
            "draw with torch: the loop seeds it, so that a run can be repeated and resumed",
        )
    return "torch's alone, as the loop seeds them"


def training_resumed(subject: Subject) -> str:
    """A training that was stopped goes on bit for bit."""
    if not subject.learns:
        raise Inapplicable("nothing is learned")
    subject.trained()
    steps = subject.training.counters["steps"]
    if steps < 2:
        raise Inapplicable("training takes no steps of `loop`")
    for stop in sorted({steps // 2, steps - 1}):
        folder = subject.folder()
        try:
            subject.trained(folder, stop=stop)
        except Stopped:
            if _alike(subject.trained(folder), subject.model):
                continue
        raise Broken(
            f"a training stopped after {stop} of {steps} steps went on to another model", UNKEPT
        )
    return f"stopped in the midst of {steps} steps, it goes on bit for bit"


def restoration_resumed(subject: Subject) -> str:
    """A restoration that was stopped goes on bit for bit."""
    subject.again()
    steps = subject.search.counters["steps"]
    if steps < 2:
        raise Inapplicable("restoring takes no steps of `loop`")
    folder, stop = subject.folder(), steps // 2
    try:
        subject.again(folder=folder, stop=stop)
    except Stopped:
        if torch.equal(subject.again(folder=folder), subject.found[subject.task]):
            return f"stopped in the midst of {steps} steps, it goes on bit for bit"
    raise Broken(
        f"a restoration stopped after {stop} of {steps} steps went on to other pixels", UNKEPT
    )


def saved_and_loaded(subject: Subject) -> str:
    """A model from its file restores the same pixels."""
    if not subject.learns:
        raise Inapplicable("nothing is learned")
    folder = subject.folder()
    models.save(folder / "model.safetensors", subject.model)
    shape = [3, material.SIDE, material.SIDE]
    facts = {"config": subject.options, "shape": shape, "status": "finished"}
    write_json(folder / "run.json", facts)
    read = models.load(folder / "model.safetensors", subject.spec).model
    if not torch.equal(subject.again(read), subject.found[subject.task]):
        raise Broken(
            "a model that was saved and loaded restores other pixels",
            "make all that training finds a parameter, or register it with `register_buffer`",
        )
    there = elsewhere.restored(subject, folder / "model.safetensors")
    if not torch.equal(there, subject.found[subject.task]):
        raise Broken(
            "a model that was saved restores other pixels in another process",
            "let nothing depend on the order of a set, or on `hash`: take a list, or `sorted`",
        )
    return "a saved model restores the same pixels, in another process too"


def _alike(model: Any, other: Any) -> bool:
    if model is None or other is None:
        return model is other
    state, expected = model.state_dict(), other.state_dict()
    return state.keys() == expected.keys() and all(
        torch.equal(value, expected[name]) for name, value in state.items()
    )
