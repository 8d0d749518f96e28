"""What configs get wrong is said in one line that names file, key and the nearest choice."""

from pathlib import Path
from typing import Any

import pytest

from priorbench.config import Experiment
from priorbench.errors import UserError
from priorbench.files import read_yaml
from priorbench.plan import Plan
from priorbench.registry import ROOT
from tests.test_config import GOOD, changed
from workflow import expectations

WRONG = [
    (changed("metods", value={}), "unknown key `metods`: did you mean `methods`?"),
    (changed("tasks", value=None), "`tasks` is missing"),
    (changed("seeds", value=3), "`seeds` must be a list, found 3"),
    (changed("seeds", value=[1, 1]), "`seeds` must be different whole numbers"),
    (changed("samples", value=-1), "`samples` must be positive, found -1"),
    (changed("samples", value=True), "`samples` must be a whole number, found True"),
    (changed("device", value="gpu"), "device `gpu`: "),
    (changed("unit", value="tasks"), "unit `tasks`: did you mean `task`?"),
    (changed("experiment", value="../up"), "experiment `../up`: letters, digits"),
    (changed("experiment", value="store"), "cannot be named `store`"),
    (changed("methods", "lmc", value={}), "unknown method `lmc`: did you mean `lcm`?"),
    (changed("methods", "a/b", value={}), "methods: `a/b`: letters, digits"),
    (changed("methods", "mine", value={"plugin": "mine.py"}), "`mine.py`: no such file"),
    (changed("methods", "mine", value={"plugin": "no.such"}), "`no.such`: no such module"),
    (changed("imagesets", "photoss", value={}), "did you mean `photos`?"),
    (
        changed("imagesets", "kodak", value={"fti": "whole"}),
        "unknown key `fti`: did you mean `fit`?",
    ),
    (changed("metrics", value={"psrn": {}}), "unknown metric `psrn`: did you mean `psnr`?"),
    (changed("methods", "glo", "trian", value={}), "unknown key `trian`: did you mean `train`?"),
    (changed("methods", "glo", "train", value={"dmi": 3}), "`dmi`: did you mean `dim`?"),
    (changed("methods", "glo", "train", value={"dim": "big"}), "`dim` must be int, found 'big'"),
    (changed("methods", "glo", "train", value={"dim": 1.5}), "`dim` must be int, found 1.5"),
    (changed("methods", "glo", "train", value=3), "a mapping of options expected, found 3"),
    (changed("methods", "glo", "imagesets", value={"digit": {}}), "did you mean `digits`?"),
    (changed("methods", "glo", "tasks", value={"holes": {}}), "did you mean `hole`?"),
    (
        changed("imagesets", "photos", value={"split": "up"}),
        "`split` 'up': choices: across, within",
    ),
    (changed("tasks", "random", "imagesets", value=["photo"]), "did you mean `photos`?"),
    (changed("tasks", "hole", value={"sigam": 0.1}), "did you mean `sigma`?"),
    (changed("energy", value={"photos": "dpi"}), "energy: unknown row `dpi`"),
    (changed("energy", value={"photos": ["dip"]}), "energy: unknown row `['dip']`"),
    (changed("contrasts", value={"a": ["glo", "gol"]}), "contrasts.a: unknown row `gol`"),
    (changed("contrasts", value={"a": ["glo"]}), "contrasts.a: two rows of methods expected"),
    (changed("contrasts", value={"a": "dip"}), "contrasts.a: two rows of methods expected"),
    (changed("methods", "glo", value=3), "methods.glo: a mapping of options expected, found 3"),
    (changed("methods", "glo", "plugin", value=3), "unknown method `3`"),
    (changed("methods", "glo", "imagesets", value=["digits"]), "a mapping of options expected"),
    (changed("methods", "glo", "train", value={"steps": -5}), "`steps` must not be negative"),
    (changed("metrics", value=["psnr"]), "`metrics` must be a mapping, found ['psnr']"),
    (changed("metrics", "psnr", value="x"), "metrics.psnr: a mapping of options expected"),
    (changed("tasks", "hole", "imagesets", value="photos"), "a mapping of options expected"),
    (changed("tasks", "represent", value={"plugin": "hole"}), "this name is taken"),
    (
        changed("metrics", value={"fid": {"dims": 100}}),
        "`dims` 100: choices: 192, 2048, 64, 768",
    ),
    (
        changed("metrics", value={"psnr_y": {"plugin": "psnr", "channel": "Y"}}),
        "metrics.psnr_y: `channel` 'Y': choices: rgb, y",
    ),
    (changed("metrics", value={"ssim": {"border": -1}}), "`border` must not be negative"),
    (changed("metrics", value={"lpips": {"net": "vgg16"}}), "`net` 'vgg16': did you mean `vgg`?"),
    (
        changed("metrics", value={"fid": {}}) | {"samples": 9},
        "`samples` must be 256 or more for fid",
    ),
    # kinds
    (changed("experiment", value=2024), "`experiment` must be a word, found 2024"),
    (changed("gaps", value="yes"), "`gaps` must be a true or false, found 'yes'"),
    (changed("seeds", value=["0"]), "`seeds` must be different whole numbers, found ['0']"),
    (changed("seeds", value=[]), "`seeds` must be different whole numbers, found []"),
    (changed("torch_threads", value=0), "`torch_threads` must be positive, found 0"),
    (changed("chunk", value=2.5), "`chunk` must be a whole number, found 2.5"),
    (changed("budget", value="smok"), "budget `smok`: did you mean `smoke`?"),
    (changed("images_dir", value="~nobody-of-this-name"), "`images_dir`: "),
    (changed("images_dir", value=str(ROOT / "LICENSE")), "LICENSE is no folder"),
    (changed("metrics", value={}), "`metrics` is empty: name one at least"),
    ([GOOD], "keys such as `experiment` expected, found [{"),
    ("experiment good", "keys such as `experiment` expected, found 'experiment good'"),
    # numbers
    (changed("methods", "glo", "train", value={"lr": "1e-3"}), "found '1e-3'; write 0.001"),
    (changed("methods", "glo", "train", value={"lr": float("nan")}), "`lr` must be finite"),
    (changed("methods", "glo", "train", value={"lr": float("inf")}), "`lr` must be finite"),
    (changed("methods", "glo", "train", value={"batch": 0}), "`batch` must be 1 or more, found 0"),
    (changed("methods", "glo", "train", value={"dim": 0}), "`dim` must be 1 or more, found 0"),
    (changed("imagesets", "digits", value={"size": 0}), "`size` must be 1 or more, found 0"),
    (changed("tasks", "hole", value={"sigma": -0.1}), "`sigma` must not be negative, found -0.1"),
    (changed("tasks", "hole", value={"sigma": True}), "`sigma` must be float, found True"),
    # names: of folders, in paths, on command lines
    (changed("experiment", value="a b"), "experiment `a b`: letters, digits and underscores only"),
    (changed("experiment", value="$(touch harm)"), "letters, digits and underscores only"),
    (changed("experiment", value="zwölf"), "letters, digits and underscores only"),
    (
        changed("methods", "a\nb", value={}),
        r"methods: `a\nb`: letters, digits",
    ),
    (changed("methods", "", value={}), "methods: ``: letters, digits and underscores only"),
    (changed("methods", "a;b", value={"plugin": "dip"}), "methods: `a;b`: letters, digits"),
    (changed("tasks", 7, value={"plugin": "hole"}), "tasks: `7`: letters, digits and underscores"),
    (changed("tasks", True, value={"plugin": "hole"}), "tasks: `True`: letters, digits"),
    (changed("imagesets", "..", value={"plugin": "disks"}), "imagesets: `..`: letters, digits"),
    (changed("methods", "mine", value={"plugin": "a\nb.py"}), r"plugin `a\nb.py`: no such file"),
    # what does not go together
    (
        changed("tasks", value={"hole": {"imagesets": ["photos"]}}),
        "imagesets.digits: no task runs on it; give it one, or leave it out",
    ),
    (
        changed("methods", "dip", value={"train": {"steps": 3}}),
        "dip.train: unknown key `steps`",
    ),
    (changed("methods", "glo", "steps", value=3), "unknown key `steps`: an option of "),
    (
        changed("imagesets", "digits", value={"trained_on": "photos"}),
        "imagesets.digits.trained_on: digits has training images of its own",
    ),
    (
        changed("imagesets", "digits", value={"plugin": "folder"}),
        "imagesets.digits: folder: `path` is empty",
    ),
    (
        changed(
            *("imagesets", "digits"),
            value={"plugin": "folder", "path": "away", "val": 0.6, "test": 0.6},
        ),
        "imagesets.digits: folder: `val` and `test` are shares above 0 whose sum is below 1",
    ),
    (changed("tuning", value={"metric": "ssmi"}), "tuning.metric: `ssmi`"),
    (changed("tuning", value={"trials": 0}), "tuning: `trials` must be a positive number, found 0"),
    (changed("methods", "glo", "tune", value="away.yaml"), "glo.tune: no such file 'away.yaml'"),
    (changed("methods", "glo", "tune", value=3), "methods.glo.tune: no such file 3"),
]


