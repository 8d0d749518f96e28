"""What there is to compare, read from source text: nothing is imported, so it is told at once."""

import ast
import importlib.util
import shutil
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from priorbench import raw, registry, weights
from priorbench.errors import UserError, nearest
from priorbench.registry import Description

Facts = dict[str, Any]
ORDER = ("methods", "tasks", "metrics", "imagesets")
WIDTH = 100  # columns, at most
GAP = 2  # columns between two
LEAST = 12  # columns of the last one
# without these a plugin cannot be used: functions, and constants
NEEDED: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "methods": (("restore",), ()),
    "tasks": (("draw", "degrade", "degraded", "naive", "check", "protocol"), ("LABEL",)),
    "metrics": (("score",), ("LABEL", "BETTER", "PER", "PROTOCOL", "WEIGHTS", "REGIONS")),
    "imagesets": (("build",), ("LABEL",)),
}
TEXTS = ("LABEL", "PAPER", "BETTER", "PER", "PROTOCOL", "OWN_FILES", "ORIGIN")
SHOWN = {  # columns of the table, the last one wrapped
    "methods": ("name", "learns", "searches", "samples", "encodes", "tasks", "paper"),
    "tasks": ("name", "label", "about"),
    "metrics": ("name", "label", "better", "per", "weights"),
    "imagesets": ("name", "label", "files", "here", "licence"),
}


def plugins(noun: str) -> list[Facts]:
    """Return what is known of each plugin of a noun; of a broken one `broken`, the reason.

    Names that stand for a plugin with options follow it, with `alias` of that.
    """
    rows = []
    for name in registry.available(noun):
        rows.append(_told(noun, name))
        for alias, (plugin, options) in registry.ALIASES.get(noun, {}).items():
            if plugin == name:
                told = ", ".join(f"{key}: {value}" for key, value in options.items())
                also = {"name": alias, "alias": name, "label": f"{name}, {told}"}
                rows.append(_told(noun, name) | also)
    return rows


def _told(noun: str, name: str) -> Facts:
    facts: Facts = {"name": name}
    try:
        about = registry.describe(noun, name)
        tree = ast.parse(about.path.read_text(encoding="utf-8"))
        reason = _broken(noun, about, tree)
        return facts | (
            {"broken": f"{about.path}: {reason}"} if reason else _sound(noun, about, tree)
        )
    except (UserError, OSError, ValueError, SyntaxError) as error:  # the last, of a shelf
        return facts | {"broken": " ".join(str(error).split())}


def _sound(noun: str, about: Description, tree: ast.Module) -> Facts:
    facts: Facts = {"label": about.label, "about": _first_sentence(ast.get_docstring(tree) or "")}
    inside = about.path.is_relative_to(registry.ROOT)
    facts["file"] = str(about.path.relative_to(registry.ROOT) if inside else about.path)
    more = {"methods": _method, "metrics": _metric, "imagesets": _imageset}
    return facts | more[noun](about, tree) if noun in more else facts


def _broken(noun: str, about: Description, tree: ast.Module) -> str:
    """Return why a plugin cannot be used, as far as its source tells; nothing where it can."""
    bound = {name for node in tree.body for name in registry.bound(node)}
    functions, constants = NEEDED[noun]
    for name in functions:
        if name not in about.functions:
            return f"no function `{name}`"
    for name in constants:
        if name not in bound:
            return f"no constant {name}"
    if reason := _unfit(about):
        return reason
    for node in _imports(tree):
        modules = [alias.name for alias in node.names]
        if isinstance(node, ast.ImportFrom):
            modules = [node.module] if node.module and not node.level else []
        for package in (name.partition(".")[0] for name in modules):
            if importlib.util.find_spec(package) is None:
                return f"package {package} is not installed"
    return ""


def _unfit(about: Description) -> str:
    """Return which constant is of another kind than the engine reads; nothing where none is."""
    for name in TEXTS:
        if not isinstance(value := about.constants.get(name, ""), str):
            return f"{name} is {value!r}, not a text"
    tasks = about.constants.get("TASKS", ())
    if not isinstance(tasks, tuple | list) or not all(isinstance(task, str) for task in tasks):
        return f"TASKS is {tasks!r}, not a tuple of names"
    told = about.constants.get("WEIGHTS", ())
    if isinstance(told, dict):
        net = about.configs.get("Config", {}).get("net")
        if net is None or net.default not in [*told]:
            return f"WEIGHTS is for an option `net`, whose default is none of {[*told]}"
    for files in told.values() if isinstance(told, dict) else [told]:
        if not isinstance(files, tuple | list):
            return f"WEIGHTS is {told!r}, not a tuple of names"
        for file in files:
            if file not in [*weights.FILES]:
                return f"WEIGHTS names `{file}`: {nearest(str(file), weights.FILES)}"
    return ""


def _imports(tree: ast.Module) -> list[ast.Import | ast.ImportFrom]:
    return [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]


def _first_sentence(text: str) -> str:
    """Return the first sentence of a docstring, on one line; a year and a colon end none."""
    paragraph = " ".join(text.split("\n\n")[0].split())
    sentence, stop, _ = paragraph.partition(". ")
    return sentence + "." * bool(stop)


def _method(about: Description, tree: ast.Module) -> Facts:
    model = abilities(about)
    return {
        "paper": about.constants.get("PAPER"),
        "learns": about.learns,
        "searches": "steps" in about.configs.get("RestoreConfig", {}),
        "samples": about.learns and "draw" in model,
        "encodes": "encode" in model,
        "tasks": list(about.constants["TASKS"]) if "TASKS" in about.constants else None,
    }


