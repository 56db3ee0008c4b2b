"""From the outcomes of the cost-to-answer benchmark to its tables and its figure."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
import plotly.graph_objects as go
from families import FAMILIES
from plotly.subplots import make_subplots

SETTLES = ("settle", "settle, 4 runs in flight")
CAPPED = "settle, at most half the grid's cost"
GRID = "grid x 12"
LEAST_WITHIN, MOST_BEFORE, HONEST, COVERAGE, MOST_BIAS = 0.95, 50, 0.02, (0.93, 0.97), 0.05
SIZE = (1200, 460)  # pixels
COLOURS = ("#d62728", "#e377c2", "#1f77b4", "#2a9d8f", "#17becf", "#8c564b", "#7f7f7f", "#bcbd22", "#9467bd", "#ff7f0e")
SYMBOLS = ("star", "star", "circle", "circle", "circle", "square", "diamond", "x", "cross", "triangle-up")


def summarise(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return one row for each world and method: means over the worlds, and the standard error of P(within)."""
    frame = pd.DataFrame(rows)
    found = []
    for (world, method), own in frame.groupby(["world", "method"], sort=False):
        share = float(own["within"].mean())
        found.append(
            {
                "world": world,
                "method": method,
                "n": len(own),
                **{name: float(own[name].mean()) for name in ("before", "total", "regret", "own", "bias", "covered")},
                "within": share,
                "within_se": (share * (1 - share) / len(own)) ** 0.5,
                "stated": None if own["stated"].isna().all() else float(own["stated"].mean()),
                **(
                    {"unit": own["unit"].iloc[0], "tolerance": float(own["tolerance"].median())}
                    if "unit" in own
                    else {}
                ),
            }
        )
    return found


