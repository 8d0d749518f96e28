"""Figures of papers: what was published as its file has it, what was measured, what was not run."""

import csv
import re
from io import BytesIO
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from matplotlib import rc_context
from matplotlib.text import Text
from PIL import Image

from priorbench.errors import UserError
from priorbench.registry import ROOT
from priorbench.results import Results
from tests.fabricated import Fabricated, experiment
from workflow.figures import _style
from workflow.papers import PAPERS, _paper, draw
from workflow.scripts import paper

# others are drawn as figures 5 and 10 are
DIFFERENT = [name for name in PAPERS if not name.endswith(("figure6", "figure7", "figure11"))]
SMALL: dict[str, Any] = {
    "methods": {
        **{row: {} for row in ("lcm", "glo", "dip", "ae", "wgan_gp", "vae")},
        "no_noise": {"plugin": "incremental_glo", "train": {"noise_weight": 0.0}},
        "incremental_glo": {},
    },
    "tasks": {
        "hole": {},
        "sr4": {"plugin": "super_resolution"},
        "color": {"plugin": "colorization"},
    },
    "seeds": [0],
    "contrasts": {},
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Fabricated:
    found = Fabricated(tmp_path_factory.mktemp("made"), experiment(**SMALL))
    laps = {"all": {"seconds": 60.0}, "encoder": {"seconds": 90.0}}
    found.amend("train", "incremental_glo", laps=laps)
    # an empty stage of its own is no encoder
    found.amend("train", "no_noise", laps=laps, effective={"steps_encoder": 0}, seconds=120.0)
    return found


@pytest.fixture(scope="module")
def drawn(made: Fabricated) -> dict[str, _paper.Paper]:
    with rc_context(_style.RC):
        return {name: draw(name, made.results) for name in PAPERS}


def told(found: _paper.Paper) -> str:
    return "\n".join([found.table.title, *found.table.notes])


def values(name: str, **parts: str) -> dict[str, float]:
    """Return label: value of published rows."""
    with (ROOT / "published" / f"{name}.csv").open(encoding="utf-8") as file:
        rows = [r for r in csv.DictReader(file) if all(r[k] == v for k, v in parts.items())]
    return {row["label"]: float(row["value"]) for row in rows}


def numbers(found: _paper.Paper, quantity: str, source: str) -> dict[str, float]:
    data = found.table.data
    chosen = data[(data["quantity"] == quantity) & (data["source"] == source)]
    return dict(zip(chosen["name"], chosen["mean"], strict=True))


@pytest.mark.parametrize(
    ("quantity", "task"),
    [
        ("inpainting", "hole"),
        ("super-resolution", "super_resolution"),
        ("colorization", "colorization"),
    ],
)
def test_lcm_figure4_draws_the_published_numbers(
    quantity: str, task: str, drawn: dict[str, _paper.Paper]
) -> None:
    found = drawn["lcm_figure4"]
    theirs = values("lcm_figure4", task=task)
    assert numbers(found, quantity, "published") == theirs
    place = ["inpainting", "super-resolution", "colorization"].index(quantity)
    axes = found.figure.axes[2 * place]
    heights = [bar.get_height() for bar in axes.patches]  # type: ignore[attr-defined]
    assert heights == pytest.approx([*theirs.values()][:5])
    assert [line.get_ydata()[0] for line in axes.lines] == [*theirs.values()][5:]  # type: ignore[index]


def test_lcm_figure4_draws_what_was_measured_with_its_interval(
    made: Fabricated, drawn: dict[str, _paper.Paper]
) -> None:
    found, results = drawn["lcm_figure4"], made.results
    scores = results.scores(metric="lpips", task="hole", region="pasted")
    means = scores.groupby("method", observed=True)["value"].mean()
    measured = numbers(found, "inpainting", "measured")
    assert measured["LCM"] == pytest.approx(means["lcm"])
    assert measured["degraded"] == pytest.approx(means["degraded"])
    data = found.table.data
    chosen = data[(data["quantity"] == "inpainting") & (data["source"] == "measured")]
    row = chosen[chosen["name"] == "LCM"].iloc[0]
    assert row["low"] < row["mean"] < row["high"]
    assert row["protocol"].startswith("pasted, lpips/1")
    assert len(found.figure.axes[1].collections) == 5  # an interval each
    assert "measured on photographs 32 px, published on CelebA 128 px" in found.table.title


def test_what_the_paper_has_and_the_experiment_lacks_is_named(tmp_path: Path) -> None:
    few = experiment(
        methods={"glo": {}, "pca": {}}, tasks={"hole": {}}, metrics={"psnr": {}}, energy={}
    )
    results = Fabricated(tmp_path, few).results
    with rc_context(_style.RC):
        said = {name: told(draw(name, results)) for name in PAPERS}
    assert "no metric `lpips` in the config" in said["lcm_figure4"]
    assert "measured: not run" in said["lcm_figure4"]
    assert "LCM (no such row in the config)" in said["lcm_figure3"]
    assert "colorization (no task `colorization` in the config" in said["lcm_figure3"]
    assert "no `energy` in the config" in said["dip_energy"]
    assert "no image set `set5` in the config" in said["dip_tables"]
    assert "with the noise term (no such row in the config)" in said["incremental_glo_figure4"]
    assert "encoder (no such training among the results)" in said["incremental_glo_times"]
    assert "without a number there: PCA" in said["lcm_figure3"]
    assert "†" not in said["incremental_glo_figure9"]  # nothing is drawn


def test_missing_weights_are_named_beside_the_published_bars(tmp_path: Path) -> None:
    made = Fabricated(tmp_path, experiment(**SMALL))
    for task in ("hole", "sr4", "color"):
        path = made.scores / f"{task}.csv"
        lines = path.read_text().splitlines()
        lost = "missing: no alexnet-owt-7be5be79.pth"
        path.write_text(
            "\n".join(
                re.sub(r",[\d.e-]+,lpips/1[^,]*$", f",,{lost}", line) if ",lpips," in line else line
                for line in lines
            )
        )
    with rc_context(_style.RC):
        found = draw("lcm_figure4", made.results)
    assert "no alexnet-owt-7be5be79.pth" in told(found)
    assert numbers(found, "inpainting", "published")["LCM"] == 0.0189
    assert not numbers(found, "inpainting", "measured")


def test_dip_tables_set_published_beside_measured(tmp_path: Path) -> None:
    luma = {"psnr_y": {"plugin": "psnr", "channel": "y", "border": 4}}
    asked = experiment(
        imagesets={"set5": {}},
        tasks={"sr4": {"plugin": "super_resolution", "kernel": "lanczos2"}},
        methods={"dip": {}},
        metrics=luma,
        energy={},
    )
    made = Fabricated(tmp_path, asked, imageset="set5")
    made.edit_scores("sr4", ",psnr,", ",psnr_y,")
    with rc_context(_style.RC):
        found = draw("dip_tables", made.results)
    theirs = values("deep_image_prior", imageset="set5", task="super_resolution")
    assert numbers(found, "Set5, x4", "published") == theirs
    measured = numbers(found, "Set5, x4", "measured")
    assert {*measured} == {"DIP", "bicubic"}
    assert not numbers(found, "Set14, x4", "measured")
    assert "Set14 (no image set `set14` in the config)" in told(found)
    assert "dip: 300 steps" in told(found)
    left, right = found.figure.axes[:2]
    assert left.get_ylim() == right.get_ylim()  # the same protocol, the same axis


def test_times_are_the_reports_and_those_of_decoder_and_encoder(
    drawn: dict[str, _paper.Paper],
) -> None:
    found = drawn["incremental_glo_times"]
    theirs = values("incremental_glo_report", table="Figure 2 training-time table")
    published = numbers(found, "training time", "published")
    assert [*published.values()] == [*theirs.values()]
    measured = numbers(found, "training time", "measured")
    assert measured["decoder, noise term"] == pytest.approx(1.0)
    assert measured["encoder"] == pytest.approx(0.5)
    assert measured["decoder, no noise term"] == pytest.approx(2.0)
    assert list(found.table.data["name"]).count("encoder") == 2  # published, and of one row
    assert found.figure.axes[0].get_ylim()[0] == 0


def test_energy_has_the_mean_of_each_target(
    made: Fabricated, drawn: dict[str, _paper.Paper]
) -> None:
    data = drawn["dip_energy"].table.data
    curves = made.results.curves("energy")
    for target, found in data.groupby("target"):
        mean = curves[curves["task"] == target].groupby("step")["value"].mean()
        assert [*found["loss"]] == pytest.approx([*mean])
    assert data["target"].nunique() == 4


@pytest.mark.parametrize(
    "name", ["lcm_figure3", "lcm_figure4", "dip_energy", "incremental_glo_figure10"]
)
def test_a_paper_figure_is_written_with_its_numbers(
    name: str, made: Fabricated, tmp_path: Path
) -> None:
    out = tmp_path / f"{name}.png"
    paper.main([*made.options, "--name", name, "--out", str(out)])
    with Image.open(out) as picture:
        assert min(picture.size) > 200
    assert out.with_suffix(".pdf").read_bytes().startswith(b"%PDF")
    for suffix in (".csv", ".md", ".tex"):
        text = out.with_suffix(suffix).read_text(encoding="utf-8")
        assert text.strip()
        assert not re.search(r"\bnan\b", text)


@pytest.mark.parametrize("name", DIFFERENT)
def test_no_labels_of_a_paper_figure_overlap_or_leave_the_page(
    name: str, drawn: dict[str, _paper.Paper]
) -> None:
    shown: list[Text] = []
    plain = Text.draw

    def noting(text: Text, *arguments: Any) -> None:
        if text.get_visible() and text.get_text().strip():
            shown.append(text)
        plain(text, *arguments)

    figure = drawn[name].figure
    with rc_context(_style.RC), pytest.MonkeyPatch.context() as patch:
        page = _paper.captioned(drawn[name])
        figure.draw_without_rendering()
        patch.setattr(Text, "draw", noting)
        figure.savefig(BytesIO(), format="png")
    boxes = {t: t.get_window_extent() for t in dict.fromkeys(shown)}
    dots = [side * _style.DPI for side in page.extents]
    assert not [
        text.get_text()
        for text, box in boxes.items()
        if box.x0 < dots[0] - 1 or box.y0 < dots[1] - 1 or box.x1 > dots[2] + 1 or box.y1 > dots[3]
    ]
    # the boxes of leaning texts say nothing
    upright = [(t, b.shrunk(0.9, 0.8)) for t, b in boxes.items() if t.get_rotation() % 90 == 0]
    pairs = [
        (a.get_text(), b.get_text())
        for (a, one), (b, two) in combinations(upright, 2)
        if one.overlaps(two)
    ]
    assert not pairs


@pytest.mark.parametrize("name", PAPERS)
def test_without_results_a_paper_figure_says_so(name: str) -> None:
    with rc_context(_style.RC):
        said = told(draw(name, Results([], experiment(**SMALL))))
    assert "ot run" in said


@pytest.mark.parametrize("name", PAPERS)
def test_every_paper_figure_is_listed_in_docs(name: str) -> None:
    assert f"| `{name}` |" in (ROOT / "docs" / "papers.md").read_text(encoding="utf-8")


def test_every_file_is_a_figure_by_name() -> None:
    files = {path.stem for path in (ROOT / "workflow" / "papers").glob("[a-z]*.py")}
    assert files == {known.module for known in PAPERS.values()}
    assert all(
        (ROOT / "published" / f"{file}.csv").exists()
        for known in PAPERS.values()
        for file in known.published
    )


def test_an_unknown_paper_figure_is_refused_with_the_nearest(made: Fabricated) -> None:
    with pytest.raises(UserError, match="did you mean `lcm_figure4`"):
        paper.main([*made.options, "--name", "lcm_figure5", "--out", "x.png"])
