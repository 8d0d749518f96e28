"""Test sets of many sizes: prepared, observed, restored and scored, one size at a time."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
import yaml

from priorbench import models, preparing
from priorbench.config import Experiment
from priorbench.contract import Images
from priorbench.errors import UserError
from priorbench.images import Prepared, by_size, mean_psnr, named, row_of
from priorbench.observations import read_observations, write_observations
from priorbench.results import Results
from tasks import random_pixels
from tests import gallery
from tests.project import SMOKE, Project
from workflow.scripts.degrade import check_unlearned, observe

GALLERY = Path(gallery.__file__)


@pytest.fixture
def prepared(tmp_path: Path) -> Prepared:
    pictures = gallery.build(gallery.Config())
    preparing.write(pictures, "gallery", tmp_path, tmp_path / "state", threads=2)
    return Prepared(tmp_path)


def test_pictures_of_one_size_come_together_and_each_once(prepared: Prepared) -> None:
    found = list(prepared.tested(None))
    assert [numbers.tolist() for numbers, _ in found] == [[0, 2], [1], [3]]
    original = gallery.build(gallery.Config()).read
    for numbers, images in found:
        for number, image in zip(numbers, images, strict=True):
            assert np.array_equal(image, original(int(number)))
            assert np.array_equal(image, prepared.gallery[number])
    assert [len(numbers) for numbers, _ in prepared.tested(2)] == [1, 1]
    assert len(prepared.train) == len(prepared.val) == 0


def test_a_buffer_that_does_not_fit_its_sizes_is_refused(prepared: Prepared) -> None:
    flat = np.load(prepared.folder / "test.npy")
    np.save(prepared.folder / "test.npy", flat[:-1])
    with pytest.raises(UserError, match=rf"test.npy: uint8 \({len(flat)},\) expected"):
        _ = Prepared(prepared.folder).gallery


def test_an_image_is_observed_alike_whatever_its_neighbours(
    prepared: Prepared, tmp_path: Path
) -> None:
    (numbers, pixels), *_ = prepared.tested(None)
    cfg, ids = random_pixels.Config(), torch.from_numpy(numbers)
    together = observe(random_pixels, cfg, Images(pixels)[:], 0, "random_pixels", ids)
    alone = observe(random_pixels, cfg, Images(pixels[1:])[:], 0, "random_pixels", ids[1:])
    assert torch.equal(together.y[1:], alone.y)
    told = {"plugin": "random_pixels", "config": {}, "protocol": "x"}
    path = tmp_path / "observations.safetensors"
    write_observations(
        path,
        {"random@0": together, "random@1": alone},
        {"random@0": told, "random@1": told},
        "checksum",
    )
    read = read_observations(path)
    assert [row_of(name) for name in read] == ["random", "random"]
    assert read["random@0"].ids.tolist() == [0, 2] and read["random@1"].ids.tolist() == [2]
    assert read["random@0"].shape == (3, 32, 48)


def test_names_and_sizes_lead_back_to_images() -> None:
    assert (named("sr4", None), named("sr4", 2)) == ("sr4", "sr4@2")
    assert [row_of(name) for name in ("sr4", "sr4@2", "sr4@2/bicubic")] == ["sr4"] * 3
    groups = by_size([(2, 3), (3, 2), (2, 3)])
    assert [group.tolist() for group in groups] == [[0, 2], [1]]


def test_the_mean_over_pictures_of_many_sizes_weighs_each_alike() -> None:
    black = [np.zeros((3, 4, 4), np.uint8), np.zeros((3, 8, 8), np.uint8)]
    grey = [np.full((3, 4, 4), 10, np.uint8), np.full((3, 8, 8), 20, np.uint8)]
    decibels = [20 * np.log10(255 / 10), 20 * np.log10(255 / 20)]
    assert np.isclose(mean_psnr(grey, black), np.mean(decibels))


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    made = Project(tmp_path_factory.mktemp("project") / "priorbench")
    config = {
        **SMOKE,
        "experiment": "galleries",
        "imagesets": {
            "disks": {},
            "whole": {"plugin": str(GALLERY)},
            "cut": {"plugin": str(GALLERY), "crop": 32, "trained_on": "disks"},
        },
        "tasks": {"hole": {}, "sr4": {"plugin": "super_resolution", "factor": 4}},
        "methods": {name: SMOKE["methods"][name] for name in ("dip", "pca")},
        "metrics": {"psnr": {}},
        "energy": {"whole": "dip"},
    }
    (made.folder / "galleries.yaml").write_text(yaml.safe_dump(config))
    drawn = ("restorations-whole", "bars-cut", "energy-whole")
    figures = [f"results/galleries/figures/{name}.png" for name in drawn]
    made.snakemake("tables", *figures, config="galleries.yaml")
    yield made
    shutil.rmtree(made.folder)


def quality(project: Project, imageset: str) -> pd.DataFrame:
    path = project.folder / f"results/galleries/tables/quality-{imageset}-psnr.csv"
    return pd.read_csv(path)


def test_all_pictures_are_restored_and_scored_whatever_their_size(project: Project) -> None:
    table = quality(project, "whole")
    assert set(table["images"]) == {len(gallery.SIZES)}  # more than test_images
    assert set(table.loc[table["kind"] == "method", "method"]) == {"dip"}  # nothing to learn from
    assert set(table["task"]) == {"hole", "sr4", "represent"}
    score = pd.read_csv(project.folder / "results/galleries/score/whole/all.csv")
    bicubic = score[(score["method"] == "bicubic") & (score["task"] == "sr4")]
    assert sorted(bicubic["image"]) == [0, 1, 2, 3]
    assert "32x48 to 8x12" in " ".join(bicubic["protocol"])


def test_the_errors_of_all_pictures_are_split(project: Project) -> None:
    parts = pd.read_csv(project.folder / "results/galleries/score/whole/split-all.csv")
    psnr = pd.read_csv(project.folder / "results/galleries/score/whole/all.csv")
    key = ["task", "method", "seed", "image"]
    known = psnr[psnr["region"].eq("raw") & psnr["method"].eq("dip")].set_index(key)["value"]
    found = parts.groupby(key)["value"].sum()
    assert len(found) == len(known) == 2 * len(gallery.SIZES)
    assert np.allclose(-10 * np.log10(found), known[found.index])


def finished(project: Project) -> Results:
    listed = Path("results/galleries/whole.txt").read_text().split()
    config = yaml.safe_load(Path("galleries.yaml").read_text())
    return Results([Path(path) for path in listed], Experiment.check(config, "galleries.yaml"))


def test_restorations_come_back_in_the_order_of_the_images(project: Project) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(project.folder)
        results = finished(project)
        restored = results.restored("whole", "sr4", "dip", 0)
        controls = results.controls("whole", "sr4")
        originals = results.originals("whole")
    assert restored is not None
    sizes = [(3, *size) for size in gallery.SIZES]
    for pictures in (restored, controls["bicubic"], originals):
        assert [picture.shape for picture in pictures] == sizes


def test_searches_leave_traces_of_every_size(project: Project) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(project.folder)
        trace = finished(project).trace("whole", "sr4", "dip", 0)
    assert len(trace) > 1
    for pictures in trace.values():
        assert [picture.shape[1:] for picture in pictures] == list(gallery.SIZES)


def test_models_of_another_set_restore_a_named_crop(project: Project) -> None:
    table = quality(project, "cut")
    methods = table[table["kind"] == "method"]
    assert set(methods["method"]) == {"dip", "pca"}
    assert not project.files("results/store/train/cut/**/*")
    assert project.files("results/store/train/disks/pca/*/model.safetensors")


def test_figures_of_many_sizes_are_drawn_and_none_of_models(project: Project) -> None:
    drawn = {path.name for path in project.files("results/galleries/figures/*.png")}
    assert {"restorations-whole.png", "bars-cut.png", "energy-whole.png"} <= drawn
    said = project.snakemake("--dry-run", config="galleries.yaml")
    assert "figure search of whole" in said
    assert not any(words in said for words in ("figure samples of whole", "figure training of cut"))


def test_a_model_of_one_size_says_so_before_pictures_of_another(tmp_path: Path) -> None:
    # of an image set whose size is no option, the config cannot tell
    trained = models.Trained(None, {"shape": [3, 32, 32]}, None, tmp_path)
    models.check_size(trained, (3, 32, 32))
    with pytest.raises(UserError, match=r"images of 32x32 pixels, these have 16x16.*`crop: 32`"):
        models.check_size(trained, (3, 16, 16))


def test_what_models_learned_from_is_not_tested_on(tmp_path: Path) -> None:
    pictures = gallery.build(gallery.Config(crop=32))
    preparing.write(pictures, "cut", tmp_path, tmp_path / "state", threads=2)
    tested = Prepared(tmp_path)
    other = np.random.default_rng(0).integers(0, 256, (6, 3, 32, 32), np.uint8)
    check_unlearned(tested, other)
    nearly = tested.test[2:3] ^ np.uint8(1)
    with pytest.raises(UserError, match=rf"cut: {tested.card['clusters']['test'][2]} is among"):
        check_unlearned(tested, np.concatenate([other, nearly]))


def test_methods_left_without_images_to_learn_from_are_told(project: Project) -> None:
    table = project.folder / "results/galleries/tables/quality-{}-psnr.md"
    whole, cut = (Path(str(table).format(name)).read_text() for name in ("whole", "cut"))
    assert "Left out, for want of images to learn from: PCA." in whole
    assert "Methods that learn did so from discs." in cut and "Left out" not in cut
    config = {**SMOKE, "imagesets": {"whole": {"plugin": str(GALLERY)}}, "energy": {}}
    config["methods"] = {"pca": {}}
    with pytest.raises(UserError, match="whole: all methods learn, and it has no training images"):
        Experiment.check(config, "my.yaml")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"trained_on": "disks"}, "cut.trained_on: `crop` is missing: the size of images of disks"),
        (
            {"trained_on": "disks", "crop": 64},
            "cut: `crop` is 64, and models of disks are for `size` 32",
        ),
        ({"trained_on": "whole", "crop": 32}, "cut.trained_on: unknown row `whole`"),
        ({"trained_on": "cut", "crop": 32}, "cut.trained_on: unknown row `cut`"),
    ],
)
def test_what_models_learn_from_is_checked_before_anything_runs(
    options: dict[str, object], said: str
) -> None:
    sets = {name: {"plugin": str(GALLERY)} for name in ("whole", "cut")}
    config = {**SMOKE, "imagesets": {"disks": {}, **sets}, "energy": {}}
    config["imagesets"]["cut"] |= options
    with pytest.raises(UserError, match=said):
        Experiment.check(config, "my.yaml")


def test_a_set_with_training_images_is_its_own_home() -> None:
    config = {**SMOKE, "imagesets": {"disks": {"trained_on": "disks"}}, "energy": {}}
    with pytest.raises(UserError, match="disks has training images of its own"):
        Experiment.check(config, "my.yaml")


def test_the_energy_of_a_method_that_does_not_run_there_is_refused() -> None:
    sets = {"disks": {}, "whole": {"plugin": str(GALLERY)}}
    config = {**SMOKE, "imagesets": sets, "energy": {"whole": "glo"}}
    with pytest.raises(UserError, match="energy: unknown row `glo`"):
        Experiment.check(config, "my.yaml")