@pytest.mark.parametrize(("config", "said"), WRONG, ids=[said for _, said in WRONG])
def test_a_mistake_is_named_with_its_file(config: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError) as caught:
        Experiment.check(config, "my.yaml")
    message = str(caught.value)
    assert message.startswith("my.yaml: ")
    assert said in message
    assert "\n" not in message


# id: what a file holds, and what is said of it
FILES = {
    "nothing": (b"", "my.yaml: `experiment` is missing"),
    "an open bracket": (
        b"experiment: [\n",
        "my.yaml: line 2: cannot be read as YAML (expected the",
    ),
    "tabs": (
        b"experiment:\n\tname: x\n",
        "my.yaml: line 2: cannot be read as YAML (found character",
    ),
    "another encoding": (b"experiment: caf\xe9\n", "my.yaml: cannot be read ('utf-8' codec"),
    "an object of Python": (
        b"experiment: !!python/object/apply:os.system ['touch harm']\n",
        "could not determine a constructor for the tag",
    ),
    "two keys of one name": (
        b"device: cpu\nunit: all\ndevice: cuda\n",
        "my.yaml: line 3: `device` is there already, in line 1; rename one",
    ),
    "two rows of one name": (
        b"methods:\n  glo: {}\n  dip: {}\n  glo: {train: {dim: 8}}\n",
        "my.yaml: line 4: `glo` is there already, in line 2; rename one",
    ),
    "two options of one name": (
        b"methods: {glo: {train: {dim: 8,\n  dim: 9}}}\n",
        "my.yaml: line 2: `dim` is there already, in line 1; rename one",
    ),
}


