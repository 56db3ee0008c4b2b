"""The run command: train what a study still needs, then report."""

from __future__ import annotations

import os
from contextlib import nullcontext
from typing import TYPE_CHECKING

from study.commands.dashboard.beside import beside, is_installed, require_installed
from study.commands.options import (
    add_allow_code,
    add_run_options,
    add_study_file,
    consent,
    port_number,
    study_spec,
)
from study.errors import UsageError
from trainables.storage.location import location

if TYPE_CHECKING:
    import argparse
    from contextlib import AbstractContextManager

    from study.commands.dashboard.beside import Beside
    from study.spec.study import StudySpec


def add_arguments(command: argparse.ArgumentParser, _: str) -> None:
    """Add the command's arguments to its parser."""
    add_study_file(command)
    add_run_options(command)
    add_allow_code(command)
    text = "show the study in a browser while it runs, and print the address; on a terminal, until Ctrl-C"
    command.add_argument("--dashboard", action="store_true", help=text)
    text = "port of --dashboard; 0 for a free one (default: 8050, or a free one if it is taken)"
    command.add_argument("--port", type=port_number, help=text)
    command.set_defaults(handler=run)


def run(options: argparse.Namespace) -> int:
    """Train what a study still needs, then print the verdict and write the report; see ``run_and_print``.

    Raises:
        UsageError: the dashboard is asked for and not installed, or a port is given without it.

    """
    if options.dashboard:
        require_installed("--dashboard")
    elif options.port is not None:
        msg = "--port: only with --dashboard"
        raise UsageError(msg)
    spec = study_spec(options.file, consent(options))
    from study.commands.printed_run import run_and_print  # noqa: PLC0415 -- what trains and reports is slow to import
    from study.engine.session import Start  # noqa: PLC0415 -- see above

    start = Start(f"gce-study run {options.file}", options.skip_bad_clips, options.retry_failed, options.retrain_choice)
    with _dashboard(spec, options) as served:
        code = run_and_print(spec, start)
        if served is not None:
            served.stay()
    return code


def _dashboard(spec: StudySpec, options: argparse.Namespace) -> AbstractContextManager[Beside | None]:
    """Return the dashboard beside the run, if it is asked for, or if this is the driver of a job that can serve it."""
    storage = location(spec.storage)
    if options.dashboard:
        return beside(storage, spec.name, options.port)
    if "GCE_STUDY_JOB" in os.environ and is_installed():
        remark = f" on the cluster's head; open it with: gce-study dashboard {spec.name} --cluster CLUSTER.yaml"
        return beside(storage, spec.name, None, remark)
    return nullcontext()
