rule paper:
    """Draw one figure of a paper, as published and as measured."""
    input:
        LISTS,
        SCORES,
        ROOT / "published/claims.yaml",
        lambda wildcards: expand(
            ROOT / "published/{name}.csv", name=PAPERS[wildcards.paper].published
        ),
    output:
        png=f"{OUT}/papers/{{paper}}.png",
        others=multiext(f"{OUT}/papers/{{paper}}", ".pdf", ".csv", ".md", ".tex"),
    log:
        f"{OUT}/papers/{{paper}}.log",
    wildcard_constraints:
        paper="|".join(PAPERS),
    conda:
        "../../environment.yml"
    params:
        launch=LIGHT,
        experiment=EXPERIMENT.to_json(),
        labels=LABELS,
        lists=[f"@{path}" for path in LISTS],
        code=lambda wildcards: code(
            "paper", ROOT / "workflow" / "papers" / f"{PAPERS[wildcards.paper].module}.py"
        ),
    message:
        "paper figure {wildcards.paper}"
    shell:
        "{params.launch} workflow.scripts.paper --name {wildcards.paper}"
        " --experiment {params.experiment:q} --inputs {params.lists}"
        " --out {output.png} 2>&1 | tee {log}"


rule papers:
    """Draw all figures of papers."""
    input:
        expand(f"{OUT}/papers/{{paper}}.png", paper=PAPERS),


# a rule for each, so that its name is a target
for name in PAPERS:

    rule:
        name:
            name
        input:
            f"{OUT}/papers/{name}.png",
