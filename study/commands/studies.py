"""The commands status, list and schema."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from analysis.report.report_schema import report_schema
from study.commands import jobs
from study.commands.options import add_cluster, add_json, add_storage, add_study, existing, study_place
from study.commands.overview import on_cluster
from study.commands.overview.json_models import ListAnswer
from study.commands.overview.printed import LIST_HEADER, StudyList, list_rows, status_lines, status_view
from study.commands.overview.summaries import summaries
from study.commands.overview.watching import watch
from study.console import say, show_drawn, table_text, write
from study.ledger.claim import owner
from study.ledger.registry import find_plan
from study.spec.study import json_schema
from trainables.naming import counted, file_size
from trainables.outputs.weights import weight_sizes
from trainables.plans import plan_path
from trainables.records import record_schema

if TYPE_CHECKING:
    import argparse

    from trainables.plans import StudyPlan
    from trainables.storage.types import Location


def add_arguments(command: argparse.ArgumentParser, name: str) -> None:
    """Add a command's arguments to its parser."""
    if name == "status":
        add_study(command)
        add_cluster(command)
        forms = command.add_mutually_exclusive_group()
        forms.add_argument("--watch", action="store_true", help="keep showing it until the study ends, or Ctrl-C")
        add_json(forms)
    elif name == "list":
        add_storage(command)
        add_cluster(command)
        add_json(command)
    else:
        text = "of what: study files (the default), the records of runs, or report.json"
        command.add_argument("--of", choices=("study", "record", "report"), default="study", help=text)
    command.set_defaults(handler={"status": status, "list": list_, "schema": schema}[name])


def status(options: argparse.Namespace) -> int:
    """Print a study's progress, its result so far, and which process runs it."""
    storage, name = place = study_place(options.study, options.storage)
    if jobs.is_on_cluster(options, place):
        return on_cluster.status(options, name)
    if (holder := owner(storage, name)) and not plan_path(storage, name).exists():
        say(f"{name}: run by {holder}; its runs are not planned yet")
        return 0
    plan = find_plan(storage, name)
    if options.watch:
        return watch(place)
    from study.commands.overview.stored import StoredStudy  # noqa: PLC0415 -- pandas, which a cluster's does not need

    study = StoredStudy.load(storage, name)
    if options.json:
        write(study.answer().text())
        return 0
    weights = stored_weights(storage, plan)
    show_drawn(status_view(study, weights), status_lines(study, weights))
    return 0


def stored_weights(storage: Location, plan: StudyPlan) -> list[str]:
    """Return a line that states how many of a study's runs have their weights, and where; none without any."""
    sizes = weight_sizes(storage)
    there = [sizes[run_id] for run_id in {p.run.run_id for p in plan.runs} & sizes.keys()]
    if not there:
        return []
    return [f"weights of {counted(len(there), 'run')}: {file_size(sum(there))} in {storage / 'weights'}"]


def list_(options: argparse.Namespace) -> int:
    """Print the studies of a storage location."""
    if options.cluster or options.address:
        return on_cluster.list_(options)
    storage = existing(options.storage)
    found = summaries(storage)
    if options.json:
        write(ListAnswer(storage=str(storage), studies=found).text())
    else:
        show_drawn(StudyList(found), table_text("", LIST_HEADER, list_rows(found)).splitlines())
    return 0


def schema(options: argparse.Namespace) -> int:
    """Print the JSON Schema of study files, records or report.json."""
    made = {"study": json_schema, "record": record_schema, "report": report_schema}[options.of]()
    write(f"{json.dumps(made, indent=1)}\n")
    return 0
