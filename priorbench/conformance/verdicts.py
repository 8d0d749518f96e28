"""Rules and what is found of them: the same for all four kinds of plugins."""

import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

from priorbench.errors import ended_by_plugin

PASSES: Literal["passes"] = "passes"
FAILS: Literal["fails"] = "fails"
DOES_NOT_APPLY: Literal["does not apply"] = "does not apply"
UNENDED = "it did not come to its end"  # of what was watched
Verdict = Literal["passes", "fails", "does not apply"]


@dataclass(frozen=True)
class Item:
    """What was found of one rule: `text` says what was seen, or why it does not apply."""

    rule: str
    verdict: Verdict
    text: str
    mend: str = ""  # what to change where it fails

    def __str__(self) -> str:
        mend = f"\n    to mend it: {self.mend}" if self.mend else ""
        return f"{self.verdict:>14}  {self.rule}: {self.text}{mend}"

    def facts(self) -> dict[str, str]:
        """Return the item as plain values, for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Rule:
    """A rule: its name, and a function that says what it saw.

    judge: raises `Broken` where the rule does not hold, `Inapplicable` where it asks nothing.
    after: rules without which this one could say nothing.
    """

    name: str
    judge: Callable[[Any], str]
    after: tuple[str, ...] = ()


class Broken(Exception):
    """A rule that does not hold: what was seen, and how to mend it."""

    def __init__(self, seen: str, mend: str) -> None:
        super().__init__(seen)
        self.seen, self.mend = seen, mend


class Inapplicable(Exception):
    """A rule that asks nothing of this plugin."""


class ConformanceError(AssertionError):
    """A plugin that breaks rules: all of them, each with what was seen and how to mend it."""

    def __init__(self, plugin: str, items: Sequence[Item]) -> None:
        failed = [item for item in items if item.verdict == FAILS]
        rules = f"{len(failed)} rule{'s' * (len(failed) > 1)}"
        super().__init__(f"{plugin} breaks {rules}:\n" + "\n".join(map(str, failed)))
        self.failed = failed


class Caught:
    """Keeps what went wrong inside of it: a plugin may raise anything, and end the process."""

    def __init__(self) -> None:
        self.error: BaseException | None = None

    def __enter__(self) -> "Caught":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        self.error = error
        return isinstance(error, Exception) or ended_by_plugin(error)


def judged(rules: Iterable[Rule], subject: Any) -> list[Item]:
    """Return what each of the rules finds of `subject`."""
    verdicts: dict[str, Verdict] = {}
    items = []
    for rule in rules:
        waits = [name for name in rule.after if verdicts[name] == FAILS]
        item = _item(rule, subject) if not waits else _waiting(rule, waits[0])
        # what could not be looked at holds up what comes after it as well
        verdicts[rule.name] = FAILS if waits else item.verdict
        items.append(item)
    return items


def _waiting(rule: Rule, first: str) -> Item:
    return Item(rule.name, DOES_NOT_APPLY, f"not looked at before `{first}` is mended")


def _item(rule: Rule, subject: Any) -> Item:
    said = ""
    with Caught() as caught:
        said = rule.judge(subject)
    match caught.error:
        case None:
            return Item(rule.name, PASSES, said)
        case Broken(seen=seen, mend=mend):
            return Item(rule.name, FAILS, seen, mend)
        case Inapplicable() as why:
            return Item(rule.name, DOES_NOT_APPLY, str(why))
        case error:
            return Item(rule.name, FAILS, described(error, subject.path), "read the line named")


def described(error: BaseException, path: Path) -> str:
    """Return an error in one line, with the line of the file `path` that it came from."""
    lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == str(path)]
    place = f", line {lines[-1]}" if lines else ""
    said = " ".join(str(error).split())
    return f"{path.name}{place}: {type(error).__name__}{': ' * bool(said)}{said}"
