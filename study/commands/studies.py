"""The commands status, list and schema."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from analysis.report.report_schema import report_schema
from analysis.results.study_state import read_progress, study_state
from study.commands import jobs
from study.commands.options import add_cluster, add_storage, add_study, existing, study_place
from study.console import say, show, write
from study.ledger.claim import owner
from study.ledger.ledger import Ledger
from study.ledger.registry import find_plan, list_studies
from study.planning.tables import arms_table
from study.spec.study import json_schema
from trainables.naming import configuration_name, counted, duration, file_size, seed_in_words
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
    elif name == "list":
        add_storage(command)
        add_cluster(command)
    else:
        text = "of what: study files (the default), the records of runs, or report.json"
        command.add_argument("--of", choices=("study", "record", "report"), default="study", help=text)
    command.set_defaults(handler={"status": status, "list": list_, "schema": schema}[name])


def status(options: argparse.Namespace) -> int:
    """Print a study's progress, and which process runs it."""
    storage, name = place = study_place(options.study, options.storage)
    if jobs.is_on_cluster(options, place):
        return jobs.status(options, name)
    holder = owner(storage, name)
    if holder and not plan_path(storage, name).exists():
        say(f"{name}: run by {holder}; its runs are not planned yet")
        return 0
    plan = find_plan(storage, name)
    runs = {p.run.run_id: p for p in plan.runs}
    recorded = Ledger(storage).recorded(runs)
    arms = arms_table(plan, recorded)
    show(arms.title, arms.header, arms.rows)
    progress = read_progress(storage, name)
    parts = [f"{len(recorded):,} of {counted(len(runs), 'run')} recorded"]
    if holder or progress.recorded == len(recorded):  # else the file is older than some record
        parts += [f"{count:,} {status}" for status, count in progress.left_out.items()]
    say(f"{plan.name}: {', '.join(parts)}; {f'run by {holder}' if holder else 'not running'}")
    if holder and progress.updated:
        for run_id, (epoch, accuracy) in progress.running.items():
            planned = runs.get(run_id)
            if planned is None:  # planned after the plan was read
                continue
            shown = "" if accuracy is None else f", validation {accuracy:.1%}"
            say(f"running: {configuration_name(planned)}, {seed_in_words(planned.run)}, epoch {epoch}{shown}")
        say(*filter(None, [progress.standing, *progress.waits]))
        say(f"ETA {duration(progress.eta_s)}, as of {max(0.0, time.time() - progress.updated):.0f} s ago")
    say(*stored_weights(storage, plan))
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
        return jobs.list_(options)
    rows = []
    for plan in list_studies(existing(options.storage)):
        runs = {p.run.run_id for p in plan.runs}
        recorded = len(Ledger(options.storage).recorded(runs))
        running = owner(options.storage, plan.name) is not None
        state = study_state(options.storage, plan, len(runs) - recorded, running=running)
        rows.append((plan.name, plan.dataset.name, str(len(runs)), str(recorded), state, plan.description))
    show("", ("study", "data set", "runs", "recorded", "state", "description"), rows)
    return 0


def schema(options: argparse.Namespace) -> int:
    """Print the JSON Schema of study files, records or report.json."""
    made = {"study": json_schema, "record": record_schema, "report": report_schema}[options.of]()
    write(f"{json.dumps(made, indent=1)}\n")
    return 0
