"""What the pictures of the report on incremental GLO have in common: three models of frogs."""

from collections.abc import Callable, Collection
from dataclasses import replace

from priorbench.results import Results
from workflow.figures._style import Line
from workflow.papers._grids import draw_grid, first_of_column, gap, table
from workflow.papers._measured import NO_ROW, data, gaps, imageset_of, others, rows_of, title
from workflow.papers._paper import Paper
from workflow.quality import MARKS, mark_of, method_notes

REPORT = "Report on incremental GLO"
THEIRS = "frogs 64 px"
GLO, PLAIN, NOISY = "GLO", "without the noise term", "with the noise term"
# the report's models, and the subjects of claims that they are
ROLES = {
    GLO: "GLO",
    PLAIN: "incremental GLO without noise",
    NOISY: "incremental GLO with noise",
}


def imageset(results: Results) -> str:
    """Return the image set to show."""
    return imageset_of(results, ("frogs",))


def rows(results: Results, shown: str) -> dict[str, str]:
    """Return the rows that stand for the report's models, with their roles, in its order."""
    return {
        row: part for part, subject in ROLES.items() for row in rows_of(results, shown, subject)
    }


def compared(
    results: Results,
    name: str,
    what: str,
    lines_of: Callable[[str, list[str]], list[Line]],
    said: str,
    *,
    roles: Collection[str] = tuple(ROLES),
    none: str = "none of these pictures",
) -> Paper:
    """Return originals and a line per model, or where there is none what is missing.

    lines_of: from image set and rows, the originals first, a line each for rows that have one.
    said: what the report says of its figure. none: what a row has that has no line.
    """
    shown = imageset(results)
    known = {row: part for row, part in rows(results, shown).items() if part in roles}
    found = {row: lines_of(shown, [row]) for row in known}
    lines = next((both[:1] for both in found.values() if both), [])
    missing = []
    for part in roles:
        mine = {row: both for row, both in found.items() if known[row] == part}
        for row, both in mine.items():
            if both:
                lines += [replace(line, aside=_aside(part, line)) for line in both[1:]]
            else:
                missing.append(f"{part} (row `{row}`: {none})")
        if not mine:
            missing.append(f"{part} ({NO_ROW})")
            lines.append(gap(part, "no such row"))
    drawn = [row for row, both in found.items() if both]
    measured = bool(drawn)
    cut = any(mark_of(results, shown, row) == MARKS["budget-limited"] for row in drawn)
    notes = [
        f"The report: {said}",
        *["Numbers of the table: PSNR against the pictures of the first row."] * measured,
        *["†: stopped by its budget before its plateau."] * cut,
        *gaps(missing),
        *method_notes(results, shown, drawn),
        *others(results, shown, known),
    ]
    told = title(f"{REPORT}, {what}", THEIRS, data(results, shown), measured=measured)
    width = max((len(line.pictures) for line in lines), default=0)
    columns = [str(place + 1) for place in range(width)]
    return Paper(draw_grid(lines), table(name, told, lines, columns, first_of_column, notes))


def _aside(part: str, line: Line) -> str:
    """Return a model's part beside what is said of a line, unless its label says it."""
    return "; ".join(word for word in (part, line.aside) if word and word != line.label)
