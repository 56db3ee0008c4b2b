"""The command best: print a study's choice, in words, as JSON or as a study file that trains it alone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from analysis.findings.method_finding import method_finding
from analysis.results.runs_table import Key, runs_of
from analysis.text.best import best_lines
from analysis.text.headline import headline
from analysis.text.validation_clips import earlier_version
from study.commands.options import study_place
from study.commands.results.loading import load
from study.console import complain, say, write

if TYPE_CHECKING:
    import argparse

NO_CHOICE = 1  # exit code if there is nothing to choose from


def best(options: argparse.Namespace) -> int:
    """Print the choice; if there is nothing to choose from, print the reason on the standard error."""
    results = load(study_place(options.study, options.storage), options.metric, show_test=options.show_test)
    finding = method_finding(results)
    choice = finding.best
    if choice is None:
        from analysis.report.method_report import method_report  # noqa: PLC0415 -- imports plotly, which a choice does not need

        complain(f"{results.plan.name}: {method_report(results).verdict}")
        return NO_CHOICE
    if text := earlier_version(results.plan):
        say(f"{results.plan.name}: {text}", err=True)
    if options.json:
        words = headline(finding)
        told = {"headline": words.text, "advice": words.advice}
        write(f"{json.dumps(choice.as_dict() | told, indent=1, ensure_ascii=False)}\n")
    elif options.yaml:
        from study.planning.choice_alone import choice_alone  # noqa: PLC0415 -- imports what reads sounds

        runs = runs_of(results.runs, Key(choice.arm, choice.configuration, choice.subset))
        write(choice_alone(results.plan, set(runs["run_id"])))
    else:
        say(headline(finding).line, *best_lines(choice))
    return 0
