"""One file per figure or table of a paper: draw(results), which returns a Paper.

Each says by itself what was published, what this experiment measured, and what was not run.
"""

# name: files of published/ that it reads
PAPERS: dict[str, tuple[str, ...]] = {
    "lcm_figure3": (),
    "lcm_figure4": ("lcm_figure4",),
    "dip_energy": (),
    "dip_tables": ("deep_image_prior",),
    "incremental_glo_times": ("incremental_glo_report",),
    "incremental_glo_figure4": (),
    "incremental_glo_figure5": (),
    "incremental_glo_figure6": (),
    "incremental_glo_figure7": (),
    "incremental_glo_figure8": (),
    "incremental_glo_figure9": (),
    "incremental_glo_figure10": (),
    "incremental_glo_figure11": (),
}
