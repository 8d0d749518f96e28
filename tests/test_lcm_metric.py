"""Which perceptual metric LCM's figure used: variants by value, and what is said of them."""

import hashlib
import sys
from pathlib import Path
from typing import Any

import lpips
import numpy as np
import pandas as pd
import pytest
import torch
from torch import Tensor

from benchmarks import record
from benchmarks.record import checksums
from metrics import _perceptual
from priorbench.conformance.material import Bytes, patches
from priorbench.contract import Images
from priorbench.errors import MissingWeights, UserError
from priorbench.files import read_json, write_arrays
from priorbench.observations import write_observations
from priorbench.registry import ROOT
from tasks import colorization, hole, super_resolution
from tests.test_scoring import observed, prepared
from workflow import lcm_metric
from workflow.rendering import markdown
from workflow.scripts import lcm_metric as step

LINES = {"Hole Image": 0.0481, "Bilinear Upsampling": 0.0245, "Gray Image": 0.0091}
Folder = tuple[list[str], Bytes]


@pytest.fixture(scope="module")
def networks() -> dict[tuple[str, str], lpips.LPIPS]:
    """Return AlexNets with random convolutions, with the heads of both versions."""
    found = {}
    for version in lcm_metric.VERSIONS:
        with torch.random.fork_rng():
            torch.manual_seed(0)
            found["alex", version] = _perceptual.unfilled("alex", version)
    return found


@pytest.fixture
def finished(tmp_path: Path) -> Folder:
    """Return the command line of the step on two pictures, and the pictures."""
    images = patches(2, 128)
    tasks: dict[str, Any] = {"hole": {}, "sr8": {"factor": 8}, "color": {}}
    plugins = {"hole": "hole", "sr8": "super_resolution", "color": "colorization"}
    seen = {row: observed(images, plugins[row], **options) for row, options in tasks.items()}
    told = {
        row: {"plugin": plugins[row], "config": options, "protocol": "x"}
        for row, options in tasks.items()
    }
    write_observations(tmp_path / "observations.safetensors", seen, told, "checksum")
    x = Images(images)[:]
    shown = {
        "hole/degraded": hole.degrade(x, hole.Config()),
        "sr8/bilinear": super_resolution.naive(seen["sr8"].y, seen["sr8"].cfg, seen["sr8"].shape)[
            "bilinear"
        ],
        "color/grey": colorization.degrade(x, colorization.Config()).expand(-1, 3, -1, -1),
    }
    arrays = {name: (255 * g).round().to(torch.uint8).numpy() for name, g in shown.items()}
    write_arrays(tmp_path / "controls.safetensors", arrays)
    card = prepared(tmp_path / "images", images).folder / "card.json"
    files = ("observations", "controls")
    options = [f"--{name}={tmp_path / name}.safetensors" for name in files]
    return [f"--images={card}", *options, f"--out={tmp_path / 'out' / 'toy.csv'}"], images


def test_the_published_lines_are_those_of_the_figure() -> None:
    assert lcm_metric.published() == LINES


