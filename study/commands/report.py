"""The report command."""

from __future__ import annotations

import argparse

from analysis.report.drawing.sizes import DEFAULT_SIZE, DPI, DPIS, SIZE_NAMES, SIZES, FigureFormat
from analysis.report.write import FORMATS, USUAL, write_report
from study.commands.options import add_metric, add_show_test, add_study, storage_location, study_place
from study.commands.studies import stored_weights
from study.console import say
from study.errors import UsageError
from study.ledger.registry import find_plan
from study.spec.messages import closest, shown

MM_PER_CM = 10


def add_arguments(command: argparse.ArgumentParser, _: str) -> None:
    """Add the command's arguments to its parser."""
    add_study(command)
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


def _formats(text: str) -> tuple[str, ...]:
    formats = [part.strip() for part in text.split(",")]
    for part in formats:
        if part not in FORMATS:
            msg = f"{shown(part)}; allowed: one or more of {', '.join(FORMATS)}, with commas{closest(part, FORMATS)}"
            raise argparse.ArgumentTypeError(msg)
    return tuple(dict.fromkeys(formats))


def report(options: argparse.Namespace) -> int:
    """Write a study's report and print the path."""
    place = study_place(options.study, options.storage)
    plan = find_plan(*place)
    figures = FigureFormat(options.size, options.dpi)
    given = {"show_test": options.show_test, "metric": options.metric, "figures": figures, "long": options.long}
    try:
        folder = write_report(*place, options.out, options.format, **given)
    except ValueError as error:  # every run lacks the metric
        raise UsageError(str(error)) from None
    say(str(folder / "report.html" if "html" in options.format else folder))
    for line in stored_weights(place.storage, plan):
        say(line, err=True)  # so that a script can take the path from the standard output
    return 0
