# A benchmark of image priors: train, restore, score, compare.
from snakemake.utils import min_version

min_version("9.19")

if not workflow.configfiles:

    configfile: "config/config.yaml"


include: "workflow/rules/common.smk"
include: "workflow/rules/inputs.smk"
include: "workflow/rules/prepare.smk"
include: "workflow/rules/degrade.smk"
include: "workflow/rules/control.smk"
include: "workflow/rules/tune.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/restore.smk"
include: "workflow/rules/represent.smk"
include: "workflow/rules/sample.smk"
include: "workflow/rules/energy.smk"
include: "workflow/rules/score.smk"
include: "workflow/rules/split.smk"
include: "workflow/rules/compare.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/papers.smk"
include: "workflow/rules/lcm_metric.smk"


rule all:
    default_target: True
    input:
        rules.report.output,
        rules.tables.output,
        rules.figures.input,
