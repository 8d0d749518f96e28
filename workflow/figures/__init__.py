"""One file per figure: CAPTION, and draw(results, imageset), which returns the figure."""

# in the order of the report
FIGURES = (
    "restorations",
    "bars",
    "contrasts",
    "tradeoff",
    "search",
    "error_split",
    "samples",
    "reconstructions",
    "encodings",
    "interpolations",
    "training",
    "energy",
)
FROM_MODELS = ("samples", "reconstructions", "encodings", "interpolations", "training")
