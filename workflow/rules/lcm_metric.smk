rule lcm_metric_of:
    """Measure the control lines of LCM's figure 4 by every variant of LPIPS."""
    input:
        images=images_of,
        observations=of_units("degrade", "observations.safetensors"),
        controls=of_units("control", "controls.safetensors"),
    output:
        csv=f"{OUT}/lcm_metric/{{imageset}}.csv",
        others=multiext(f"{OUT}/lcm_metric/{{imageset}}", ".md", ".tex", ".json", ".png", ".pdf"),
    log:
        f"{OUT}/lcm_metric/{{imageset}}.log",
    conda:
        "../../environment.yml"
    params:
        launch=LIGHT,
        weights=json.dumps({name: weights.state(name) for name in weights.FILES}),
        code=code("lcm_metric"),
    message:
        "lcm_metric of {wildcards.imageset}"
    shell:
        "{params.launch} workflow.scripts.lcm_metric --images {input.images}"
        " --observations {input.observations} --controls {input.controls}"
        " --out {output.csv} 2>&1 | tee {log}"


rule lcm_metric:
    """Ask of every image set which perceptual metric LCM's figure 4 used."""
    input:
        expand(f"{OUT}/lcm_metric/{{imageset}}.csv", imageset=EXPERIMENT.imagesets),
