"""Run a study and print its result: what the commands run and resume do."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from analysis.tables.accuracy import result_tables
from study.commands.dashboard.beside import is_installed
from study.commands.options import DEFAULT_STORAGE
from study.console import say, show
from study.engine.display.ending import print_ending
from study.engine.session import print_problems, run_study
from study.ledger.kept_weights import where_weights_are
from trainables.storage.location import location

if TYPE_CHECKING:
    from analysis.study import Study
    from study.engine.conductor import Conductor
    from study.engine.session import Start
    from study.spec.study import StudySpec
    from trainables.storage.types import Location


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
    further = next_command(study.results.plan.name, conductor.storage)
    print_ending(study, report, [further], where_weights_are(study.finding, conductor.storage))


def next_command(name: str, storage: Location) -> str:
    """Return the command that shows a study in full; it names the storage location only if it must."""
    command = f"gce-study {'dashboard' if is_installed() else 'best'} {name}"
    if storage.absolute() == location(DEFAULT_STORAGE).absolute():
        return command
    return f"{command} --storage {shlex.quote(str(storage))}"
