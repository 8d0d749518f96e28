"""A number has one interval, whatever table, claim or statement it stands in."""

from pathlib import Path

import pandas as pd
import pytest

from priorbench.results import Results
from tests.fabricated import Fabricated, experiment
from tests.stated import VALUE, judged
from workflow import expectations, summaries
from workflow.comparisons import comparison_table
from workflow.contrasts import contrasts
from workflow.quality import Quality

METRICS = ("psnr", "lpips")


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    made = experiment(contrasts={"deep": ["dip", "glo"]}, seeds=[0, 1, 2])
    return Fabricated(tmp_path_factory.mktemp("made"), made).results


def pair(results: Results, metric: str) -> tuple[float, float, float]:
    """Return how much better DIP is than GLO in sr4, with its interval, by the table of pairs."""
    data = comparison_table(results, "photos", metric).data
    chosen = data[(data["task"] == "sr4") & (data["a"] == "dip") & (data["b"] == "glo")]
    (line,) = chosen[["difference", "low", "high"]].itertuples(index=False)
    return tuple(line)


@pytest.mark.parametrize("metric", METRICS)
def test_a_difference_has_one_interval_in_pairs_contrasts_claims_and_statements(
    metric: str, results: Results, tmp_path: Path
) -> None:
    known = pair(results, metric)
    assert known[1] < known[0] < known[2]
    contrast = contrasts(results, "photos", metric, "sr4")["deep"]
    task = {"task": {"plugin": "super_resolution"}, "metric": {"plugin": metric}}
    claim = judged(results, tmp_path, **task).least
    columns = {"imageset": "photos", "metric": metric, "tasks": ["sr4"]}
    columns |= {"statement": "DIP leads", "grounds": "none"}
    entry = {"id": "one", **columns, "above": ["dip"], "below": ["glo"]}
    stated = expectations.evaluate(results, [entry])[0].least
    for found in (contrast, claim, stated):
        assert found is not None
        assert (found.difference, found.low, found.high) == known


def test_a_mean_has_one_interval_in_tables_figures_and_claims(
    results: Results, tmp_path: Path
) -> None:
    data = Quality(results, "photos", "psnr").table().data
    line = data[(data["task"] == "sr4") & (data["method"] == "dip")].iloc[0]
    shown = summaries.summary(results, "photos", "psnr", "sr4", "raw")["dip"]
    assert (shown.low, shown.high) == (line["low"], line["high"])
    value = {**VALUE, "rows": ["dip"], "labels": {"dip": "DIP"}, "images_tested": 100}
    claim = judged(results, tmp_path, task={"plugin": "super_resolution"}, **value).least
    assert claim is not None
    ends = claim.low + claim.published_a, claim.high + claim.published_a
    assert ends == pytest.approx((line["low"], line["high"]), abs=1e-12)


def test_the_same_scores_under_two_metrics_have_the_same_interval(tmp_path: Path) -> None:
    made = Fabricated(tmp_path, experiment(metrics={"psnr": {}, "ssim": {}}))
    path = made.scores / "sr4.csv"
    scores = pd.read_csv(path)
    copied = scores[scores["metric"] == "psnr"].assign(metric="ssim")
    pd.concat([scores[scores["metric"] != "ssim"], copied]).to_csv(path, index=False)
    psnr, ssim = (
        summaries.summary(made.results, "photos", metric, "sr4", "raw")
        for metric in ("psnr", "ssim")
    )
    assert {r: (line.low, line.high) for r, line in psnr.items()} == {
        r: (line.low, line.high) for r, line in ssim.items()
    }
