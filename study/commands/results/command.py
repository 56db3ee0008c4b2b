"""The arguments of the commands report, best, compare and export.

What a command does is imported when it runs, so that help, refusals and completion need no pandas and no plotly.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from analysis.report.export import SUFFIXES
from analysis.report.formats import DEFAULT_SIZE, DPI, DPIS, FORMATS, SIZE_NAMES, SIZES, USUAL
from study.commands.options import add_json, add_metric, add_show_test, add_study, storage_location
from study.spec.messages import closest, shown

MM_PER_CM = 10


def add_arguments(command: argparse.ArgumentParser, name: str) -> None:
    """Add a command's arguments to its parser."""
    add_study(command)
    {"report": _report, "best": _best, "compare": _compare, "export": _export}[name](command)


def _report(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--out", type=storage_location, metavar="FOLDER", help="folder to write (default: STORAGE/studies/NAME/report)"
    )
    usual = ",".join(USUAL)
    text = (
        f"any of {','.join(FORMATS)} (default: {usual}); pdf, pdf-figures, png, svg and paper need Chromium or Chrome"
    )
    command.add_argument("--format", type=_formats, default=USUAL, metavar="LIST", help=text)
    sizes = ", ".join(f"{name} ({size.width_mm / MM_PER_CM:g} cm wide)" for name, size in SIZES.items())
    text = f"of png, svg, pdf-figures: {sizes} (default: {DEFAULT_SIZE}); of paper: column or double for all figures"
    command.add_argument("--size", choices=SIZE_NAMES, help=text)
    text = f"resolution of png: {' or '.join(map(str, DPIS))} dots per inch (default: {DPI})"
    command.add_argument("--dpi", type=int, choices=DPIS, default=DPI, metavar="DPI", help=text)
    text = "write every section into the PDF; without it the PDF has two pages: the answer, Figure 1 and Table 1"
    command.add_argument("--long", action="store_true", help=text)
    add_show_test(command)
    add_metric(command)
    command.set_defaults(handler=report)


def _best(command: argparse.ArgumentParser) -> None:
    add_show_test(command)
    add_metric(command)
    forms = command.add_mutually_exclusive_group()
    forms.add_argument("--json", action="store_true", help="as JSON, for scripts")
    forms.add_argument("--yaml", action="store_true", help="as a study file that trains the choice alone")
    command.set_defaults(handler=best)


def _compare(command: argparse.ArgumentParser) -> None:
    add_show_test(command)
    add_metric(command)
    command.add_argument("other", metavar="OTHER", help="the second study's name or its file")
    text = "the second study's storage location (default: that of its file, or the first's)"
    command.add_argument("--storage-b", type=storage_location, metavar="STORAGE", help=text)
    add_json(command)
    command.set_defaults(handler=compare)


def _export(command: argparse.ArgumentParser) -> None:
    add_show_test(command)
    text = "a row per run; .csv or .parquet"
    command.add_argument("--runs", type=_table, metavar="FILE", help=text)
    command.add_argument("--epochs", type=_table, metavar="FILE", help="a row per epoch of a run; .csv or .parquet")
    text = "a row per run and test clip: labels, prediction, probabilities; .csv or .parquet"
    command.add_argument("--predictions", type=_table, metavar="FILE", help=text)
    command.set_defaults(handler=export)


def _table(text: str) -> Path:
    path = Path(text)
    if path.suffix not in SUFFIXES:
        msg = f"{shown(text)}; allowed: a file that ends in {' or '.join(SUFFIXES)}"
        raise argparse.ArgumentTypeError(msg)
    return path


def _formats(text: str) -> tuple[str, ...]:
    formats = [part.strip() for part in text.split(",")]
    for part in formats:
        if part not in FORMATS:
            msg = f"{shown(part)}; allowed: one or more of {', '.join(FORMATS)}, with commas{closest(part, FORMATS)}"
            raise argparse.ArgumentTypeError(msg)
    return tuple(dict.fromkeys(formats))


def report(options: argparse.Namespace) -> int:
    """Write a study's report."""
    from study.commands.results.report import report  # noqa: PLC0415 -- see the module's docstring

    return report(options)


def best(options: argparse.Namespace) -> int:
    """Print a study's choice."""
    from study.commands.results.best import best  # noqa: PLC0415 -- see the module's docstring

    return best(options)


def compare(options: argparse.Namespace) -> int:
    """Print how two studies differ."""
    from study.commands.results.compare import compare  # noqa: PLC0415 -- see the module's docstring

    return compare(options)


def export(options: argparse.Namespace) -> int:
    """Write a study's tables."""
    from study.commands.results.export import export  # noqa: PLC0415 -- see the module's docstring

    return export(options)
