rule report:
    """Write one page with verdicts, tables, figures and run records."""
    input:
        lists=LISTS,
        tables=rules.tables.output.csv,
        figures=rules.figures.input,
        template=ROOT / "workflow" / "report" / "report.html.j2",
    output:
        f"{OUT}/report.html",
    log:
        f"{OUT}/report.log",
    conda:
        "../../environment.yml"
    params:
        launch=LIGHT,
        experiment=EXPERIMENT.to_json(),
        labels=LABELS,
        lists=[f"@{path}" for path in LISTS],
        expectations=EXPECTATIONS,
        code=code("report"),
    message:
        "report"
    shell:
        "{params.launch} workflow.scripts.report --experiment {params.experiment:q}"
        " --inputs {params.lists} --tables $(dirname {input.tables[0]}) --figures $(dirname {input.figures[0]})"
        " --out {output} 2>&1 | tee {log}"
