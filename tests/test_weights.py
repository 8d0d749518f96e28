"""Weights are fetched whole and right or not at all, from a server that may do anything."""

import hashlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import cast

import numpy as np
import pytest

from priorbench import weights
from priorbench.errors import MissingWeights
from priorbench.weights import Copy, File

ROOT = Path(__file__).parents[1]
CONTENT = np.random.default_rng(0).bytes(1 << 20)
FEATURES = CONTENT[:1000]
NAME = "net-12345678.pth"
HALF = len(CONTENT) // 2


class Server(ThreadingHTTPServer):
    """Sends `content`; each flaw is set by a test."""

    daemon_threads = False  # so that closing waits for them
    content = CONTENT
    announced: int | None = len(CONTENT)  # length told for the whole; None: chunks without any
    cuts = 0  # connections still to be broken off halfway through what is left
    knows_ranges = True
    kind = "application/octet-stream"
    status = 200

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.ranges: list[str | None] = []  # asked for, one per connection


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        server = cast(Server, self.server)
        asked = self.headers["Range"]
        server.ranges.append(asked)
        start = int(asked[6:-1]) if asked and server.knows_ranges else 0
        body = server.content[start:]
        self.send_response(206 if start else server.status)
        self.send_header("Content-Type", server.kind)
        self.send_header("Connection", "close")
        if server.announced is not None:
            self.send_header("Content-Length", str(server.announced - start))
        self.end_headers()
        if server.cuts:
            server.cuts -= 1
            body = body[: len(body) // 2]
        with suppress(ConnectionError):  # a client may have read enough
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep the tests quiet."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
        yield running
        running.shutdown()


@pytest.fixture
def place(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make `net` the only known file, on the server, and return where it belongs."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.delenv("PRIORBENCH_OFFLINE", raising=False)
    address = f"http://127.0.0.1:{server.server_address[1]}/{NAME}"
    monkeypatch.setattr(weights, "FILES", {"net": known(address)})
    return tmp_path / "hub" / "checkpoints" / NAME


def known(url: str) -> File:
    official, features = (
        Copy(len(part), hashlib.sha256(part).hexdigest()) for part in (CONTENT, FEATURES)
    )
    return File(NAME, url, official, features, columns=("FID", "KID"))


def partial(place: Path) -> Path:
    return place.with_name(f".{NAME}.partial")


def lay(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


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


def test_a_broken_connection_is_continued_where_it_broke(place: Path, server: Server) -> None:
    server.cuts = 2
    weights.fetch("net")
    assert place.read_bytes() == CONTENT
    assert server.ranges == [None, f"bytes={HALF}-", f"bytes={HALF + HALF // 2}-"]


def test_a_later_command_goes_on_with_what_an_earlier_one_got(place: Path, server: Server) -> None:
    lay(partial(place), CONTENT[:HALF])
    weights.fetch("net")
    assert place.read_bytes() == CONTENT
    assert server.ranges == [f"bytes={HALF}-"]


def test_a_server_that_ignores_ranges_is_read_from_the_start(place: Path, server: Server) -> None:
    server.cuts, server.knows_ranges = 1, False
    weights.fetch("net")
    assert place.read_bytes() == CONTENT


def test_a_server_that_always_breaks_off_at_one_point_is_left(place: Path, server: Server) -> None:
    server.cuts, server.knows_ranges = 1_000, False
    assert "broke off" in failure(weights.fetch)
    assert len(server.ranges) == 2
    assert not place.exists()


def test_a_length_that_is_not_the_file_s_is_refused(place: Path, server: Server) -> None:
    server.announced = len(CONTENT) + 1
    assert f"{len(CONTENT) + 1} bytes instead of {len(CONTENT)}" in failure(weights.fetch)
    assert not place.exists()


def test_a_server_that_sends_less_than_it_says_is_left(place: Path, server: Server) -> None:
    server.content = CONTENT[:HALF]
    failure(weights.fetch)
    assert not place.exists()
    assert partial(place).read_bytes() == CONTENT[:HALF]


def test_a_stream_without_an_end_is_read_no_further_than_the_file(
    place: Path, server: Server
) -> None:
    server.announced, server.content = None, CONTENT * 2
    weights.fetch("net")
    assert place.read_bytes() == CONTENT


def test_another_file_of_the_same_size_is_thrown_away(place: Path, server: Server) -> None:
    server.content = CONTENT[::-1]
    assert "another file" in failure(weights.fetch)
    assert not list(place.parent.iterdir())


def test_a_spoilt_beginning_costs_one_command_and_no_more(place: Path) -> None:
    lay(partial(place), bytes(HALF))
    failure(weights.fetch)
    assert weights.fetch("net").read_bytes() == CONTENT


def test_a_web_page_is_not_taken_for_a_file(place: Path, server: Server) -> None:
    server.content, server.kind, server.announced = b"<html>", "text/html; charset=utf-8", 6
    assert "web page" in failure(weights.fetch)
    assert not list(place.parent.iterdir())


def test_nothing_listening_is_said_in_one_line(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights, "FILES", {"net": known("http://127.0.0.1:1/net")})
    assert NAME in failure(weights.fetch)


def test_an_address_that_is_gone_is_said_in_one_line(place: Path, server: Server) -> None:
    server.status = 404
    assert "404" in failure(weights.fetch)
    assert not list(place.parent.iterdir())


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
    assert weights.main(["fetch", *option]) == status
    said = capsys.readouterr().err
    assert said.startswith(f"no FID, KID in the tables until {place.parent} has the weights")
    assert said.count("\n") == 1


def test_the_command_fetches_and_tells_the_state(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert weights.main(["status"]) == 0
    assert weights.main(["fetch"]) == 0
    assert weights.main(["status"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told == [
        f"{place}: missing (for FID, KID)",
        f"{place}: official",
        f"{place}: official (for FID, KID)",
    ]


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
    from torchvision.models import AlexNet_Weights

    assert weights.FILES["inception"].url == FID_WEIGHTS_URL
    assert weights.FILES["alexnet"].url == AlexNet_Weights.IMAGENET1K_V1.url


def test_asking_for_the_state_imports_no_torch() -> None:
    code = "import sys; from priorbench import weights; weights.state('alexnet'); "
    code += "sys.exit('torch' in sys.modules or 'numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
