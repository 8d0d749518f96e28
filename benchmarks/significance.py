"""How often equal methods are called different: the table of docs/statistics.md.

    python -m benchmarks.significance [--pairs 1500]

Of two methods with equal means, images share how hard they are. By chance the methods differ by 1
per cluster (standard deviation of the difference), and each score of a method varies by 0.5. A
cluster has one image. Seeded: the same count gives the same table, in Markdown; 1,500 pairs take
about a minute.
"""

import argparse

import numpy as np

from priorbench.resampling import RESAMPLES
from priorbench.significance import paired_test

CASES = ((5, 1), (10, 1), (10, 3), (16, 1), (60, 1))  # clusters, seeds
LEVELS = (0.05, 0.005)
HARD, CLUSTER, SINGLE = 5.0, 1.0, 0.5  # standard deviations


def bootstrap(sums: np.ndarray, generator: np.random.Generator) -> float:
    """Return twice the smaller share of resamples beyond zero; sums (2, seeds, clusters)."""
    _, seeds, clusters = sums.shape
    drawn = generator.multinomial(clusters, np.full(clusters, 1 / clusters), RESAMPLES)
    means = []
    for values in sums:
        lots = generator.multinomial(seeds, np.full(seeds, 1 / seeds), RESAMPLES)
        means.append((lots * (drawn @ values.T)).sum(1) / (seeds * clusters))
    below = (means[0] < means[1]).mean()
    return float(2 * min(below, 1 - below))


def shares(clusters: int, seeds: int, pairs: int) -> list[float]:
    """Return the share of pairs called different: per level, by the bootstrap and by the test."""
    generator = np.random.default_rng([clusters, seeds])
    values = []
    for _ in range(pairs):
        hard = generator.normal(0, HARD, clusters)
        chance = generator.normal(0, CLUSTER, (2, 1, clusters)) / np.sqrt(2)
        sums = hard + chance + generator.normal(0, SINGLE, (2, seeds, clusters))
        test = paired_test(sums[0], sums[1], np.ones(clusters))
        values.append((bootstrap(sums, generator), test))
    found = np.array(values)
    return [float((found[:, by] < level).mean()) for level in LEVELS for by in (0, 1)]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=1500)
    pairs = parser.parse_args().pairs
    heads = [f"{by}, {100 * level:g} %" for level in LEVELS for by in ("bootstrap", "this test")]
    print("| clusters, seeds |", " | ".join(heads), "|\n|---|" + "---:|" * len(heads))
    for clusters, seeds in CASES:
        told = [f"{100 * share:.1f} %" for share in shares(clusters, seeds, pairs)]
        print(f"| {clusters}, {seeds} |", " | ".join(told), "|", flush=True)


if __name__ == "__main__":
    main()
