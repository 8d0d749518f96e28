"""What records tell of the time of a step, and how it is scaled to another."""

import json
from pathlib import Path
from typing import Any

import pytest

from priorbench import recorded
from priorbench.estimate import overhead
from priorbench.files import write_json
from priorbench.paths import STORE
from priorbench.registry import available, describe
from priorbench.throughput import (
    AGAIN,
    SIZE_POWER,
    WIDTH_POWER,
    Run,
    effective,
    nearest,
    pace,
    training,
    unlike,
    updates,
    width_of,
)
from tests.took import CONFIG, GLO, ROOT, around, told, trained

pytestmark = pytest.mark.usefixtures("place")


def test_the_reference_run_tells_every_method_and_how_its_steps_are_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(recorded, "REFERENCE", ROOT / "results" / "reference")
    runs = recorded.runs()
    for verb in ("train", "restore"):
        found = {run.kind.plugin for run in runs if run.kind.verb == verb}
        every = available("methods")
        assert found == {m for m in every if verb == "restore" or describe("methods", m).learns}


@pytest.mark.parametrize(
    ("plugin", "options", "expected"),
    [
        ("glo", {"steps": 70}, 70),
        ("glo", {"steps": 70, "steps_sampler": 20}, 90),
        ("lcm", {"visits": 30, "inner": 5}, 150),
        ("wgan_gp", {"steps": 20, "critic_steps": 3}, 80),
        ("incremental_glo", {"steps": [3, 2, 1], "steps_all": 10, "steps_encoder": 20}, 36),
        ("pca", {}, 0),
    ],
)
def test_gradient_steps_follow_from_options(
    plugin: str, options: dict[str, Any], expected: int
) -> None:
    about = describe("methods", plugin)
    assert updates(about, effective(about, "train", options)) == expected


def test_width_is_a_mean_of_networks_and_counts_inner_scales_a_quarter() -> None:
    assert width_of({"width": 64}) == pytest.approx(64)
    assert width_of({"width": 64, "critic_width": 16}) == pytest.approx(32)
    assert width_of({"widths": [16, 32, 64], "widths_up": []}) == pytest.approx(16 * 3**0.5)
    assert width_of({"dim": 64}) == 1


def test_pixels_batch_and_width_scale_by_powers_with_a_range() -> None:
    about = describe("methods", "glo")
    like = training(about, GLO, "cpu", 256.0)
    run = Run(like, 1.0, "a machine", Path("run.json"), False, False)
    wanted = training(about, {**GLO, "width": 16}, "cpu", 1024.0)
    found = pace([run], wanted)
    expected = [4**p * 2**w for p, w in zip(SIZE_POWER, WIDTH_POWER, strict=True)]
    assert found == pytest.approx((expected[0] / AGAIN, expected[1], expected[2] * AGAIN))
    smaller = pace([Run(wanted, 1.0, "a machine", Path(), False, False)], like)
    assert smaller.low < smaller.likely < smaller.high
    assert smaller.likely == pytest.approx(1 / found.likely)


def test_a_run_with_a_stage_that_another_lacks_is_less_like_it() -> None:
    about = describe("methods", "glo")
    plain, longer, mapped = (
        training(about, GLO | options, "cpu", 256.0)
        for options in ({}, {"steps": 900}, {"steps_sampler": 900})
    )
    runs = [Run(kind, 1.0, "a machine", Path(), False, False) for kind in (mapped, longer)]
    assert nearest(runs, plain) == [runs[1]]
    assert [unlike(run, plain) for run in runs] == [["steps_sampler"], []]


def test_a_short_run_tells_where_nothing_else_does_and_may_be_slow() -> None:
    spec = ["train.py", "--spec", json.dumps({"budget": "smoke"})]
    trained(1.0, updates=2, images_seen=4, command=spec)
    (short,) = recorded.runs()
    assert short.short and short.kind.batch == 2 and short.seconds == 0.5
    found = told([short]).seconds("train")
    assert found.likely == pytest.approx(300 * 0.5 * 32 ** SIZE_POWER[1])
    assert found.low < found.likely / 10
    whole = Run(
        training(describe("methods", "glo"), GLO, "cpu", 64.0), 1.0, "", Path(), False, True
    )
    assert told([short, whole]).runs == [whole]


def test_a_record_whose_steps_its_options_do_not_tell_is_passed_over() -> None:
    trained(10.0, updates=77)
    assert recorded.runs() == []


def test_half_a_record_and_a_plugin_that_is_gone_are_passed_over() -> None:
    trained(10.0, plugin="gone")
    (STORE / "train/disks/glo/0-cccccccccc").mkdir(parents=True)
    (STORE / "train/disks/glo/0-cccccccccc/run.json").write_text('{"verb": "tr')
    assert recorded.runs() == []


def test_what_a_whole_run_took_beside_its_jobs_is_shared_among_them(place: Path) -> None:
    trained(10.0)
    reference = place / "reference" / "toy"
    reference.parent.mkdir()
    STORE.rename(reference)
    (reference / "config.yaml").write_text(json.dumps(CONFIG))
    write_json(reference / "run.json", {"core_minutes": 2.0, "hardware": "a machine"})
    runs = recorded.runs()
    jobs = len(told(runs).parts)
    assert overhead(runs) == around((120 - 30) / jobs)
