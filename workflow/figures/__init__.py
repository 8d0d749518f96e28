"""One file per figure: CAPTION, and draw(results, imageset), which returns the figure.

Those across image sets are drawn by draw(results).
"""

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
ACROSS = ("ranks",)  # all image sets in one figure
LEAST_SETS = 6  # image sets to rank methods on: with fewer, only the grossest differences show
FROM_MODELS = ("samples", "reconstructions", "encodings", "interpolations", "training")
