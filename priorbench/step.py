"""What every step shares: its command line, its errors, and how plugins are set up in it."""

import json
import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

import torch

from priorbench.errors import Explained, UserError
from priorbench.locks import held
from priorbench.paths import GRAMMAR, STORE
from priorbench.registry import ROOT
from priorbench.sources import source_hash

Main = Callable[[Namespace, Path], None]


def run(main: Main, *inputs: str, lists: Sequence[str] = (), numbers: Sequence[str] = ()) -> None:
    """Run a step's `main(arguments, state)` with its command line.

    inputs: names of options that take a path; those in `lists` take any number of paths, those
    in `numbers` a whole number.
    Whatever goes wrong ends in one line, and leaves no part of a result. `state` outlives a
    kill: it is no declared output of a rule, which would be deleted before a new try; the run
    removes it in the end. Whoever finds it locked waits for the holder, the orphan of a killed
    run, and has nothing left to do when that has written all results; some of them may have
    been deleted before the wait. Outside the store a path does not tell what a result was made
    from: there all is done again.
    """
    parser = ArgumentParser(description=main.__doc__)
    parser.add_argument("--spec", type=json.loads, required=True, help="what to do, as JSON")
    about = "the results, all in one folder; the first names the state"
    parser.add_argument("--out", type=Path, required=True, nargs="+", help=about)
    for name in inputs:
        parser.add_argument(f"--{name}", type=Path)
    for name in lists:
        parser.add_argument(f"--{name}", type=Path, nargs="*", default=[])
    for name in numbers:
        parser.add_argument(f"--{name}", type=int, default=1)
    arguments = parser.parse_args()
    results = arguments.out
    out = arguments.out = results[0]
    if not out.is_relative_to(STORE.parent):
        parser.error(f"--out {out}: a path below {STORE.parent} is needed, as the plan has it")
    state = STORE / "state" / out.parent.relative_to(STORE.parent) / out.stem
    verb = next((part for part in out.parts if part in GRAMMAR), "")
    stored = out.is_relative_to(STORE)
    with Explained(out, verb, state / "traceback.txt"):
        prepare(arguments.spec)
        with held(state / "lock"):
            if stored and all(path.exists() for path in results):
                print(f"{out}: is there already", file=sys.stderr)
                return
            with _whole(results if stored else ()):
                main(arguments, state)


@contextmanager
def _whole(results: Iterable[Path]) -> Iterator[None]:
    """Leave all of the results or none."""
    finished = False
    try:
        yield
        finished = True
    finally:
        for path in () if finished else results:
            if path.exists():
                path.unlink()


def prepare(spec: dict[str, Any]) -> None:
    """Set threads and precision as `spec` says; UserError where the plan is out of date."""
    source = spec.get("source")
    if source and source_hash((ROOT / p, names) for p, names in source["roots"]) != source["hash"]:
        raise UserError("its source has changed since the run was planned: start the run again")
    threads = spec.get("threads", 1)
    if (cores := _cores()) < threads:
        known = f"this machine has {cores} cores; nearest: {cores}"
        raise UserError(f"torch_threads: {threads} asked for, {known}")
    torch.set_num_threads(threads)
    if spec.get("device") == "cuda":
        if not torch.cuda.is_available():
            raise UserError("device `cuda`: torch finds no GPU here; choices: auto, cpu")
        torch.backends.cuda.matmul.allow_tf32 = False
        torch.backends.cudnn.allow_tf32 = False
        # on a CPU all that is used is deterministic, and the call alone costs a second
        torch.use_deterministic_algorithms(True, warn_only=True)


def _cores() -> int:
    if sys.platform == "linux":  # where a process may be kept to a few
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def configured(cls: Any, options: dict[str, Any]) -> Any:
    """Return the config dataclass `cls` with `options` set: lists become tuples, ints floats."""
    floats = {field.name for field in fields(cls) if field.type is float}
    values: dict[str, Any] = {}
    for name, value in options.items():
        values[name] = tuple(value) if isinstance(value, list) else value
        if name in floats:
            values[name] = float(value)
    return cls(**values)
