"""The check command: what a study asks for, without training."""

from __future__ import annotations

from typing import TYPE_CHECKING

from study.commands.options import add_allow_code, add_json, add_run_options, add_study_file, consent, study_spec
from study.commands.overview.json_models import CheckAnswer, TableAnswer
from study.console import say, show, write
from study.engine.display.heartbeat import still
from study.planning.check import check_study

if TYPE_CHECKING:
    import argparse


def add_arguments(command: argparse.ArgumentParser, _: str) -> None:
    """Add the command's arguments to its parser."""
    add_study_file(command)
    add_run_options(command, retry=False)
    add_allow_code(command)
    add_json(command)
    command.set_defaults(handler=check)


def check(options: argparse.Namespace) -> int:
    """Print arms, runs and an estimate of time; train nothing."""
    spec = study_spec(options.file, consent(options))
    parts = "data and plugins" if spec.plugins else "the data"
    with still(f"{spec.name}: checking {parts}, timing batches"):
        checked = check_study(spec, options.skip_bad_clips)
    if options.json:
        tables = [TableAnswer.of(table.title, table.header, table.rows) for table in checked.tables]
        fields = {name: getattr(checked, name) for name in ("recorded", "left", "seconds", "lines")}
        write(CheckAnswer(study=checked.name, tables=tables, **fields).text())
        return 0
    for table in checked.tables:
        show(table.title, table.header, table.rows)
    for line in checked.lines:
        say(line)
    return 0
