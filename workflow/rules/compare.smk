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
    message:
        "gather {wildcards.imageset}"
    run:
        Path(output[0]).write_text("".join(f"{path}\n" for path in input))


LISTS = expand(f"{OUT}/{{imageset}}.txt", imageset=EXPERIMENT.imagesets)
# made again under the same name: a list of paths does not tell
SCORES = [path for imageset in EXPERIMENT.imagesets for path in scores_of(imageset)]


rule tables:
    """Write all tables."""
    input:
        LISTS,
        SCORES,
    output:
        csv=report(
            expand(f"{OUT}/tables/{{table}}.csv", table=TABLES),
            caption="../report/tables.rst",
            category="Tables",
        ),
        others=expand(f"{OUT}/tables/{{table}}.{{suffix}}", table=TABLES, suffix=("md", "tex")),
    log:
        f"{OUT}/tables/tables.log",
    conda:
        "../../environment.yml"
    params:
        launch=LIGHT,
        experiment=EXPERIMENT.to_json(),
        labels=LABELS,
        lists=[f"@{path}" for path in LISTS],
        claims=CLAIMS,
        code=code("tables"),
    message:
        "tables"
    shell:
        "{params.launch} workflow.scripts.tables --experiment {params.experiment:q}"
        " --inputs {params.lists} --out $(dirname {output.csv[0]}) 2>&1 | tee {log}"


rule figure:
    """Draw one figure of an image set."""
    input:
        gathered=f"{OUT}/{{imageset}}.txt",
        scores=lambda wildcards: scores_of(wildcards.imageset),
    output:
        png=report(
            f"{OUT}/figures/{{figure}}-{{imageset}}.png",
            caption="../report/figure.rst",
            category="Figures",
            subcategory="{figure}",
            labels={"image set": "{imageset}", "figure": "{figure}"},
        ),
        pdf=f"{OUT}/figures/{{figure}}-{{imageset}}.pdf",
    log:
        f"{OUT}/figures/{{figure}}-{{imageset}}.log",
    wildcard_constraints:
        figure="|".join(FIGURES),
    conda:
        "../../environment.yml"
    params:
        launch=LIGHT,
        experiment=EXPERIMENT.to_json(),
        labels=LABELS,
        code=lambda wildcards: code(
            "figure", ROOT / "workflow" / "figures" / f"{wildcards.figure}.py"
        ),
    message:
        "figure {wildcards.figure} of {wildcards.imageset}"
    shell:
        "{params.launch} workflow.scripts.figure --name {wildcards.figure}"
        " --imageset {wildcards.imageset} --experiment {params.experiment:q}"
        " --inputs @{input.gathered} --out {output.png} 2>&1 | tee {log}"


rule figure_across:
    """Draw one figure of all image sets."""
    input:
        LISTS,
        SCORES,
    output:
        png=report(
            f"{OUT}/figures/{{figure}}.png",
            caption="../report/figure.rst",
            category="Figures",
            subcategory="{figure}",
            labels={"image set": "all", "figure": "{figure}"},
        ),
        pdf=f"{OUT}/figures/{{figure}}.pdf",
    log:
        f"{OUT}/figures/{{figure}}.log",
    wildcard_constraints:
        figure="|".join(ACROSS),
    conda:
        "../../environment.yml"
    params:
        launch=LIGHT,
        experiment=EXPERIMENT.to_json(),
        labels=LABELS,
        lists=[f"@{path}" for path in LISTS],
        code=lambda wildcards: code(
            "figure", ROOT / "workflow" / "figures" / f"{wildcards.figure}.py"
        ),
    message:
        "figure {wildcards.figure} of all image sets"
    shell:
        "{params.launch} workflow.scripts.figure --name {wildcards.figure}"
        " --experiment {params.experiment:q} --inputs {params.lists}"
        " --out {output.png} 2>&1 | tee {log}"


rule figures:
    """Draw all figures."""
    input:
        [
            f"{OUT}/figures/{name}-{imageset}.png"
            for name, sets in FIGURES.items()
            for imageset in sets
        ],
        [f"{OUT}/figures/{name}.png" for name in OVERALL],
