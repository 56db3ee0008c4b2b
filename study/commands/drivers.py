"""The commands for the process that drives a study, wherever it runs: logs, stop, cancel, resume and wait.

A study in a storage location is reached through that location: its driver, on this machine or another, keeps its log
there and looks there for requests. With ``--cluster`` or ``--address``, or if the storage location does not hold the
study, it is reached as a job of a cluster (``study.commands.jobs``).
"""

from __future__ import annotations

import argparse
import math
import time
from pathlib import Path
from typing import TYPE_CHECKING

from study.commands import jobs
from study.commands.options import add_allow_code, add_cluster, add_study, consent, spec_of_plan, study_place
from study.console import say, write
from study.engine.driver_log import driver_log_path
from study.errors import EngineError, UnknownStudyError, UsageError
from study.ledger.claim import owner
from study.ledger.end_request import look_interval_s, request_end, request_path, withdraw_request
from study.ledger.registry import find_plan
from study.spec.messages import closest, shown
from study.spec.reading import read_spec
from study.streams import reader_left
from trainables.naming import counted
from trainables.plans import plan_path
from trainables.records import log_path
from trainables.storage.owners import UNNAMED

if TYPE_CHECKING:
    from collections.abc import Callable

    from study.commands.options import StudyPlace
    from study.ledger.end_request import End
    from trainables.storage.types import Location

NAMED_S = 2.0  # that a process may take to name itself in its lock
HEARD_S = 60.0  # that a driver may take to answer a request


def add_arguments(command: argparse.ArgumentParser, name: str) -> None:
    """Add a command's arguments to its parser."""
    add_study(command)
    add_cluster(command)
    if name == "logs":
        command.add_argument("--follow", action="store_true", help="keep printing until the driver ends")
        text = "print this run's log instead; the start of its id suffices. Not with --cluster or --address"
        command.add_argument("--run", metavar="RUN", help=text)
    if name == "resume":
        add_allow_code(command)
    if name == "wait":
        text = f"give up after S seconds, with exit code {jobs.TIMED_OUT}"
        command.add_argument("--timeout", type=_seconds, metavar="S", help=text)
    in_storage, on_cluster = HANDLERS[name]
    command.set_defaults(handler=lambda options: _dispatch(options, in_storage, on_cluster))


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        msg = f"{text!r} is not allowed; allowed: seconds from 0 on"
        raise argparse.ArgumentTypeError(msg)
    return value


def _dispatch(
    options: argparse.Namespace,
    in_storage: Callable[[StudyPlace, argparse.Namespace], int],
    on_cluster: Callable[[argparse.Namespace, str], int],
) -> int:
    """Call the handler for the place where the study is.

    Raises:
        UnknownStudyError: neither the storage location nor a cluster at the usual address has the study.

    """
    place = study_place(options.study, options.storage)
    # A study that failed before its plan was written has a log.
    is_here = owner(*place) is not None or (in_storage is logs and driver_log_path(*place).exists())
    if (options.cluster or options.address or not is_here) and jobs.is_on_cluster(options, place):
        if getattr(options, "run", None):
            msg = "--run: not for a study on a cluster; name its storage location, where the logs are, with --storage"
            raise UsageError(msg)
        return on_cluster(options, place.name)
    if not is_here:
        try:
            find_plan(*place)
        except UnknownStudyError as error:
            msg = f"{error}, --cluster or --address a cluster"
            raise UnknownStudyError(msg) from None
    return in_storage(place, options)


def logs(place: StudyPlace, options: argparse.Namespace) -> int:
    """Print a study's log, or that of a run.

    Raises:
        UnknownStudyError: there is no such log, or no such run.

    """
    path = driver_log_path(*place) if options.run is None else _run_log(place, options.run)
    printed = b""
    while True:
        running = owner(*place) is not None
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            data = b""
            if not (options.follow and running):
                msg = f"{path}: there is no log yet; the study's next start begins one"
                raise UnknownStudyError(msg) from None
        write(_new_part(data, printed).decode(errors="replace"))
        printed = data
        if not (options.follow and running) or reader_left():
            return 0
        time.sleep(look_interval_s(place.storage))


def _run_log(place: StudyPlace, text: str) -> Location:
    """Return the path of the log of the run whose id starts with a text.

    Raises:
        UnknownStudyError: the study has no such run, or several.

    """
    ids = list(dict.fromkeys(planned.run.run_id for planned in find_plan(*place).runs))
    matching = [run_id for run_id in ids if run_id.startswith(text)]
    if len(matching) == 1:
        return log_path(place.storage, matching[0])
    number = counted(len(matching), "run") if matching else "no run"
    msg = f"{place.name}: {number} whose id starts with {shown(text)}{closest(text, ids)}"
    msg += "; ids are in the log of the study, and in runs.csv of its report"
    raise UnknownStudyError(msg)


