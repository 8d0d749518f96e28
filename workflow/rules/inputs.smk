"""What a job is told and what it reads: answers to the rules' wildcards, from the plan."""


def spec(verb):
    """Return the params function that tells a job of `verb` what to do."""

    def tell(wildcards):
        parts = {k: v for k, v in wildcards.items() if k != "key"}
        if "seed" in parts:
            parts["seed"] = int(parts["seed"])
        job = getattr(PLAN, verb)(**parts)
        if job.key != wildcards.key:
            raise WorkflowError(
                f"{verb} {wildcards.key}: the config and code now lead to {job.key}"
            )
        return job.json

    return tell


@cache
def stop_early():
    """End a dry run as the run would end at its start: such a plan cannot be carried out."""
    try:
        if workflow.dryrun and not ARCHIVE:
            PLAN.check_folders()
    except UserError as mistake:
        stop(mistake)


def images_of(wildcards):
    """Return the card of the image set, which stands for its folder."""
    stop_early()
    return PLAN.prepare(wildcards.imageset).folder / "card.json"


def training_of(wildcards):
    """Return the training images alone."""
    return PLAN.prepare(wildcards.imageset).folder / "train.npy"


def learned_of(wildcards):
    """Return the training images of another set, where models for this one learn from them."""
    home = EXPERIMENT.home(wildcards.imageset)
    return [] if home == wildcards.imageset else [PLAN.prepare(home).folder / "train.npy"]


def validation_of(wildcards):
    """Return the validation images alone."""
    return PLAN.prepare(wildcards.imageset).folder / "val.npy"


def observations_of(wildcards):
    return PLAN.degrade(wildcards.imageset, wildcards.unit).folder / "observations.safetensors"


def controls_of(wildcards):
    return PLAN.control(wildcards.imageset, wildcards.unit).folder / "controls.safetensors"


def model_of(wildcards):
    """Return what a search rests on: the model and tuned options, where there are any."""
    imageset, method = wildcards.imageset, wildcards.method
    models = PLAN.models(imageset, method, int(wildcards.seed))
    return files(models, "model.safetensors") + tuned_of(imageset, method, "restore")


def trained_of(wildcards):
    """Return the model that options are tuned for, unless each trial trains its own."""
    space = EXPERIMENT.space(wildcards.method)
    models = PLAN.models(wildcards.imageset, wildcards.method, int(wildcards.seed))
    return [] if "train" in space else files(models, "model.safetensors")


def in_files(imageset):
    """Whether the pictures of a set lie in files, which are decoded on all cores."""
    return EXPERIMENT.imagesets[imageset].about.constants.get("IN_FILES", False)


def tuned_of(imageset, method, part):
    """Return the file with tuned options of `part`, where there are any."""
    return files(PLAN.tuned(imageset, method, part), "chosen.json")


def files(jobs, name):
    return [job.folder / name for job in jobs]


def model_option(wildcards, input):
    """Return the options that name a model and tuned options."""
    flags = {"model.safetensors": "--model", "chosen.json": "--tuned"}
    return " ".join(f"{flags[Path(path).name]} {path}" for path in input.model)


def of_units(verb, name):
    """Return the input function for the files `name` of all units of an image set."""

    def paths(wildcards):
        units = EXPERIMENT.units_of(wildcards.imageset)
        return [getattr(PLAN, verb)(wildcards.imageset, u).folder / name for u in units]

    return paths


def runs(verb, name, imageset, unit=None):
    """Return the files `name` that the runs of all methods and seeds leave for `verb`.

    A reference lends what it has; what it does not have is a gap.
    """
    units = [] if unit is None else [unit]
    # what names its tasks has nothing to show of clean images, nor of training images
    tasks = ["represent"] if unit is None else EXPERIMENT.units_of(imageset)[unit]
    paths = []
    for method in EXPERIMENT.methods_of(imageset):
        for seed in EXPERIMENT.seeds:
            if verb in ("train", "sample") and not learned(imageset, method):
                continue
            if verb != "train" and not EXPERIMENT.done_by(method, tasks):
                continue
            job = getattr(PLAN, verb)(imageset, *units, method, seed)
            if lent(imageset, method, seed):
                paths += [p for p in [REFERENCE.file(job, name)] if p.exists()]
            else:
                paths.append(job.folder / name)
    return finished(paths)


@cache
def lent(imageset, method, seed):
    """Whether a row comes from the reference."""
    return REFERENCE.lends(PLAN, imageset, method, seed)


def learned(imageset, method):
    """Whether a method learns from the images of a set: not from those of a classic test set."""
    return EXPERIMENT.methods[method].about.learns and not EXPERIMENT.test_only(imageset)


def finished(paths):
    """Return `paths`, or with `gaps: true` those that are there."""
    return [p for p in paths if Path(p).exists()] if EXPERIMENT.config["gaps"] else paths


def energy_model_of(wildcards):
    method = EXPERIMENT.config["energy"][wildcards.imageset]
    models = PLAN.models(wildcards.imageset, method, EXPERIMENT.seeds[0])
    tuned = tuned_of(wildcards.imageset, method, "restore")
    return files(models, "model.safetensors") + tuned


def energy_spec(wildcards):
    return PLAN.energy(wildcards.imageset).json


def restored_of(wildcards):
    return runs("restore", "restored.safetensors", wildcards.imageset, wildcards.unit)


def represented_of(wildcards):
    return runs("represent", "represented.safetensors", wildcards.imageset)


def samples_of(wildcards):
    return runs("sample", "samples.safetensors", wildcards.imageset)


def results_of(wildcards):
    """Return all files that tables and figures of an image set are made from."""
    imageset = wildcards.imageset
    if ARCHIVE:
        return ARCHIVE.results_of(imageset)
    units = EXPERIMENT.units_of(imageset)
    paths = [PLAN.prepare(imageset).folder / name for name in ("card.json", "test.npy")]
    for unit in units:
        paths.append(PLAN.control(imageset, unit).folder / "controls.safetensors")
        paths.append(PLAN.degrade(imageset, unit).folder / "observations.safetensors")
        for name in ("restored.safetensors", "trace.safetensors", "run.json", "curve.csv"):
            paths += runs("restore", name, imageset, unit)
    for name in ("run.json", "curve.csv"):
        paths += runs("train", name, imageset)
    for verb, name in (("represent", "represented"), ("sample", "samples")):
        paths += runs(verb, "run.json", imageset) + runs(verb, f"{name}.safetensors", imageset)
    if (home := EXPERIMENT.home(imageset)) != imageset:  # whether its models were cut short
        paths += runs("train", "run.json", home) + runs("represent", "run.json", home)
    if imageset in EXPERIMENT.config["energy"]:
        paths.append(PLAN.energy(imageset).folder / "curve.csv")
    return finished(paths) + scores_of(imageset)


def scores_of(imageset):
    """Return the scores of an image set; with `gaps: true` of what can be scored by now."""
    if ARCHIVE:
        return ARCHIVE.scores_of(imageset)
    units = EXPERIMENT.units_of(imageset)
    seen = {u: [PLAN.degrade(imageset, u).folder / "observations.safetensors"] for u in units}
    made = seen | {"samples": runs("represent", "run.json", imageset)}
    made |= {f"split-{unit}": paths for unit, paths in seen.items()}
    return [f"{OUT}/score/{imageset}/{name}.csv" for name in made if finished(made[name])]
