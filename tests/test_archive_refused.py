"""An archive that was changed, or leads elsewhere, is refused in one line that names what."""

import errno
import io
import json
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from priorbench import archive, bundle
from priorbench.errors import UserError
from priorbench.files import read_json, write_json
from tests.archives import asked, finished, rewritten, written
from tests.fabricated import Fabricated


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Fabricated:
    """Return a finished experiment."""
    return finished(tmp_path_factory.mktemp("made"))


@pytest.fixture(scope="module")
def packed(made: Fabricated, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(made, tmp_path_factory.mktemp("packed") / "toy.zip")


def test_a_changed_byte_and_a_missing_and_a_strange_member_are_named(
    packed: Path, tmp_path: Path
) -> None:
    def change(name: str, data: bytes) -> bytes | None:
        if name == "score/photos/hole.csv":
            return data.replace(b"psnr", b"pSnr", 1)
        return None if name == "score/photos/samples.csv" else data

    path = rewritten(packed, tmp_path / "bad.zip", change)
    with zipfile.ZipFile(path, "a") as file:
        file.writestr("score/photos/more.csv", "x")
    with pytest.raises(UserError) as error:
        archive.verify(path)
    for said in ("hole.csv: changed", "samples.csv: missing", "more.csv: not in manifest.json"):
        assert f"score/photos/{said}" in str(error.value)
    with pytest.raises(UserError, match=r"hole\.csv: changed"):
        archive.opened(asked(path), "toy.yaml", tmp_path)
    assert not [*(tmp_path / "archive").glob("*")]


def raising(error: Exception) -> Callable[..., bytes]:
    def read(*_: object) -> bytes:
        raise error

    return read


def test_a_damaged_file_is_named(
    packed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with zipfile.ZipFile(packed) as file:
        member = file.getinfo("score/photos/hole.csv")
    data = bytearray(packed.read_bytes())
    data[member.header_offset + 100] ^= 1  # in its compressed bytes
    (tmp_path / "bad.zip").write_bytes(data)
    with pytest.raises(UserError, match=r"score/photos/hole\.csv: changed"):
        archive.verify(tmp_path / "bad.zip")
    for error in (EOFError("ends early"), ValueError("negative seek value -1")):
        with monkeypatch.context() as patch:
            patch.setattr(zipfile.ZipExtFile, "read", raising(error))
            with pytest.raises(UserError, match=rf"cannot be read \({error}\)"):
                archive.verify(packed)
    (tmp_path / "cut.zip").write_bytes(data[:1000])
    with pytest.raises(UserError, match=r"cut\.zip: cannot be read"):
        archive.verify(tmp_path / "cut.zip")


def test_what_cannot_be_written_is_named_and_no_fault_of_the_archive(
    packed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way of a folder")
    with pytest.raises(UserError, match=r"file/config\.json: cannot be written"):
        archive.verify(packed, tmp_path / "file")

    class Full(io.BytesIO):
        def write(self, _: object) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(archive, "_begun", lambda _: Full())
    with pytest.raises(UserError, match=r"config\.json: cannot be written \(No space left"):
        archive.verify(packed, tmp_path / "into")


@pytest.mark.parametrize(
    "name",
    [
        "../evil.csv",
        "/evil.csv",
        "store/../../evil.csv",
        "store\\..\\evil.csv",
        "c:evil",
        "store/./evil.csv",
        "store//evil.csv",
        ".",
        "evil.py",
    ],
)
def test_a_hostile_member_is_refused_by_name(name: str, packed: Path, tmp_path: Path) -> None:
    path = rewritten(packed, tmp_path / "bad.zip", lambda _, data: data)
    with zipfile.ZipFile(path, "a") as file:
        file.writestr(name, "x")
    with pytest.raises(UserError, match="does not belong there"):
        archive.opened(asked(path), "toy.yaml", tmp_path / "into")
    assert {found.name for found in tmp_path.rglob("*") if found.is_file()} == {"bad.zip"}


def test_a_link_is_refused(made: Fabricated, packed: Path, tmp_path: Path) -> None:
    path = rewritten(packed, tmp_path / "bad.zip", lambda _, data: data)
    link = zipfile.ZipInfo("score/link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "a") as file:
        file.writestr(link, "/etc/hostname")
    folder = written(made, tmp_path / "folder")
    (folder / "score" / "link").symlink_to(tmp_path)
    for bad in (path, folder):
        with pytest.raises(UserError, match="'score/link' does not belong there"):
            archive.verify(bad)


def test_too_much_is_refused(packed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle, "MOST_BYTES", 1000)
    with pytest.raises(UserError, match="at most 100000 and 1000"):
        archive.verify(packed)


def test_an_archive_of_another_experiment_is_refused(packed: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"of the experiment `toy`, but mine\.yaml is `mine`"):
        archive.opened(asked(packed, experiment="mine"), "mine.yaml", tmp_path)


def with_config(made: Fabricated, folder: Path, text: str) -> Path:
    """Write an archive whose config is `text`, with the checksum of that."""
    written(made, folder)
    (folder / "config.json").write_text(text)
    manifest = read_json(folder / "manifest.json")
    manifest["members"]["config.json"] = archive.fact(text.encode())
    write_json(folder / "manifest.json", manifest)
    return folder


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"experiment": "../../elsewhere"}, "letters, digits and underscores"),
        ({"experiment": 3}, "`experiment` must be a word, found 3"),
        ({"seeds": "all"}, "`seeds` must be a list, found 'all'"),
        ({"methods": {"glo": 3}}, "methods.glo: a mapping of options expected, found 3"),
        ({"methods": {"glo": {"tasks": 3}}}, "methods.glo.tasks: a mapping of options expected"),
        ({"metrics": {"psnr": {"border": []}}}, "metrics.psnr"),
        ({"sedes": [0]}, "unknown key `sedes`: did you mean `seeds`?"),
    ],
)
def test_an_archived_config_is_checked_like_any_other(
    changes: dict[str, object], said: str, made: Fabricated, tmp_path: Path
) -> None:
    text = json.dumps(made.experiment.config | changes)
    folder = with_config(made, tmp_path / "folder", text)
    with pytest.raises(UserError) as error:
        archive.opened(asked(folder), "toy.yaml", tmp_path)
    assert said in str(error.value)
    assert f"{folder}: config.json: " in str(error.value)


