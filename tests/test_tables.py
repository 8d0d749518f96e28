"""Tables made of fabricated results: what they say, what they mark, and that they repeat."""

import math
from pathlib import Path
from typing import Any

import pytest
import yaml

from priorbench.errors import UserError
from priorbench.results import Results
from tests.fabricated import CUT, GAINS, TASKS, TEST, Fabricated, experiment
from workflow.quality import Quality, split_notes
from workflow.rendering import Row, Table, csv, latex, markdown
from workflow.sampling import samples_table
from workflow.scripts import summary, tables
from workflow.splitting import error_split_table
from workflow.tables import all_tables, cost_table


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Fabricated:
    return Fabricated(tmp_path_factory.mktemp("finished"), experiment())


@pytest.fixture(scope="module")
def psnr(finished: Fabricated) -> Table:
    return quality(finished.results)


def small(folder: Path, methods: tuple[str, ...] = ("glo", "dip"), **changes: object) -> Fabricated:
    """Fabricate results of few rows, to be spoiled by a test."""
    made = experiment(
        methods={name: {} for name in methods},
        metrics={"psnr": {}, "fid": {}},
        energy={},
        **changes,
    )
    return Fabricated(folder, made)


def quality(results: Results, metric: str = "psnr", *, every_region: bool = False) -> Table:
    return Quality(results, "photos", metric, every_region=every_region).table()


def row(table: Table, label: str) -> Row:
    return next(row for group in table.groups for row in group if row.label.startswith(label))


def notes(table: Table) -> str:
    return "\n".join(table.notes)


def test_each_table_is_written_as_csv_markdown_and_latex(
    finished: Fabricated, tmp_path: Path
) -> None:
    tables.main([*finished.options, "--out", str(tmp_path)])
    names = ["cost-photos", "samples-photos", *(f"quality-photos-{m}" for m in ("psnr", "lpips"))]
    for name in [*names, "quality-photos-class_accuracy"]:
        for suffix in ("csv", "md", "tex"):
            assert (tmp_path / f"{name}.{suffix}").stat().st_size > 0


def test_a_list_of_results_may_stand_in_a_file(
    finished: Fabricated, psnr: Table, tmp_path: Path
) -> None:
    listed = tmp_path / "photos.txt"
    listed.write_text("".join(f"{path}\n" for path in finished.paths))
    options = [*finished.options[:2], "--inputs", f"@{listed}", "--out", str(tmp_path)]
    tables.main(options)
    assert (tmp_path / "quality-photos-psnr.csv").read_text() == csv(psnr)


def test_quality_tables_repeat_to_the_last_bit_whatever_the_runs_took(tmp_path: Path) -> None:
    first, second = (small(tmp_path / name) for name in ("first", "second"))
    for verb in ("train", "represent", "restore", "sample"):
        slower: dict[str, Any] = {
            "seconds": 999.0,
            "peak_memory_mb": 9,
            "started": "2030-01-01",
            "key": "other",
        }
        second.amend(verb, "glo", **slower)
    texts = [
        [write(table) for table in all_tables(made.results) for write in (csv, markdown, latex)]
        for made in (first, second)
    ]
    costs = [write(cost_table(second.results, "photos")) for write in (csv, markdown, latex)]
    differing = [b for a, b in zip(*texts, strict=True) if a != b]
    assert set(differing) <= set(costs)
    assert len(differing) > 0


def test_a_mean_stands_with_its_interval(psnr: Table) -> None:
    cell = row(psnr, "GLO").cells[0]
    low, high = (float(end) for end in cell.aside.strip("[]").split(", "))
    assert low < float(cell.text) < high


def test_the_best_is_bold_and_an_arrow_points_to_the_better_side(
    finished: Fabricated, psnr: Table
) -> None:
    lpips = quality(finished.results, "lpips")
    assert "↑" in psnr.title
    assert "↓" in lpips.title
    for table in (psnr, lpips):
        assert row(table, "DIP").cells[0].bold
        assert not row(table, "nearest").cells[0].bold


