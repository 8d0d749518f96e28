"""Where claims are looked at, what differs there, what is missing, and what is measured."""

import re
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from priorbench.claims import read
from priorbench.errors import UserError
from priorbench.files import write_rows
from priorbench.results import CURVE_COLUMNS, Results
from tests.fabricated import Fabricated
from tests.stated import VALUE, few, full, judged, state
from tests.test_pace import LAPS, curve
from workflow import claims
from workflow.claims import claims_table, shown
from workflow.judging import evaluate
from workflow.measuring import sharpness
from workflow.rendering import csv, latex, markdown
from workflow.scripts import pages, report

SR4 = {"plugin": "super_resolution", "factor": 4}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Fabricated:
    return full(tmp_path_factory.mktemp("made"))


@pytest.mark.parametrize(
    ("changes", "verdict", "said"),
    [
        ({"images": {"plugin": "digits"}}, "transfers", "photographs instead of digits"),
        ({"images": {"plugin": "photos", "size": 64}}, "transfers", "32x32 px instead of 64x64"),
        ({"images": {"plugin": "photos", "split": "across"}}, "transfers",
         "split within instead of across"),
        ({"learned": 6000}, "holds, protocol differs", "600 training images instead of 6000"),
        ({"task": {"plugin": "hole", "sigma": 0.1}}, "holds, protocol differs",
         "sigma 0 instead of 0.1"),
        ({"metric": {"plugin": "psnr", "border": 4}}, "holds, protocol differs",
         "border 0 instead of 4"),
        ({"settings": {"dip": {"steps": 7}}}, "holds, protocol differs", "instead of 7"),
        ({"training": {"glo": {"dim": 7}}}, "holds, protocol differs", "GLO: dim 128 instead of 7"),
        ({"training": {}}, "holds, protocol differs", "options of training not compared: GLO"),
        ({"same_images": False}, "holds, protocol differs", "which images of the set are tested"),
        ({"departures": ["a kernel instead of another"]}, "holds, protocol differs", "a kernel"),
        ({"region": "disjoint"}, "holds, protocol differs", "region pasted instead of disjoint"),
    ],
)  # fmt: skip
def test_whatever_differs_is_named_and_never_reproduced(
    changes: dict[str, Any], verdict: str, said: str, made: Fabricated, tmp_path: Path
) -> None:
    found = judged(made.results, tmp_path, **changes)
    assert found.verdict == verdict
    assert said in "; ".join(found.differs)


def test_an_image_set_that_lacks_something_has_a_line_that_says_what(tmp_path: Path) -> None:
    both = {"imagesets": {"photos": {}, "digits": {}}, "seeds": [0]}
    made = few(tmp_path, **both, tasks={"hole": {"imagesets": ["photos"]}, "sr4": SR4})
    for plugin in ("photos", "digits"):  # the source's own, or another
        images = {"plugin": plugin}
        found = evaluate(made.results, state(tmp_path, {"images": images}))
        assert [each.place.imageset for each in found] == ["photos", "digits"]
        assert found[0].verdict != "not run"
        assert (found[1].verdict, found[1].why) == ("not run", "no task hole")
        nowhere = {"images": images, "task": {"plugin": "denoising"}}
        (own,) = evaluate(made.results, state(tmp_path, nowhere))
        assert (own.place.imageset, own.why) == (plugin, "no task denoising")


def test_options_of_images_that_a_claim_does_not_name_are_the_plugins(tmp_path: Path) -> None:
    other = few(tmp_path, imagesets={"photos": {"flat": 0.0}})
    found = judged(other.results, tmp_path)
    assert found.verdict == "transfers"
    assert found.differs == ("flat 0 instead of 0.06",)
    value = judged(other.results, tmp_path, dip=20.0, **VALUE, labels={"dip": "DIP"})
    assert value.verdict != "contradicted"  # these are not the very images
    assert judged(other.results, tmp_path, images={"plugin": "photos", "flat": 0.0}).differs == ()


def test_options_of_a_method_that_stands_beside_a_control_are_compared(
    made: Fabricated, tmp_path: Path
) -> None:
    found = judged(made.results, tmp_path, rows=["either"], settings={"either": {"steps": 7}})
    assert [each.a for each in found.comparisons] == ["dip", "mean fill"]
    assert any("DIP: steps" in each for each in found.differs)


