# figure: whether an image set has it
FIGURES = {
    name: list(EXPERIMENT.imagesets)
    for name in (
        "restorations",
        "bars",
        "samples",
        "reconstructions",
        "interpolations",
        "training",
        "tradeoff",
    )
} | {"energy": list(EXPERIMENT.config["energy"])}
PER_IMAGE = [n for n, e in EXPERIMENT.metrics.items() if e.about.constants["PER"] == "image"]
TABLES = [
    table
    for imageset in EXPERIMENT.imagesets
    for table in (
        *(f"quality-{imageset}-{metric}" for metric in PER_IMAGE),
        f"samples-{imageset}",
        f"cost-{imageset}",
    )
]


def results_of(wildcards):
    """Return all files that tables and figures of an image set are made from."""
    imageset = wildcards.imageset
    units = EXPERIMENT.units_of(imageset)
    paths = [PLAN.prepare(imageset).folder / name for name in ("card.json", "test.npy")]
    paths += [f"{OUT}/score/{imageset}/{name}.csv" for name in (*units, "samples")]
    for unit in units:
        paths.append(PLAN.control(imageset, unit).folder / "controls.safetensors")
        paths.append(PLAN.degrade(imageset, unit).folder / "observations.safetensors")
        for name in ("restored.safetensors", "run.json", "curve.csv"):
            paths += runs("restore", name, imageset, unit)
    for name in ("run.json", "curve.csv"):
        paths += runs("train", name, imageset)
    for verb, name in (("represent", "represented"), ("sample", "samples")):
        paths += runs(verb, "run.json", imageset) + runs(verb, f"{name}.safetensors", imageset)
    if imageset in EXPERIMENT.config["energy"]:
        paths.append(PLAN.energy(imageset).folder / "curve.csv")
    return finished(paths)


rule gather:
    """List the results of an image set: too many for a command line."""
    input:
        results_of,
    output:
        f"{OUT}/{{imageset}}.txt",
    log:
        f"{OUT}/{{imageset}}.log",
    conda:
        "../../environment.yml"
    run:
        Path(output[0]).write_text("".join(f"{path}\n" for path in input))


LISTS = expand(f"{OUT}/{{imageset}}.txt", imageset=EXPERIMENT.imagesets)


rule tables:
    """Write all tables."""
    input:
        LISTS,
    output:
        report(
            expand(f"{OUT}/tables/{{table}}.csv", table=TABLES),
            caption="../report/tables.rst",
            category="Tables",
        ),
        expand(f"{OUT}/tables/{{table}}.{{suffix}}", table=TABLES, suffix=("md", "tex")),
    log:
        f"{OUT}/tables/tables.log",
    conda:
        "../../environment.yml"
    params:
        experiment=EXPERIMENT.to_json(),
        lists=[f"@{path}" for path in LISTS],
        folder=f"{OUT}/tables",
    shell:
        "python -m workflow.scripts.tables --experiment {params.experiment:q}"
        " --inputs {params.lists} --out {params.folder} 2>&1 | tee {log}"


rule figure:
    """Draw one figure of an image set."""
    input:
        f"{OUT}/{{imageset}}.txt",
    output:
        png=report(
            f"{OUT}/figures/{{figure}}-{{imageset}}.png",
            caption="../report/figure.rst",
            category="Figures",
            subcategory="{figure}",
            labels={"image set": "{imageset}", "figure": "{figure}"},
        ),
        pdf=f"{OUT}/figures/{{figure}}-{{imageset}}.pdf",
    wildcard_constraints:
        figure="|".join(FIGURES),
    log:
        f"{OUT}/figures/{{figure}}-{{imageset}}.log",
    conda:
        "../../environment.yml"
    params:
        experiment=EXPERIMENT.to_json(),
    shell:
        "python -m workflow.scripts.figure --name {wildcards.figure}"
        " --imageset {wildcards.imageset} --experiment {params.experiment:q}"
        " --inputs @{input} --out {output.png} 2>&1 | tee {log}"


rule figures:
    """Draw all figures."""
    input:
        [f"{OUT}/figures/{name}-{imageset}.png" for name, sets in FIGURES.items() for imageset in sets],
