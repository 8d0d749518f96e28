"""Files come whole and right or not at all, from a server that may do anything."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from priorbench.download import DownloadError, Remote, fetch
from tests.server import CONTENT, HALF, Server, lay, partial, serving

SHA256 = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"
MD5 = f"md5:{hashlib.md5(CONTENT).hexdigest()}"
NAME = "faces.zip"
LICENCE = "for research only"


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as running:
        yield running


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setenv("PRIORBENCH_IMAGES", str(tmp_path))
    monkeypatch.delenv("PRIORBENCH_OFFLINE", raising=False)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Return where the file belongs, of a folder that is not there yet."""
    return tmp_path / "celeba" / NAME


@pytest.fixture(params=[0, len(CONTENT)], ids=["size unknown", "size known"])
def remote(server: Server, request: pytest.FixtureRequest) -> Remote:
    """Return the file as a server offers it, of which only the checksum is known, or more."""
    return Remote(NAME, f"{server.address}/{NAME}", SHA256, request.param, limit=1 << 23)


@pytest.fixture
def sizeless(server: Server) -> Remote:
    return Remote(NAME, f"{server.address}/{NAME}", MD5, limit=1 << 23)


def failure(remote: Remote, place: Path) -> str:
    """Return what is said of a file that cannot be had: one line that names it."""
    with pytest.raises(DownloadError) as raised:
        fetch(remote, place)
    said = str(raised.value)
    assert "\n" not in said and said.startswith(f"{NAME}: ")
    assert not place.exists()
    return said


def test_a_file_comes_whole_and_nothing_else_is_left(
    remote: Remote, place: Path, server: Server
) -> None:
    assert fetch(remote, place) == place
    assert place.read_bytes() == CONTENT
    assert list(place.parent.iterdir()) == [place] and server.ranges == [None]


def test_a_file_has_its_name_only_when_it_is_checked(
    sizeless: Remote, place: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[Path]] = []

    def there() -> None:
        seen.append(list(place.parent.iterdir()) if place.parent.exists() else [])

    def checked(remote: Remote, path: Path) -> bool:
        there()
        return True

    server.before_the_end = there
    monkeypatch.setattr(Remote, "intact", checked)
    fetch(sizeless, place)
    assert len(seen) == 2  # before the last byte came, and when all had come
    lock = place.with_name(f".{place.name}.lock")
    assert {path for paths in seen for path in paths} == {partial(place), lock}
    assert list(place.parent.iterdir()) == [place]


def test_a_good_file_is_not_fetched_again_and_a_bad_one_is_replaced(
    remote: Remote, place: Path, server: Server
) -> None:
    lay(place, CONTENT[::-1])
    fetch(remote, place)
    assert place.read_bytes() == CONTENT and len(server.ranges) == 1
    fetch(remote, place)
    assert len(server.ranges) == 1


@pytest.mark.parametrize("chunked", [False, True])
def test_a_broken_connection_is_continued_where_it_broke(
    remote: Remote, place: Path, server: Server, chunked: bool
) -> None:
    server.cuts, server.chunked = 2, chunked
    fetch(remote, place)
    assert place.read_bytes() == CONTENT
    assert server.ranges == [None, f"bytes={HALF}-", f"bytes={HALF + HALF // 2}-"]


def test_a_later_call_goes_on_with_what_an_earlier_one_got(
    remote: Remote, place: Path, server: Server
) -> None:
    server.status, server.cuts = 200, 1
    server.before_the_end = lambda: setattr(server, "kind", "text/html")  # from now on: a quota
    assert "web page" in failure(remote, place)
    assert partial(place).stat().st_size == HALF
    server.kind, server.before_the_end, server.ranges = "application/zip", lambda: None, []
    fetch(remote, place)
    assert place.read_bytes() == CONTENT
    assert server.ranges == [f"bytes={HALF}-"]


def test_a_server_that_ignores_ranges_is_read_from_the_start(
    remote: Remote, place: Path, server: Server
) -> None:
    server.cuts, server.knows_ranges = 1, False
    fetch(remote, place)
    assert place.read_bytes() == CONTENT


def test_a_server_that_always_breaks_off_at_one_point_is_left(
    remote: Remote, place: Path, server: Server
) -> None:
    server.cuts, server.knows_ranges = 1_000, False
    assert "broke off" in failure(remote, place)
    assert len(server.ranges) == 2


