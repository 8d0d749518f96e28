import json

METRICS = {name: entry.plugin for name, entry in EXPERIMENT.metrics.items()}
# scores are made again when weights that were missing have come
WEIGHTS = {
    name: weights.state(name)
    for entry in EXPERIMENT.metrics.values()
    for name in entry.about.constants.get("WEIGHTS", ())
}
SCORING = json.dumps(
    {"metrics": METRICS, "weights": WEIGHTS, "samples": EXPERIMENT.config["samples"]}
)


def restored_of(wildcards):
    return runs("restore", "restored.safetensors", wildcards.imageset, wildcards.unit)


def represented_of(wildcards):
    return runs("represent", "represented.safetensors", wildcards.imageset)


def samples_of(wildcards):
    return runs("sample", "samples.safetensors", wildcards.imageset)


rule score:
    """Score restorations and controls of a unit against the originals."""
    input:
        images=images_of,
        observations=observations_of,
        controls=controls_of,
        restored=restored_of,
    output:
        f"{OUT}/score/{{imageset}}/{{unit}}.csv",
    log:
        f"{OUT}/score/{{imageset}}/{{unit}}.log",
    conda:
        "../../environment.yml"
    params:
        spec=SCORING,
    shell:
        "{LIGHT} workflow.scripts.score --spec {params.spec:q} --images {input.images}"
        " --observations {input.observations} --controls {input.controls}"
        " --restored {input.restored} --out {output} 2>&1 | tee {log}"


rule score_models:
    """Score what models can represent, and their samples."""
    input:
        images=images_of,
        represented=represented_of,
        samples=samples_of,
    output:
        f"{OUT}/score/{{imageset}}/samples.csv",
    log:
        f"{OUT}/score/{{imageset}}/samples.log",
    conda:
        "../../environment.yml"
    params:
        spec=SCORING,
    shell:
        "{LIGHT} workflow.scripts.score --spec {params.spec:q} --images {input.images}"
        " --represented {input.represented} --samples {input.samples}"
        " --out {output} 2>&1 | tee {log}"
