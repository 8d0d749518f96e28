rule tune:
    """Choose options of a method on validation images: the test split is not looked at."""
    input:
        model=trained_of,
        card=images_of,
        train=training_of,
        val=validation_of,
    output:
        chosen=STORE / "tune/{imageset}/{method}/{seed}-{key}/chosen.json",
        trials=STORE / "tune/{imageset}/{method}/{seed}-{key}/trials.csv",
        run=STORE / "tune/{imageset}/{method}/{seed}-{key}/run.json",
    log:
        STORE / "tune/{imageset}/{method}/{seed}-{key}/tune.log",
    priority: 20
    conda:
        "../../environment.yml"
    threads: THREADS
    resources:
        gpu=GPU,
    params:
        launch=HEAVY,
        spec=spec("tune"),
        model=model_option,
    message:
        "tune {wildcards.method} on {wildcards.imageset}"
    shell:
        "{params.launch} workflow.scripts.tune --spec {params.spec:q} {params.model}"
        " --images {input.card} --train {input.train} --val {input.val}"
        " --out {output} 2>&1 | tee {log}"
