"""Verdicts on what was stated before the run."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from priorbench.config import Experiment
from priorbench.errors import UserError
from priorbench.results import Results
from priorbench.significance import holm
from tests.fabricated import CUT, Fabricated, experiment
from workflow.expectations import Judged, evaluate, reached, read
from workflow.scripts import report

ROOT = Path(__file__).parents[1]
ABOVE = {"statement": "LCM leads", "grounds": "none", "metric": "psnr", "imageset": "photos"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Fabricated:
    rows: dict[str, object] = {row: {} for row in ("lcm", "glo", "dip", CUT)}
    changed = experiment(methods=rows, metrics={"psnr": {}, "fid": {}}, seeds=[0])
    return Fabricated(tmp_path_factory.mktemp("made"), changed)


def judged(results: Results, **entry: object) -> Judged:
    return evaluate(results, [{"id": "one", **ABOVE, **entry}])[0]


def test_an_ordering_that_the_scores_show_is_confirmed(made: Fabricated) -> None:
    found = judged(made.results, tasks=["hole", "sr4"], above=["dip"], below=["lcm", "glo"])
    assert found.verdict == "confirmed"
    assert found.tally == "4 hold"
    least = found.least
    assert least is not None
    assert 0 < least.low < least.difference < least.high
    assert least.between.startswith("[+")
    assert (least.a, least.where.partition(",")[0]) == ("DIP", "hole")


def test_a_verdict_rests_on_the_seeds_that_survived(tmp_path: Path, made: Fabricated) -> None:
    rows: dict[str, Any] = {
        "methods": {"dip": {}, "glo": {}},
        "metrics": {"psnr": {}},
        "energy": {},
    }
    three = Fabricated(tmp_path, experiment(**rows, seeds=[0, 1, 2]))
    pair = {"tasks": ["hole"], "above": ["dip"], "below": ["glo"]}
    assert judged(three.results, **pair).seeds == 3
    three.drop_scores("hole", ",glo,1,")
    lost = judged(three.results, **pair)
    assert (lost.seeds, lost.comparisons[0].seeds) == (2, 2)
    assert judged(made.results, tasks=["hole"], above=["dip"], below=[CUT]).seeds == 0
    assert "Fewer than 5" in report.seeds_told(three.results, [0, lost.seeds, 9])[0]


def test_an_ordering_against_the_scores_is_contradicted(made: Fabricated) -> None:
    found = judged(made.results, tasks=["hole"], above=["glo"], below=["dip"])
    assert found.verdict == "contradicted"
    assert found.comparisons[0].difference < 0


def test_one_contradiction_outweighs_what_holds(tmp_path: Path, made: Fabricated) -> None:
    low = Fabricated(tmp_path, made.experiment)
    path = low.scores / "hole.csv"
    scores = pd.read_csv(path)
    scores.loc[scores["method"] == "glo", "value"] -= 3
    scores.to_csv(path, index=False)
    found = judged(low.results, tasks=["hole"], above=["lcm"], below=["dip", "glo"])
    assert found.verdict == "contradicted"
    assert "1 hold" in found.tally


def test_an_interval_beyond_zero_is_no_verdict(made: Fabricated) -> None:
    found = judged(made.results, tasks=["hole"], above=["lcm"], below=["glo"])
    assert found.comparisons[0].low > 0
    assert found.verdict == "inconclusive"
    backward = judged(made.results, tasks=["hole"], above=["glo"], below=["lcm"])
    assert backward.comparisons[0].high < 0
    assert backward.verdict == "inconclusive"


def test_the_comparisons_of_a_statement_are_corrected_for_their_number(made: Fabricated) -> None:
    pairs = {"above": ["lcm"], "below": ["glo"]}
    tasks = ("hole", "denoise")
    alone = [judged(made.results, tasks=[task], **pairs).comparisons[0].p for task in tasks]
    together = judged(made.results, tasks=[*tasks], **pairs).comparisons
    assert [c.p for c in together] == holm(np.array(alone)).tolist()
    assert [c.p for c in together] != alone


def test_equal_rows_are_inconclusive(tmp_path: Path, made: Fabricated) -> None:
    same = Fabricated(tmp_path, made.experiment)
    path = same.scores / "hole.csv"
    scores = pd.read_csv(path)
    values = scores.loc[scores["method"] == "glo", "value"].to_numpy()
    scores.loc[scores["method"] == "lcm", "value"] = values
    scores.to_csv(path, index=False)
    assert judged(same.results, tasks=["hole"], above=["lcm"], below=["glo"]).verdict == (
        "inconclusive"
    )


def test_a_row_cut_short_is_not_judged(made: Fabricated) -> None:
    found = judged(made.results, tasks=["hole"], above=["dip"], below=[CUT])
    assert found.verdict == "not judged: WGAN-GP is budget-limited"
    assert found.least is None
    both = judged(made.results, tasks=["hole"], above=["dip"], below=["glo", CUT])
    assert both.verdict == "confirmed, as far as judged"
    assert both.tally == "1 hold, 1 not judged"


@pytest.mark.parametrize(
    "elsewhere",
    [{"tasks": ["nowhere"]}, {"imageset": "digits"}, {"above": ["pca"]}, {"metric": "ssim"}],
)
def test_what_was_not_run_is_said_not_to_be(made: Fabricated, elsewhere: dict[str, object]) -> None:
    entry = {"tasks": ["hole"], "above": ["dip"], "below": ["glo"], **elsewhere}
    assert judged(made.results, **entry).verdict == "not run"


def test_a_silent_entry_states_nothing(made: Fabricated) -> None:
    found = judged(made.results, tasks=["color"], silent=True)
    assert found.verdict == "no statement"
    assert not found.comparisons


def test_an_image_set_that_takes_no_part_is_the_reason_and_silence_of_it_is_left_out(
    made: Fabricated,
) -> None:
    pairs = {"id": "one", **ABOVE, "tasks": ["hole"], "above": ["dip"], "below": ["pca"]}
    entries = [pairs, {**pairs, "imageset": "digits"}]
    silent = [{**entry, "silent": True} for entry in entries]
    found = evaluate(made.results, [*entries, *silent])
    told = [(each.verdict, each.away) for each in found]
    assert told == [("not run", ""), ("not run", "digits"), ("no statement", "")]


def test_energy_is_judged_by_iterations_to_a_level(made: Fabricated) -> None:
    entry = {"level": 0.02, "before": ["image"], "after": ["shuffled image", "noise"]}
    found = judged(made.results, **entry)
    assert found.verdict == "confirmed"
    assert found.comparisons[0].unit == "iterations"
    backward = {"level": 0.02, "before": ["noise"], "after": ["image"]}
    assert judged(made.results, **backward).verdict == "contradicted"
    assert judged(Results([], made.experiment), **entry).verdict == "not run"


def test_a_level_that_is_never_reached_counts_as_the_step_after_the_last() -> None:
    rows = [("noise", 0, 0, step, 1 / step) for step in (1, 2, 4)]
    curves = pd.DataFrame(rows, columns=["task", "seed", "image", "step", "value"])
    assert reached(curves, 0.5)["value"].tolist() == [2]
    assert reached(curves, 0.1)["value"].tolist() == [5]


def test_the_statements_name_rows_of_the_demo() -> None:
    demo = Experiment.check(yaml.safe_load((ROOT / "config/demo.yaml").read_text()), "demo.yaml")
    stated = read()
    assert len([entry for entry in stated if not entry.get("silent")]) == 5
    assert len({entry["id"] for entry in stated}) == len(stated)
    for entry in stated:
        assert set(entry.get("tasks", [])) <= set(demo.tasks_of(entry["imageset"]))
        assert {*entry.get("above", []), *entry.get("below", [])} <= set(demo.methods)
        assert {entry.get("metric", "psnr")} <= set(demo.metrics)
        if "level" in entry:
            assert entry["imageset"] in demo.config["energy"]


def test_a_misspelt_key_of_a_statement_is_refused_with_the_nearest(tmp_path: Path) -> None:
    path = tmp_path / "expectations.yaml"
    path.write_text("- {id: one, abov: [dip]}\n")
    with pytest.raises(UserError, match=r"one: `abov`: did you mean `above`"):
        read(path)
