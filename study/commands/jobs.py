"""Studies that are jobs of a cluster: submit; logs, stop, cancel, resume, wait, status and list there."""

from __future__ import annotations

import shlex
import signal
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from study.cluster.connection import listens
from study.cluster.end_driver import end_driver
from study.cluster.jobs import ADDRESS, Cluster
from study.cluster.tunnel import POLL_S, tunnel
from study.commands.options import add_allow_code, add_cluster, add_run_options, add_study_file, consent
from study.consent import ALLOW_CODE
from study.console import say, write
from study.errors import EngineError, SpecError, UnheardError, UsageError
from study.ledger.claim import owner
from study.spec.messages import shown
from study.spec.reading import read_study_file
from study.spec.shipped import spec_path
from study.streams import reader_left
from trainables.characters import plain
from trainables.plans import plan_path
from trainables.storage.location import URL, URL_FORM

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from study.cluster.jobs import Attempt
    from study.commands.options import StudyPlace
    from study.spec.reading import StudyFile

UNHEARD_S = 60.0  # for which `wait` tolerates a cluster that does not answer
TIMED_OUT = 124  # exit code of `wait --timeout`, as that of coreutils' timeout
STOPPED, CANCELLED = 130, 143  # exit codes of a driver that was stopped, or ended at once
ENDED = {CANCELLED, -signal.SIGTERM}  # the second if the driver did not handle signals yet


def add_arguments(command: argparse.ArgumentParser, name: str) -> None:
    """Add a command's arguments to its parser."""
    if name == "end-driver":  # `cancel` starts it on the cluster
        command.add_argument("job")
        command.set_defaults(handler=end_driver)
        return
    add_study_file(command, stored=False)
    command.add_argument("--storage", metavar="STORAGE", help="storage location to use instead of the study file's")
    add_run_options(command)
    add_allow_code(command)
    add_cluster(command, usual=True)
    command.set_defaults(handler=submit)


@contextmanager
def reached(options: argparse.Namespace) -> Iterator[Cluster]:
    """Connect to the cluster that the options name.

    Raises:
        UsageError: the address is not a URL, or there is no such cluster file.
        EngineError: nothing answers there, or it refuses.

    """
    if options.cluster is not None:
        with tunnel(options.cluster) as address:
            yield Cluster(address, options.cluster)
        return
    address = options.address or ADDRESS
    if not address.startswith(("http://", "https://")):
        msg = f"--address: {address!r} is not allowed; allowed: the dashboard's address, such as {ADDRESS}"
        raise UsageError(msg)
    yield Cluster(address.rstrip("/"))


def is_on_cluster(options: argparse.Namespace, place: StudyPlace) -> bool:
    """Return whether a study is to be reached as a job of a cluster: see ``study.commands.drivers``."""
    if options.cluster or options.address:
        return True
    if options.storage is not None or plan_path(*place).exists() or owner(*place):
        return False
    return listens(urlsplit(ADDRESS).netloc)


def submit(options: argparse.Namespace) -> int:
    """Start a study's driver on a cluster, unless it runs there already."""
    file = read_study_file(spec_path(options.file), consent(options))
    _refuse_relative_paths(file, options.storage)
    given = ["--skip-bad-clips", str(options.skip_bad_clips)] if options.skip_bad_clips else []
    given += ["--retry-failed"] if options.retry_failed else []
    given += ["--retrain-choice"] if options.retrain_choice else []
    given += [ALLOW_CODE] if file.plugins else []
    with reached(options) as cluster:
        attempt, new = cluster.submit(file.spec.name, file.submission(options.storage), given)
    _print_job(attempt, new=new, options=options)
    return 0


def _refuse_relative_paths(file: StudyFile, storage: str | None) -> None:
    """Refuse relative paths: on the cluster they would start from a folder that is deleted when the driver ends.

    Args:
        file: the study file.
        storage: the storage location that replaces the file's, if any.

    Raises:
        SpecError: the file has relative paths.
        UsageError: ``storage`` is one, or a URL of another form.

    """
    if storage is not None and not (storage.startswith(("/", "~")) or URL.fullmatch(storage)):
        msg = f"--storage: {shown(storage)} is not allowed; allowed: {URL_FORM}, or a folder that starts with / or ~"
        raise UsageError(msg)
    problems = [
        f"{plain(str(file.path))}:{file.document.place(at).line}: {'.'.join(at)}: {shown(text)} is not allowed on a "
        "cluster; allowed: s3://..., or a folder that starts with / or ~"
        for at, text in file.paths()
        if not (text.startswith(("/", "~")) or "://" in text or (at == ("storage",) and storage is not None))
    ]
    if problems:
        raise SpecError(problems)


