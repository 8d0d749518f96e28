"""What is wrong with methods, models and machines: said in one line, and nothing is left."""

import errno
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from priorbench.files import read_arrays, read_json
from tests.mistakes import (
    MODEL,
    SEEN,
    Bench,
    Do,
    changed,
    emptied,
    ended,
    halved,
    method,
    returning,
    training,
)

# id: what is done, and what is said of it
CASES: dict[str, tuple[Do, str]] = {
    # training
    "a batch larger than the set": (
        lambda b: b.train({"batch": 9}),
        "batch: 9 images asked for, the set has 8",
    ),
    "more threads than cores": (
        lambda b: b.train(threads=10**6),
        "torch_threads: 1000000 asked for, this machine has ",
    ),
    "a GPU where there is none": (
        lambda b: b.train(device="cuda"),
        "device `cuda`: torch finds no GPU here; choices: auto, cpu",
    ),
    "an edit while it runs": (
        lambda b: b.train(source={"hash": "old", "roots": []}),
        "its source has changed since the run was planned: start the run again",
    ),
    "a method that raises": (
        training("raise ValueError('no\\nluck')"),
        "mine_methods.py, line 22, in train: ValueError: no luck; traceback in results/store/state",
    ),
    "a method that ends the process": (
        training("import sys; sys.exit(0)"),
        "mine_methods.py, line 22, in train: SystemExit: it ended the process (0)",
    ),
    "a method that cannot be imported": (
        method("import numpy", "import nowhere", Bench.train),
        "mine_methods.py: cannot be imported (No module named 'nowhere')",
    ),
    "a method with a slip of the pen": (
        method("def train(", "def train((", Bench.train),
        "SyntaxError: ",
    ),
    "a stage that is run twice": (
        method(
            "for _ in loop.steps(2):",
            "list(loop.steps(2))\n    for _ in loop.steps(2):",
            Bench.train,
        ),
        "stage `train` is run twice: give each `steps` a name of its own",
    ),
    "no memory to train": (
        training("torch.empty(1 << 55)"),
        "out of memory: lower `batch`, `width` or another size in the row's `train`",
    ),
    "no memory on the GPU": (
        training("raise torch.cuda.OutOfMemoryError('CUDA out of memory. Tried to allocate')"),
        "or choose another `device` (CUDA out of memory.",
    ),
    "no memory for an array": (training("np.empty(1 << 55)"), "out of memory: lower `batch`"),
    "training images that are away": (
        changed("prepare", "train.npy", Path.unlink, Bench.train),
        "train.npy: cannot be read ([Errno 2] No such file",
    ),
    # models
    "weights cut short": (
        changed("train", MODEL, halved, Bench.restore),
        "model.safetensors: cannot be read; delete its folder, and the model is trained again",
    ),
    "weights of no bytes": (changed("train", MODEL, emptied, Bench.restore), "delete its folder"),
    "weights that are away": (
        changed("train", MODEL, Path.unlink, Bench.restore),
        "delete its folder",
    ),
    "weights of another model": (
        method("torch.zeros(shape)", "torch.zeros(7)", Bench.restore),
        "model.safetensors: does not fit ",
    ),
    "a record that is away": (
        changed("train", "run.json", Path.unlink, Bench.restore),
        "run.json: cannot be read as JSON",
    ),
    "a record of something else": (
        changed("train", "run.json", lambda p: p.write_text("{}"), Bench.restore),
        "run.json: no field `config`: not of a training",
    ),
    "codes cut short": (
        changed("train", "codes.npy", lambda p: p.write_bytes(b"\x93NUMPY"), Bench.restore),
        "codes.npy: cannot be read; delete its folder",
    ),
    # restorations
    "images of another shape": (
        returning("images[:, :1]"),
        "mine_methods.restore returned (2, 1, 16, 16); nearest: (2, 3, 16, 16)",
    ),
    "too few images": (returning("images[:1]"), "restore returned (1, 3, 16, 16); nearest: (2, "),
    "images from numpy": (
        returning("images.numpy()"),
        "restore returned ndarray; nearest: a tensor",
    ),
    "no images": (returning("None"), "restore returned NoneType; nearest: a tensor"),
    "images of whole numbers": (
        returning("(255 * images).byte()"),
        "restore returned torch.uint8; nearest: torch.float32 in [0, 1]",
    ),
    "images up to 255": (
        returning("255 * (0 * images + 1)"),
        "values from 255 to 255; nearest: [0, 1]",
    ),
    "images of NaN": (
        returning("images * torch.nan"),
        "values that are not finite; nearest: [0, 1]",
    ),
    "a search that raises": (
        returning("images @ torch.zeros(3, 3)"),
        "in restore: RuntimeError: ",
    ),
    "no memory for one image": (
        returning("torch.empty(1 << 55)"),
        "out of memory: lower `restarts` or the row's network",
    ),
    "observations of another kind": (
        changed(
            "degrade",
            SEEN,
            lambda p: shutil.copy(p.parents[4] / f"train/disks/mine/0-0123456789/{MODEL}", p),
            Bench.restore,
        ),
        "observations.safetensors: no field `tasks`; fields: none",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_goes_wrong_is_said_in_a_line(
    case: str, bench: Bench, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    do, said = CASES[case]
    assert said in ended(do, bench, capsys)


def test_a_traceback_is_kept_for_who_wrote_the_plugin(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    line = ended(training("raise ValueError('no luck')"), bench, capsys)
    kept = Path(line.rpartition("traceback in ")[2]).read_text()
    assert kept.startswith("Traceback") and kept.endswith("ValueError: no luck\n")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), "no room on the disk: make some"),
        (OSError(errno.EDQUOT, os.strerror(errno.EDQUOT)), "no room on the disk: make some"),
        (RuntimeError("[enforce fail] PytorchStreamWriter failed writing file"), "no room on"),
        (PermissionError(errno.EACCES, "Permission denied", "model"), "model: Permission denied"),
    ],
    ids=["disk full", "quota", "as torch says it", "no permission"],
)
def test_what_cannot_be_written_leaves_nothing(
    error: Exception,
    said: str,
    bench: Bench,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    save = "priorbench.models.save_file"

    def full(*_: object) -> None:
        raise error

    monkeypatch.setattr(save, full)  # the last of four results
    shutil.rmtree(bench.file("train", "x").parent)
    assert said in ended(Bench.train, bench, capsys)
    assert not list(bench.file("train", "x").parent.iterdir())


def test_a_result_that_is_no_folder_is_named(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree("results/store/train")
    Path("results/store/train").write_text("in the way")
    line = ended(Bench.train, bench, capsys)
    assert "results/store/train" in line.removeprefix("results/store/train/disks")


@pytest.mark.parametrize(
    "raised", ["torch.cuda.OutOfMemoryError('CUDA out of memory')", "MemoryError"]
)
def test_a_chunk_that_does_not_fit_is_halved_and_told(
    raised: str, bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    # what a chunk gives depends on its size here, as it does by rounding elsewhere
    work = "images = seen.naive() * 0 + 1 / len(seen)"
    short = f"{work}\n    if len(seen) > 1: raise {raised}"
    kept = bench.file("restore", "restored.safetensors")

    def restored(text: str, chunk: int) -> tuple[np.ndarray, dict[str, object]]:
        bench.plugin("methods", "images = seen.naive()", text)
        shutil.rmtree("results/store/restore", ignore_errors=True)
        bench.restore(chunk=chunk)
        return read_arrays(kept)[0]["hole"], read_json(kept.with_name("run.json"))

    small, by_one = restored(work, 1)
    large, by_two = restored(work, 2)
    found, told = restored(short, 2)
    assert np.array_equal(found, small) and not np.array_equal(found, large)
    assert (by_one["chunks"], by_two["chunks"], told["chunks"]) == (
        {"hole": 1},
        {"hole": 2},
        {"hole": 1},
    )
    assert (by_one["note"], by_two["note"]) == ("", "")
    assert told["note"] == "hole in chunks of 1, not 2, for lack of memory"
    assert (
        "restore disks hole mine: out of memory; again with `chunk: 1`" in capsys.readouterr().err
    )
    bench.represent()
    record = read_json(bench.file("represent", "run.json"))
    assert record["chunk"] == 1
    assert record["note"] == "represent in chunks of 1, not 2, for lack of memory"


def test_a_result_elsewhere_than_in_results_is_refused(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        bench.step("control", {}, [Path("elsewhere.safetensors")])
    assert end.value.code == 2
    assert "a path below results is needed" in capsys.readouterr().err
