rule prepare:
    """Write the images of a set, in three splits, and its card."""
    output:
        card=STORE / "prepare/{imageset}/{key}/card.json",
        train=STORE / "prepare/{imageset}/{key}/train.npy",
        val=STORE / "prepare/{imageset}/{key}/val.npy",
        test=STORE / "prepare/{imageset}/{key}/test.npy",
    log:
        STORE / "prepare/{imageset}/{key}/prepare.log",
    conda:
        "../../environment.yml"
    # pictures in files are decoded on all cores
    threads: lambda wildcards: workflow.cores if in_files(wildcards.imageset) else 1
    params:
        launch=LIGHT,
        spec=spec("prepare"),
    message:
        "prepare {wildcards.imageset}"
    shell:
        "{params.launch} workflow.scripts.prepare --spec {params.spec:q}"
        " --threads {threads} --out {output} 2>&1 | tee {log}"
