"""The one way in which PriorBench says what a user has to change: a line, without a traceback."""

import difflib
import errno
import sys
import sysconfig
import traceback
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from types import TracebackType

MISSING = "missing: "  # how the protocol of a score begins that could not be computed
ENGINE = Path(__file__).resolve().parent
PYTHON = Path(sysconfig.get_paths()["stdlib"])
# what a full disk and a memory that is used up are called, whoever says so
FULL = (errno.ENOSPC, errno.EDQUOT)
NO_ROOM = ("No space left on device", "Disk quota exceeded", "PytorchStreamWriter failed writing")
NO_MEMORY = ("out of memory", "can't allocate memory", "Cannot allocate memory", "bad_alloc")
LESS = {
    "train": "lower `batch`, `width` or another size in the row's `train`, or the images' `size`",
    "restore": "lower `restarts` or the row's network, or the images' `size`",
}
OTHERWISE = "lower `chunk`, `samples` or the images' `size`"


class UserError(Exception):
    """A mistake that the user can mend: shown as one line, without a traceback."""

    def __str__(self) -> str:
        """Return the message on one line, whatever names it quotes."""
        text = super().__str__()
        return text if text.isprintable() else "".join(map(_printable, text))


class MissingWeights(UserError):
    """Pretrained weights that a metric or method needs are not on this machine."""


class Explained:
    """Ends the process with one line, and status 1, where what runs inside raises an error.

    name: begins the line. verb: step that runs. trace: where the traceback of an error is kept
    that is no mistake of the user's: of a plugin, or ours.
    """

    def __init__(self, name: object, verb: str = "", trace: Path | None = None) -> None:
        self.name, self.verb, self.trace = name, verb, trace

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        """Say what went wrong; a signal or the step's own end is none of that."""
        if error and (isinstance(error, Exception) or ended_by_plugin(error)):
            print(f"{self.name}: {UserError(self._line(error))}", file=sys.stderr)
            sys.exit(1)

    def _line(self, error: BaseException) -> str:
        told = explained(error, self.verb)
        if told or self.trace is None:
            return told or _raised(error)
        with suppress(OSError):
            self.trace.parent.mkdir(parents=True, exist_ok=True)
            self.trace.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
            return f"{_raised(error)}; traceback in {self.trace}"
        return _raised(error)


def ended_by_plugin(error: BaseException | None) -> bool:
    """Whether code that is not the engine's asked for the end of the process, as success or not."""
    if not isinstance(error, SystemExit):
        return False
    asked = [Path(f.filename) for f in traceback.extract_tb(error.__traceback__)]
    asked = [f for f in asked if not f.is_relative_to(PYTHON) or "site-packages" in f.parts]
    own = (ENGINE, ENGINE.parent / "workflow")
    return bool(asked) and not any(asked[-1].is_relative_to(place) for place in own)


def explained(error: BaseException, verb: str = "") -> str:
    """Say what a user can do about an error; empty where that is not known."""
    said = " ".join(str(error).split())
    number = error.errno if isinstance(error, OSError) else None
    if isinstance(error, UserError):
        return said
    if out_of_memory(error):
        return f"out of memory: {LESS.get(verb, OTHERWISE)}, or choose another `device` ({said})"
    if number in FULL or any(words in said for words in NO_ROOM):
        return f"no room on the disk: make some, and run the same again ({said})"
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    return ""


def out_of_memory(error: BaseException) -> bool:
    """Whether memory was used up, of the machine or of a GPU: torch has no one error for it."""
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    known = isinstance(error, RuntimeError) and any(words in str(error) for words in NO_MEMORY)
    return known or isinstance(error, MemoryError)


def nearest(word: str, choices: Iterable[str]) -> str:
    """Say what `word` may have meant: the nearest of `choices`, and all of them."""
    known = sorted(choices)
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    hint = f"did you mean `{close[0]}`? " if close else ""
    return f"{hint}choices: {', '.join(known) or 'none'}"


def _raised(error: BaseException) -> str:
    """Tell where an error came up, in a plugin if one is on the way there, and which it is."""
    frames = traceback.extract_tb(error.__traceback__)
    apart = (ENGINE, ENGINE.parent / "workflow", Path(sys.prefix), Path(sys.base_prefix))
    files = [f for f in frames if Path(f.filename).is_file()]
    plugins = [f for f in files if not any(Path(f.filename).is_relative_to(a) for a in apart)]
    kind, said = type(error).__name__, " ".join(str(error).split())
    if isinstance(error, SystemExit):
        said = f"it ended the process ({said})"
    if not frames:
        return f"{kind}: {said}"
    at = (plugins or frames)[-1]
    return f"{at.filename}, line {at.lineno}, in {at.name}: {kind}: {said}"


def _printable(character: str) -> str:
    return character if character.isprintable() else repr(character)[1:-1]
