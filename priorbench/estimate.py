"""What an experiment will take, before anything runs: jobs, hours and disk."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from priorbench import devices
from priorbench.config import Experiment
from priorbench.files import read_json
from priorbench.jobs import Jobs, Part
from priorbench.plan import Plan
from priorbench.recorded import references
from priorbench.throughput import AGAIN, NOTHING, Range, Run, unlike

SMOKE = "run its `budget: smoke` first"


@dataclass(frozen=True)
class Estimate:
    """Jobs of an experiment on a device, and what they take."""

    parts: list[Part]
    device: str
    lanes: int  # jobs that can run at once
    threads: int  # cores of a job
    each: Range  # seconds of a core beside trainings and searches, per job
    file: str = "config"  # where it was read

    @property
    def to_do(self) -> list[Part]:
        """Jobs whose results are not there yet."""
        return [part for part in self.parts if not part.done]

    def seconds(self, verb: str = "") -> Range:
        """Return seconds of a core (or a GPU) of the jobs to do of a verb, or of all."""
        total = NOTHING
        for part in self.to_do:
            if verb in ("", part.verb):
                total = total.plus(part.seconds or NOTHING)
        return total

    @property
    def other(self) -> Range:
        """Seconds of a core for all else: starting jobs, scores, tables, figures."""
        return self.each.times(len(self.to_do))

    @property
    def wall(self) -> Range:
        """Seconds until the end: what the cores share, and at least the longest chain of jobs."""
        chains: dict[tuple[str, str, int], Range] = defaultdict(lambda: NOTHING)
        for part in self.to_do:
            seconds = part.seconds or NOTHING
            row = part.imageset, part.method, part.seed
            if part.verb in ("tune", "train"):
                chains[row] = chains[row].plus(seconds)
        longest = dict(chains)
        for part in self.to_do:
            row = part.imageset, part.method, part.seed
            if part.verb not in ("tune", "train"):
                whole = chains.get(row, NOTHING).plus(part.seconds or NOTHING)
                longest[row] = highest(longest.get(row, NOTHING), whole)
        chain = NOTHING
        for one in longest.values():
            chain = highest(chain, one)
        cores = self.threads if self.device == "cpu" else 1
        shared = self.seconds().times(1 / cores).plus(self.other.times(1 / cores))
        return highest(shared.times(1 / self.lanes), chain.times(1 / cores))

    @property
    def unknown(self) -> dict[str, list[str]]:
        """Reasons why jobs are not counted, and of what they are."""
        found: dict[str, list[str]] = defaultdict(list)
        for part in self.to_do:
            if part.seconds is None:
                bare = [work for work in part.work if not work.runs]
                kind = "training" if bare and bare[0].kind.verb == "train" else "search"
                name = f"{part.method} on {part.imageset}"
                if not bare:
                    name = part.imageset
                    command = f"priorbench images {part.imageset} --configfile {self.file}"
                    reason = f"not counted yet: `{command}` prepares it"
                else:
                    reason = f"no record of a {kind} ({bare[0].kind.device}): {SMOKE}"
                if name not in found[reason]:
                    found[reason].append(name)
        return dict(found)

    @property
    def disk(self) -> dict[str, float]:
        """Bytes that the jobs to do will leave by verb, and of checkpoints while they run."""
        found: dict[str, float] = defaultdict(float)
        for part in self.to_do:
            found[part.verb] += part.size or 0.0
        running = sorted((part.working for part in self.to_do), reverse=True)
        return {**found, "checkpoints": sum(running[: self.lanes])}

    @property
    def unsized(self) -> list[str]:
        """Jobs to do of which it is not known what they will leave."""
        names = [(p.verb, p.method, p.imageset) for p in self.to_do if p.size is None]
        return [" ".join(filter(None, name)) for name in dict.fromkeys(names)]

    @property
    def runs(self) -> list[Run]:
        """The records gone by."""
        used = {id(run): run for p in self.to_do for work in p.work for run in work.runs}
        return list(used.values())

    @property
    def unlike(self) -> dict[str, list[str]]:
        """Options by row that differ from the nearest record's, and that nothing is scaled by."""
        found: dict[str, list[str]] = {}
        for part in self.to_do:
            for work in part.work:
                if work.runs and (names := unlike(work.runs[0], work.kind)):
                    known = found.setdefault(part.method, [])
                    known += [name for name in names if name not in known]
        return found


def highest(one: Range, other: Range) -> Range:
    """Return the greater of two ranges, end by end."""
    return Range(*map(max, one, other))


def estimate(
    plan: Plan, runs: Sequence[Run], cores: int, device: str = "", each: Range = NOTHING
) -> Estimate:
    """Estimate an experiment from records; `each`: what a job takes beside its own work."""
    device = device or plan.device
    threads = plan.experiment.config["torch_threads"]
    lanes = max(1, cores // threads)
    if device == "cuda":
        lanes = max(1, min(cores, len(devices.gpus())))
    parts = Jobs(plan, runs, device).all()
    return Estimate(parts, device, lanes, threads, each, plan.experiment.file)


def overhead(runs: Sequence[Run]) -> Range:
    """Return core seconds per job that whole runs took beside trainings and searches.

    From each tracked run with its config and the core minutes of all its processes.
    """
    found = []
    for config in references():
        record = read_json(config.with_name("run.json"))
        plan = Plan(Experiment.read(config))
        own = [run for run in runs if run.source.is_relative_to(config.parent)]
        told = estimate(plan, own, 1, "cpu")
        if not told.parts:  # `gaps: true`, and nothing of it is here
            continue
        whole = replace(told, parts=[replace(part, done=False) for part in told.parts])
        rest = 60 * record["core_minutes"] - whole.seconds().likely
        found.append(max(rest, 0.0) / len(whole.parts))
    if not found:
        return NOTHING
    mean = sum(found) / len(found)
    return Range(mean / AGAIN, mean, mean * AGAIN)
