"""Figures drawn from fabricated results: whole pixels, labels apart, the same bytes again."""

import importlib
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.path import Path as OutlinePath
from matplotlib.text import Text
from matplotlib.transforms import Affine2D
from numpy.lib.stride_tricks import sliding_window_view
from PIL import Image

from priorbench.errors import UserError
from priorbench.results import Results
from tests.fabricated import CUT, GAINS, SIDE, TARGETS, TASKS, Fabricated, Pixels, experiment
from workflow.figures import ACROSS, FIGURES, _style
from workflow.scripts import figure

ROOT = Path(__file__).parents[1]
TWELVE = {
    **{row: {} for row in GAINS},
    "lcm_official": {"plugin": "lcm"},
    "glo_wide_512": {"plugin": "glo"},
    "vae_with_pull": {"plugin": "vae"},
}
FEW = {"methods": {"glo": {}, "dip": {}, "ae": {}, CUT: {}}, "tasks": {"hole": {}}, "seeds": [0]}


@dataclass
class Page:
    """A figure, and the texts that were put on it."""

    figure: Figure
    texts: list[Text]


def draw(name: str, results: Results) -> Page:
    shown: list[Text] = []
    plain = Text.draw

    def noting(text: Text, *arguments: Any) -> None:
        if text.get_visible() and text.get_text().strip():
            shown.append(text)
        plain(text, *arguments)

    with rc_context(_style.RC), pytest.MonkeyPatch.context() as patch:
        drawn: Figure = importlib.import_module(f"workflow.figures.{name}").draw(results, "photos")
        drawn.draw_without_rendering()  # settles the layout
        patch.setattr(Text, "draw", noting)
        drawn.draw_without_rendering()
    return Page(drawn, list(dict.fromkeys(shown)))


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Fabricated:
    made = experiment(seeds=[0], methods=TWELVE)
    return Fabricated(tmp_path_factory.mktemp("many"), made)


@pytest.fixture(scope="module")
def pages(many: Fabricated) -> dict[str, Page]:
    return {name: draw(name, many.results) for name in FIGURES}


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Fabricated:
    return Fabricated(tmp_path_factory.mktemp("few"), experiment(**FEW))


def occurrences(picture: Pixels, page: Page) -> int:
    """Count the places of a page where a picture stands, each pixel a square of dots."""
    canvas = np.asarray(page.figure.axes[0].images[0].get_array())
    times = round(_style.CELL * _style.DPI / SIDE)
    wanted = picture.transpose(1, 2, 0).repeat(times, 0).repeat(times, 1)
    side = len(wanted)
    rows = sliding_window_view(canvas[:, :, 0], side, axis=1)
    begins = np.argwhere((rows == wanted[0, :, 0]).all(-1))
    boxes = [canvas[y : y + side, x : x + side] for y, x in begins]
    return sum(np.array_equal(box, wanted) for box in boxes)


