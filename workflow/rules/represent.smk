rule represent:
    """Search for clean images: a method's range, and whether its training had a plateau."""
    input:
        model=model_of,
        images=images_of,
    output:
        represented=STORE / "represent/{imageset}/{method}/{seed}-{key}/represented.safetensors",
        run=STORE / "represent/{imageset}/{method}/{seed}-{key}/run.json",
    log:
        STORE / "represent/{imageset}/{method}/{seed}-{key}/represent.log",
    conda:
        "../../environment.yml"
    threads: THREADS
    resources:
        gpu=GPU,
    params:
        launch=HEAVY,
        spec=spec("represent"),
        model=model_option,
    message:
        "represent {wildcards.imageset} with {wildcards.method}, seed {wildcards.seed}"
    shell:
        "{params.launch} workflow.scripts.represent --spec {params.spec:q} {params.model}"
        " --images {input.images} --out {output} 2>&1 | tee {log}"
