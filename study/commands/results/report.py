"""The command report: write a study's report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.report.formats import FigureFormat
from analysis.report.write import write_report
from study.commands.options import study_place
from study.commands.studies import stored_weights
from study.console import say
from study.errors import UsageError
from study.ledger.registry import find_plan

if TYPE_CHECKING:
    import argparse


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
