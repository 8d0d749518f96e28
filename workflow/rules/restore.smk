rule restore:
    """Restore the observations of a unit: no original is among the inputs."""
    input:
        model=model_of,
        observations=observations_of,
    output:
        restored=STORE / "restore/{imageset}/{unit}/{method}/{seed}-{key}/restored.safetensors",
        curve=STORE / "restore/{imageset}/{unit}/{method}/{seed}-{key}/curve.csv",
        trace=STORE / "restore/{imageset}/{unit}/{method}/{seed}-{key}/trace.safetensors",
        run=STORE / "restore/{imageset}/{unit}/{method}/{seed}-{key}/run.json",
    log:
        STORE / "restore/{imageset}/{unit}/{method}/{seed}-{key}/restore.log",
    conda:
        "../../environment.yml"
    threads: THREADS
    resources:
        gpu=GPU,
    params:
        launch=HEAVY,
        spec=spec("restore"),
        model=model_option,
    message:
        "restore {wildcards.imageset} ({wildcards.unit}) with {wildcards.method}, seed {wildcards.seed}"
    shell:
        "{params.launch} workflow.scripts.restore --spec {params.spec:q} {params.model}"
        " --observations {input.observations} --out {output} 2>&1 | tee {log}"
