"""Rows of one method are compared by what it took to reach one loss."""

from pathlib import Path

import pytest
import torch

from priorbench.clock import Clock
from priorbench.files import write_rows
from priorbench.loop import Loop
from priorbench.results import CURVE_COLUMNS
from tests.fabricated import Fabricated, experiment
from workflow.pace import paces, paces_by_seed
from workflow.rendering import markdown
from workflow.tables import cost_table

FIRST = {"steps": 100, "seconds": 10.0, "core_seconds": 10.0, "images_seen": 1_000}
ALL = {"steps": 300, "seconds": 60.0, "core_seconds": 50.0, "images_seen": 5_000}
LAST = {**ALL, "seconds": 90.0, "core_seconds": 90.0}
LAPS = {
    "plain": {"all": {"steps": 400, "seconds": 40.0, "core_seconds": 40.0, "images_seen": 4_000}},
    "staged": {"subset1": FIRST, "all": ALL, "encoder": LAST},
}


def curve(stage: str, steps: int, last: float) -> list[tuple[str, str, int, str, int, float]]:
    """A loss that falls from 1 to `last` until the middle, and rises from three quarters on."""
    return [
        ("", stage, k, "loss", -1, last + (1 - last) * max(1 - 2 * k / steps, 0, 4 * k / steps - 3))
        for k in range(10, steps + 1, 10)
    ]


@pytest.fixture
def study(tmp_path: Path) -> Fabricated:
    rows = {row: {"plugin": "incremental_glo"} for row in LAPS}
    made = Fabricated(tmp_path, experiment(methods={**rows, "glo": {}}, seeds=[0], energy={}))
    for row, laps in LAPS.items():
        made.amend("train", row, laps=laps, effective={"perceptual": "l1"})
    for row, stages in (
        ("plain", [("all", 400, 0.5)]),
        ("staged", [("subset1", 100, 0.1), ("all", 200, 0.2), ("encoder", 50, 0.01)]),
    ):
        lines = [line for stage in stages for line in curve(*stage)]
        write_rows(made.runs("train", row)[0] / "curve.csv", CURVE_COLUMNS, lines)
    return made


def test_time_to_the_loss_that_all_rows_reach_counts_earlier_stages(study: Fabricated) -> None:
    found = paces(study.results, "photos")
    assert set(found) == set(LAPS)
    plain, staged = found["plain"], found["staged"]
    assert plain.loss == staged.loss == pytest.approx(0.5)
    assert (plain.images_seen, plain.core_seconds) == (2_000, 20)
    # staged falls to 0.5 after 62.5 of 200 steps: seen at the next noted one
    assert staged.images_seen == pytest.approx(1_000 + 4_000 * 70 / 200)
    assert staged.core_seconds == pytest.approx(10 + 40 * 70 / 200)


def test_one_lucky_point_of_a_curve_does_not_count(study: Fabricated) -> None:
    path = study.runs("train", "staged")[0] / "curve.csv"
    text = path.read_text()
    assert ",all,10,loss,-1,0.92" in text
    path.write_text(text.replace(",all,10,loss,-1,0.92", ",all,10,loss,-1,0.01"))
    assert paces(study.results, "photos")["staged"].images_seen == 1_000 + 4_000 * 70 / 200


def test_a_row_without_a_step_in_the_stage_is_not_compared(study: Fabricated) -> None:
    laps = {**LAPS["staged"], "all": FIRST}
    study.amend("train", "staged", laps=laps)
    path = study.runs("train", "staged")[0] / "curve.csv"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(line for line in lines if ",all," not in line))
    assert paces(study.results, "photos") == {}


def test_the_cost_table_names_the_loss_and_leaves_a_gap_for_other_methods(
    study: Fabricated,
) -> None:
    table = cost_table(study.results, "photos")
    text = markdown(table)
    assert table.columns[-2:] == ("images seen at equal loss", "core seconds at equal loss")
    assert "Equal loss: 0.5, the least training loss that all of plain" in text.replace("\\", "")
    lines = {row.label: [cell.text for cell in row.cells[-2:]] for row in table.groups[0]}
    assert lines["GLO"] == ["–", "–"]


def test_the_cost_table_tells_the_time_of_each_stage(study: Fabricated) -> None:
    notes = cost_table(study.results, "photos").notes
    assert "staged, stage by stage: subset1 10 s, all 50 s, encoder 30 s." in notes
    assert not any(note.startswith("plain, stage by stage") for note in notes)


