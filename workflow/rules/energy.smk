rule energy:
    """Follow a search's loss for an image, a noisy and a shuffled one, and noise."""
    input:
        model=energy_model_of,
        images=images_of,
    output:
        curve=STORE / "energy/{imageset}/{method}/{seed}-{key}/curve.csv",
        run=STORE / "energy/{imageset}/{method}/{seed}-{key}/run.json",
    log:
        STORE / "energy/{imageset}/{method}/{seed}-{key}/energy.log",
    conda:
        "../../environment.yml"
    threads: THREADS
    resources:
        gpu=GPU,
    params:
        launch=HEAVY,
        spec=energy_spec,
        model=model_option,
    message:
        "energy of {wildcards.method} on {wildcards.imageset}"
    shell:
        "{params.launch} workflow.scripts.energy --spec {params.spec:q} {params.model}"
        " --images {input.images} --out {output} 2>&1 | tee {log}"
