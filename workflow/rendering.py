"""One table, three texts: CSV for programs, Markdown for reading, LaTeX for print."""

from dataclasses import dataclass, field

import pandas as pd

MATHS = {"↑": r"$\uparrow$", "↓": r"$\downarrow$", "†": r"$\dagger$", "‡": r"$\ddagger$"}
MATHS |= {"×": r"$\times$", "·": r"$\cdot$", "–": "--", "σ": r"$\sigma$"}
ESCAPES = {character: f"\\{character}" for character in "&%$#_{}"}
ESCAPES |= {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}


@dataclass(frozen=True)
class Cell:
    """What stands in one place of a table: a main text and a smaller one beside it."""

    text: str
    aside: str = ""  # an interval
    bold: bool = False


@dataclass(frozen=True)
class Row:
    """A line of a table; a faded one takes no part in bold."""

    label: str
    cells: tuple[Cell, ...]
    faded: bool = False


@dataclass(frozen=True)
class Table:
    """A table for readers (groups of rows with rules between them) and its numbers (data)."""

    name: str  # of the files
    title: str
    columns: tuple[str, ...]
    groups: tuple[tuple[Row, ...], ...]
    notes: tuple[str, ...]
    data: pd.DataFrame = field(repr=False)


def csv(table: Table) -> str:
    """Return the numbers of a table, six decimals, a line each."""
    return table.data.to_csv(index=False, float_format="%.6f", lineterminator="\n")


def markdown(table: Table) -> str:
    """Return a table as Markdown, with its notes below."""
    lines = [f"**{_plain(table.title)}**", ""]
    if table.groups:
        lines += [_line(["", *(_plain(column) for column in table.columns)])]
        lines += [_line(["---", *("---:" for _ in table.columns)])]
    for number, group in enumerate(table.groups):
        if number:  # Markdown has no rule inside a table: an empty row is the nearest thing
            lines.append(_line([""] * (len(table.columns) + 1)))
        for row in group:
            label = f"*{_plain(row.label)}*" if row.faded else _plain(row.label)
            lines.append(_line([label, *(_markdown_cell(cell, row.faded) for cell in row.cells)]))
    return "\n".join([*lines, "", *(f"- {_plain(note)}" for note in table.notes), ""])


def latex(table: Table) -> str:
    r"""Return a table for LaTeX (packages booktabs, graphicx, xcolor), with its notes below."""
    lines = [
        "% \\usepackage{booktabs,graphicx,xcolor}",
        "\\begin{table}",
        "\\centering\\footnotesize",
        f"\\caption{{{_tex(table.title)}}}",
        "\\resizebox{\\linewidth}{!}{%",
        f"\\begin{{tabular}}{{l{'r' * len(table.columns)}}}",
        "\\toprule",
        " & ".join(["", *(_tex(column) for column in table.columns)]) + r" \\",
    ]
    for group in table.groups:
        lines.append("\\midrule")
        for row in group:
            cells = [_tex(row.label), *(_tex_cell(cell) for cell in row.cells)]
            if row.faded:
                cells = [rf"\textcolor{{gray}}{{{cell}}}" for cell in cells]
            lines.append(" & ".join(cells) + r" \\")
    lines += ["\\bottomrule", "\\end{tabular}}", "", "\\smallskip"]
    lines += ["\\begin{minipage}{\\linewidth}\\raggedright\\scriptsize"]
    lines += [" \\par\n".join(_tex(note) for note in table.notes)]
    return "\n".join([*lines, "\\end{minipage}", "\\end{table}", ""])


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _plain(text: str) -> str:
    return text.replace("|", r"\|").replace("*", r"\*").replace("_", r"\_")


def _markdown_cell(cell: Cell, faded: bool) -> str:
    text, aside = _plain(cell.text), _plain(cell.aside)
    if faded:
        return f"*{text} {aside}*" if aside else f"*{text}*"
    text = f"**{text}**" if cell.bold else text
    return f"{text} {aside}" if aside else text


def _tex(text: str) -> str:
    return "".join(ESCAPES.get(character, MATHS.get(character, character)) for character in text)


def _tex_cell(cell: Cell) -> str:
    text = rf"\textbf{{{_tex(cell.text)}}}" if cell.bold else _tex(cell.text)
    return rf"{text} {{\tiny {_tex(cell.aside)}}}" if cell.aside else text
