rule train:
    """Train a method on the training images of a set: no other image is among the inputs."""
    input:
        images=training_of,
        tuned=lambda wildcards: tuned_of(wildcards.imageset, wildcards.method, "train"),
    output:
        model=STORE / "train/{imageset}/{method}/{seed}-{key}/model.safetensors",
        milestone=STORE / "train/{imageset}/{method}/{seed}-{key}/milestone.safetensors",
        curve=STORE / "train/{imageset}/{method}/{seed}-{key}/curve.csv",
        run=STORE / "train/{imageset}/{method}/{seed}-{key}/run.json",
    log:
        STORE / "train/{imageset}/{method}/{seed}-{key}/train.log",
    # the longest jobs of a run begin first, so that none is left over at its end
    priority: 10
    conda:
        "../../environment.yml"
    threads: THREADS
    resources:
        gpu=GPU,
    params:
        launch=HEAVY,
        spec=spec("train"),
        tuned=lambda wildcards, input: f"--tuned {input.tuned}" if input.tuned else "",
    message:
        "train {wildcards.method} on {wildcards.imageset}, seed {wildcards.seed}"
    shell:
        "{params.launch} workflow.scripts.train --spec {params.spec:q} --images {input.images}"
        " {params.tuned} --out {output} 2>&1 | tee {log}"
