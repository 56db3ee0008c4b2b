"""The run command: train what a study still needs, then report."""

from __future__ import annotations

import shlex
from importlib.util import find_spec
from typing import TYPE_CHECKING

from analysis.tables.accuracy import result_tables
from study.commands.options import DEFAULT_STORAGE, add_allow_code, add_run_options, add_study_file, consent, study_spec
from study.console import say, show
from study.engine.display.ending import print_ending
from study.engine.session import Start, print_problems, run_study
from study.ledger.kept_weights import where_weights_are
from trainables.storage.location import location

if TYPE_CHECKING:
    import argparse

    from analysis.study import Study
    from study.engine.conductor import Conductor
    from study.spec.study import StudySpec
    from trainables.storage.types import Location


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


def _print_result(conductor: Conductor, study: Study, report: Location | None) -> None:
    """Print the tables, what went wrong, and the end of the study."""
    for table in (*study.report.exploring_tables, *result_tables(study.finding)):
        show(table.title, table.header, table.rows)
        say("")
    print_problems(conductor)
    further = f"gce-study {'best' if find_spec('dash') is None else 'dashboard'} {study.results.plan.name}"
    if conductor.storage != location(DEFAULT_STORAGE):
        further += f" --storage {shlex.quote(str(conductor.storage))}"
    print_ending(study, report, [further], where_weights_are(study.finding, conductor.storage))
