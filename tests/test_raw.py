"""Files of image sets: the user's own are taken or refused, what is missing is fetched or named."""

from dataclasses import replace
from pathlib import Path

import pytest

from priorbench import raw
from priorbench.download import Remote
from priorbench.errors import UserError
from tests import test_download
from tests.server import CONTENT, Server, lay
from tests.test_download import LICENCE, MD5, NAME

# the same server, and the same place for its file
surroundings, server = test_download.surroundings, test_download.server
place, sizeless = test_download.place, test_download.sizeless


def test_a_licence_is_told_before_a_file_is_fetched(
    sizeless: Remote, place: Path, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    said: list[str] = []
    server.before_the_end = lambda: said.append(capsys.readouterr().err)
    assert raw.obtain("celeba", [sizeless], LICENCE) == [place]
    assert said[0].startswith(f"celeba, licence: {LICENCE}\n")
    assert raw.obtain("celeba", [sizeless], LICENCE) == [place]
    assert LICENCE not in capsys.readouterr().err and len(server.ranges) == 1


def test_a_file_of_the_user_is_taken_as_it_is_if_its_checksum_is_right(
    sizeless: Remote, place: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay(place, CONTENT)
    before = place.stat()
    for offline in ("0", "1"):
        monkeypatch.setenv("PRIORBENCH_OFFLINE", offline)
        assert raw.obtain("celeba", [sizeless], LICENCE) == [place]
    assert (place.stat().st_mtime_ns, server.ranges) == (before.st_mtime_ns, [])


def test_a_file_of_the_user_may_lie_in_the_folders_of_an_archive(
    sizeless: Remote, place: Path, server: Server
) -> None:
    deep = place.parent / "Img" / "of" / "faces" / place.name
    lay(deep, CONTENT)
    assert raw.obtain("celeba", [sizeless], LICENCE) == [deep]
    deeper = deep.parent / "and_more" / place.name
    deeper.parent.mkdir()
    deep.rename(deeper)
    assert raw.obtain("celeba", [sizeless], LICENCE) == [place] and server.ranges == [None]


@pytest.mark.parametrize("wrong", [CONTENT[:-1], CONTENT[::-1], b""])
def test_another_file_of_the_user_is_refused_and_nothing_is_fetched(
    sizeless: Remote, place: Path, server: Server, wrong: bytes
) -> None:
    lay(place, wrong)
    missing = replace(sizeless, name="list.txt")
    with pytest.raises(UserError) as raised:
        raw.obtain("celeba", [missing, sizeless], LICENCE)
    said = str(raised.value)
    assert str(place) in said and MD5 in said and "\n" not in said
    assert said.endswith(": move it away")
    assert place.read_bytes() == wrong
    assert server.ranges == [] and list(place.parent.iterdir()) == [place]


def test_only_what_is_missing_is_fetched(sizeless: Remote, place: Path, server: Server) -> None:
    lay(place.with_name("list.txt"), CONTENT)
    remotes = [replace(sizeless, name="list.txt"), sizeless]
    assert raw.obtain("celeba", remotes, LICENCE) == [place.with_name("list.txt"), place]
    assert server.ranges == [None]


def test_a_file_that_cannot_be_had_is_said_with_the_place_for_the_user_s_own(
    sizeless: Remote, place: Path, server: Server
) -> None:
    server.status = 404
    with pytest.raises(
        UserError, match=rf"^celeba: {NAME}: .*404.*needed: .*celeba/{NAME}; put the files there"
    ):
        raw.obtain("celeba", [sizeless], LICENCE)
    assert not place.parent.exists()  # nothing has come: no folder that looks as if it had


def test_a_failed_fetch_leaves_what_was_there(
    sizeless: Remote, place: Path, server: Server
) -> None:
    server.status = 404
    inner = replace(sizeless, name="inner/list.txt")
    lay(place, CONTENT)
    with pytest.raises(UserError, match="404"):
        raw.obtain("celeba", [sizeless, inner], LICENCE)
    assert list(place.parent.iterdir()) == [place]