def test_a_row_cut_short_is_marked_and_never_bold(tmp_path: Path) -> None:
    made = small(tmp_path, ("glo", CUT, "pca"))
    for task in TASKS:
        made.edit_scores(task, f"photos,{task},{CUT}", f"photos,{task},held")
        made.edit_scores(task, f"photos,{task},glo", f"photos,{task},{CUT}")
        made.edit_scores(task, f"photos,{task},held", f"photos,{task},glo")
    table = quality(made.results)
    cut = row(table, "WGAN-GP")
    assert cut.label.endswith("†")
    assert cut.faded
    assert float(cut.cells[0].text) > float(row(table, "GLO").cells[0].text)
    assert not any(cell.bold for cell in cut.cells)
    assert row(table, "PCA").cells[0].bold
    assert "† stopped by its budget" in notes(table)


def test_a_diverged_training_says_so_in_row_cells_and_notes(tmp_path: Path) -> None:
    made = small(tmp_path)
    for verb in ("train", "represent", "restore"):
        made.amend(verb, "glo", status="diverged at step 12 of train", task_seconds={})
    for task in [*TASKS, "represent"]:
        made.drop_scores(task, ",glo,")
    table = quality(made.results)
    assert row(table, "GLO").label == "GLO‡"
    assert {cell.text for cell in row(table, "GLO").cells} == {"diverged"}
    assert "GLO: diverged at step 12 of train" in notes(table)
    assert "not among the results" not in notes(table)


def test_a_restoration_that_diverged_leaves_the_other_tasks_alone(tmp_path: Path) -> None:
    made = small(tmp_path)
    lost = {"status": "diverged at step 3 of restore, hole", "task_seconds": {}}
    made.amend("restore", "glo", "hole", **lost)
    made.drop_scores("hole", ",glo,")
    cells = row(quality(made.results), "GLO").cells
    assert cells[0].text == "diverged"
    assert all(float(cell.text) for cell in cells[1:])


def test_a_gap_names_the_job_that_is_missing(tmp_path: Path) -> None:
    made = small(tmp_path)
    made.drop_scores("sr4", ",glo,")
    made.drop_scores("hole", ",dip,1,")
    table = quality(made.results)
    assert row(table, "GLO").cells[2].text == "–"
    assert "restore sr4, photos, glo, seed 0; " in notes(table)
    assert "restore hole, photos, dip, seed 1" in notes(table)


def test_controls_stand_apart_and_are_never_bold(psnr: Table) -> None:
    methods, controls = psnr.groups
    assert len(methods) == len(GAINS)
    assert controls[0].label == "degraded"
    assert {"mean fill", "bicubic", "grey"} < {row.label for row in controls}
    assert not any(cell.bold for row in controls for cell in row.cells)


def test_the_headline_is_pasted_where_the_task_has_it(psnr: Table) -> None:
    heads = psnr.columns
    assert heads[:3] == ("hole, pasted", "random, pasted", "sr4, raw")
    assert heads[-1] == "represent, raw"


def test_all_regions_are_in_the_csv_and_in_the_long_table(
    finished: Fabricated, psnr: Table
) -> None:
    regions = psnr.data.groupby("task")["region"].agg(set)
    assert regions["hole"] == {"raw", "pasted"}
    assert regions["sr4"] == {"raw"}
    headline = psnr.data[psnr.data["headline"]]
    assert set(headline.loc[headline["task"] == "hole", "region"]) == {"pasted"}
    assert "hole, raw" in quality(finished.results, every_region=True).columns


def test_notes_count_images_clusters_and_seeds(psnr: Table) -> None:
    said = notes(psnr)
    assert f"{TEST} test images of 4 clusters" in said
    assert "2 seeds" in said
    assert "bootstrap over seeds and clusters" in said
    assert "incremental GLO: features: pixel PCA" in said
    assert "hole: hole/1: as drawn; sigma 0" in said


def test_one_seed_is_said_to_tell_nothing_of_training(tmp_path: Path) -> None:
    table = quality(small(tmp_path, seeds=[0]).results)
    assert "One seed says nothing of how training varies" in notes(table)
    assert "bootstrap over clusters" in notes(table)


def test_intervals_of_rows_with_fewer_seeds_are_told_apart(tmp_path: Path) -> None:
    made = small(tmp_path, seeds=[0, 1])
    for name in (*TASKS, "represent"):
        made.drop_scores(name, ",glo,1,")
    assert "over clusters or, by row, seeds and clusters" in notes(quality(made.results))


