"""Figures of papers and claims mean the same rows, tasks, metrics and regions."""

import pytest
import yaml
from matplotlib import rc_context

from priorbench.config import Experiment
from priorbench.registry import ROOT
from priorbench.results import Results
from tests.fabricated import Fabricated, experiment
from tests.test_paper_figures import SMALL
from workflow.figures import _style
from workflow.judging import evaluate
from workflow.papers import _frogs, _measured, draw
from workflow.papers._paper import Paper


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Fabricated:
    return Fabricated(tmp_path_factory.mktemp("made"), experiment(**SMALL))


@pytest.fixture(scope="module")
def figure4(made: Fabricated) -> Paper:
    with rc_context(_style.RC):
        return draw("lcm_figure4", made.results)


@pytest.mark.parametrize(
    ("quantity", "ranks"),
    [
        ("inpainting", "ranks-hole"),
        ("super-resolution", "ranks-sr"),
        ("colorization", "ranks-colour"),
    ],
)
def test_lcm_figure4_shows_what_the_claims_are_judged_by(
    quantity: str, ranks: str, made: Fabricated, figure4: Paper
) -> None:
    (found,) = evaluate(made.results, [_measured.claim(ranks)])
    judged = {c.a: c.mean_a for c in found.comparisons if c.outcome == "inconclusive"}
    assert len(judged) >= 4
    data = figure4.table.data
    data = data[(data["quantity"] == quantity) & (data["source"] == "measured")]
    shown = dict(zip(data["row"], data["mean"], strict=True))
    assert {row: shown[row] for row in judged} == pytest.approx(judged)
    assert set(data["protocol"].str.partition(",")[0]) == {found.place.region}


def test_a_row_cut_short_is_marked_in_the_table_of_a_figure(figure4: Paper) -> None:
    rows = [row for group in figure4.table.groups for row in group]
    assert [row.label for row in rows if row.faded] == ["WGAN†"]


def test_of_rows_of_one_plugin_a_figure_takes_those_that_the_claims_mean() -> None:
    text = (ROOT / "config" / "matched.yaml").read_text("utf-8")
    results = Results([], Experiment.check(yaml.safe_load(text), "matched"))
    lcm = [*_measured.rows_of(results, "photos", "LCM")]
    assert lcm == ["nets", "nets_in_a_box"]
    assert len(results.experiment.methods) == 4


def test_rows_stand_for_the_reports_models_by_what_they_are() -> None:
    text = (ROOT / "config" / "papers" / "incremental_glo_frogs64.yaml").read_text("utf-8")
    results = Results([], Experiment.check(yaml.safe_load(text), "frogs"))
    assert _frogs.rows(results, "photos") == {
        "glo_as_run": _frogs.GLO,
        "glo_as_head": _frogs.GLO,
        "as_run": _frogs.PLAIN,
        "as_described": _frogs.NOISY,
        "as_run_noise": _frogs.NOISY,
        "as_head": _frogs.NOISY,
    }