def _table(header: list[str], rows: list[list[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _percent(value: float) -> str:
    return f"{100 * value:.1f}"


def markdown(summaries: list[dict[str, Any]], settings: dict[str, Any]) -> str:
    """Return the tables, as Markdown."""
    parts = [f"# What an answer costs\n\n{settings}\n"]
    simulated = [each for each in summaries if each["world"] in FAMILIES]
    for family in FAMILIES:
        own = [each for each in simulated if each["world"] == family]
        if own:
            parts.append(f"## Simulated: {family}\n\n{_simulated(own)}\n")
    parts.append(f"## Bars\n\n{_bars(simulated)}\n")
    real = [each for each in summaries if each["world"] not in FAMILIES]
    if real:
        parts.append(f"## Real repeats ({real[0]['n']} slices of each table)\n\n{_real(real)}\n")
    return "\n".join(parts)


def _simulated(own: list[dict[str, Any]]) -> str:
    header = [
        "method",
        "studies",
        "trainings before the choice is confirmed",
        "in all",
        "within 0.3 points of the best, %",
    ]
    header += ["stated, %", "mean regret", "winner's own mean, too high by", "stated accuracy's bias", "coverage, %"]
    rows = [
        [
            each["method"],
            str(each["n"]),
            f"{each['before']:.1f}",
            f"{each['total']:.1f}",
            f"{_percent(each['within'])} ± {_percent(1.96 * each['within_se'])}",
            "" if each["stated"] is None else _percent(each["stated"]),
            f"{each['regret']:.2f}",
            f"{each['own']:+.2f}",
            f"{each['bias']:+.3f}",
            _percent(each["covered"]),
        ]
        for each in own
    ]
    return _table(header, rows)


def _bars(simulated: list[dict[str, Any]]) -> str:
    rows = []
    for each in simulated:
        if each["method"] not in SETTLES:
            continue
        low, high = COVERAGE
        checks = [
            (_percent(each["within"]), each["within"] >= LEAST_WITHIN),
            (f"{each['before']:.1f}", each["before"] <= MOST_BEFORE),
            (f"{100 * (each['within'] - each['stated']):+.1f}", each["within"] >= each["stated"] - HONEST),
            (_percent(each["covered"]), low <= each["covered"] <= high),
            (f"{each['bias']:+.3f}", abs(each["bias"]) <= MOST_BIAS),
        ]
        rows.append([each["method"], each["world"], *(f"{text}{'' if met else ' (missed)'}" for text, met in checks)])
    header = ["method", "family", "within, % (>= 95)", "trainings before (<= 50)", "within less stated (>= -2)"]
    return _table([*header, "coverage, % (93 to 97)", "bias, points (<= 0.05)"], rows)


def _real(real: list[dict[str, Any]]) -> str:
    rows = []
    for world in dict.fromkeys(each["world"] for each in real):
        own = {each["method"]: each for each in real if each["world"] == world}
        settle, capped, grid = (own[name] for name in (SETTLES[0], CAPPED, GRID))
        rows.append(
            [
                world,
                settle["unit"],
                f"{settle['tolerance']:.2f}",
                *(
                    cell
                    for each in (grid, settle, capped)
                    for cell in (f"{each['before']:.0f}", _percent(each["within"]))
                ),
                _percent(settle["stated"]),
                f"{100 * settle['before'] / grid['before']:.0f}",
                _verdict(settle, grid),
                _verdict(capped, grid),
            ]
        )
    header = [
        "table",
        "unit",
        "median tolerance",
        "grid x 12: trainings",
        "within, %",
        "settle: trainings",
        "within, %",
    ]
    header += ["settle, half: trainings", "within, %", "settle states, %", "settle's cost, % of the grid's"]
    return _table([*header, "settle is", "settle, half, is"], rows)


def _verdict(settle: dict[str, Any], grid: dict[str, Any]) -> str:
    """Say whether settle is within the tolerance as often as the grid, beyond what chance does."""
    difference = settle["within"] - grid["within"]
    error = (settle["within_se"] ** 2 + grid["within_se"] ** 2) ** 0.5
    if difference >= 0:
        return "no worse"
    return f"worse by {-100 * difference:.1f}" + ("" if -difference > 1.96 * error else " (within chance)")


def figure(summaries: list[dict[str, Any]], path: Path) -> Path:
    """Draw P(within) against the trainings before the choice, one panel for each family; return the file written."""
    panels = make_subplots(1, len(FAMILIES), subplot_titles=list(FAMILIES), shared_yaxes=True)
    names = list(dict.fromkeys(each["method"] for each in summaries if each["world"] in FAMILIES))
    for column, family in enumerate(FAMILIES, 1):
        for each in (each for each in summaries if each["world"] == family):
            number = names.index(each["method"])
            panels.add_trace(
                go.Scatter(
                    x=[each["before"]],
                    y=[100 * each["within"]],
                    error_y={"array": [196 * each["within_se"]], "thickness": 1},
                    mode="markers",
                    name=each["method"],
                    marker={
                        "size": 9,
                        "color": COLOURS[number % len(COLOURS)],
                        "symbol": SYMBOLS[number % len(SYMBOLS)],
                    },
                    showlegend=column == 1,
                ),
                1,
                column,
            )
        panels.add_hline(95, line_dash="dot", line_color="#999999", row=1, col=column)
        panels.update_xaxes(title_text="trainings before confirmation", range=[0, 190], row=1, col=column)
    panels.update_yaxes(title_text="within 0.3 points of the best, %", range=[0, 103], col=1)
    panels.update_layout(template="plotly_white", width=SIZE[0], height=SIZE[1], margin={"t": 40, "b": 50, "r": 20})
    return _write(panels, path)


def _write(panels: go.Figure, path: Path) -> Path:
    """Write a PNG by way of a browser where there is one, else the page that draws the figure."""
    page = panels.to_html(include_plotlyjs=True, config={"staticPlot": True, "displayModeBar": False})
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    png = path.with_suffix(".png")
    if browser is not None:
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder) / "figure.html"
            source.write_text(page, encoding="utf-8")
            options = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--virtual-time-budget=5000"]
            size = f"--window-size={SIZE[0] + 16},{SIZE[1] + 16}"
            command = [browser, *options, size, f"--screenshot={png.resolve()}", source.as_uri()]
            subprocess.run(command, check=False, capture_output=True, timeout=120)  # noqa: S603 -- our own command
        if png.is_file():
            return png
    path.with_suffix(".html").write_text(page, encoding="utf-8")
    return path.with_suffix(".html")