@pytest.mark.parametrize("spoilt", ["diverged at step 3", "budget-limited", "a curve"])
def test_a_row_that_diverged_or_was_cut_short_sets_no_level(spoilt: str, study: Fabricated) -> None:
    config = experiment(
        methods={row: {"plugin": "incremental_glo"} for row in (*LAPS, "lost")},
        seeds=[0],
        energy={},
    )
    made = Fabricated(study.root / "more", config)
    for row, last in (("plain", 0.5), ("staged", 0.2), ("lost", 0.9)):
        laps = LAPS.get(row, LAPS["plain"])
        made.amend("train", row, laps=laps, effective={"perceptual": "l1"})
        lines = curve("all", 400 if row != "staged" else 200, last)
        write_rows(made.runs("train", row)[0] / "curve.csv", CURVE_COLUMNS, lines)
    assert paces(made.results, "photos")["plain"].loss == pytest.approx(0.9)
    if spoilt == "a curve":
        lines = [*curve("all", 400, 0.9)[:-1], ("", "all", 400, "loss", -1, float("inf"))]
        write_rows(made.runs("train", "lost")[0] / "curve.csv", CURVE_COLUMNS, lines)
    else:
        made.amend("train", "lost", status=spoilt)
    found = paces(made.results, "photos")
    assert set(found) == set(LAPS)
    assert found["plain"].loss == pytest.approx(0.5)


def test_a_pair_has_the_level_that_both_reach_whatever_the_others(study: Fabricated) -> None:
    study.amend("train", "plain", effective={"perceptual": "none", "output": "sigmoid"})
    study.amend("train", "staged", effective={"perceptual": "none", "output": "sigmoid"})
    own = {"loss": "lap_mse", "levels": "falling", "laplacian": "gaussian"}
    study.amend("train", "glo", laps={"train": LAPS["plain"]["all"]}, effective=own)
    lines = curve("train", 400, 0.6)
    write_rows(study.runs("train", "glo")[0] / "curve.csv", CURVE_COLUMNS, lines)
    assert set(paces(study.results, "photos")) == {"plain", "staged", "glo"}
    assert paces(study.results, "photos")["plain"].loss == pytest.approx(0.6)
    for pair, loss in ((("plain", "staged"), 0.5), (("glo", "staged"), 0.6)):
        found = paces_by_seed(study.results, "photos", pair)
        assert {row: runs[0].loss for row, runs in found.items()} == pytest.approx(
            dict.fromkeys(pair, loss)
        )
    study.amend("train", "staged", effective={"perceptual": "none", "output": "raw_tanh"})
    assert paces_by_seed(study.results, "photos", ("glo", "staged")) == {}


def test_losses_of_different_kinds_are_not_compared(study: Fabricated) -> None:
    study.amend("train", "plain", effective={"perceptual": "vgg16"})
    assert paces(study.results, "photos") == {}
    assert len(cost_table(study.results, "photos").columns) == 8


def test_one_row_of_a_method_is_not_compared_with_itself(tmp_path: Path) -> None:
    made = Fabricated(tmp_path, experiment(methods={"lcm": {}, "glo": {}}, seeds=[0], energy={}))
    for row in ("lcm", "glo"):
        made.amend("train", row, laps={"train": ALL}, effective={})
    assert paces(made.results, "photos") == {}


def test_a_lap_holds_what_all_tries_took_and_counted(tmp_path: Path) -> None:
    def stages(loop: Loop, second: int) -> None:
        for name, count in (("first", 3), ("second", second)):
            for _ in loop.steps(count, name):
                loop.batch(10, 5)
                loop.log(loss=torch.tensor(1.0))

    early = Loop(tmp_path, 0)
    early.clock.load({"seconds": 100.0, "core_seconds": 50.0, "laps": {}})
    stages(early, 2)
    again = Loop(tmp_path, 0)  # as after a kill: both stages are found finished
    stages(again, 2)
    laps = again.clock.laps
    assert list(laps) == ["first", "second"]
    assert [lap["images_seen"] for lap in laps.values()] == [15, 25]
    assert [lap["steps"] for lap in laps.values()] == [3, 5]
    assert 100 <= laps["first"]["seconds"] <= laps["second"]["seconds"] <= again.clock.seconds
    assert laps["first"]["core_seconds"] >= 50


def test_a_clock_counts_the_processor_only_while_it_works() -> None:
    clock = Clock()
    before = clock.core_seconds
    total = sum(range(2_000_000))
    assert total
    assert clock.core_seconds > before
    assert Clock().core_seconds < clock.core_seconds
