"""An experiment in one file: all that its tables and figures are made from, and no model.

An archive is a zip file or a folder. `manifest.json` names every other member with its size and
SHA-256, and per image set the members that its tables and figures read; `config.json` is the
checked config. Scores, run records, curves, cards and tables are copied as they are; of pictures
the first IMAGES of each kind are kept, of sets of many sizes all.
"""

import hashlib
import io
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from safetensors.numpy import save

from priorbench import bundle
from priorbench.config import KEYS, Experiment
from priorbench.errors import UserError
from priorbench.files import read_arrays, read_json
from priorbench.paths import GRAMMAR, STORE, parse

FORMAT = "priorbench archive 1"
MANIFEST, CONFIG = "manifest.json", "config.json"
TOPS = {MANIFEST, CONFIG, "store", "score", "tables"}
IMAGES = 24  # of each kind: more than figures show, so that a mean over them tells something
LEFT_OUT = "observations.safetensors"  # no table or figure reads them
AT_ONCE = 1 << 20  # bytes
MOST_TEXT = 64 << 20  # bytes of the manifest, and of the config
NAMED = 8  # members that an error names
RESULTS = STORE.parent
OWN = ("source", "archive", "gaps")  # keys of a config that say how to draw, not what was run


@dataclass(frozen=True)
class Archive:
    """An archive that was verified and lies unpacked in `folder`."""

    folder: Path
    experiment: Experiment
    lists: dict[str, list[str]]  # image set: members

    def results_of(self, imageset: str) -> list[Path]:
        """Return the files that tables and figures of an image set are made from."""
        return [self.folder / name for name in self.lists[imageset]]

    def scores_of(self, imageset: str) -> list[Path]:
        """Return the scores among them."""
        return [self.folder / name for name in self.lists[imageset] if name.startswith("score/")]


def make(experiment: Experiment, out: Path, results: Path) -> int:
    """Write the archive of a finished experiment, whole or not at all; return its members' count.

    out: a file where it ends in .zip, else a new folder. results: the folder of that name.
    UserError where tables were not made yet, or a result has gone since.
    """
    sources: dict[str, tuple[Path, int | None]] = {}
    lists = {}
    for imageset in experiment.imagesets:
        paths = _listed(experiment, imageset, results)
        cards = [path for path in paths if path.name == "card.json"]
        kept = None if any(read_json(card).get("sizes") for card in cards) else IMAGES
        lists[imageset] = [_member(path) for path in paths]
        sources |= {_member(path): (path, kept) for path in paths}
    for path in sorted((results / experiment.name / "tables").glob("*.*")):
        if path.suffix in (".csv", ".md", ".tex"):
            sources[f"tables/{path.name}"] = path, None
    known = {}
    with bundle.writing(out) as write:
        for name in (CONFIG, *sorted(sources)):
            data = _json(experiment.config) if name == CONFIG else _trimmed(*sources[name])
            known[name] = fact(data)
            write(name, data)
        about = {"format": FORMAT, "experiment": experiment.name, "images": IMAGES}
        write(MANIFEST, _json({**about, "lists": lists, "members": known}))
    return len(known)


def fact(data: bytes) -> dict[str, Any]:
    """Return what the manifest says of a member."""
    return {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def verify(path: Path, into: Path | None = None) -> dict[str, Any]:
    """Return the manifest of an archive after its checksums; UserError names all that is wrong.

    into: a folder that members are written to while they are read.
    """
    with bundle.reading(path, TOPS) as (members, opener):
        manifest = _manifest(path, members, opener)
        wrong = _wrong(manifest["members"], members - {MANIFEST}, opener, into)
    if wrong:
        raise UserError(f"{path}: {wrong}")
    return manifest


def opened(given: Experiment, file: str, store: Path = STORE) -> Archive:
    """Return the archive that a config names, verified and unpacked below `store`.

    What was unpacked before is verified again. The archive's own config is what is drawn; UserError
    where it is of another experiment than `given`.
    """
    path = _place(given)
    with bundle.reading(path, TOPS) as (members, opener):
        manifest = _manifest(path, members, opener)
        key = hashlib.sha256(_json(manifest)).hexdigest()[:10]
    folder = store / "archive" / key
    if folder.exists():
        with bundle.reading(folder, TOPS) as (members, opener):
            wrong = _wrong(manifest["members"], members, opener)
        if wrong:
            raise UserError(f"{folder}: {wrong}: remove this folder, and it is unpacked again")
    else:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".") as temporary:
            verify(path, Path(temporary) / key)
            (Path(temporary) / key).rename(folder)
    with (folder / CONFIG).open("rb") as stream:
        config = _loaded(f"{path}: {CONFIG}", stream)
    experiment = Experiment.check(config, f"{path}: {CONFIG}", archived=True)
    if experiment.name != given.name:
        raise UserError(
            f"{path}: made of the experiment `{experiment.name}`, but {file} is `{given.name}`: "
            "name its config after --configfile"
        )
    if {*experiment.imagesets} != {*manifest["lists"]}:
        raise UserError(f"{path}: {CONFIG} and {MANIFEST} name other image sets")
    return Archive(folder, experiment, manifest["lists"])


def differences(given: Experiment, archived: Experiment) -> list[str]:
    """Return the keys of a config that the archived one has otherwise."""
    return [key for key in KEYS if key not in OWN and given.config[key] != archived.config[key]]


