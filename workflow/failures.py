"""The last words of jobs that failed, which a long run would have buried."""

import re
from collections.abc import Iterator
from pathlib import Path

# how the last line of a step begins that could say why it ended
SAID = ("results/", "error: ")
KILLED = "ended from outside, most often for lack of memory: lower `chunk`, `batch` or --cores"
FAILED = re.compile(r"^Error in rule (\w+):\n(?:    .*\n)*?    log: (\S+)", re.MULTILINE)


def last_words(said: Path, folder: Path = Path()) -> Iterator[str]:
    """Yield a line per failed job from the log of a run; job logs lie below `folder`."""
    for rule, log in dict.fromkeys(FAILED.findall(said.read_text(encoding="utf-8"))):
        path = folder / log
        words = path.read_text(encoding="utf-8").split("\n") if path.exists() else []
        last = next((line for line in reversed(words) if line.strip()), "")
        if not last.startswith(SAID) and "Error" not in last:
            last = "; ".join(filter(None, [last, f"{KILLED} ({log})"]))
        yield f"{rule} failed: {last}"