@pytest.mark.parametrize("text", ["", "3", "[" * 100_000, '{"seeds": NaN}'])
def test_an_archived_config_that_is_none_is_refused(
    text: str, made: Fabricated, tmp_path: Path
) -> None:
    folder = with_config(made, tmp_path / "folder", text)
    with pytest.raises(UserError, match=r"config\.json"):
        archive.opened(asked(folder), "toy.yaml", tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "[" * 100_000,
        '{"members": 3}',
        '{"format": "other"}',
        '{"format": "priorbench archive 1", "experiment": "toy", "lists": {}, "members": '
        '{"config.json": {"bytes": 2.5, "sha256": ""}}}',
        '{"format": "priorbench archive 1", "images": NaN}',
    ],
)
def test_a_manifest_that_is_none_is_refused(text: str, packed: Path, tmp_path: Path) -> None:
    path = rewritten(
        packed, tmp_path / "bad.zip", lambda n, data: text.encode() if "manifest" in n else data
    )
    with pytest.raises(UserError, match=r"manifest\.json"):
        archive.verify(path)


def test_a_manifest_without_end_is_not_read(packed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MOST_TEXT", 1000)
    with pytest.raises(UserError, match=r"manifest\.json has more than 1000 bytes"):
        archive.verify(packed)


def test_what_was_unpacked_is_verified_at_each_opening(packed: Path, tmp_path: Path) -> None:
    first = archive.opened(asked(packed), "toy.yaml", tmp_path)
    assert archive.opened(asked(packed), "toy.yaml", tmp_path) == first
    scores = first.folder / "score" / "photos" / "hole.csv"
    scores.write_text(scores.read_text().replace("psnr", "pSnr", 1))
    with pytest.raises(UserError, match=r"score/photos/hole\.csv: changed: remove this folder"):
        archive.opened(asked(packed), "toy.yaml", tmp_path)
