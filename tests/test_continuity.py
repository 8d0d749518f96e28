"""Lines between codes: how evenly images change on them, and how near their ends are."""

from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from torch import Tensor

from metrics import _perceptual, continuity, lpips
from priorbench.conformance.material import Floats, patches
from priorbench.paths import STORE
from priorbench.scoring import Scorer
from priorbench.showing import drawn_training
from tests.fabricated import Fabricated, experiment
from tests.pictures import stand_in
from tests.test_scoring import prepared
from workflow.rendering import Row, Table, markdown
from workflow.sampling import samples_table
from workflow.scripts import score

PATH, JUMP = continuity.Config(), continuity.Config(part="jump")
METRICS = {"fid": {}, "continuity": {}, "jump": {"plugin": "continuity", "part": "jump"}}


@pytest.fixture
def squares(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the mean square of pixels in the place of LPIPS: its root is a length."""

    def network(g: Tensor, x: Tensor, *, normalize: bool) -> Tensor:
        assert normalize
        return (g - x).square().mean((1, 2, 3))

    monkeypatch.setattr(_perceptual, "network", lambda *asked: network)


def line(*shares: float) -> Floats:
    """Return a line of images at these shares of the way from one to another, (1, k, 3, h, w)."""
    a, b = patches(2) / 255
    way = np.array(shares)[:, None, None, None]
    images: Floats = (1 - way) * a + way * b
    return images[None]


@pytest.mark.usefixtures("squares")
@pytest.mark.parametrize(
    ("shares", "path", "jump"),
    [
        ((0, 0.25, 0.5, 0.75, 1), 1, 1),
        ((0, 0, 0, 0, 1), 1, 4),  # all at once
        ((0, 0.5, 1), 1, 1),
        ((0, 1, 0, 1), 3, 1),  # there and back
        ((0, 0.1, 0.4, 1), 1, 1.8),
        ((0, 0.6, 0.4, 1), 1.4, 1.8 / 1.4),
    ],
)
def test_a_straight_and_even_line_is_1_and_a_jump_as_many_times_the_mean_step(
    shares: tuple[float, ...], path: float, jump: float
) -> None:
    lines = np.concatenate([line(*shares), line(*reversed(shares))])
    assert continuity.score(lines, PATH) == pytest.approx([path, path], rel=1e-5)
    assert continuity.score(lines, JUMP) == pytest.approx([jump, jump], rel=1e-5)


@pytest.mark.usefixtures("squares")
def test_where_nothing_changes_or_a_line_comes_back_the_numbers_are_finite() -> None:
    still, back = line(0.3, 0.3, 0.3, 0.3), line(0, 1, 1, 0)
    assert [continuity.score(still, cfg).item() for cfg in (PATH, JUMP)] == [1, 1]
    assert continuity.score(back, PATH).item() == continuity.MOST
    assert continuity.score(back, JUMP).item() == pytest.approx(1.5)


def test_a_blurred_line_is_as_even_but_its_ends_are_far_from_their_images(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stand_in(monkeypatch)
    sharp = line(0, 0.5, 1)
    grey = sharp.mean((3, 4), keepdims=True) + 0 * sharp
    originals = sharp[:, [0, -1]]
    assert continuity.ends(sharp, originals, PATH) == pytest.approx([0], abs=1e-6)
    (far,) = continuity.ends(grey, originals, PATH)
    single = lpips.score(grey[0, [0, -1]], originals[0], lpips.Config())
    assert single is not None
    assert far == pytest.approx(single.mean()) and far > 0.01


def test_too_short_a_line_and_images_of_another_range_are_refused() -> None:
    for wrong in (line(0, 1), line(0, 0.5, 1)[0], line(0, 0.5, 1) * 255):
        with pytest.raises(ValueError, match=r"3 or more|in \[0, 1\]"):
            continuity.score(wrong, PATH)


def test_the_root_of_lpips_obeys_the_triangle_so_no_path_is_shorter_than_straight(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stand_in(monkeypatch)
    lines = np.random.default_rng(0).random((4, 5, 3, 64, 64))
    assert (continuity.score(lines, PATH) >= 1).all()


@pytest.fixture
def scorer(tmp_path: Path) -> Callable[..., Scorer]:
    def made(count: int = 4) -> Scorer:
        rows = {
            name: {"plugin": "continuity", "config": options}
            for name, options in (("path", {}), ("jump", {"part": "jump"}))
        }
        rows["fid"] = {"plugin": "fid", "config": {}}
        return Scorer(prepared(tmp_path, patches(count)), rows, tmp_path / "cache")

    return made


@pytest.mark.usefixtures("squares")
def test_lines_are_scored_each_and_their_ends_where_they_stand_for_images(
    scorer: Callable[..., Scorer],
) -> None:
    lines = (255 * np.concatenate([line(0, 0.5, 1), line(0, 0, 1)])).astype(np.uint8)
    rows = list(scorer().lines("glo", 1, lines, lines[:, [0, -1]]))
    found = {(row[4], row[5], row[6]): row[7] for row in rows}
    assert found["path", "raw", 1] == pytest.approx(1) and found["jump", "raw", 1] == 2
    assert {k: v for k, v in found.items() if k[1] == "ends"} == {
        (m, "ends", i): 0 for m in ("path", "jump") for i in (0, 1)
    }
    assert rows[0][:4] == ("toy", "sample", "glo", 1)
    assert rows[0][8].endswith("; 3 images on each of 2 lines")
    assert {row[5] for row in scorer().lines("wgan_gp", 0, lines, None)} == {"raw"}


def test_lines_without_weights_name_the_missing_file(
    scorer: Callable[..., Scorer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    _perceptual.network.cache_clear()
    lines = (255 * line(0, 0.5, 1)).astype(np.uint8)
    told = {str(row[8]) for row in scorer().lines("glo", 0, lines, lines[:, [0, -1]])}
    assert all("alexnet-owt-7be5be79.pth" in protocol for protocol in told)


def test_rebuilt_images_are_compared_like_samples_and_counted_where_they_are_few(
    scorer: Callable[..., Scorer], monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(monkeypatch)
    made = scorer(256)
    (row,) = made.samples("glo", 0, patches(256), "rebuilt")
    assert row[4:6] == ("fid", "rebuilt") and row[7] == pytest.approx(0, abs=1e-6)
    assert row[8].endswith("256 against 256 test images")
    (few,) = made.samples("glo", 0, patches(200), "rebuilt")
    assert few[7:] == ("", "missing: 200 images, 256 are needed")


def test_what_is_rebuilt_is_the_floor_the_same_for_all_methods() -> None:
    chosen = drawn_training(1000, 256)
    assert chosen.tolist() == sorted({*chosen.tolist()}) == drawn_training(1000, 256).tolist()
    assert len(drawn_training(100, 256)) == 100


@pytest.fixture
def finished(tmp_path: Path) -> Fabricated:
    made = Fabricated(tmp_path, experiment(metrics={"psnr": {}, **METRICS}))
    path = made.scores / "samples.csv"
    kept = [text for text in path.read_text().splitlines() if ",kid," not in text]
    head = "photos,sample,{},{},"
    for seed, step in ((0, 0.0), (1, 0.2)):
        for method, level in (("glo", 1.0), ("ae", 2.0), ("wgan_gp", 3.0)):
            at = head.format(method, seed)
            for image in (0, 1):
                value = level + step + image
                said = "LPIPS: continuity/1"
                kept += [f"{at}continuity,raw,{image},{value},'path / distance, {said}'"]
                kept += [f"{at}jump,raw,{image},{value + 1},'largest / mean step, {said}'"]
                if method != "wgan_gp":
                    for row in ("continuity", "jump"):
                        kept += [f"{at}{row},ends,{image},{value / 10},'LPIPS of its ends: {said}'"]
        kept += [f"{head.format('glo', seed)}fid,rebuilt,-1,{44 + step},FID@768: fid/1; 256"]
    path.write_text("\n".join(kept).replace("'", '"').replace("ends: LPIPS: c", "ends: c") + "\n")
    return made


def row(table: Table, label: str) -> Row:
    return next(r for group in table.groups for r in group if r.label == label)


def test_the_table_has_the_error_of_the_ends_once_beside_what_it_qualifies(
    finished: Fabricated,
) -> None:
    table = samples_table(finished.results, "photos")
    path, jump = "path / distance, LPIPS ↓", "largest / mean step, LPIPS ↓"
    assert table.columns == ("FID@768 ↓", path, jump, "LPIPS of its ends ↓", "how drawn")
    cells = row(table, "GLO").cells
    assert [cell.text for cell in cells[1:4]] == ["1.600", "2.600", "0.160"]
    assert cells[1].aside == "± 0.141"
    assert [cell.text for cell in row(table, "WGAN-GP†").cells[1:4]] == ["3.600", "4.600", "–"]
    assert "WGAN-GP: lines between drawn codes, which stand for no image" in markdown(table)
    assert not any(cell.bold for group in table.groups for r in group for cell in r.cells)
    facts = table.data.set_index("method")
    assert facts.loc["ae", "continuity_ends"] == pytest.approx(0.26)
    assert facts.loc["glo", "continuity_spread"] == pytest.approx(0.2 / 2**0.5)


def test_rebuilt_training_images_stand_between_samples_and_the_floor(finished: Fabricated) -> None:
    table = samples_table(finished.results, "photos")
    assert [r.label for r in table.groups[1]] == ["GLO, training images rebuilt"]
    assert [cell.text for cell in table.groups[1][0].cells[:3]] == ["44.1", "–", "–"]
    assert table.groups[1][0].cells[-1].text == "not drawn: the floor's images"
    assert [r.label for r in table.groups[2]] == ["training images"]
    assert table.data["method"].tolist()[-2:] == ["glo rebuilt", "training images"]


def test_where_rebuilt_images_are_not_to_be_scored_the_table_says_so(tmp_path: Path) -> None:
    made = Fabricated(tmp_path, experiment(rebuilt=False))
    told = markdown(samples_table(made.results, "photos"))
    assert "not scored (`rebuilt: false`)" in told


def test_rebuilt_images_are_scored_unless_the_config_leaves_them_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrays = {name: patches(2) for name in ("samples", "rebuilt")}
    monkeypatch.setattr(score, "read_arrays", lambda path: (arrays, {}))
    scorer: Any = SimpleNamespace(
        images=SimpleNamespace(train=patches(4)),
        samples=lambda *row: [(row[0], *row[3:])],
    )
    path = STORE / "sample" / "photos" / "glo" / "0-0123456789" / "shown.safetensors"
    for rebuilt in (True, False):
        asked = Namespace(spec={"samples": 2, "rebuilt": rebuilt}, samples=[path])
        found: list[Any] = list(score.samples(asked, scorer))
        assert (("glo", "rebuilt") in found) == rebuilt and ("glo",) in found