def test_a_metric_that_scored_nothing_leaves_a_table_that_says_so(finished: Fabricated) -> None:
    table = quality(finished.results, "class_accuracy")
    assert not table.groups
    assert "not defined on this image set" in markdown(table)
    assert csv(table).startswith("imageset,metric,task")


def test_samples_stand_above_their_floor_with_how_they_were_drawn(finished: Fabricated) -> None:
    table = samples_table(finished.results, "photos")
    assert table.columns == ("FID@768 ↓", "KID@768 x 1000 ↓", "how drawn")
    assert row(table, "VAE").cells[-1].text == "Gaussian fit to the codes"
    assert [row.label for row in table.groups[-1]] == ["training images"]
    assert "256 against 256" in notes(table)


def test_costs_are_per_image_and_untrained_methods_have_no_training_time(
    finished: Fabricated,
) -> None:
    lines = cost_table(finished.results, "photos").data.to_dict("records")
    costs = {line["method"]: line for line in lines}
    assert costs["dip"]["restoring_seconds_per_image"] == pytest.approx(60 / TEST)
    assert math.isnan(costs["dip"]["training_seconds"])
    assert costs["lcm"]["training_seconds"] == 30


def test_the_parts_of_an_error_stand_by_task_and_sum_to_it(finished: Fabricated) -> None:
    table = error_split_table(finished.results, "photos")
    assert table.columns == ("error", "range", "search", "ambiguity")
    assert [len(group) for group in table.groups] == [len(GAINS)] * len(TASKS)
    values = [float(cell.text) for cell in row(table, "hole: GLO").cells]
    assert values == pytest.approx([2.46, 0.61, 1.23, 0.61], abs=0.006)
    assert row(table, "hole: GLO").cells[0].aside
    assert row(table, "hole: WGAN-GP†").faded
    wide = table.data.pivot(index=["task", "method"], columns="part", values="share")
    assert wide["error"].tolist() == pytest.approx([1] * len(wide))
    assert wide.drop(columns="error").sum(axis=1).tolist() == pytest.approx([1] * len(wide))


def test_without_split_errors_there_is_a_table_that_says_why(tmp_path: Path) -> None:
    made = small(tmp_path)
    for task in TASKS:
        (made.scores / f"split-{task}.csv").unlink()
    table = error_split_table(made.results, "photos")
    assert not table.groups
    assert "Nothing was restored" in notes(table)


def test_the_summary_prints_a_table_and_where_the_rest_lies(
    finished: Fabricated,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    tables.main([*finished.options, "--out", "results/toy/tables"])
    config = finished.experiment.config
    Path("toy.yaml").write_text(yaml.safe_dump({**config, "metrics": {"fid": {}, "lpips": {}}}))
    summary.main(["--configfile", "toy.yaml"])
    assert "photos, lpips" in capsys.readouterr().out  # the first metric of images
    summary.main(["--configfile", "toy.yaml", "--metric", "psnr"])
    printed = capsys.readouterr().out
    assert "DIP" in printed
    assert "WGAN-GP†" in printed
    assert "results/toy/tables" in printed and "report.html" not in printed  # none is there
    assert max(len(line) for line in printed.splitlines()) <= 100
    Path("other.yaml").write_text(
        yaml.safe_dump({**config, "experiment": "other"}, sort_keys=False)
    )
    with pytest.raises(UserError, match=r"results/other/tables/quality-photos-psnr.csv: no such"):
        summary.main(["--configfile", "other.yaml"])


def test_parts_of_one_photograph_are_no_claim_about_another(
    finished: Fabricated, monkeypatch: pytest.MonkeyPatch
) -> None:
    for disjoint, said in ((True, ""), (False, "nothing here is a claim about a new photograph.")):
        card = {"disjoint_clusters": disjoint, "cluster": "photograph", "counts": {"train": 9}}
        monkeypatch.setattr(Results, "card", lambda *_, card=card: card)
        assert " ".join(split_notes(finished.results, "photos")).endswith(said)
        assert bool(list(split_notes(finished.results, "photos"))) != disjoint