def test_a_length_that_is_not_the_file_s_is_refused(place: Path, server: Server) -> None:
    for told in (len(CONTENT) - 1, len(CONTENT) + 1):
        server.announced = told
        remote = Remote(NAME, server.address, SHA256, len(CONTENT))
        assert f"{told} bytes instead of {len(CONTENT)}" in failure(remote, place)


def test_a_length_beyond_the_limit_is_refused(sizeless: Remote, place: Path) -> None:
    said = failure(replace(sizeless, limit=1_000), place)
    assert f"{len(CONTENT)} bytes, more than 1000" in said
    assert not any(place.parent.iterdir())


def test_a_file_cut_short_by_a_false_length_is_thrown_away(
    sizeless: Remote, place: Path, server: Server
) -> None:
    server.announced = HALF
    assert "another file" in failure(sizeless, place)
    assert not any(place.parent.iterdir())


def test_a_stream_of_no_told_length_is_continued_where_it_broke(
    sizeless: Remote, place: Path, server: Server
) -> None:
    server.announced, server.cuts = None, 1
    assert fetch(sizeless, place).read_bytes() == CONTENT
    assert server.ranges[1:] == [f"bytes={HALF}-"]


def test_another_file_of_no_told_length_is_thrown_away(
    sizeless: Remote, place: Path, server: Server
) -> None:
    for server.knows_ranges in (False, True):
        server.announced, server.content = None, CONTENT[::-1]
        assert "another file" in failure(sizeless, place) and not any(place.parent.iterdir())


def test_a_server_that_sends_less_than_it_says_is_left(
    remote: Remote, place: Path, server: Server
) -> None:
    server.content = CONTENT[:HALF]
    assert "416" in failure(remote, place)
    assert partial(place).read_bytes() == CONTENT[:HALF]


@pytest.mark.parametrize("chunked", [False, True])
def test_a_stream_without_an_end_is_read_no_further_than_the_file_or_the_limit(
    remote: Remote, place: Path, server: Server, chunked: bool
) -> None:
    server.announced, server.endless, server.chunked = None, True, chunked
    if not remote.size:
        assert f"longer than {remote.limit}" in failure(remote, place)
        assert not any(place.parent.iterdir())
        assert server.ranges == [None]
        server.announced, server.endless, server.chunked = len(CONTENT), False, False
    fetch(remote, place)
    assert place.read_bytes() == CONTENT


def test_another_file_of_the_same_size_is_thrown_away(
    remote: Remote, place: Path, server: Server
) -> None:
    server.content = CONTENT[::-1]
    assert "another file" in failure(remote, place) and not any(place.parent.iterdir())


def test_a_spoilt_beginning_costs_one_command_and_no_more(remote: Remote, place: Path) -> None:
    lay(partial(place), bytes(HALF))
    failure(remote, place)
    assert fetch(remote, place).read_bytes() == CONTENT


def test_a_web_page_is_not_taken_for_a_file(remote: Remote, place: Path, server: Server) -> None:
    server.content, server.kind, server.announced = b"<html>", "text/html; charset=utf-8", 6
    assert "web page" in failure(remote, place) and not any(place.parent.iterdir())


def test_nothing_listening_is_said_in_one_line(remote: Remote, place: Path) -> None:
    assert "127.0.0.1:1/" in failure(replace(remote, url="http://127.0.0.1:1/x"), place)


def test_an_address_that_is_gone_is_asked_once(remote: Remote, place: Path, server: Server) -> None:
    server.status = 404
    assert "404" in failure(remote, place) and server.ranges == [None]
    assert not any(place.parent.iterdir())


def test_what_came_whole_before_is_taken_though_nothing_of_it_is_left_to_send(
    sizeless: Remote, place: Path, server: Server
) -> None:
    lay(partial(place), CONTENT)
    fetch(sizeless, place)
    assert place.read_bytes() == CONTENT
    assert server.ranges == [f"bytes={len(CONTENT)}-"]
    place.unlink()
    lay(partial(place), CONTENT[::-1])
    assert "another file" in failure(sizeless, place)
    assert not any(place.parent.iterdir())


def test_offline_nothing_is_asked_of_the_network(
    remote: Remote, place: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRIORBENCH_OFFLINE", "1")
    assert "PRIORBENCH_OFFLINE" in failure(remote, place)
    lay(place, CONTENT)
    assert fetch(remote, place) == place
    assert server.ranges == []
