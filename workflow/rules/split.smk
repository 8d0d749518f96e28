rule split:
    """Split the errors of a unit's restorations into range, search and ambiguity."""
    input:
        images=images_of,
        observations=observations_of,
        represented=represented_of,
        restored=restored_of,
    output:
        f"{OUT}/score/{{imageset}}/split-{{unit}}.csv",
    log:
        f"{OUT}/score/{{imageset}}/split-{{unit}}.log",
    conda:
        "../../environment.yml"
    params:
        launch=LIGHT,
        spec=SPLITTING,
    message:
        "split {wildcards.imageset} ({wildcards.unit})"
    shell:
        "{params.launch} workflow.scripts.split --spec {params.spec:q} --images {input.images}"
        " --observations {input.observations} --represented {input.represented}"
        " --restored {input.restored} --out {output} 2>&1 | tee {log}"