def test_what_the_source_does_not_tell_is_no_difference(made: Fabricated, tmp_path: Path) -> None:
    metric = {"plugin": "psnr", "border": "unknown"}
    assert judged(made.results, tmp_path, metric=metric).verdict == "reproduced"


def test_the_row_of_the_nearest_options_is_taken(tmp_path: Path) -> None:
    metrics = {"psnr": {}, "psnr_y": {"plugin": "psnr", "channel": "y", "border": 4}}
    both = few(tmp_path, metrics=metrics)
    wanted = {"plugin": "psnr", "channel": "y", "border": 4}
    claims_made = state(tmp_path, {"metric": wanted}, {})
    assert [j.place.metric for j in evaluate(both.results, claims_made)] == ["psnr_y", "psnr"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"rows": ["pca"]}, "no method pca"),
        ({"task": {"plugin": "denoising"}, "metric": {"plugin": "ssim"}}, "no metric ssim"),
        ({"rows": ["quiet"]}, "no method quiet"),
        ({"metric": {"plugin": "continuity"}, "task": None}, "no metric continuity"),
        ({**VALUE, "images": {"plugin": "set5"}}, "no image set set5"),
        ({"rows": ["bicubic"], "against": ["dip"]}, "bicubic: no result"),
        ({"task": "sample", "metric": {"plugin": "fid"}}, "DIP: no result"),
    ],
)
def test_what_was_not_run_says_what_is_missing(
    changes: dict[str, Any], said: str, made: Fabricated, tmp_path: Path
) -> None:
    found = judged(made.results, tmp_path, **changes)
    assert found.verdict == "not run"
    assert said in found.why


def test_a_task_that_is_not_in_the_config_is_missing(tmp_path: Path) -> None:
    one = few(tmp_path, tasks={"sr4": {"plugin": "super_resolution", "factor": 4}})
    assert judged(one.results, tmp_path).why == "no task hole"


def test_missing_weights_are_named(tmp_path: Path) -> None:
    made = few(tmp_path, methods={"glo": {}, "dip": {}})
    path = made.scores / "hole.csv"
    scores = pd.read_csv(path)
    scores = scores[scores["metric"] == "psnr"].assign(value="", image=-1)
    scores["protocol"] = "missing: alexnet-owt-7be5be79.pth in a folder"
    scores.drop_duplicates().to_csv(path, index=False)
    found = judged(made.results, tmp_path)
    assert found.verdict == "not run"
    assert "DIP: no alexnet-owt-7be5be79.pth" in found.why


def test_nothing_finished_is_not_run(made: Fabricated, tmp_path: Path) -> None:
    empty = Results([], made.experiment)
    assert {j.verdict for j in evaluate(empty)} == {"not run"}
    assert judged(empty, tmp_path).verdict == "not run"
    assert markdown(claims_table(empty))


def test_encoded_images_are_less_sharp_than_their_originals(
    made: Fabricated, tmp_path: Path
) -> None:
    edges = np.zeros((1, 3, 4, 4), np.uint8)
    edges[..., 1::2] = 30
    assert sharpness(edges) == pytest.approx(15)  # 30 across, 0 down
    assert sharpness(np.full((1, 3, 4, 4), 9, np.uint8)) == 0
    blur: dict[str, Any] = {
        "rows": ["originals"],
        "against": ["noisy"],
        "task": None,
        "metric": None,
    }
    blur["same_images"] = False
    for measure in ("sharpness_train", "sharpness_test"):
        found = judged(made.results, tmp_path, measure=measure, **blur)
        assert found.least is not None
        assert found.least.mean_a > found.least.mean_b > 0
        untold = "which images of the set are tested" in found.differs
        assert untold is (measure == "sharpness_test")
    bare = judged(made.results, tmp_path, measure="sharpness_test", **{**blur, "against": ["lcm"]})
    assert "LCM: no result" in bare.why


def test_rebuilt_training_images_are_compared_pair_by_pair(
    made: Fabricated, tmp_path: Path
) -> None:
    sides = {"rows": ["lcm"], "against": ["glo"], "task": None, "metric": None}
    found = judged(made.results, tmp_path, measure="reconstruction", **sides)
    assert found.unit == "dB"
    assert found.comparisons[0].mean_a > 10


