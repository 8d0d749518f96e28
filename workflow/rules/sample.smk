rule sample:
    """Draw samples, reconstruct training images, and go from one code to another."""
    input:
        model=model_of,
        images=images_of,
    output:
        samples=STORE / "sample/{imageset}/{method}/{seed}-{key}/samples.safetensors",
        run=STORE / "sample/{imageset}/{method}/{seed}-{key}/run.json",
    log:
        STORE / "sample/{imageset}/{method}/{seed}-{key}/sample.log",
    conda:
        "../../environment.yml"
    threads: THREADS
    resources:
        gpu=GPU,
    params:
        launch=HEAVY,
        spec=spec("sample"),
        model=model_option,
    message:
        "sample {wildcards.method} on {wildcards.imageset}, seed {wildcards.seed}"
    shell:
        "{params.launch} workflow.scripts.sample --spec {params.spec:q} {params.model}"
        " --images {input.images} --out {output} 2>&1 | tee {log}"
