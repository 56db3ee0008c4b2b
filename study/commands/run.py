"""The run command: train what a study still needs, then report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.report.method_report import method_report
from analysis.report.write import write_files
from analysis.results.study_results import load_results
from analysis.tables.accuracy import result_tables
from study.commands.options import add_allow_code, add_run_options, add_study_file, consent, study_spec
from study.console import say, show
from study.engine.driver_log import logged
from study.engine.end_watch import EndWatch
from study.engine.notifier import Notifier
from study.engine.progress import RESULTS, how_it_ended
from study.engine.session import how_to_continue, train, workplace
from study.errors import EngineError
from study.ledger.claim import claim
from trainables.plans import study_folder
from trainables.storage.location import location

if TYPE_CHECKING:
    import argparse

    from analysis.report.method_report import MethodReport
    from study.engine.conductor import Conductor
    from study.spec.notify import Event
    from study.spec.study import StudySpec


def add_arguments(command: argparse.ArgumentParser, _: str) -> None:
    """Add the command's arguments to its parser."""
    add_study_file(command)
    add_run_options(command)
    add_allow_code(command)
    command.set_defaults(handler=run)


def run(options: argparse.Namespace) -> int:
    """Train what a study still needs, then print the verdict and write the report.

    Returns:
        0 if at least one of the study's runs is complete, else 1; also if the study ends at its budget.

    """
    return run_study(study_spec(options.file, consent(options)), f"gce-study run {options.file}", options)


def run_study(spec: StudySpec, command: str, options: argparse.Namespace) -> int:
    """Run a study; see ``run``.

    Args:
        spec: the study.
        command: the command line that runs it again on this machine.
        options: ``skip_bad_clips`` and ``retry_failed``.

    """
    storage = location(spec.storage)
    hint = how_to_continue(spec.name, command)
    notifier = Notifier(spec.name, spec.notify, hint)
    with (
        claim(storage, spec.name) as still_owned,
        logged(storage, spec.name, command),
        EndWatch(storage, spec.name) as end_watch,
        notifier.of_failure(),
        workplace(spec, storage),
    ):
        try:
            conductor = train(spec, options, notifier, still_owned, end_watch)
        except (KeyboardInterrupt, EngineError, OSError):
            say(hint, err=True)
            raise
        answer = _conclude(conductor)
    event: Event = "finished" if conductor.state.any_complete else "failed"
    notifier.send(event, answer)
    return 0 if event == "finished" else 1


def _conclude(conductor: Conductor) -> str:
    """Write the report, print the result, and return what to notify of."""
    report = method_report(load_results(conductor.storage, conductor.plan.name))
    folder = study_folder(conductor.storage, conductor.plan.name) / "report"
    try:
        write_files(report, folder)
    finally:  # the result is printed even if the report cannot be written
        _print_result(conductor, report)
    say(f"report: {folder / 'report.html'}")
    return report.headline.line


def _print_result(conductor: Conductor, report: MethodReport) -> None:
    """Print the tables, what went wrong, and the verdict."""
    exploring = report.exploring_tables() if len(report.finding.explored.runs) else ()
    for table in (*exploring, *result_tables(report.finding)):
        show(table.title, table.header, table.rows)
    for warning in conductor.ledger.warnings:
        say(warning, err=True)
    state = conductor.state
    for run_id, record in state.recorded.items():
        if record.status not in RESULTS:
            say(f"left out: {how_it_ended(state.runs[run_id], record, conductor.storage)}")
    for observer in state.observers:
        if observer.problem:
            say(observer.problem, err=True)
    say(report.headline.line, report.verdict)
