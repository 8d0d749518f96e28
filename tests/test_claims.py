"""Published claims as data, and how each kind of them is decided: cases known by hand."""

import math
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from priorbench import claims, registry, verdicts
from priorbench.claims import Claim, Kind, read
from priorbench.errors import UserError
from priorbench.verdicts import Evidence, Outcome, Setting, shifted

STATED = read()
ENTRY: dict[str, Any] = {
    "id": "one",
    "sentence": "DIP is better than bicubic.",
    "source": "a paper",
    "kind": "order",
    "rows": ["dip"],
    "against": ["control"],
    "images": {"plugin": "set5"},
    "task": {"plugin": "super_resolution"},
    "metric": {"plugin": "psnr"},
    "published": {"file": "deep_image_prior", "imageset": "set5"},
    "labels": {"dip": "DIP", "control": "Bicubic"},
}


def write(folder: Path, **changes: Any) -> Path:
    """Write a file of one claim; what is None is left out."""
    entry = {key: value for key, value in {**ENTRY, **changes}.items() if value is not None}
    text = {"subjects": {"control": {"control": "bicubic"}}, "claims": [entry]}
    (folder / "claims.yaml").write_text(yaml.safe_dump(text))
    return folder / "claims.yaml"


def test_the_shipped_claims_are_of_every_kind_and_each_has_a_place() -> None:
    assert len(STATED) >= 20
    assert {claim.kind for claim in STATED} == {"order", "equal", "not_worse", "value", "rank"}
    for claim in STATED:
        assert claim.sentence.endswith(".") and claim.source
        assert claim.protocol, f"{claim.id} names no protocol"
        assert claim.imageset in registry.available("imagesets")
        assert claim.measure or claim.metric in registry.available("metrics")
        assert claim.task in {"", *claims.WITHOUT_PLUGIN, *registry.available("tasks")}


@pytest.mark.parametrize("claim", [c for c in STATED if c.values], ids=lambda c: c.id)
def test_a_published_number_is_of_the_image_set_and_size_that_the_claim_names(claim: Claim) -> None:
    entry = next(
        e for e in yaml.safe_load(claims.CLAIMS.read_text())["claims"] if e["id"] == claim.id
    )
    table = pd.read_csv(claims.FOLDER / f"{entry['published']['file']}.csv", dtype="str")
    for value in claim.values.values():
        lines = table[table["value"].astype(float) == value]
        assert claim.imageset in set(lines["imageset"])
        assert str(claim.size) in set(lines["resolution"]) or not claim.size
        assert claim.better in set(lines["better"])


@pytest.mark.parametrize(
    "claim", [c for c in STATED if c.values and c.kind == "order"], ids=lambda c: c.id
)
def test_the_published_numbers_say_what_the_claim_says(claim: Claim) -> None:
    sign = 1 if claim.better == "higher" else -1
    for first in claim.rows:
        for second in claim.against:
            assert sign * claim.values[first] > sign * claim.values[second]


def test_colour_is_judged_in_one_region_and_says_that_the_source_does_not_tell_it() -> None:
    coloured = [claim for claim in STATED if claim.task == "colorization"]
    assert len(coloured) == 5
    for claim in coloured:
        assert claim.region == "pasted"
        assert "whether the luminance was put back" in claim.unknown