def test_the_pace_to_an_equal_loss_asks_for_rows_that_share_one(tmp_path: Path) -> None:
    entry: dict[str, Any] = {"task": None, "metric": None, "measure": "core_seconds"}
    bare = judged(few(tmp_path / "bare").results, tmp_path, **entry)
    assert (bare.verdict, bare.why.partition(",")[0]) == ("not run", "DIP: no loss in common")
    trained: dict[str, Any] = {
        "plain": {"noise_weight": 0.0, "representatives": [], "steps": [0]},
        "staged": {"noise_weight": 0.1},
    }
    rows = {row: {"plugin": "incremental_glo", "train": train} for row, train in trained.items()}
    made = few(tmp_path / "study", methods=rows, seeds=[0, 1])
    for row, stages in (("plain", [("all", 400, 0.5)]), ("staged", [("all", 200, 0.2)])):
        made.amend("train", row, laps=LAPS[row], effective={"perceptual": "l1"})
        for folder in made.runs("train", row):
            lines = [line for stage in stages for line in curve(*stage)]
            write_rows(folder / "curve.csv", CURVE_COLUMNS, lines)
    entry |= {"rows": ["quiet"], "against": ["noisy"]}
    found = judged(made.results, tmp_path, **entry)
    assert found.verdict == "reproduced"
    assert found.comparisons[0].mean_a == 20  # core seconds, less than the other
    assert (found.unit, found.seeds) == ("core seconds", 2)
    made.amend("train", "staged", status="diverged at step 10")
    lost = judged(made.results, tmp_path, **entry)
    assert (lost.verdict, lost.comparisons[0].outcome) == ("inconclusive", "diverged")


def test_the_shipped_claims_make_a_table_that_says_everything(made: Fabricated) -> None:
    stated = shown(made.results)
    table = claims_table(made.results, stated)
    rows = [row for group in table.groups for row in group]
    assert len(rows) == len(stated) >= 20
    assert {each.judged.claim.id for each in stated} == {claim.id for claim in read()}
    for each in stated:
        assert each.judged.verdict not in ("reproduced", "contradicted")  # small photographs
        assert each.differs or each.judged.verdict == "not run"
        assert each.judged.why or each.judged.verdict != "not run"
    text = markdown(table)
    assert not re.search(r"\bnan\b", text)
    # reconstructions are those of one seed, restorations of two
    assert re.search(r"fewest of the rows compared: 1: .*increments-no-better.*; 2: .*dip", text)
    assert "One seed says nothing" in text
    for claim in read():
        assert claim.sentence in text.replace("\\", "")
    assert latex(table).count("\\midrule") == 2
    numbers = pd.read_csv(StringIO(csv(table)))
    assert list(numbers.columns) == claims.DATA
    assert set(numbers["claim"]) == {claim.id for claim in read()}


def test_the_report_sets_published_beside_measured(made: Fabricated, tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    places = ["--tables", str(tmp_path), "--figures", str(tmp_path), "--out", str(out)]
    report.main([*places, *made.options])
    text = " ".join(re.sub(r"<[^>]+>", " ", out.read_text()).split()).replace("&#39;", "'")
    part = text.split("Published beside measured")[-1].split("PSNR [dB]")[0]
    for claim in read():
        assert claim.sentence in part
    assert "Published: 27 before 26.05 dB. Measured: DIP before bicubic by +" in part
    assert "Differs: photographs instead of Set14;" in part
    assert "(no image set set5.)" in part


def test_a_page_shows_the_claims_of_a_tracked_run(tmp_path: Path) -> None:
    page = tmp_path / "claims.md"
    page.write_text("<!-- toy: table claims -->\nold\n<!-- end -->\n")
    (tmp_path / "toy" / "tables").mkdir(parents=True)
    with pytest.raises(UserError, match=r"no table claims.md"):
        pages.filled(page, tmp_path)
    (tmp_path / "toy" / "tables" / "claims.md").write_text("a table\n")
    filled = pages.filled(page, tmp_path)
    assert filled == "<!-- toy: table claims -->\n\na table\n\n<!-- end -->\n"


def test_a_page_leaves_out_the_claims_that_were_not_run(made: Fabricated) -> None:
    table = claims_table(made.results)
    kept, left_out = table.groups
    text = pages.judged(markdown(table))
    assert text.count("\n| ") == 2 + len(kept)  # below the names of columns and a rule
    run = {row.label for row in kept}
    assert run and {row.label for row in left_out} - run
    for claim in read():
        assert (f"\n- {claim.id}: " in text) == (claim.id in run)
