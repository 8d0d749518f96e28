"""Weights are there, whole and right, or missed in one line; downloads: test_download.py."""

import hashlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from priorbench import weights
from priorbench.__main__ import main
from priorbench.errors import MissingWeights
from priorbench.weights import Copy, File
from tests.server import CONTENT, Server, lay, serving

ROOT = Path(__file__).parents[1]
FEATURES = CONTENT[:1000]
NAME = "net-12345678.pth"


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as running:
        yield running


@pytest.fixture
def place(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make `net` the only known file, on the server, and return where it belongs."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.delenv("PRIORBENCH_OFFLINE", raising=False)
    monkeypatch.setattr(weights, "FILES", {"net": known(f"{server.address}/{NAME}")})
    return tmp_path / "hub" / "checkpoints" / NAME


def known(url: str) -> File:
    official, features = (
        Copy(len(part), hashlib.sha256(part).hexdigest()) for part in (CONTENT, FEATURES)
    )
    return File(NAME, url, official, features, columns=("FID", "KID"))


def failure(action: Callable[[str], object]) -> str:
    """Return what an action says that has to fail, which is one line."""
    with pytest.raises(MissingWeights) as raised:
        action("net")
    said = str(raised.value)
    assert "\n" not in said
    return said


def test_a_file_comes_whole(place: Path, server: Server) -> None:
    assert weights.state("net") == "missing"
    assert weights.fetch("net") == place
    assert place.read_bytes() == CONTENT
    assert weights.state("net") == "official"
    assert weights.find("net") == place
    assert list(place.parent.iterdir()) == [place]
    assert server.ranges == [None]


def test_a_file_that_is_not_the_official_one_is_not_taken(place: Path, server: Server) -> None:
    server.announced = len(CONTENT) + 1
    assert f"{len(CONTENT) + 1} bytes instead of {len(CONTENT)}" in failure(weights.fetch)
    server.announced, server.content = len(CONTENT), CONTENT[::-1]
    assert "another file" in failure(weights.fetch)
    assert not any(place.parent.iterdir())


def test_nothing_listening_is_said_in_one_line(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights, "FILES", {"net": known("http://127.0.0.1:1/net")})
    assert NAME in failure(weights.fetch)


def test_a_good_file_is_not_fetched_again(place: Path, server: Server) -> None:
    for content, state in ((CONTENT, "official"), (FEATURES, "features only")):
        lay(place, content)
        assert weights.fetch("net").read_bytes() == content
        assert weights.state("net") == state
    assert server.ranges == []


def test_a_damaged_file_is_told_from_a_good_one_and_replaced(place: Path) -> None:
    lay(place, CONTENT[:-1])
    assert weights.state("net") == "damaged"
    lay(place, CONTENT[::-1])  # right size, wrong content: only the checksum shows it
    said = failure(weights.find)
    assert "damaged" in said
    assert weights.COMMAND in said
    assert weights.fetch("net").read_bytes() == CONTENT
    assert weights.find("net") == place


def test_missing_weights_name_file_folder_and_command(place: Path) -> None:
    said = failure(weights.find)
    assert NAME in said
    assert str(place.parent) in said
    assert weights.COMMAND in said


def test_offline_nothing_is_asked_of_the_network(
    place: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRIORBENCH_OFFLINE", "1")
    assert "PRIORBENCH_OFFLINE" in failure(weights.fetch)
    assert server.ranges == []


def test_a_folder_that_cannot_be_written_is_said_in_one_line(place: Path, tmp_path: Path) -> None:
    (tmp_path / "hub").write_text("a file where the folder should be")
    assert str(tmp_path) in failure(weights.fetch)


@pytest.mark.parametrize(("option", "status"), [([], 1), (["--if-possible"], 0)])
def test_the_command_says_in_one_line_what_the_tables_will_lack(
    place: Path,
    server: Server,
    capsys: pytest.CaptureFixture[str],
    option: list[str],
    status: int,
) -> None:
    server.kind = "text/html"
    assert main(["weights", "fetch", *option]) == status
    said = capsys.readouterr().err
    assert said.startswith(f"no FID, KID in the tables until {place.parent} has the weights")
    assert said.count("\n") == 1


def test_the_command_fetches_and_tells_the_state(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["weights", "status"]) == 0
    assert main(["weights", "fetch"]) == 0
    assert main(["weights", "status"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told == [
        f"{place}: missing (for FID, KID)",
        "the demo's metrics need net: `python -m priorbench weights fetch`",
        f"{place}: official",
        f"{place}: official (for FID, KID)",
    ]


def test_what_few_need_is_fetched_by_name_only(
    place: Path, server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rare = replace(weights.FILES["net"], name="rare-12345678.pth", usual=False)
    monkeypatch.setattr(weights, "FILES", weights.FILES | {"rare": rare})
    assert weights.lacking("rare").endswith(f"run `{weights.COMMAND} rare`")
    assert main(["weights", "fetch"]) == 0
    assert [path.name for path in place.parent.iterdir()] == [NAME]
    assert main(["weights", "fetch", "rare"]) == 0
    assert weights.state("rare") == "official"
    assert main(["weights", "fetch", "rear"]) == 1
    assert "did you mean `rare`?" in capsys.readouterr().err


def test_a_file_without_a_known_smaller_copy_is_official_or_damaged(
    place: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = replace(weights.FILES["net"], features=None)
    monkeypatch.setattr(weights, "FILES", {"net": whole})
    lay(place, FEATURES)
    assert weights.state("net") == "damaged"
    assert weights.fetch("net").read_bytes() == CONTENT
    assert weights.find("net") == place


def test_the_folder_is_torch_hub_s(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from torch.hub import get_dir

    for name in ("TORCH_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    assert weights.folder() == Path(get_dir()) / "checkpoints"
    for name, value in (("XDG_CACHE_HOME", "~/elsewhere"), ("TORCH_HOME", str(tmp_path))):
        monkeypatch.setenv(name, value)
        assert weights.folder() == Path(get_dir()) / "checkpoints"


def test_the_names_of_the_files_carry_the_official_sums() -> None:
    assert weights.FILES
    for file in weights.FILES.values():
        assert file.url.endswith(f"/{file.name}")
        assert Path(file.name).stem.split("-")[-1] == file.official.sha256[:8]


def test_the_addresses_are_those_of_the_libraries() -> None:
    from pytorch_fid.inception import FID_WEIGHTS_URL
    from torchvision.models import AlexNet_Weights, SqueezeNet1_1_Weights, VGG16_Weights

    assert weights.FILES["inception"].url == FID_WEIGHTS_URL
    for name, known in (
        ("alexnet", AlexNet_Weights.IMAGENET1K_V1),
        ("squeezenet", SqueezeNet1_1_Weights.IMAGENET1K_V1),
        ("vgg16", VGG16_Weights.IMAGENET1K_V1),
    ):
        assert weights.FILES[name].url == known.url
        mebibytes = weights.FILES[name].official.size / 2**20
        assert mebibytes == pytest.approx(known.meta["_file_size"], abs=1e-3)


def test_asking_for_the_state_imports_no_torch() -> None:
    code = "import sys; from priorbench import weights; weights.state('alexnet'); "
    code += "sys.exit('torch' in sys.modules or 'numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
