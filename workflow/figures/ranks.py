"""Mean ranks over image sets as a critical-difference picture (Demsar, JMLR 7, 2006)."""

from textwrap import fill
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from priorbench.results import Results
from priorbench.significance import LEVEL, cliques
from workflow.figures._style import INK, SMALL, WIDTH, said
from workflow.ranking import Ranking, rankings, why_none
from workflow.summaries import plural, task_label

CAPTION = (
    "Mean ranks over image sets, 1 the best. A thick bar joins methods whose ranks are nearer than "
    "the critical difference (CD): not shown to differ. Where Friedman's test finds no difference, "
    "it joins all."
)
STEP = 0.2  # inches between lines of names
BAR = 0.4  # of that between bars
ABOVE = 3  # of that for title, scale and critical difference


def draw(results: Results) -> Figure:
    """Return a panel per task, one below another."""
    found = rankings(results)
    if not found:
        return said(fill(why_none(results), 50))
    depths = [1 + _top(ranking) + len(ranking.methods) / 2 for ranking in found.values()]
    heights = [depth + ABOVE for depth in depths]
    figure = Figure(figsize=(WIDTH, STEP * sum(heights)), layout="constrained")
    places = figure.subplots(len(found), 1, squeeze=False, height_ratios=heights)[:, 0]
    for axes, depth, (task, ranking) in zip(places, depths, found.items(), strict=True):
        axes.set_ylim(depth, -2)
        _panel(axes, results, ranking)
        axes.set_title(f"{task_label(results, task)}, {plural(ranking.sets, 'image set')}")
    return figure


def _bars(ranking: Ranking) -> list[tuple[float, float]]:
    """Return the ends of what joins methods that are not shown to differ."""
    if ranking.p >= LEVEL:
        return [(float(ranking.ranks[0]), float(ranking.ranks[-1]))]
    return cliques(ranking.ranks, ranking.difference)


def _top(ranking: Ranking) -> float:
    """Return where the names begin, below the bars."""
    return 1 + BAR * len(_bars(ranking))


def _panel(axes: Axes, results: Results, ranking: Ranking) -> None:
    count, half = len(ranking.methods), (len(ranking.methods) + 1) // 2
    margin = 0.45 * (count - 1)  # on either side, for the names
    axes.axis("off")
    axes.set_xlim(1 - margin, count + margin)
    line: Any = {"color": INK, "linewidth": 0.7, "solid_capstyle": "butt"}
    axes.plot([1, count], [0, 0], **line)
    for rank in range(1, count + 1):
        axes.plot([rank, rank], [0, -0.2], **line)
        axes.text(rank, -0.3, str(rank), ha="center", va="bottom", size=SMALL)
    for place, (method, rank) in enumerate(zip(ranking.methods, ranking.ranks, strict=True)):
        left = place < half
        y = _top(ranking) + (place if left else count - 1 - place)
        end = 1 - 0.05 * margin if left else count + 0.05 * margin
        axes.plot([rank, rank, end], [0, y, y], **line)
        told = f"{results.experiment.methods[method].label}  {rank:.2f}"
        told, align = (f"{told} ", "right") if left else (f" {told}", "left")
        axes.text(end, y, told, ha=align, va="center")
    for number, (first, last) in enumerate(_bars(ranking), 1):
        y = BAR * number
        axes.plot([first - 0.03, last + 0.03], [y, y], color=INK, linewidth=2.4)
    end = min(1 + ranking.difference, count)
    axes.plot([1, 1, end, end], [-1.2, -1.5, -1.5, -1.2], **line)
    axes.text(end, -1.45, f" CD {ranking.difference:.2f}", va="center", size=SMALL)