def test_values_are_those_of_the_network_on_the_pictures_cut_and_scaled_by_hand(
    finished: Folder, networks: dict[tuple[str, str], lpips.LPIPS], monkeypatch: pytest.MonkeyPatch
) -> None:
    def network(net: str, version: str, file: str) -> lpips.LPIPS:
        if net != "alex":
            raise MissingWeights(f"no {file}")
        return networks[net, version]

    monkeypatch.setattr(_perceptual, "network", network)
    options, images = finished
    step.main(options)
    out = Path(options[-1].removeprefix("--out="))
    kinds = {".csv", ".json", ".md", ".tex", ".png", ".pdf"}
    assert {path.suffix for path in out.parent.iterdir()} == kinds
    rows = pd.read_csv(out, dtype={"version": str}).set_index(["version", "range", "option"])
    x = torch.from_numpy(images).float() / 255
    black = x.clone()
    black[:, :, 39:89, 39:89] = 0
    grey = (x * torch.tensor([0.299, 0.587, 0.114])[:, None, None]).sum(1, keepdim=True)
    grey = (255 * grey.expand(-1, 3, -1, -1)).round() / 255
    cases: list[tuple[str, str, str, tuple[Tensor, Tensor], float, float]] = [
        ("0.1", "[-1, 1]", "black, whole image", (black, x), 2, -1),
        ("0.0", "[0, 1]", "black, patch of 50 px", _cut(0, black, x), 1, 0),
        ("0.1", "[0, 1]", "black, patch of 60 px", _cut(5, black, x), 1, 0),
        ("0.1", "[-1, 1]", "black, patch of 64 px", _cut(7, black, x), 2, -1),
        ("0.0", "[0, 255]", "color, whole image", (grey, x), 255, 0),
    ]
    for version, span, option, pictures, scale, shift in cases:
        with torch.no_grad():
            alone = [
                networks["alex", version](scale * a[None] + shift, scale * b[None] + shift)
                for a, b in zip(*pictures, strict=True)
            ]
        expected = float(torch.cat(alone).mean())
        (row,) = rows.loc[[(version, span, option)]].to_dict("records")
        assert row["value"] == pytest.approx(expected, rel=1e-4)
        assert row["ratio"] == pytest.approx(expected / LINES[row["line"]], rel=1e-4)
    assert (rows["images"].dropna() == 2).all()
    text = out.with_suffix(".md").read_text()
    assert "no vgg16-397923af.pth" in text and r"no squeezenet1\_1-b8a52dc0.pth" in text
    assert "nan" not in text


def _cut(margin: int, g: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
    part = slice(39 - margin, 89 + margin)
    return g[:, :, part, part], x[:, :, part, part]


def test_enlarged_patches_keep_a_colour_and_their_option_names_the_kernel() -> None:
    images = np.full((1, 3, 128, 128), 100, np.uint8)
    seen = observed(images, "hole")
    found = {o.name: o for o in lcm_metric.options("hole", "hole", images, images, seen)}
    large = found["mid-grey, patch of 50 px to 64, bicubic"]
    assert large.shown.shape == (1, 3, 64, 64)
    assert large.original.numpy() == pytest.approx(np.full((1, 3, 64, 64), 100 / 255))
    assert large.shown.numpy() == pytest.approx(0.5)
    assert len(found) == 2 * (1 + 3 + 3 + 1)


def rows_of(**ratios: dict[str, float]) -> pd.DataFrame:
    """Return measured rows of variants (a network each), by option, whose letter is the line."""
    lines = dict(zip("hbg", LINES, strict=True))
    rows = [
        {
            **{"imageset": "toy", "line": lines[option[0]], "net": net, "version": "0.1"},
            **{"range": "[0, 1]", "option": option, "images": 2, "ratio": ratio, "said": ""},
            "value": ratio * LINES[lines[option[0]]],
        }
        for net, options in ratios.items()
        for option, ratio in options.items()
    ]
    missing = {"imageset": "toy", "net": "vgg", "version": "0.1", "range": "[0, 1]", "said": "no v"}
    return pd.DataFrame([*rows, missing], columns=lcm_metric.COLUMNS)


def test_a_variant_is_as_good_as_its_farthest_line_each_by_its_nearest_option() -> None:
    near = {"h1": 9.0, "h2": 1.1, "b1": 0.5, "b2": 0.8, "g1": 1.2}
    scaled = {"h1": 10.0, "h2": 3.0, "b1": 9.0, "g1": 11.0}
    told = lcm_metric.table("toy", rows_of(alex=near, squeeze=scaled))
    alex, squeeze, vgg = (group[0] for group in told.groups)
    assert [cell.aside.split(":")[0] for cell in alex.cells[:3]] == ["x1.1", "x0.8", "x1.2"]
    assert alex.cells[3].text == "x1.25" and alex.cells[3].bold
    assert squeeze.cells[3].text == "x11" and not squeeze.cells[3].bold
    assert squeeze.cells[4].text == f"x{(11 / 9) ** 0.5:.3g}"
    assert squeeze.cells[4].aside == f"divided by {(11 * 9) ** 0.5:.3g}"
    assert alex.cells[4].text == f"x{(1.2 / 0.8) ** 0.5:.3g}"
    assert squeeze.cells[4].bold and not alex.cells[4].bold
    assert [cell.text for cell in vgg.cells] == ["no v", "", "", "", ""]
    assert "nan" not in markdown(told)


def test_without_any_weights_the_table_names_the_files(
    finished: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "none"))
    _perceptual.network.cache_clear()
    options, _ = finished
    step.main(options)
    text = (tmp_path / "out" / "toy.md").read_text()
    assert text.count("no alexnet-owt-7be5be79.pth") == 6 and "nan" not in text