def test_every_figure_has_a_file_and_a_caption_in_the_workflow_report() -> None:
    folder = ROOT / "workflow" / "figures"
    assert {*FIGURES, *ACROSS} == {
        p.stem for p in folder.glob("*.py") if not p.stem.startswith("_")
    }
    captions = (ROOT / "workflow" / "report" / "figure.rst").read_text()
    for name in (*FIGURES, *ACROSS):
        caption = importlib.import_module(f"workflow.figures.{name}").CAPTION
        assert f'"{name}": "{caption}"' in captions


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_written_as_png_and_as_pdf(name: str, few: Fabricated, tmp_path: Path) -> None:
    out = tmp_path / f"{name}-photos.png"
    figure.main([*few.options, "--name", name, "--imageset", "photos", "--out", str(out)])
    with Image.open(out) as picture:
        assert min(picture.size) > 200
        assert len(picture.getcolors(maxcolors=2**24) or []) > 10
    assert out.with_suffix(".pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize("name", ["bars", "reconstructions"])
def test_a_figure_drawn_again_has_the_same_bytes(
    name: str, few: Fabricated, tmp_path: Path
) -> None:
    for turn in ("first", "second"):
        out = tmp_path / turn / "figure.png"
        figure.main([*few.options, "--name", name, "--imageset", "photos", "--out", str(out)])
    for suffix in (".png", ".pdf"):
        first, second = (tmp_path / turn / f"figure{suffix}" for turn in ("first", "second"))
        assert first.read_bytes() == second.read_bytes()


def outline(text: Text) -> OutlinePath:
    """Return the box of a text, a little shrunk, turned around its anchor as the text is."""
    degrees = text.get_rotation()
    if degrees % 90:  # upright and level texts are placed by the box of what is turned
        assert text.get_rotation_mode() == "anchor"
        text.set_rotation(0)
    box = text.get_window_extent().shrunk(0.9, 0.8)
    text.set_rotation(degrees)
    x, y = text.get_transform().transform(text.get_position())
    turn = Affine2D().rotate_deg_around(x, y, degrees if degrees % 90 else 0)
    corners = turn.transform(box.corners()[[0, 1, 3, 2]])
    return OutlinePath([*corners, corners[0]], closed=True)


@pytest.mark.parametrize("name", FIGURES)
def test_no_labels_overlap_with_twelve_methods(name: str, pages: dict[str, Page]) -> None:
    texts = pages[name].texts
    outlines = [(text.get_text(), outline(text)) for text in texts]
    assert len(outlines) > 4
    assert not [
        (a, b)
        for (a, one), (b, other) in combinations(outlines, 2)
        if one.intersects_path(other, filled=True)
    ]


def test_leaning_labels_that_lie_on_each_other_are_found() -> None:
    figure = Figure()
    lean: dict[str, Any] = {"rotation": 40, "rotation_mode": "anchor", "va": "bottom"}
    first, near, far = (figure.text(x, 0.2, "a long label", **lean) for x in (0.3, 0.301, 0.36))
    assert outline(first).intersects_path(outline(near), filled=True)
    assert not outline(first).intersects_path(outline(far), filled=True)
    assert first.get_window_extent().overlaps(far.get_window_extent())  # their boxes do


@pytest.mark.parametrize("name", FIGURES)
def test_no_label_leaves_the_page(name: str, pages: dict[str, Page]) -> None:
    width, height = pages[name].figure.get_size_inches() * _style.DPI
    boxes = {text.get_text(): text.get_window_extent() for text in pages[name].texts}
    assert not [
        text
        for text, box in boxes.items()
        if min(box.x0, box.y0) < -1 or box.x1 > width + 1 or box.y1 > height + 1
    ]


def test_pixels_are_squares_of_whole_dots_in_the_file(few: Fabricated, tmp_path: Path) -> None:
    out = tmp_path / "restorations.png"
    told = ["--name", "restorations", "--imageset", "photos", "--out", str(out)]
    figure.main([*few.options, *told])
    drawn = draw("restorations", few.results)
    assert occurrences(few.images[0], drawn) == 1
    canvas = np.asarray(drawn.figure.axes[0].images[0].get_array())
    page = np.asarray(Image.open(out).convert("RGB"))
    assert page.shape == canvas.shape
    pictured = (canvas < 255).any(-1)
    assert np.array_equal(page[pictured], canvas[pictured])


def test_the_grid_shows_original_degraded_and_every_method(
    many: Fabricated, pages: dict[str, Page]
) -> None:
    page, results = pages["restorations"], many.results
    shown = [many.images[0], results.controls("photos", "hole")["degraded"][0]]
    for method in ("lcm", CUT, "vae_with_pull"):
        restored = results.restored("photos", "hole", method, 0)
        assert restored is not None
        shown.append(restored[0])
    assert all(occurrences(picture, page) for picture in shown)
    said = {text.get_text() for text in page.texts}
    assert {"original", "degraded", "LCM", "WGAN-GP†", "lcm official", *TASKS} <= said


def test_encodings_show_both_splits_of_methods_with_an_encoder(
    many: Fabricated, pages: dict[str, Page]
) -> None:
    page, results = pages["encodings"], many.results
    tested = results.encoded("photos", "vae")
    assert tested is not None
    for picture in (results.shown("photos", "vae")["encoded"][0], tested[0]):
        assert occurrences(picture, page) == 1
    said = [text.get_text() for text in page.texts]
    labels = ["AE", "VAE", "incremental GLO"]
    assert said == ["training images", *labels, "test images", *labels]


def test_a_restoration_that_is_missing_leaves_its_place_empty(tmp_path: Path) -> None:
    made = Fabricated(tmp_path, experiment(**FEW))
    lost, left = (made.results.restored("photos", "hole", m, 0) for m in ("glo", "dip"))
    assert lost is not None
    assert left is not None
    for folder in made.runs("restore", "glo", "hole"):
        (folder / "restored.safetensors").unlink()
    page = draw("restorations", made.results)
    assert not occurrences(lost[0], page)
    assert occurrences(left[0], page) == 1


def test_a_bar_stands_for_each_method_and_a_dashed_line_for_each_control(
    pages: dict[str, Page],
) -> None:
    panel = pages["bars"].figure.axes[0]
    hatched = [bool(bar.get_hatch()) for bar in panel.patches]
    assert hatched == [method == CUT for method in TWELVE]
    assert len(panel.lines) == 2
    assert any(text.get_text().startswith("mean fill ") for text in panel.texts)


def test_energy_has_a_line_per_target(pages: dict[str, Page]) -> None:
    axes = pages["energy"].figure.axes[0]
    assert [text.get_text() for text in axes.texts] == [*TARGETS]
    assert len(axes.lines) == len(TARGETS) * (1 + 4)  # the mean and each image


def test_a_search_rises_with_its_steps_and_ends_with_the_restoration(
    many: Fabricated, pages: dict[str, Page]
) -> None:
    axes = pages["search"].figure.axes[0]
    curves = {line.get_label(): line for line in axes.lines}
    steps, decibels = (np.asarray(data, float) for data in curves["LCM"].get_data())
    assert list(steps) == [1, 10, 100, 300]
    assert (np.diff(decibels) > 0).all()
    restored = many.results.restored("photos", "hole", "lcm", 0)
    assert isinstance(restored, np.ndarray)
    error = np.square(restored[:8] / 255.0 - many.images[:8] / 255.0).mean((1, 2, 3))
    assert decibels[-1] == pytest.approx(np.mean(-10 * np.log10(error)))
    flat = [line for line in axes.lines if line.get_linestyle() == "--"]
    assert len(flat) == 2  # closed forms


def test_stages_of_a_training_follow_one_another(pages: dict[str, Page]) -> None:
    panels = {axes.get_title(loc="left"): axes for axes in pages["training"].figure.axes}
    steps = np.asarray(panels["incremental GLO"].lines[0].get_xdata(), float)
    assert steps.max() == 2000
    assert (np.diff(steps) > 0).all()


def test_a_method_keeps_its_colour_and_twelve_are_told_apart(many: Fabricated) -> None:
    shades = [_style.colour(many.results, method) for method in many.experiment.methods]
    marks = [_style.marker(many.results, method) for method in many.experiment.methods]
    assert len(set(shades)) == len(set(marks)) == 12


@pytest.mark.parametrize("name", FIGURES)
def test_without_results_a_figure_says_why_it_is_empty(name: str) -> None:
    drawn = draw(name, Results([], experiment()))
    assert len(drawn.texts) == 1


def test_labels_are_spread_as_little_as_needed_and_keep_their_order() -> None:
    assert _style.spread([5.0, 1.0, 9.0], 1.0) == [5.0, 1.0, 9.0]
    apart = _style.spread([2.0, 2.1, 1.9, 8.0], 1.0)
    assert np.all(np.diff(np.sort(apart)) > 1 - 1e-6)
    assert list(np.argsort(apart)) == [2, 0, 1, 3]
    assert apart[3] == 8.0


def test_an_unknown_figure_is_refused_with_the_nearest(few: Fabricated) -> None:
    told = ["--name", "bar", "--imageset", "photos", "--out", "x.png"]
    with pytest.raises(UserError, match="did you mean `bars`"):
        figure.main([*few.options, *told])
