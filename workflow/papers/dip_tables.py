"""Deep image prior, section 3: super-resolution of Set5 and Set14, PSNR of luma."""

from priorbench.results import Results
from workflow.papers._beside import Quantity, Side, draw_pairs, table, theirs
from workflow.papers._measured import empty, gaps, option, others, rows_of, side, title
from workflow.papers._paper import Paper, published

SETS = {"set5": "Set5", "set14": "Set14"}
FACTOR, BORDER = 4, 4  # pixels of the border that the authors' script leaves out
CONTROLS = {"Bicubic": "bicubic"}  # in the paper: here


def draw(results: Results) -> Paper:
    """Return a row of panels per image set, and the table."""
    numbers = published("deep_image_prior")
    numbers = numbers[numbers["task"] == "super_resolution"]
    missing: list[str] = []
    pairs, found, ours = [], [], []
    for plugin, label in SETS.items():
        rows = numbers[numbers["imageset"] == plugin]
        imageset = _imageset(results, plugin)
        measured = _measured(results, imageset, label, missing)
        published_side = theirs(rows, "PSNR [dB] ↑", CONTROLS)
        pairs.append(Quantity(f"{label}, x{FACTOR}", published_side, measured, alike=True))
        found += [imageset] * bool(measured.methods)
        ours += [label] * bool(measured.methods)
    shown = found[0] if found else next(iter(results.experiment.imagesets))
    drawn = [entry.row for pair in pairs for entry in pair.measured.methods]
    notes = [
        f"Published: {numbers['source'].iloc[0]}, {numbers['table'].iloc[0]}: "
        f"{numbers['protocol'].iloc[0]}. Not known: {numbers['unknown'].iloc[0]}.",
        "Measured: mean over the pictures and 95 % interval.",
        *(
            f"Protocol measured, {pair.name}: {pair.measured.protocol}; "
            f"{_searched(results, imageset, pair.measured)}."
            for pair, imageset in zip(
                [pair for pair in pairs if pair.measured.methods], found, strict=True
            )
        ),
        *gaps(missing),
        *(others(results, shown, drawn) if drawn else []),
        "The paper's numbers of denoising and of missing pixels are of pictures that are not among "
        "the image sets: published/deep_image_prior.csv.",
    ]
    told = title(
        "Deep image prior, section 3",
        " and ".join(SETS.values()),
        " and ".join(ours),
        measured=bool(drawn),
    )
    return Paper(draw_pairs(results, shown, pairs), table("dip_tables", told, pairs, notes))


def _imageset(results: Results, plugin: str) -> str:
    rows = results.experiment.imagesets.items()
    return next((row for row, entry in rows if entry.plugin == plugin), "")


def _measured(results: Results, imageset: str, label: str, missing: list[str]) -> Side:
    if not imageset:
        return empty(label, f"no image set `{label.lower()}` in the config", missing)
    metric, task = _metric(results), _task(results, imageset)
    if metric is None:
        wanted = f"{{plugin: psnr, channel: y, border: {BORDER}}}"
        return empty(label, f"no metric {wanted} in the config", missing)
    if task is None:
        wanted = f"{{plugin: super_resolution, factor: {FACTOR}}}"
        return empty(label, f"no task {wanted} on `{imageset}` in the config", missing)
    if results.scores(imageset=imageset, metric=metric, task=task)["value"].isna().all():
        return empty(label, f"no scores of `{task}` on `{imageset}`", missing)
    methods = {"DIP": rows_of(results, imageset, "dip")}
    place = imageset, metric, task
    return side(results, place, "raw", methods, [*CONTROLS.values()], missing)


def _metric(results: Results) -> str | None:
    for row, entry in results.experiment.metrics.items():
        if entry.plugin == "psnr" and entry.options == {"channel": "y", "border": BORDER}:
            return row
    return None


def _task(results: Results, imageset: str) -> str | None:
    """Return the row of the task: of several, the one with the paper's kernel."""
    rows = {}
    for row in results.experiment.tasks_of(imageset):
        entry, told = results.experiment.tasks[row], results.experiment.task_config(row, imageset)
        if entry.plugin == "super_resolution" and option(entry, "Config", told, "factor") == FACTOR:
            rows[row] = option(entry, "Config", told, "kernel") == "lanczos2"
    return max(rows, key=lambda row: rows[row], default=None)


def _searched(results: Results, imageset: str, measured: Side) -> str:
    """Return how many steps the measured rows searched for."""
    task = _task(results, imageset) or ""
    seed = results.experiment.seeds[0]
    rows = [entry.row for entry in measured.methods]
    steps = {row: results.searched(imageset, task, row, seed)[0] for row in rows}
    return ", ".join(f"{row}: {count} steps" for row, count in steps.items())