def test_a_published_number_is_the_tables_own(tmp_path: Path) -> None:
    path = write(tmp_path)
    assert read(path)[0].values == {"dip": 29.90, "control": 28.43}
    shutil.copy(claims.FOLDER / "deep_image_prior.csv", tmp_path)
    table = tmp_path / "deep_image_prior.csv"
    table.write_text(table.read_text().replace("29.90", "31.25"))
    found = read(path, tmp_path)[0]
    assert found.values["dip"] == 31.25
    assert (found.unit, found.tested, found.better) == ("dB", 5, "higher")
    assert "Lanczos" in found.protocol


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"knid": "order"}, r"one: `knid`: did you mean `kind`"),
        ({"kind": "ordr"}, r"one: kind: `ordr`: did you mean `order`"),
        ({"rows": ["dpi"]}, r"one: `dpi`: did you mean `dip`"),
        ({"sentence": None}, "one: `sentence` is missing"),
        ({"against": None}, "one: `rows`, and `against` for order"),
        ({"margin": 0.5}, "one: a positive `margin`, for equal, not_worse, value only"),
        ({"kind": "equal"}, "one: a positive `margin`"),
        ({"kind": "rank", "against": None}, "one: `rows`: ranks need 3 or more, found 1"),
        ({"metric": None}, "one: needs either `metric` or `measure`"),
        ({"metric": {"plugin": "psrn"}}, r"metric: `psrn`: did you mean `psnr`"),
        ({"metric": {"plugin": "psnr", "bordr": 4}}, r"`bordr`: did you mean `border`"),
        ({"task": {"plugin": "hoel"}}, r"task: `hoel`: did you mean `hole`"),
        ({"images": {"plugin": "set6"}}, r"images: `set6`: did you mean `set5`"),
        ({"published": {"file": "deep"}}, r"published: `deep.csv`: .*deep_image_prior.csv"),
        ({"published": {"file": "deep_image_prior"}}, r"\d lines of .* for dip \(label `DIP`\)"),
        ({"labels": {"dip": "DIQ"}}, r"0 lines of deep_image_prior.csv for dip \(label `DIQ`\)"),
        ({"settings": {"dip": {"stesp": 9}}}, r"settings.dip: `stesp`: did you mean `steps`"),
        ({"training": {"dpi": {}}}, r"training: `dpi`: did you mean `dip`"),
        ({"training": {"dip": {"steps": 9}}}, r"training.dip: `steps`: choices: none"),
        ({"same_images": "yes"}, "one: `same_images`: true or false, found 'yes'"),
        ({"measure": "sharpnes", "metric": None}, r"measure: `sharpnes`: did you mean"),
        ({"kind": "value", "against": None, "margin": 1, "published": None, "labels": None},
         "`published` is missing: a value needs numbers"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_claim_is_one_line_that_names_it(
    changes: dict[str, Any], said: str, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=said) as mistake:
        read(write(tmp_path, **changes))
    assert "\n" not in str(mistake.value)
    assert str(tmp_path / "claims.yaml") in str(mistake.value)


def test_a_subject_is_a_control_or_a_plugin_and_its_options_exist(tmp_path: Path) -> None:
    path = tmp_path / "claims.yaml"
    for subject, said in (
        ("{plugin: glo, control: grey}", "subjects.a: needs either"),
        ("{plugin: gol}", "subjects.a: `gol`: did you mean `glo`"),
        ("{plugin: glo, train: {dmi: 3}}", "subjects.a.train: `dmi`: did you mean `dim`"),
    ):
        path.write_text(f"subjects: {{a: {subject}}}\nclaims: []\n")
        with pytest.raises(UserError, match=said):
            read(path)


def test_an_id_is_given_once(tmp_path: Path) -> None:
    path = write(tmp_path)
    text = yaml.safe_load(path.read_text())
    path.write_text(yaml.safe_dump({**text, "claims": text["claims"] * 2}))
    with pytest.raises(UserError, match="the id `one` is taken"):
        read(path)


def known(values: dict[float, float]) -> Callable[[float], float]:
    """Return a test that is asked for these true differences only."""
    return lambda by: values[by]


@pytest.mark.parametrize(
    ("kind", "difference", "values", "supports", "p"),
    [
        ("order", 0.4, {0: 0.01}, True, 0.01),
        ("order", -0.4, {0: 0.01}, False, 0.01),
        ("order", 0.0, {0: 1.0}, False, 1.0),
        ("not_worse", -0.4, {-0.5: 0.02}, True, 0.02),  # a little worse, within the margin
        ("not_worse", -0.9, {-0.5: 0.02}, False, 0.02),
        ("equal", 0.1, {-0.5: 0.01, 0.5: 0.06}, True, 0.03),  # the larger of two one-sided
        ("equal", 0.9, {0.5: 0.03}, False, 0.03),
        ("equal", -0.9, {-0.5: 0.03}, False, 0.03),
        ("value", -0.2, {-0.5: 0.04, 0.5: 0.0}, True, 0.02),
        ("value", 0.5, {0.5: 1.0}, False, 1.0),  # on the margin
    ],
)
def test_evidence_is_for_or_against_at_the_right_p(
    kind: Kind, difference: float, values: dict[float, float], supports: bool, p: float
) -> None:
    found = verdicts.evidence(kind, difference, 0.5, known(values))
    assert found.supports is supports
    assert found.p == pytest.approx(p)


def test_a_shifted_test_is_that_of_shifted_scores() -> None:
    # differences 1, 2, 1, 3: mean 1.75, standard error 0.4787 (docs/statistics.md)
    a, b = np.array([[30.0, 28, 26, 24]]), np.array([[29.0, 26, 25, 21]])
    p_at = shifted(a, b, np.ones(4))
    assert p_at(0) == pytest.approx(0.0354, abs=1e-4)
    assert p_at(1.75) == pytest.approx(1)
    assert p_at(3.5) == pytest.approx(p_at(0))
    sizes = np.array([2.0, 2])  # two images in each cluster
    assert shifted(a[:, :2] * 2, b[:, :2] * 2, sizes)(1.5) == pytest.approx(1)


def test_constant_differences_are_told_apart_and_equal_within_a_margin() -> None:
    a, b = np.full((1, 3), 2.0), np.full((1, 3), 1.8)
    p_at = shifted(a, b, np.ones(3))
    found: list[tuple[Kind, float]] = [("order", math.nan), ("equal", 0.5), ("equal", 0.1)]
    told = [verdicts.evidence(kind, 0.2, margin, p_at) for kind, margin in found]
    assert [verdicts.outcome(e, e.p) for e in told] == ["holds", "holds", "contradicted"]
    same = shifted(a, a, np.ones(3))
    none, equal = (verdicts.evidence(k, 0.0, 0.5, same) for k, _ in found[:2])
    assert [verdicts.outcome(e, e.p) for e in (none, equal)] == ["inconclusive", "holds"]


def test_one_image_and_one_seed_decide_nothing() -> None:
    p_at = shifted(np.array([[2.0]]), np.array([[1.0]]), np.ones(1))
    found = verdicts.evidence("order", 1.0, math.nan, p_at)
    assert math.isnan(found.p)
    assert verdicts.outcome(found, found.p) == "inconclusive"


@pytest.mark.parametrize(
    ("found", "corrected", "outcome"),
    [
        (Evidence(True, 0.01), 0.04, "holds"),
        (Evidence(False, 0.01), 0.04, "contradicted"),
        (Evidence(True, 0.01), 0.05, "inconclusive"),  # after the correction
    ],
)
def test_an_outcome_follows_from_the_corrected_p(
    found: Evidence, corrected: float, outcome: str
) -> None:
    assert verdicts.outcome(found, corrected) == outcome


HELD: Outcome = "holds"


@pytest.mark.parametrize(
    ("outcomes", "where", "verdict"),
    [
        (["holds", "holds"], "the same", "reproduced"),
        (["holds"], "another protocol", "holds, protocol differs"),
        (["holds"], "other images", "transfers"),
        (["holds", "contradicted"], "the same", "contradicted"),
        (["contradicted", "budget-limited"], "another protocol", "fails, protocol differs"),
        (["contradicted", "not run"], "other images", "does not transfer"),
        (["holds", "inconclusive"], "the same", "inconclusive"),
        (["holds", "budget-limited"], "the same", "inconclusive"),
        (["holds", "not run"], "the same", "inconclusive"),
        (["budget-limited"], "the same", "inconclusive"),
        (["diverged", "not run"], "other images", "inconclusive"),
        (["not run", "not run"], "the same", "not run"),
        ([], "the same", "not run"),
    ],
)
def test_the_verdict_of_several_comparisons(
    outcomes: list[Outcome], where: Setting, verdict: str
) -> None:
    assert verdicts.verdict(outcomes, where) == verdict


def test_a_protocol_that_differs_never_says_reproduced_or_contradicted() -> None:
    for images in (True, False):
        for protocol in (True, False):
            where = verdicts.setting(images=images, protocol=protocol)
            plain = not images and not protocol
            assert (verdicts.verdict([HELD], where) == "reproduced") is plain
            assert (verdicts.verdict(["contradicted"], where) == "contradicted") is plain


@pytest.mark.parametrize(
    ("published", "measured", "tau"),
    [
        ([1, 2, 3], [10, 20, 30], 1.0),
        ([1, 2, 3], [30, 20, 10], -1.0),
        ([1, 2, 3, 4, 5], [1, 2, 3, 5, 4], 0.8),  # 9 pairs alike, 1 not, of 10
        ([1, 2, 3], [7, 7, 7], math.nan),
    ],
)
def test_kendalls_tau(published: list[float], measured: list[float], tau: float) -> None:
    assert verdicts.tau(published, measured) == pytest.approx(tau, nan_ok=True)


def test_few_runs_on_the_very_images_are_in_the_margin_or_not() -> None:
    assert verdicts.outcome_of_number(-0.29, 0.3) == "holds"
    assert verdicts.outcome_of_number(0.31, 0.3) == "contradicted"