def abilities(about: Description) -> set[str]:
    """Return what a plugin's Model has: its methods, and the attributes that these set."""
    found = set(about.model)
    for model in ast.parse(about.path.read_text(encoding="utf-8")).body:
        if isinstance(model, ast.ClassDef) and model.name == "Model":
            stored = (n for n in ast.walk(model) if isinstance(n, ast.Attribute))
            found |= {node.attr for node in stored if isinstance(node.ctx, ast.Store)}
    return found


def _metric(about: Description, tree: ast.Module) -> Facts:
    told = about.constants.get("WEIGHTS", ())
    usual, files = told, told
    if isinstance(told, dict):  # by the option `net`
        usual = told[about.configs["Config"]["net"].default]
        files = [file for some in told.values() for file in some]
    return {
        "better": about.constants.get("BETTER"),
        "per": about.constants.get("PER"),
        "protocol": about.constants.get("PROTOCOL"),
        "weights": {file: weights.state(file) for file in files},
        "usual_weights": list(usual),
    }


def _imageset(about: Description, tree: ast.Module) -> Facts:
    own = "OWN_FILES" in about.constants and not about.constants.get("FETCHED", False)
    files = "embedded"
    if "path" in about.configs.get("Config", {}):
        files = "your folder"
    elif about.constants.get("IN_FILES", False):
        files = "your own" if own else "fetched"
    here = True if files == "embedded" else None
    if files in ("your own", "fetched"):
        folder = raw.home(about.path.stem) / str(
            about.constants.get("OWN_FILES", "") if own else ""
        )
        here = holds(folder)
    return {
        "files": files,
        "here": here,
        "origin": about.constants.get("ORIGIN"),
        "test_only": bool(about.constants.get("TEST_ONLY", False)),
        "licence": _licence(about, tree),
    }


def holds(folder: Path) -> bool:
    """Whether a folder is there, with anything in it."""
    return folder.is_dir() and any(folder.iterdir())


def _licence(about: Description, tree: ast.Module) -> str | None:
    """Return what the card will say of the licence, where the source says it in plain words."""
    names = {**_imported(tree), **about.constants}
    for node in ast.walk(tree):
        pairs: list[tuple[Any, ast.expr]] = []
        if isinstance(node, ast.Dict):
            keys = (getattr(key, "value", None) for key in node.keys)
            pairs = list(zip(keys, node.values, strict=True))
        elif isinstance(node, ast.Call):
            pairs = [(keyword.arg, keyword.value) for keyword in node.keywords]
        for key, value in pairs:
            if key == "licence" and (text := _text(value, names)):
                return text
    return None


def _text(node: ast.expr, names: Facts) -> str:
    """Return the text that an expression of literals and known names stands for; else nothing."""
    match node:
        case ast.Constant(value=value):
            return str(value)
        case ast.Name(id=name):
            return str(names.get(name, ""))
        case ast.JoinedStr(values=parts):
            return "".join(_text(part, names) for part in parts)
        case ast.FormattedValue(value=inner):
            return _text(inner, names)
    return ""


def _imported(tree: ast.Module) -> Facts:
    """Return the plain constants that a plugin imports from its shelf."""
    found: Facts = {}
    for node in tree.body:
        if not isinstance(node, ast.ImportFrom) or not node.module:
            continue
        shelf = registry.ROOT.joinpath(*node.module.split(".")).with_suffix(".py")
        names = {alias.name: alias.asname or alias.name for alias in node.names}
        if shelf.stem.startswith("_") and shelf.is_file():
            for item in ast.parse(shelf.read_text(encoding="utf-8")).body:
                if isinstance(item, ast.Assign) and isinstance(item.targets[0], ast.Name):
                    name = item.targets[0].id
                    if name in names and (text := _text(item.value, {})):
                        found[names[name]] = text
    return found


def table(noun: str, rows: Sequence[Facts], width: int | None = None) -> str:
    """Return rows as aligned columns, at most `width` (the terminal's, else 100) wide."""
    width = min(WIDTH, width or shutil.get_terminal_size((WIDTH, 1)).columns)
    names = [n for n in SHOWN[noun] if n != "tasks" or any(row.get("tasks") for row in rows)]
    lines = [[_cell(row, name) for name in names] for row in rows if "broken" not in row]
    lines = [names, *lines]
    sides = [max(len(line[place]) for line in lines) + GAP for place in range(len(names) - 1)]
    rest = max(LEAST, width - sum(sides))
    told = []
    for *first, last in lines:
        start = "".join(cell.ljust(side) for cell, side in zip(first, sides, strict=True))
        wrapped = textwrap.wrap(last, rest) or [""]
        told += [start + wrapped[0], *(" " * len(start) + line for line in wrapped[1:])]
    told += [f"{row['name']}: broken: {row['broken']}" for row in rows if "broken" in row]
    return "\n".join(line.rstrip() for line in told)


def _cell(row: Facts, name: str) -> str:
    value = row.get(name)
    if name == "weights":
        needed = [f"{file}: {row['weights'][file]}" for file in row["usual_weights"]]
        return ", ".join(needed) or "none needed"
    if name == "paper" and value is None:
        return str(row["about"])
    if isinstance(value, bool):
        return "yes" if value else "-"
    return "-" if value is None else ", ".join(value) if isinstance(value, list) else str(value)
