"""What the pictures of the report on incremental GLO have in common: three models of frogs."""

from collections.abc import Callable
from dataclasses import replace

from priorbench.results import Results
from workflow.figures._style import Line
from workflow.figures.interpolations import between
from workflow.papers._grids import draw_grid, first_of_column, gap, table
from workflow.papers._measured import data, gaps, imageset_of, option, others, title
from workflow.papers._paper import Paper
from workflow.quality import method_notes

PLUGIN = "incremental_glo"
REPORT = "Report on incremental GLO"
THEIRS = "frogs 64 px"
GLO, PLAIN, NOISY = "GLO", "without the noise term", "with the noise term"
ROLES = (GLO, PLAIN, NOISY)


def imageset(results: Results) -> str:
    """Return the image set to show."""
    return imageset_of(results, ("frogs",))


def role(results: Results, shown: str, row: str) -> str:
    """Return which of the report's models a row stands for; empty for none of them."""
    entry = results.experiment.methods[row]
    if entry.plugin != PLUGIN:
        return GLO if entry.plugin == "glo" else ""
    told = results.experiment.method_config(row, "train", shown)
    if not option(entry, "TrainConfig", told, "representatives"):
        return GLO
    return NOISY if option(entry, "TrainConfig", told, "noise_weight") else PLAIN


def rows(results: Results, shown: str) -> dict[str, str]:
    """Return the rows that stand for the report's models, with their roles, in its order."""
    found = {row: role(results, shown, row) for row in results.experiment.methods_of(shown)}
    return {row: part for wanted in ROLES for row, part in found.items() if part == wanted}


def compared(
    results: Results,
    name: str,
    what: str,
    lines_of: Callable[[str, list[str]], list[Line]],
    said: str,
    *,
    roles: tuple[str, ...] = ROLES,
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
            missing.append(f"{part} (no such row in the config)")
            lines.append(gap(part, "no such row"))
    notes = [
        f"The report: {said}",
        "Numbers of the table: PSNR against the pictures of the first row. †: stopped by its "
        "budget before its plateau.",
        *gaps(missing),
        *method_notes(results, shown),
        *others(results, shown, known),
    ]
    measured = any(both for both in found.values())
    told = title(f"{REPORT}, {what}", THEIRS, data(results, shown), measured=measured)
    width = max((len(line.pictures) for line in lines), default=0)
    columns = [str(place + 1) for place in range(width)]
    return Paper(draw_grid(lines), table(name, told, lines, columns, first_of_column, notes))


def _aside(part: str, line: Line) -> str:
    """Return a model's part beside what is said of a line, unless its label says it."""
    return "; ".join(word for word in (part, line.aside) if word and word != line.label)


def interpolation(results: Results, figure: int, pair: int) -> Paper:
    """Return a figure of the way between two training images, that of a pair of codes."""
    return compared(
        results,
        f"incremental_glo_figure{figure}",
        f"figure {figure}: an interpolation of training images",
        lambda shown, found: between(results, shown, found, pair),
        "its increments are perceptually more pleasing on the way than GLO, which seems quite "
        "non-continuous; with the noise term more so. Other pairs of images than the report's.",
        none=f"fewer than {pair + 1} pairs are interpolated",
    )
