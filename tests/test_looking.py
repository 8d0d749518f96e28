"""`priorbench images NAME`: a contact sheet and the card, before anything is trained."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from priorbench import raw, registry, sheet
from priorbench.__main__ import main
from priorbench.commands import images
from priorbench.errors import UserError
from priorbench.listing import plugins
from priorbench.plan import Plan
from tests import gallery
from tests.sets import encoded, fill_album

ROOT = Path(__file__).parents[1]
TEST_ONLY = [facts["name"] for facts in plugins("imagesets") if facts.get("test_only")]


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder; steps are found where the project is."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv(raw.VARIABLE, str(tmp_path / "files"))
    monkeypatch.delenv("PRIORBENCH_OFFLINE", raising=False)
    return tmp_path


def test_a_set_is_prepared_once_shown_and_told(
    place: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["images", "disks", "size=16", "train=40", "test=20", "val=10"]) == 0
    said = capfd.readouterr().out
    assert "licence: " in said and 'counts: {"train": 40, "val": 10, "test": 20}' in said
    drawn = np.asarray(Image.open(place / "disks.png"))
    assert drawn.shape[1] > 12 * 16 and (drawn != 255).any()
    prepared = next((place / "results/store/prepare/disks").glob("*/card.json"))
    before = prepared.stat().st_mtime_ns
    assert main(["images", "disks", "size=16", "train=40", "test=20", "val=10"]) == 0
    assert prepared.stat().st_mtime_ns == before


def test_a_file_that_is_no_sheet_is_not_overwritten_unasked(
    place: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    asked = ["images", "disks", "size=16", "train=40", "test=20", "val=10"]
    mine = place / "disks.png"
    for content in (b"mine", encoded(Image.new("RGB", (8, 8)), "PNG")):
        mine.write_bytes(content)
        assert main(asked) == 1
        assert "disks.png: is there already, and is no sheet" in capfd.readouterr().err
        assert mine.read_bytes() == content
    assert main([*asked, "--force"]) == 0
    first = mine.read_bytes()
    assert first != content
    mine.write_bytes(first)
    assert main(asked) == 0  # a sheet is made anew


def test_a_row_of_a_config_is_shown_with_its_options(
    place: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (place / "album").mkdir()
    fill_album(place / "album")
    (place / "mine.yaml").write_text(
        "experiment: mine\nimagesets: {birds: {plugin: folder, path: album, size: 32}}\n"
        "tasks: {hole: {}}\nmethods: {nearest: {}}\nmetrics: {psnr: {}}\n"
    )
    out = place / "sheet.png"
    assert main(["images", "birds", "--configfile", "mine.yaml", "--out", str(out)]) == 0
    assert out.exists()
    assert "shape: [3, 32, 32]" in capfd.readouterr().out
    assert main(["images", "bird", "--configfile", "mine.yaml"]) == 1
    assert "mine.yaml: no image set `bird`: did you mean `birds`?" in capfd.readouterr().err


def test_pictures_of_many_sizes_are_shown_whole(place: Path) -> None:
    assert main(["images", "gallery", "--configfile", config(place)]) == 0
    drawn = np.asarray(Image.open(place / "gallery.png"))
    assert drawn.shape[1] == 4 * (images.SIDE + sheet.GAP) + sheet.GAP


def config(place: Path) -> str:
    path = place / "gallery.yaml"
    path.write_text(
        f"experiment: shown\nimagesets: {{gallery: {{plugin: {gallery.__file__}}}}}\n"
        "tasks: {hole: {}}\nmethods: {dip: {}}\nmetrics: {psnr: {}}\n"
    )
    return str(path)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["celebb"], "unknown imageset `celebb`: did you mean `celeba`?"),
        (["disks", "size"], "size: KEY=VALUE is needed"),
        (["disks", "--out", "/"], "/: a file in a folder that is there is needed"),
        (["disks", "sise=3"], "unknown key `sise`: did you mean `size`?"),
        (["frogs"], "files/frogs; put the files there, or set PRIORBENCH_IMAGES"),
        (
            ["cifar10", "--offline"],
            "cifar-10-binary.tar.gz: offline (--offline or PRIORBENCH_OFFLINE; https:",
        ),
        (["disks", "--configfile", "nowhere.yaml"], "nowhere.yaml: cannot be read"),
    ],
)
def test_a_mistake_is_one_line(
    arguments: list[str], said: str, capfd: pytest.CaptureFixture[str], place: Path
) -> None:
    assert main(["images", *arguments]) == 1
    error = capfd.readouterr().err
    assert said in error and "Traceback" not in error
    assert not list(place.rglob("*.png"))


@pytest.mark.parametrize("name", TEST_ONLY)
def test_a_set_without_training_images_is_asked_for_its_files_by_name(
    name: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRIORBENCH_OFFLINE", "1")
    spec = Plan(images.described(name, (), None)).prepare(name).spec
    plugin = registry.load("imagesets", spec["plugin"])
    with pytest.raises(UserError, match=f"{place}/files/{name}") as raised:
        plugin.build(plugin.Config(**spec["config"]))
    if name == "kodak":
        files = f"needed: 24 files, kodim01.png … kodim24.png in {place}/files/kodak; put"
        assert files in str(raised.value)


def test_a_sheet_shows_the_pictures_small_ones_enlarged(place: Path) -> None:
    assert main(["images", "disks", "size=16", "train=40", "test=20", "val=10"]) == 0
    drawn = np.asarray(Image.open(place / "disks.png")).transpose(2, 0, 1)
    folder = next((place / "results/store/prepare/disks").glob("*"))
    for row, split in enumerate(("train", "val", "test")):
        top = row * (images.SIDE + sheet.LINE + 2 * sheet.GAP) + sheet.LINE + sheet.GAP
        for column, picture in enumerate(np.load(folder / f"{split}.npy")[:10]):
            left = sheet.GAP + column * (images.SIDE + sheet.GAP)
            shown = drawn[:, top : top + images.SIDE, left : left + images.SIDE]
            assert np.array_equal(shown[:, ::8, ::8], picture)


def test_a_terminal_gets_the_sheet_as_text(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert main(["images", "disks", "size=16", "train=40", "test=20", "val=10"]) == 0
    said = capsys.readouterr().out
    assert said.count("▀") > 500 and "parameters: " in said
    assert max(map(len, said.split("licence")[1].splitlines())) < 1_000  # a card to be read


def test_the_folder_of_images_that_a_config_names_is_looked_in(
    place: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    text = "experiment: mine\nimages_dir: {}\nimagesets: {{bsd68: {{}}}}\ntasks: {{hole: {{}}}}\n"
    text += "methods: {{dip: {{}}}}\nmetrics: {{psnr: {{}}}}\n"
    for folder, said in (
        (place / "there", f"{place}/there/bsd68"),
        (ROOT / "LICENSE", "is no folder"),
    ):
        (place / "mine.yaml").write_text(text.format(folder))
        assert main(["images", "bsd68", "--configfile", "mine.yaml"]) == 1
        assert said in capfd.readouterr().err


def test_an_interrupt_is_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(images, "described", interrupted)
    assert main(["images", "disks"]) == 130
    assert capsys.readouterr().err.strip() == "stopped; the same command goes on from there"


def test_text_shows_a_picture_two_pixels_a_sign() -> None:
    red = Image.new("RGB", (40, 20), (255, 0, 0))
    lines = sheet.as_text(red, 10).split("\n")
    assert len(lines) == 2  # five pixels high, rounded to pairs
    assert lines[0].count("▀") == 10 and "38;2;255;0;0;48;2;255;0;0" in lines[0]