@pytest.mark.parametrize("case", FILES)
def test_what_is_wrong_with_a_file_is_said_in_a_line(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    content, said = FILES[case]
    Path("my.yaml").write_bytes(content)
    with pytest.raises(UserError) as caught:
        Experiment.read(Path("my.yaml"))
    assert said in str(caught.value) and "\n" not in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["my.yaml"]


@pytest.mark.parametrize("name", ["away.yaml", "."])
def test_a_config_that_is_no_file_is_named(name: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"cannot be read \(\[Errno"):
        Experiment.read(tmp_path / name)


def test_rows_may_take_over_options_of_others(tmp_path: Path) -> None:
    path = tmp_path / "my.yaml"
    path.write_text("a: &a {x: 1, y: 2}\nb: {<<: *a, x: 3}\n")
    assert read_yaml(path)["b"] == {"x": 3, "y": 2}


def test_a_gpu_that_is_not_there_is_told_with_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    experiment = Experiment.check(changed("device", value="cuda"), "my.yaml")
    with pytest.raises(UserError, match=r"^my.yaml: device `cuda`: no GPU is visible"):
        Plan(experiment)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("trian: {lr: [1]}", "unknown key `trian`: did you mean `train`?"),
        ("train: {lr: 0.1}", "train.lr: a list of choices expected"),
        ("train: {rl: [0.1]}", "train: unknown key `rl`: did you mean `lr`?"),
        ("train: {lr: [fast]}", "train: `lr` must be float, found 'fast'"),
        ("train: {lr: [1.0]}\ntrain: {}", "line 2: `train` is there already, in line 1"),
        ("[]", "`train` or `restore` expected, with lists of choices"),
    ],
)
def test_what_is_wrong_with_a_space_of_choices_is_named(
    text: str, said: str, tmp_path: Path
) -> None:
    path = tmp_path / "space.yaml"
    path.write_text(text)
    with pytest.raises(UserError) as caught:
        Experiment.check(changed("methods", "glo", "tune", value=str(path)), "my.yaml")
    assert said in str(caught.value) and str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- {id: a, statement: b}", "entry 1: `grounds` is missing"),
        ("- {id: a, statement: b, grounds: c, metrc: psnr}", "a: `metrc`: did you mean `metric`?"),
        ("- {id: a\n", "cannot be read"),
    ],
)
def test_what_is_wrong_with_stated_expectations_is_named(
    text: str, said: str, tmp_path: Path
) -> None:
    path = tmp_path / "expectations.yaml"
    path.write_text(text)
    with pytest.raises(UserError) as caught:
        expectations.read(path)
    assert str(caught.value).startswith(f"{path}: ") and said in str(caught.value)
