"""The run command: train what a study still needs, then report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.tables.accuracy import result_tables
from study.commands.options import add_allow_code, add_run_options, add_study_file, consent, study_spec
from study.console import say, show
from study.engine.session import Start, print_problems, run_study

if TYPE_CHECKING:
    import argparse

    from analysis.study import Study
    from study.engine.conductor import Conductor
    from study.spec.study import StudySpec


def add_arguments(command: argparse.ArgumentParser, _: str) -> None:
    """Add the command's arguments to its parser."""
    add_study_file(command)
    add_run_options(command)
    add_allow_code(command)
    command.set_defaults(handler=run)


def run(options: argparse.Namespace) -> int:
    """Train what a study still needs, then print the verdict and write the report; see ``run_and_print``."""
    start = Start(f"gce-study run {options.file}", options.skip_bad_clips, options.retry_failed, options.retrain_choice)
    return run_and_print(study_spec(options.file, consent(options)), start)


def run_and_print(spec: StudySpec, start: Start) -> int:
    """Run a study and print its result.

    Returns:
        0 if at least one of the study's runs is complete, else 1; also if the study ends at its budget.

    """
    study = run_study(spec, start, _print_result)
    return 0 if any(record.status == "complete" for record in study.results.records.values()) else 1


def _print_result(conductor: Conductor, study: Study) -> None:
    """Print the tables, what went wrong, and the verdict."""
    report = study.report
    exploring = report.exploring_tables
    for table in (*exploring, *result_tables(report.finding)):
        show(table.title, table.header, table.rows)
    print_problems(conductor)
    say(report.headline.line, report.verdict)
