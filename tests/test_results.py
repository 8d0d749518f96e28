"""Texts of tables, and what results are known by: their paths, and columns that must be there."""

import math
from pathlib import Path

import pandas as pd
import pytest

from priorbench.errors import UserError
from priorbench.results import Results
from tests.fabricated import Fabricated, experiment
from workflow.rendering import Cell, Row, Table, latex, markdown
from workflow.summaries import digits


def test_latex_escapes_what_it_would_read_as_commands() -> None:
    row = Row("50 % & more_", (Cell("1.0", "[0.5, 1.5]", bold=True),), faded=True)
    table = Table("t", "σ ↑", ("a_b",), ((row,),), ("100 %",), pd.DataFrame())
    text = latex(table)
    assert r"\textcolor{gray}{50 \% \& more\_}" in text
    assert r"\textbf{1.0}" in text
    assert r"a\_b" in text
    assert "$\\sigma$ $\\uparrow$" in text


def test_markdown_keeps_what_would_end_a_cell() -> None:
    table = Table("t", "t", ("a|b",), ((Row("x*y", (Cell("1"),)),),), (), pd.DataFrame())
    assert r"a\|b" in markdown(table)
    assert r"x\*y" in markdown(table)


def test_numbers_show_three_or_four_figures() -> None:
    assert [digits([value, math.nan]) for value in (123.4, 28.61, 0.876, 0.0123)] == [1, 2, 3, 4]


def test_a_path_outside_the_grammar_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    path.write_text("value\n1\n")
    with pytest.raises(UserError, match="not the path of a result"):
        Results([path], experiment())


def test_a_score_file_without_a_column_is_refused_by_name(tmp_path: Path) -> None:
    made = Fabricated(tmp_path, experiment(methods={"glo": {}}, seeds=[0], energy={}))
    made.edit_scores("hole", "region", "area")
    with pytest.raises(UserError, match=r"hole\.csv: no column `region`"):
        made.results.scores(imageset="photos")


def test_a_row_is_known_by_its_path_and_never_by_what_a_file_says(tmp_path: Path) -> None:
    made = Fabricated(tmp_path, experiment(methods={"glo": {}, "pca": {}}, seeds=[0], energy={}))
    made.amend("represent", "glo", label="PCA", imageset="digits", status="budget-limited")
    assert made.results.status("photos", "glo") == "budget-limited"
    assert made.results.status("photos", "pca") == "plateau"
