rule degrade:
    """Make the observations that all methods share."""
    input:
        images=images_of,
        learned=learned_of,
    output:
        STORE / "degrade/{imageset}/{unit}/{key}/observations.safetensors",
    log:
        STORE / "degrade/{imageset}/{unit}/{key}/degrade.log",
    conda:
        "../../environment.yml"
    params:
        launch=LIGHT,
        spec=spec("degrade"),
        learned=lambda wildcards, input: " ".join(f"--learned {path}" for path in input.learned),
    message:
        "degrade {wildcards.imageset}: {wildcards.unit}"
    shell:
        "{params.launch} workflow.scripts.degrade --spec {params.spec:q} --images {input.images}"
        " {params.learned} --out {output} 2>&1 | tee {log}"
