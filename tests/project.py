"""A copy of the project in which code may be edited and runs may be killed."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

from priorbench.registry import ROOT

SOURCES = (
    "imagesets",
    "tasks",
    "methods",
    "metrics",
    "priorbench",
    "workflow",
    "published",
    "config",
)
SMOKE = yaml.safe_load((ROOT / "tests" / "smoke.yaml").read_text())


class Project:
    """A copy of the project in which code may be edited and runs may be killed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in SOURCES:
            shutil.copytree(
                ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__")
            )
        shutil.copytree(ROOT / "profiles", folder / "profiles")
        for name in ("Snakefile", "environment.yml"):
            shutil.copy(ROOT / name, folder / name)
        shutil.copy(ROOT / "tests" / "smoke.yaml", folder / "smoke.yaml")
        # without metric weights the run has to finish all the same
        self.environment = {**os.environ, "TORCH_HOME": str(folder / "no-weights")}
        self.environment |= {"CUDA_VISIBLE_DEVICES": "", "PRIORBENCH_OFFLINE": "1"}

    def command(self, *arguments: str, config: str = "smoke.yaml") -> list[str]:
        program = [sys.executable, "-m", "snakemake", "--cores", "2"]
        return [*program, *arguments, "--configfile", config]

    def start(self, *arguments: str, config: str = "smoke.yaml") -> "subprocess.Popen[str]":
        """Start Snakemake in a process group of its own."""
        return subprocess.Popen(
            self.command(*arguments, config=config),
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def snakemake(self, *arguments: str, config: str = "smoke.yaml", fails: bool = False) -> str:
        """Run Snakemake to its end and return what it said."""
        run = self.start(*arguments, config=config)
        said, _ = run.communicate(timeout=400)
        assert (run.returncode != 0) == fails, said
        return said

    def planned(self, *arguments: str) -> set[tuple[str, str]]:
        """Pairs of (rule, method) that a run would do; the method is empty for shared work."""
        said = self.snakemake("--dry-run", *arguments)
        messages = re.findall(r"^Job \d+: (\w+)(.*)$", said, flags=re.MULTILINE)
        methods = [set(re.findall(r"\w+", rest)) & {*SMOKE["methods"]} for _, rest in messages]
        return {(verb, "".join(named)) for (verb, _), named in zip(messages, methods, strict=True)}

    def files(self, pattern: str) -> list[Path]:
        return sorted(self.folder.glob(pattern))

    def edit(self, file: str, old: str, new: str) -> None:
        path = self.folder / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))
