"""Tables of the cost-to-answer benchmark."""

from __future__ import annotations

from typing import Any

import pandas as pd
from families import SHIPPED

SETTLES = ("settle", "settle, 4 runs in flight")
CAPPED = "settle, at most half the grid's cost"
GRID = "grid x 12"
# The targets: P(within), trainings before the choice, excess of the stated over the true P(within), coverage, bias.
MIN_WITHIN, MAX_BEFORE, MAX_OVERSTATED, COVERAGE, MAX_BIAS = 0.95, 50, 0.02, (0.93, 0.97), 0.05


def summarise(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a row for each kind of world and method: means over the worlds, and the standard error of P(within)."""
    frame = pd.DataFrame(rows)
    summaries = []
    for (world, method), own in frame.groupby(["world", "method"], sort=False):
        share = float(own["within"].mean())
        summaries.append(
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
    return summaries


def _table(header: list[str], rows: list[list[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _percent(value: float) -> str:
    return f"{100 * value:.1f}"


def markdown(summaries: list[dict[str, Any]], settings: dict[str, Any]) -> str:
    """Return the tables, as Markdown."""
    parts = [f"# What an answer costs\n\n{settings}\n"]
    simulated = [summary for summary in summaries if summary["world"] in SHIPPED]
    for family in SHIPPED:
        own = [summary for summary in simulated if summary["world"] == family]
        if own:
            parts.append(f"## Simulated: {family}\n\n{_simulated(own)}\n")
    parts.append(f"## Targets\n\n{_bars(simulated)}\n")
    real = [summary for summary in summaries if summary["world"] not in SHIPPED]
    if real:
        parts.append(f"## Real repeats ({real[0]['n']} slices of summary table)\n\n{_real(real)}\n")
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
            summary["method"],
            str(summary["n"]),
            f"{summary['before']:.1f}",
            f"{summary['total']:.1f}",
            f"{_percent(summary['within'])} ± {_percent(1.96 * summary['within_se'])}",
            "" if summary["stated"] is None else _percent(summary["stated"]),
            f"{summary['regret']:.2f}",
            f"{summary['own']:+.2f}",
            f"{summary['bias']:+.3f}",
            _percent(summary["covered"]),
        ]
        for summary in own
    ]
    return _table(header, rows)


def _bars(simulated: list[dict[str, Any]]) -> str:
    rows = []
    for summary in simulated:
        if summary["method"] not in SETTLES:
            continue
        low, high = COVERAGE
        checks = [
            (_percent(summary["within"]), summary["within"] >= MIN_WITHIN),
            (f"{summary['before']:.1f}", summary["before"] <= MAX_BEFORE),
            (
                f"{100 * (summary['within'] - summary['stated']):+.1f}",
                summary["within"] >= summary["stated"] - MAX_OVERSTATED,
            ),
            (_percent(summary["covered"]), low <= summary["covered"] <= high),
            (f"{summary['bias']:+.3f}", abs(summary["bias"]) <= MAX_BIAS),
        ]
        rows.append(
            [summary["method"], summary["world"], *(f"{text}{'' if met else ' (missed)'}" for text, met in checks)]
        )
    header = ["method", "family", "within, % (>= 95)", "trainings before (<= 50)", "within less stated (>= -2)"]
    return _table([*header, "coverage, % (93 to 97)", "bias, points (<= 0.05)"], rows)


def _real(real: list[dict[str, Any]]) -> str:
    rows = []
    for world in dict.fromkeys(summary["world"] for summary in real):
        own = {summary["method"]: summary for summary in real if summary["world"] == world}
        settle, capped, grid = (own[name] for name in (SETTLES[0], CAPPED, GRID))
        rows.append(
            [
                world,
                settle["unit"],
                f"{settle['tolerance']:.2f}",
                *(
                    cell
                    for summary in (grid, settle, capped)
                    for cell in (f"{summary['before']:.0f}", _percent(summary["within"]))
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
    """Return whether settle is within the tolerance as often as the grid, beyond chance."""
    difference = settle["within"] - grid["within"]
    error = (settle["within_se"] ** 2 + grid["within_se"] ** 2) ** 0.5
    if difference >= 0:
        return "no worse"
    return f"worse by {-100 * difference:.1f}" + ("" if -difference > 1.96 * error else " (within chance)")
