"""The figure of what an answer costs, drawn from the first table of its page: so the two cannot differ."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from plotly.utils import PlotlyJSONEncoder

from analysis.components.files import font_face
from analysis.plotting.dark import on_dark
from analysis.plotting.palette import HUES
from analysis.plotting.theme import GRID, INK, SOFT, empty
from analysis.report.plotly.source import plotly_js

if TYPE_CHECKING:
    import plotly.graph_objects as go

HEAD = re.compile(r"\| method \| trainings: (?P<families>[a-z, ]+) \| right, % \|")
STUDIES = re.compile(r"\((\d+) studies\)")
USUAL = 500  # studies of each family
MARKERS = ("circle", "square", "diamond")
WIDTH, HEIGHT = 800, 460  # pixels
APART = 1.6  # trainings between the marks of a method whose families all need as many
# What each method is called, by how its row begins, and on which side of its marks.
NAMES = {
    "`settle`, before": ("<b>settle</b>", "left"),
    "`settle`, 4 runs": ("settle, 4 runs at once", "above"),
    "`grid`, 12": ("grid, 12 seeds (the paper's)", "below"),
    "`grid`, 20": ("grid, 20 seeds", "below"),
    "racing": ("racing", "right"),
    "`search`": ("search, TPE", "right"),
    "ASHA": ("ASHA, 1 seed", "right"),
}


@dataclass(frozen=True)
class Row:
    """A method's row of the table: for each family, its trainings and the share of right choices in %."""

    method: str
    trainings: tuple[float, ...]
    right: tuple[float, ...]
    studies: int


def table(page: str) -> tuple[list[str], list[Row]]:
    """Return the families and the rows of the page's table.

    Raises:
        ValueError: the page has no such table, or a row is not understood.

    """
    lines = page.splitlines()
    heads = [(place, match) for place, line in enumerate(lines) if (match := HEAD.match(line))]
    if not heads:
        msg = "the page has no table that begins with | method | trainings: ... | right, % |"
        raise ValueError(msg)
    place, head = heads[0]
    families = head["families"].split(", ")
    rows = []
    for line in lines[place + 2 :]:
        if not line.startswith("|"):
            break
        method, trainings, right = (cell.strip() for cell in line.split("|")[1:4])
        counted = STUDIES.search(method)
        numbers = [[float(part) for part in cell.split(",")] for cell in (trainings, right)]
        of_all = [values * len(families) if len(values) == 1 else values for values in numbers]
        rows.append(Row(method, tuple(of_all[0]), tuple(of_all[1]), int(counted[1]) if counted else USUAL))
    return families, rows


def draw(families: list[str], rows: list[Row]) -> go.Figure:
    """Draw the share of right choices (%) against the trainings before the choice, with 95 % intervals."""
    figure = empty(height=HEIGHT)
    for row in rows:
        name, side = next(shown for start, shown in NAMES.items() if row.method.startswith(start))
        settles = row.method.startswith("`settle`")
        colour = HUES["blue"][0 if side == "left" else 1].light if settles else SOFT
        equal = len(set(row.trainings)) == 1
        x = [value + APART * (i - (len(families) - 1) / 2) * equal for i, value in enumerate(row.trainings)]
        figure.add_scatter(
            x=x,
            y=row.right,
            error_y={"array": [_half_width(share, row.studies) for share in row.right], "thickness": 1, "width": 3},
            mode="markers",
            marker={"symbol": MARKERS[: len(families)], "size": 13 if settles else 9, "color": colour},
            showlegend=False,
        )
        middle, height = sum(x) / len(x), sum(row.right) / len(row.right)
        place = {
            "left": {"x": min(x), "y": height, "xanchor": "right", "xshift": -14},
            "right": {"x": max(x), "y": height, "xanchor": "left", "xshift": 12},
            "above": {"x": middle, "y": max(row.right), "yanchor": "bottom", "yshift": 10},
            "below": {"x": middle, "y": min(row.right), "yanchor": "top", "yshift": -22},
        }[side]
        text_colour = colour if settles else INK
        figure.add_annotation(text=name, showarrow=False, font={"size": 14, "color": text_colour}, **place)
    for family, marker in zip(families, MARKERS, strict=True):
        shown = {"symbol": marker, "size": 9, "color": INK}
        figure.add_scatter(x=[None], y=[None], mode="markers", marker=shown, name=f"{family} curve")
    lowest = min(share for row in rows for share in row.right)
    figure.update_xaxes(title_text="Trainings before the choice", range=[-4, 196], gridcolor=GRID)
    figure.update_yaxes(title_text="Right choices (%)", range=[math.floor(lowest / 10) * 10 - 8, 104])
    figure.update_layout(width=WIDTH, margin={"t": 16, "b": 96, "r": 20})
    return figure


def _half_width(share: float, studies: int) -> float:
    """Return half the width of the 95 % interval of a share in %, by the normal approximation."""
    return 1.96 * math.sqrt(share * (100 - share) / studies)


def cost_pages(page: str) -> dict[str, str]:
    """Return the page of the figure alone for each theme.

    Args:
        page: the text of docs/evidence/what-an-answer-costs.md.

    """
    drawing = json.loads(json.dumps(draw(*table(page)), cls=PlotlyJSONEncoder))
    return {theme: _page(drawn) for theme, drawn in (("light", drawing), ("dark", on_dark(drawing)))}


def _page(drawing: dict[str, object]) -> str:
    data = json.dumps(drawing).replace("<", "\\u003c")
    draw_it = "document.fonts.load('14px Inter').then(() => Plotly.newPlot('f',f.data,f.layout,{displayModeBar:false}))"
    return (
        f"<!doctype html><meta charset=utf-8><style>body{{margin:0}}{font_face()}</style>"
        f"<script>{plotly_js()}</script><div id=f></div><script>const f={data};{draw_it}</script>"
    )
