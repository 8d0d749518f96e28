"""Who may import whom, read from the source; and what no plugin does."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PLUGINS = ["imagesets", "tasks", "methods", "metrics"]
CONTRACT = {"priorbench.contract", "priorbench.errors"}
ARROWS = {
    "methods": {"torch", "torchvision", "numpy", "sklearn", "skimage", *CONTRACT},
    "tasks": {"torch", *CONTRACT},
    "metrics": {"numpy", "scipy", "torch", "skimage", "sklearn", "lpips", "pytorch_fid"}
    | {"priorbench.errors", "priorbench.weights"},
    "imagesets": {"numpy", "PIL", "skimage", "sklearn", "scipy", "lmdb", "priorbench.errors"}
    | {f"priorbench.{name}" for name in ("download", "imageset", "packed", "pictures", "raw")},
}
OPENING = {"io", "logging", "os", "pathlib", "random", "shutil", "socket", "subprocess", "tempfile"}
# calls that belong to the engine; a generator of one's own may be seeded
ENGINE_ONLY = {
    *["open", "print", "input", "exec", "eval", "breakpoint", "np.random.seed"],
    *["torch.load", "torch.save", "torch.manual_seed", "torch.seed", "torch.cuda.manual_seed"],
    *["torch.set_default_device", "torch.set_default_dtype", "torch.set_num_threads"],
}
# what the Snakefile reads: planning a thousand jobs should cost a second, not an import of torch
PLANNERS = [
    "archive",
    "config",
    "devices",
    "doctor",
    "errors",
    "estimate",
    "installed",
    "listing",
    "paths",
    "plan",
    "registry",
    "sources",
    "tuning",
    "weights",
]


def imports(path: Path) -> set[str]:
    """Return the dotted names that a module imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: a relative import hides where it points"
            assert node.module is not None
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def within(name: str, allowed: set[str]) -> bool:
    return any(name == one or name.startswith(f"{one}.") for one in allowed)


def standard(name: str) -> bool:
    return name.split(".")[0] in sys.stdlib_module_names


def modules(room: str) -> list[Path]:
    return sorted((ROOT / room).rglob("*.py"))


def plugins(room: str) -> list[Path]:
    """Return a room's plugins: its shelf, files that begin with a line, serves them all."""
    return [path for path in modules(room) if not path.name.startswith("_")]


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("room", PLUGINS)
def test_a_room_of_plugins_is_not_empty(room: str) -> None:
    assert plugins(room)


@pytest.mark.parametrize("path", [p for room in PLUGINS for p in modules(room)], ids=shown)
def test_a_plugin_imports_what_its_room_allows_and_no_other_plugin(path: Path) -> None:
    room = path.relative_to(ROOT).parts[0]
    own = {name for name in imports(path) if not standard(name)}
    strange = {n for n in own if not within(n, ARROWS[room]) and not n.startswith(f"{room}._")}
    assert not strange


@pytest.mark.parametrize("path", [p for room in PLUGINS[1:] for p in plugins(room)], ids=shown)
def test_a_plugin_opens_no_file_prints_nothing_and_sets_no_seed(path: Path) -> None:
    nodes = ast.walk(ast.parse(path.read_text()))
    calls = {ast.unparse(node.func) for node in nodes if isinstance(node, ast.Call)}
    packages = {name.split(".")[0] for name in imports(path)}
    assert not calls & ENGINE_ONLY | packages & OPENING


@pytest.mark.parametrize("path", modules("priorbench"), ids=shown)
def test_the_engine_imports_no_plugin_and_no_step(path: Path) -> None:
    assert not {name for name in imports(path) if within(name, {*PLUGINS, "workflow", "tests"})}


@pytest.mark.parametrize("path", modules("workflow"), ids=shown)
def test_a_step_reaches_plugins_through_the_registry_only(path: Path) -> None:
    assert not {name for name in imports(path) if within(name, {*PLUGINS, "tests"})}


def test_planning_a_run_imports_no_torch() -> None:
    names = [f"priorbench.{name}" for name in PLANNERS]
    code = f"import sys, {', '.join(names)}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