def _new_part(data: bytes, before: bytes) -> bytes:
    """Return what was added to a log since it was last read; its older half may have been dropped meanwhile."""
    if data.startswith(before):
        return data[len(before) :]
    last = before.rstrip(b"\n").rpartition(b"\n")[2] + b"\n"
    return data.rpartition(last)[2]


def stop(place: StudyPlace, _: argparse.Namespace) -> int:
    """End a study once its runs have finished their epoch, and wait for that."""
    return _end(place, "stop")


def cancel(place: StudyPlace, _: argparse.Namespace) -> int:
    """End a study at once, and wait for that."""
    return _end(place, "cancel")


def _end(place: StudyPlace, end: End) -> int:
    """Ask the driver of a study to end, and wait until it has.

    Raises:
        UsageError: no process runs the study.
        EngineError: the process does not answer.

    """
    holder = _named_owner(place)
    if holder is None:
        msg = f"{place.storage}: no process runs study {place.name}"
        msg += "; --storage names another place, --cluster or --address a cluster"
        raise UsageError(msg)
    request_end(*place, end, holder)
    what = "its runs to finish their epoch" if end == "stop" else "it to end"
    say(f"{place.name}: asked {holder} to {end}; waiting for {what} (Ctrl-C ends the waiting)")
    asked = time.monotonic()
    while owner(*place) == holder:
        if time.monotonic() - asked > HEARD_S and request_path(*place).exists():
            withdraw_request(*place)
            msg = f"{place.name}: {holder} has not answered for {HEARD_S:g} s; it may be suspended, or of an earlier "
            msg += "version; kill it there: nothing recorded is lost"
            raise EngineError(msg)
        time.sleep(look_interval_s(place.storage))
    withdraw_request(*place)  # if it ended by itself
    complete = plan_path(*place).exists() and _is_complete(place)
    state = "complete" if complete else "stopped" if end == "stop" else "cancelled"
    say(f"{place.name}: {state}; records and checkpoints are kept")
    return 0


def _named_owner(place: StudyPlace) -> str | None:
    """Return the process that runs a study, in words; wait a moment if its lock does not name it yet."""
    end = time.monotonic() + NAMED_S
    while (holder := owner(*place)) == UNNAMED and time.monotonic() < end:
        time.sleep(0.1)
    return holder


def wait(place: StudyPlace, options: argparse.Namespace) -> int:
    """Wait until no process runs a study.

    Returns:
        0 if the study has all its runs, and one of them is complete; else 1; 124 when the time is up.

    """
    end = None if options.timeout is None else time.monotonic() + options.timeout
    while owner(*place):
        if end is not None and time.monotonic() >= end:
            say(f"{place.name}: running")
            return jobs.TIMED_OUT
        time.sleep(look_interval_s(place.storage))
    complete = _is_complete(place)
    say(f"{place.name}: {'complete' if complete else 'not complete, and no process runs it'}")
    return 0 if complete else 1


def _is_complete(place: StudyPlace) -> bool:
    """Return whether a study has all the runs that it will get, and one of them is complete."""
    from analysis.results.study_results import load_results  # noqa: PLC0415 -- pandas, which the others do not need

    find_plan(*place)  # raises an error that explains why the study has no plan
    results = load_results(*place)
    return results.ended and any(record.status == "complete" for record in results.records.values())


def resume(place: StudyPlace, options: argparse.Namespace) -> int:
    """Run a study again on this machine, from its file, or from the plan that the storage location keeps.

    Raises:
        UsageError: a process runs the study already.

    """
    from study.commands.printed_run import run_and_print  # noqa: PLC0415 -- what trains and reports is slow to import
    from study.engine.session import Start  # noqa: PLC0415 -- see above

    if holder := owner(*place):
        msg = f"study {place.name} is being run by {holder}"
        raise UsageError(msg)
    plan = find_plan(*place)
    if options.study == place.name:
        spec = spec_of_plan(place, consent(options))
    else:
        spec = read_spec(Path(options.study), consent(options))
        spec = spec.model_copy(update={"storage": str(place.storage)})
    where = f" --storage {options.storage}" if options.storage else ""
    start = Start(f"gce-study resume {options.study}{where}", skip_bad_clips=len(plan.dataset.skipped))
    return run_and_print(spec, start)


# Command -> what it does with a study in a storage location, and with one that is a job of a cluster.
HANDLERS: dict[
    str, tuple[Callable[[StudyPlace, argparse.Namespace], int], Callable[[argparse.Namespace, str], int]]
] = {
    "logs": (logs, jobs.logs),
    "stop": (stop, jobs.stop),
    "cancel": (cancel, jobs.cancel),
    "resume": (resume, jobs.resume),
    "wait": (wait, jobs.wait),
}
