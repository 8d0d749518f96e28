"""Options of a config file against the fields of a plugin's config dataclass."""

import ast
import math
import types
from typing import Any

from priorbench.errors import UserError, nearest
from priorbench.registry import Description

# of these there is one at least, whatever the plugin
COUNTS = {
    *("batch", "channels", "clusters", "critic_steps", "critic_width", "dim", "factor"),
    *("feature_dim", "inner", "latent", "narrowest", "restarts", "size", "width"),
}


def check(options: dict[str, Any], about: Description, config: str, where: str) -> None:
    """Raise UserError unless every option fits its field of the dataclass `config`."""
    fields = about.configs.get(config, {})
    for key, value in options.items():
        if key not in fields:
            raise UserError(f"{where}: unknown key `{key}`: {nearest(str(key), fields)}")
        annotation = fields[key].annotation
        kind = ast.parse(annotation, mode="eval").body
        if not _fits(value, kind):
            if choices := _choices(kind):
                raise UserError(f"{where}: `{key}` {value!r}: {nearest(str(value), choices)}")
            raise UserError(
                f"{where}: `{key}` must be {annotation}, found {value!r}{_meant(value)}"
            )
        if isinstance(value, int | float) and not math.isfinite(value):
            raise UserError(f"{where}: `{key}` must be finite, found {value!r}")
        if isinstance(value, int | float) and value < 0:
            raise UserError(f"{where}: `{key}` must not be negative, found {value!r}")
        if value == 0 and key in COUNTS and not isinstance(value, bool):
            raise UserError(f"{where}: `{key}` must be 1 or more, found {value!r}")


def _meant(value: Any) -> str:
    """Say how YAML wants a number that it took for a word: 1e-3 has no point in it."""
    try:
        number = float(value) if isinstance(value, str) else math.nan
    except ValueError:
        return ""
    return f"; write {number!r}" if math.isfinite(number) else ""


def told(options: dict[str, Any], about: Description, config: str) -> dict[str, Any]:
    """Return the options that are not the defaults of the dataclass `config`.

    A default that is written out makes no other result.
    """
    fields = about.configs.get(config, {})

    def default(key: str, value: Any) -> bool:
        plain = fields[key].default if key in fields else None
        plain = list(plain) if isinstance(plain, tuple) else plain
        return (
            key in fields and value == plain and isinstance(value, bool) == isinstance(plain, bool)
        )

    return {key: value for key, value in options.items() if not default(key, value)}


def _choices(kind: ast.expr) -> list[str]:
    """Return what may be chosen from; nothing where a type is asked for."""
    match kind:
        case ast.Subscript(value=ast.Name(id="Literal"), slice=choices):
            return [str(choice) for choice in _as_tuple(ast.literal_eval(choices))]
    return []


def _fits(value: Any, annotation: ast.expr) -> bool:
    match annotation:
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return _fits(value, left) or _fits(value, right)
        case ast.Constant(value=None):
            return value is None
        case ast.Subscript(value=ast.Name(id="Literal"), slice=choices):
            return value in _as_tuple(ast.literal_eval(choices))
        case ast.Subscript(value=ast.Name(id="tuple"), slice=inner):
            kinds = inner.elts if isinstance(inner, ast.Tuple) else [inner]
            return isinstance(value, list | tuple) and all(_fits(v, kinds[0]) for v in value)
        case ast.Name(id=name):
            kinds_of = {"int": (int,), "float": (int, float), "str": (str,), "bool": (bool,)}
            of_kind = isinstance(value, kinds_of.get(name, (types.NoneType,)))
            return of_kind and (name == "bool" or not isinstance(value, bool))
    return False


def _as_tuple(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)
