"""Files between the steps: written to a temporary name and renamed, checked when read."""

import csv
import hashlib
import json
import mmap
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.lib.format import open_memmap
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from priorbench.errors import UserError

Array = NDArray[Any]
AT_ONCE = 1 << 26  # bytes of an array that are read before their memory is given back


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary name beside `path`; what was written there becomes `path` at the end."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        yield temporary
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path`, whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: Path, value: object) -> None:
    """Write `value` as indented JSON."""
    write_text(path, json.dumps(value, indent=1, allow_nan=False) + "\n")


def read_json(path: Path) -> Any:
    """Return the JSON value in `path`; UserError where there is none."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise UserError(f"{path}: cannot be read as JSON ({error})") from error


class _Unique(yaml.SafeLoader):
    """Refuses a key that occurs twice: YAML would silently drop the first."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Return a mapping; UserError names the line of a key that was there before."""
        lines: dict[object, int] = {}
        for key, _ in node.value:
            line = key.start_mark.line + 1
            if key.value in lines and isinstance(key, yaml.ScalarNode) and key.value != "<<":
                first = lines[key.value]
                raise UserError(
                    f"line {line}: `{key.value}` is there already, in line {first}; rename one"
                )
            if isinstance(key, yaml.ScalarNode):
                lines[key.value] = line
        found: dict[Any, Any] = super().construct_mapping(node, deep)
        return found


def read_yaml(path: Path) -> Any:
    """Return the YAML value in `path`; UserError where it cannot be read, or a key occurs twice."""
    try:
        return yaml.load(path.read_text(encoding="utf-8"), _Unique)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}: " if mark else ""
        begun = f" from line {error.context_mark.line + 1}" if error.context_mark else ""
        said = f"{error.problem}, {error.context}{begun}" if error.context else error.problem
        raise UserError(f"{path}: {where}cannot be read as YAML ({said})") from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UserError(f"{path}: cannot be read ({' '.join(str(error).split())})") from error
    except UserError as error:
        raise UserError(f"{path}: {error}") from None


def write_rows(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a CSV file with a header; floats are written so that they read back equal."""
    with replacing(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(columns)
        for row in rows:
            writer.writerow([repr(float(v)) if isinstance(v, float) else v for v in row])


def write_arrays(path: Path, arrays: Mapping[str, Array], **facts: object) -> None:
    """Write named arrays as safetensors, with `facts` as JSON in the header."""
    header = {name: json.dumps(value) for name, value in facts.items()}
    with replacing(path) as temporary:
        save_file(
            {k: np.ascontiguousarray(v) for k, v in arrays.items()}, temporary, header or None
        )


def read_arrays(path: Path) -> tuple[dict[str, Array], dict[str, Any]]:
    """Return the arrays of a safetensors file and the facts in its header."""
    try:
        with safe_open(path, framework="numpy") as file:
            facts = {k: json.loads(v) for k, v in (file.metadata() or {}).items()}
            return {name: file.get_tensor(name) for name in file.keys()}, facts  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise UserError(f"{path}: cannot be read as safetensors ({error})") from error


def sha256(array: Array) -> str:
    """Return the SHA-256 of an array's shape, type and values."""
    digest = hashlib.sha256(f"{array.dtype.str}{array.shape}".encode())
    rows = max(1, AT_ONCE * len(array) // max(1, array.nbytes))
    for begin in range(0, len(array), rows):
        digest.update(np.ascontiguousarray(array[begin : begin + rows]).data)
        let_go(array)
    return digest.hexdigest()


def check_images(name: str, images: Array, shape: tuple[int, ...] | None = None) -> None:
    """Raise UserError unless `images` are uint8 (n, 3, h, w), of `shape` if given."""
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[1] != 3:
        raise UserError(f"{name}: uint8 (n, 3, h, w) expected, found {images.dtype} {images.shape}")
    if shape is not None and images.shape != shape:
        raise UserError(f"{name}: shape {shape} expected, found {images.shape}")


def to_uint8(images: Array) -> NDArray[np.uint8]:
    """Round images in [0, 1] to 8 bits; UserError where they are not finite."""
    if not np.isfinite(images).all():
        raise UserError("images are not finite")
    rounded: NDArray[np.uint8] = np.rint(np.clip(images, 0, 1) * 255).astype(np.uint8)
    return rounded


def let_go(array: NDArray[Any]) -> None:
    """Give the pages of a memory map that were touched back to the system; nothing is lost."""
    mapped = getattr(array, "_mmap", None)
    if mapped is not None:
        mapped.madvise(mmap.MADV_DONTNEED)


def map_array(path: Path, kind: np.dtype[Any], shape: tuple[int, ...]) -> np.memmap[Any, Any]:
    """Return the array in a file, that of an earlier run where there is one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        with replacing(path) as temporary:
            new_array(temporary, kind, shape)
    found: np.memmap[Any, Any] = np.load(path, mmap_mode="r+", allow_pickle=False)
    return found


def new_array(path: Path, kind: np.dtype[Any], shape: tuple[int, ...]) -> np.memmap[Any, Any]:
    """Return a new array in a file; UserError where the disk has no room for it.

    Room is taken at once: a write to a map that finds none would end the process.
    """
    array = open_memmap(path, "w+", kind, shape)
    if hasattr(os, "posix_fallocate"):
        with path.open("r+b") as file:
            try:
                os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
            except OSError as error:
                size = path.stat().st_size / 1e9
                raise UserError(f"{path.parent}: no room for {size:.1f} GB ({error})") from error
    return array