def _print_job(attempt: Attempt, *, new: bool, options: argparse.Namespace) -> None:
    where = _where(options)
    say(f"{attempt.study}: {'submitted as' if new else 'runs here already as'} job {attempt.job}")
    say(f"follow it: gce-study logs {attempt.study} --follow{where}")
    say(f"end it: gce-study stop {attempt.study}{where}")


def _where(options: argparse.Namespace) -> str:
    """Return the option that names the cluster of a command, for another command."""
    return f" --cluster {options.cluster}" if options.cluster else f" --address {options.address or ADDRESS}"


def resume(options: argparse.Namespace, name: str) -> int:
    """Start a study again from the file of its last job."""
    with reached(options) as cluster:
        last = cluster.latest(name)
        given = [option for option in shlex.split(last.options) if option not in {"--retry-failed", "--retrain-choice"}]
        attempt, new = (last, False) if last.alive else cluster.submit(last.study, last.submission, given)
    _print_job(attempt, new=new, options=options)
    return 0


def logs(options: argparse.Namespace, name: str) -> int:
    """Print a driver's output."""
    with reached(options) as cluster:
        attempt = cluster.latest(name)
        if not options.follow:
            write(f"{cluster.logs(attempt).rstrip()}\n")
            return 0
        for text in cluster.follow(attempt):
            write(text)
            if reader_left():
                break
    return 0


def stop(options: argparse.Namespace, name: str) -> int:
    """Stop a driver and wait until it has ended."""
    with reached(options) as cluster:
        attempt = cluster.latest(name)
        if attempt.alive:
            cluster.stop(attempt)
            say(f"{attempt.study}: waiting for its runs to finish their epoch (Ctrl-C ends the waiting)")
            attempt = _ended(cluster, attempt, None)
    say(f"{attempt.study}: {state_of(attempt)}; continue with: gce-study resume {attempt.study}{_where(options)}")
    return 0


def cancel(options: argparse.Namespace, name: str) -> int:
    """End a driver at once."""
    with reached(options) as cluster:
        attempt = cluster.latest(name)
        if attempt.alive:
            cluster.cancel(attempt)
            attempt = _ended(cluster, attempt, None)
    say(f"{attempt.study}: {state_of(attempt)}; records are kept")
    return 0


def wait(options: argparse.Namespace, name: str) -> int:
    """Wait for a driver's end.

    Returns:
        The driver's exit code: 0 done, 1 failed, 2 bad input, 130 stopped, 143 cancelled; 124 when the time is up.

    Raises:
        UnheardError: the cluster does not answer, or no longer knows the job; the exit code is 125.

    """
    try:
        with reached(options) as cluster:
            attempt = _ended(cluster, cluster.latest(name), options.timeout)
    except EngineError as error:
        raise UnheardError(str(error)) from None
    say(f"{attempt.study}: {state_of(attempt)}")
    return TIMED_OUT if attempt.alive else exit_code(attempt)


def _ended(cluster: Cluster, attempt: Attempt, timeout_s: float | None) -> Attempt:
    """Wait until a job ends or the time is up; return its last state.

    Raises:
        EngineError: the cluster has not answered for a minute, or no longer knows the job.

    """
    heard = time.monotonic()
    end = None if timeout_s is None else heard + timeout_s
    while attempt.alive and (end is None or time.monotonic() < end):
        time.sleep(POLL_S)
        try:
            attempts = {job.number: job for job in cluster.attempts(attempt.study)}
        except EngineError as error:
            if time.monotonic() - heard < UNHEARD_S:
                continue
            msg = f"{error} (no answer for {UNHEARD_S:g} s; job {attempt.job} may still be running there)"
            raise EngineError(msg) from None
        if attempt.number not in attempts:
            msg = f"{cluster.name}: job {attempt.job} is no longer known there, because its head was restarted"
            msg += "; nothing recorded is lost: submit the file again"
            raise EngineError(msg)
        attempt, heard = attempts[attempt.number], time.monotonic()
    return attempt


def exit_code(attempt: Attempt) -> int:
    """Return the exit code of ``wait`` for a job that has ended."""
    if attempt.status == "SUCCEEDED":
        return 0
    if attempt.status == "STOPPED":
        return STOPPED
    if attempt.exit_code in ENDED:
        return CANCELLED
    return attempt.exit_code if attempt.exit_code and attempt.exit_code > 0 else 1


def state_of(attempt: Attempt) -> str:
    """Describe the state of a job."""
    words = {"PENDING": "starting", "RUNNING": "running", "SUCCEEDED": "finished", "STOPPED": "stopped"}
    if attempt.status in words:
        return words[attempt.status]
    if attempt.exit_code in ENDED:
        return "cancelled"
    if attempt.exit_code is None or attempt.exit_code < 0:
        return "failed: its driver died"
    known = {127: " (gce-study is not installed on the head, or not in the PATH of Ray there)"}
    return f"failed with exit code {attempt.exit_code}{known.get(attempt.exit_code, '')}"