def _place(given: Experiment) -> Path:
    """Return the path under `archive`, or else of the archive beside the results."""
    if given.config["archive"]:
        return Path(given.config["archive"]).expanduser()
    beside = RESULTS / given.name / "archive"
    return beside if beside.is_dir() else beside.with_suffix(".zip")


def _listed(experiment: Experiment, imageset: str, results: Path) -> list[Path]:
    """Return the files that the tables of an image set were made from."""
    listed = results / experiment.name / f"{imageset}.txt"
    try:
        paths = [Path(line) for line in listed.read_text(encoding="utf-8").splitlines()]
    except OSError as error:
        raise UserError(f"{listed}: not there: run the experiment first (snakemake)") from error
    for path in paths:
        if not path.is_file():
            raise UserError(f"{path}: not there any more, but in {listed}: run snakemake again")
    return [path for path in paths if path.name != LEFT_OUT]


def _member(path: Path) -> str:
    """Return the name of a result in an archive: its place in the grammar, wherever it lies."""
    verb = parse(path).verb
    inside = Path(*path.parts[-len(GRAMMAR[verb]) - 2 :]).as_posix()
    return inside if verb == "score" else f"store/{inside}"


def _trimmed(path: Path, kept: int | None) -> bytes:
    """Return the bytes of a result, of pictures the first `kept`; None: all."""
    if kept is None or path.suffix not in (".npy", ".safetensors"):
        return path.read_bytes()
    if path.suffix == ".safetensors":
        arrays, facts = read_arrays(path)
        header = {name: json.dumps(value) for name, value in facts.items()}
        first = {name: np.ascontiguousarray(array[:kept]) for name, array in arrays.items()}
        return bytes(save(first, header or None))
    out = io.BytesIO()
    np.save(out, np.load(path, mmap_mode="r", allow_pickle=False)[:kept], allow_pickle=False)
    return out.getvalue()


def _json(value: object) -> bytes:
    return (json.dumps(value, indent=1, allow_nan=False) + "\n").encode()


def _manifest(path: Path, members: set[str], opener: bundle.Opener) -> dict[str, Any]:
    """Return the manifest of an archive; UserError where it is not one."""
    if MANIFEST not in members:
        raise UserError(f"{path}: no {MANIFEST}: not an archive of priorbench")
    with opener(MANIFEST) as stream:
        found = _loaded(f"{path}: {MANIFEST}", stream)
    try:
        sums = {name: told["sha256"] for name, told in found["members"].items()}
        whole = all(type(told["bytes"]) is int for told in found["members"].values())
        listed = {name for names in found["lists"].values() for name in names}
        known = found["format"] == FORMAT and isinstance(found["experiment"], str)
    except (KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{path}: {MANIFEST} cannot be read ({error!r})") from error
    if not (known and whole and CONFIG in sums and listed <= {*sums}):
        raise UserError(f"{path}: {MANIFEST} is not of the format `{FORMAT}`")
    return dict(found)


def _loaded(name: str, stream: IO[bytes]) -> Any:
    """Return the JSON value in a stream of at most MOST_TEXT bytes; UserError begins with `name`.

    NaN is refused: no manifest that we write has any.
    """
    text = stream.read(MOST_TEXT + 1)
    if len(text) > MOST_TEXT:
        raise UserError(f"{name} has more than {MOST_TEXT} bytes")
    try:
        return json.loads(text, parse_constant=_refused)
    except (ValueError, RecursionError) as error:
        raise UserError(f"{name} cannot be read ({error})") from error


def _refused(word: str) -> None:
    raise ValueError(f"{word} is no number of JSON")


def _wrong(
    told: dict[str, Any], members: set[str], opener: bundle.Opener, into: Path | None = None
) -> str:
    """Name what members are otherwise than a manifest tells; empty where nothing is.

    into: a folder that members are written to while they are read.
    """
    wrong = [f"{name}: missing" for name in told if name not in members]
    wrong += [f"{name}: not in {MANIFEST}" for name in members if name not in told]
    for name in sorted({*told} & members):
        if not _copied(name, opener, told[name], into):
            wrong.append(f"{name}: changed")
    more = f" and {len(wrong) - NAMED} more" if len(wrong) > NAMED else ""
    return "; ".join(sorted(wrong)[:NAMED]) + more


def _copied(name: str, opener: bundle.Opener, told: dict[str, Any], into: Path | None) -> bool:
    """Read a member, into a folder if asked; return whether it is what the manifest says."""
    digest, left = hashlib.sha256(), told["bytes"]
    target = Path() if into is None else into / name
    with _named(target):
        out = None if into is None else _begun(target)
    try:
        with opener(name) as stream:
            while left >= 0 and (part := stream.read(min(AT_ONCE, left + 1))):
                digest.update(part)
                left -= len(part)
                if out is not None:
                    with _named(target):
                        out.write(part)
    except bundle.BROKEN:  # its own checksum tells first
        return False
    finally:
        if out is not None:
            with _named(target):
                out.close()
    return bool(left == 0 and digest.hexdigest() == told["sha256"])


def _begun(target: Path) -> IO[bytes]:
    target.parent.mkdir(parents=True, exist_ok=True)
    return target.open("wb")


@contextmanager
def _named(target: Path) -> Iterator[None]:
    """Tell what cannot be written: a full disk is no fault of the archive that is read."""
    try:
        yield
    except OSError as error:
        raise UserError(f"{target}: cannot be written ({error.strerror})") from error
