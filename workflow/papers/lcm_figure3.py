"""LCM post, figure 3: restorations of faces, a row of pictures per image, a column per method."""

from priorbench.results import Results
from workflow.figures.restorations import HEAD, grid
from workflow.matching import place_on
from workflow.papers._grids import draw_grid, first_of_line, gap, table
from workflow.papers._measured import NO_ROW, claim, data, gaps, imageset_of, others, title
from workflow.papers._paper import Paper
from workflow.quality import marked

# in the order of the post's legend: subjects of claims
METHODS = {"LCM": "LCM", "GLO": "glo", "DIP": "dip", "WGAN": "wgan_gp", "AE": "ae"}
# claim of the figure with numbers that says which task and rows are meant: name
TASKS = {
    "ranks-hole": "inpainting",
    "ranks-sr": "super-resolution",
    "ranks-colour": "colorization",
}


def draw(results: Results) -> Paper:
    """Return the grid of this experiment, with gaps where the post has something."""
    imageset = imageset_of(results, ("celeba",), {claim(name).task for name in TASKS})
    places = {name: place_on(results, claim(name), imageset) for name in TASKS}
    known = next(iter(places.values())).rows
    found = {label: known[subject] for label, subject in METHODS.items()}
    missing = [f"{label} ({NO_ROW})" for label, rows in found.items() if not rows]
    rows = [(label, row) for label, mine in found.items() for row in mine or [""]]
    names = [marked(results, imageset, row)[0] if row else label for label, row in rows]
    lines = []
    for stated, name in TASKS.items():
        task = places[stated].task
        drawn = grid(results, imageset, [task], [row for _, row in rows]) if task else []
        why = f"nothing of `{task}`" if task else f"no task `{claim(stated).task}` in the config"
        if not drawn:
            missing.append(f"{name} ({why} on `{imageset}`)")
        lines += drawn or [gap(name, why)]
    shown = [row for _, row in rows if row]
    theirs, ours = "CelebA 128 px", data(results, imageset)
    notes = [
        "The post shows pictures without numbers, chosen by its authors. Measured: test images in "
        "their order, raw outputs of the first seed; naive inverse: the control with the best "
        "PSNR. Numbers of the table: PSNR against the original. †: stopped by its budget.",
        *gaps(missing),
        *others(results, imageset, shown),
    ]
    measured = any(line.pictures[0] is not None for line in lines)
    told = title("LCM post, figure 3", theirs, ours, measured=measured)
    columns = [*HEAD, *names]
    return Paper(
        draw_grid(lines, columns),
        table("lcm_figure3", told, lines, columns, first_of_line, notes),
    )
