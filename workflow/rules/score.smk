rule score:
    """Score restorations and controls of a unit against the originals."""
    input:
        images=images_of,
        observations=observations_of,
        controls=controls_of,
        restored=restored_of,
    output:
        f"{OUT}/score/{{imageset}}/{{unit}}.csv",
    log:
        f"{OUT}/score/{{imageset}}/{{unit}}.log",
    conda:
        "../../environment.yml"
    params:
        launch=LIGHT,
        spec=SCORING,
    message:
        "score {wildcards.imageset} ({wildcards.unit})"
    shell:
        "{params.launch} workflow.scripts.score --spec {params.spec:q} --images {input.images}"
        " --observations {input.observations} --controls {input.controls}"
        " --restored {input.restored} --out {output} 2>&1 | tee {log}"


rule score_models:
    """Score what models can represent, and their samples."""
    input:
        images=images_of,
        represented=represented_of,
        samples=samples_of,
    output:
        f"{OUT}/score/{{imageset}}/samples.csv",
    log:
        f"{OUT}/score/{{imageset}}/samples.log",
    conda:
        "../../environment.yml"
    params:
        launch=LIGHT,
        spec=SCORING,
    message:
        "score samples of {wildcards.imageset}"
    shell:
        "{params.launch} workflow.scripts.score --spec {params.spec:q} --images {input.images}"
        " --represented {input.represented} --samples {input.samples}"
        " --out {output} 2>&1 | tee {log}"