def test_what_a_tracked_run_was_made_of_is_recorded(
    finished: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "none"))
    _perceptual.network.cache_clear()
    step.main(finished[0])
    card = (tmp_path / "images" / "card.json").read_bytes()
    assert (tmp_path / "out" / "toy.json").read_bytes() == card
    monkeypatch.chdir(tmp_path)
    assert checksums(["out/*.json"]) == {"out/toy.json": hashlib.sha256(card).hexdigest()}
    with pytest.raises(FileNotFoundError, match=r"other\.yaml"):
        checksums(["other.yaml"])
    for of in ("out/*.json", "other.yaml"):
        told = ["record", "--out", f"{of[:3]}.json", "--of", of, "--", "true"]
        monkeypatch.setattr(sys, "argv", told)
        with pytest.raises(SystemExit if of == "out/*.json" else FileNotFoundError):
            record.main()
    assert "sha256" in read_json(tmp_path / "out.json")
    assert read_json(tmp_path / "oth.json")["exit_code"] == 0  # the run is recorded all the same


def test_the_page_says_what_the_tracked_run_found() -> None:
    page = " ".join((ROOT / "docs" / "metrics.md").read_text().split())
    scaled, factors = [], []
    for name, off, variant in (
        ("flowers", "13 times", "SqueezeNet, 0.0, [0, 1]"),
        ("faces", "6.5 times", "AlexNet, 0.0, [0, 255]"),
    ):
        tracked = ROOT / "results" / "reference" / "lcm_metric" / f"{name}.csv"
        rows = pd.read_csv(tracked, dtype={"version": str}, keep_default_na=False)
        rows["ratio"] = pd.to_numeric(rows["ratio"])
        assert rows["ratio"].min() > 1  # every value is above its line
        best = lcm_metric.fits(rows).sort_values("off").iloc[0]
        assert f"{best['off']:.2g} times" == off
        net, version, span = variant.split(", ", 2)
        assert (net[:4].lower(), version, span) == (best["net"][:4], best["version"], best["range"])
        assert off in page and f"({variant})" in page
        found = lcm_metric.fits(rows).dropna(subset="off")
        scaled.append(found["off_scaled"])
        factors += [found["factor"].min(), found["factor"].max()]
    assert f"of {min(factors):.0f} to {max(factors):.0f}, most" in page
    assert (scaled[0] < 2).mean() > 0.5 and scaled[1].max() < 1.505


@pytest.mark.parametrize("wrong", ["size", "task"])
def test_images_of_another_size_and_a_config_without_a_task_are_refused(
    finished: Folder, wrong: str, tmp_path: Path
) -> None:
    options, images = finished
    if wrong == "size":
        card = prepared(tmp_path / "small", images[..., :64, :64]).folder / "card.json"
        options[0] = f"--images={card}"
    else:
        seen = {"hole": observed(images, "hole")}
        told = {"hole": {"plugin": "hole", "config": {}, "protocol": "x"}}
        write_observations(tmp_path / "observations.safetensors", seen, told, "checksum")
    said = {"size": "toy is not of 128x128 pixels", "task": "the plugin `super_resolution`"}[wrong]
    with pytest.raises(UserError, match=said):
        step.main(options)
