rule control:
    """Picture the observations, and invert them naively."""
    input:
        observations=observations_of,
    output:
        STORE / "control/{imageset}/{unit}/{key}/controls.safetensors",
    log:
        STORE / "control/{imageset}/{unit}/{key}/control.log",
    conda:
        "../../environment.yml"
    params:
        launch=LIGHT,
        spec=spec("control"),
    message:
        "control {wildcards.imageset}: {wildcards.unit}"
    shell:
        "{params.launch} workflow.scripts.control --spec {params.spec:q}"
        " --observations {input.observations} --out {output} 2>&1 | tee {log}"
