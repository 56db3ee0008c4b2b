"""The commands about studies: check, run, status, list, report, schema."""

from __future__ import annotations

import argparse
import json
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from study.endings import EngineError, UnknownStudyError
from study.progress import configuration_name, duration, progress_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from study.spec import StudySpec
    from trainables.config import Configuration
    from trainables.datasets.manifest import Manifest
    from trainables.records import PlannedRun, Record, StudyPlan


SPECS = Path(__file__).parent / "specs"


def add_parsers(commands: Any) -> None:  # noqa: ANN401 -- argparse keeps the type private
    """Add the commands to the parser."""
    for name, handler, text in (
        ("check", check, "say what a study file asks for and how long it takes, without training"),
        ("run", run, "train every run that is not recorded yet, then report; run it again to continue"),
    ):
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument("file", type=Path, help=f"the study file (YAML), or a shipped one: {', '.join(shipped())}")
        command.add_argument(
            "--skip-bad-clips", type=_count, default=0, metavar="N", help="leave out up to N clips that cannot be used"
        )
        command.set_defaults(handler=handler)
        if name == "run":
            command.add_argument("--retry-failed", action="store_true", help="train runs that failed once more")
    for name, handler, text in (
        ("status", status, "say where a study stands"),
        ("report", report, "write a study's report"),
    ):
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument("name", help="the study's name")
        _add_storage(command)
        command.set_defaults(handler=handler)
        if name == "report":
            command.add_argument("--out", type=Path, help="folder to write (default: STORAGE/studies/NAME/report)")
    command = commands.add_parser("list", help="list the studies of a storage location")
    _add_storage(command)
    command.set_defaults(handler=list_)
    command = commands.add_parser("schema", help="print the JSON Schema of study files, for editors")
    command.set_defaults(handler=schema)


def _add_storage(command: argparse.ArgumentParser) -> None:
    command.add_argument("--storage", type=Path, default=Path("results"), help="storage location (default: results)")


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        msg = f"{text!r} is not a whole number of 0 or more"
        raise argparse.ArgumentTypeError(msg)
    return int(text)


def check(options: argparse.Namespace) -> int:
    """Print arms, runs and an estimate of time; train nothing."""
    from study.ledger import Ledger, compare  # noqa: PLC0415
    from study.preparation import check_resources, estimate_s, make_plan, read_data, workloads  # noqa: PLC0415
    from study.reading import read_spec  # noqa: PLC0415

    spec = read_spec(spec_path(options.file))
    storage = Path(spec.storage)
    check_resources(spec)
    manifest = read_data(spec, options.skip_bad_clips)
    plan = make_plan(spec, manifest)
    compare(storage, plan.name, plan.spec, plan.dataset.fingerprint)
    work = workloads(spec, manifest)
    recorded = Ledger(storage).recorded(p.run.run_id for p in plan.runs)
    left = [p for p in plan.runs if p.run.run_id not in recorded]
    _out().print(_arms_table(plan, recorded))
    seeds = len(spec.seed_list)
    _say(f"{spec.name}: {len(plan.runs)} runs named ({seeds} seeds), {len(recorded)} recorded, {len(left)} left")
    for name, w in work.items():
        patches = f"{w.train_patches} patches to train on, {w.validation_patches} to validate"
        _say(f"subset {name}: {w.train_clips} training clips, {patches}")
    if left:
        seconds = estimate_s(spec, left, work, len(manifest.classes))
        _say("time: not estimated for a GPU" if seconds is None else f"about {duration(seconds)} if no run stops early")
    return 0


def run(options: argparse.Namespace) -> int:
    """Train what is left of a study, then print the verdict and write the report.

    Returns:
        0 when every run is recorded and one of them at least is complete, else 1.

    """
    from study.ledger import claim  # noqa: PLC0415
    from study.preparation import check_resources  # noqa: PLC0415
    from study.reading import read_spec  # noqa: PLC0415

    spec = read_spec(spec_path(options.file))
    storage = Path(spec.storage)
    check_resources(spec)
    with claim(storage, spec.name):
        try:
            plan, records = _train(spec, storage, options)
        except (KeyboardInterrupt, EngineError, OSError):
            _say(f"{spec.name}: nothing recorded is lost; continue with: gce-study run {options.file}", err=True)
            raise
        _conclude(plan, records, storage)
    complete = any(record.status == "complete" for record in records.values())
    return 0 if complete and len(records) == len({p.run.run_id for p in plan.runs}) else 1


def _train(spec: StudySpec, storage: Path, options: argparse.Namespace) -> tuple[StudyPlan, dict[str, Record]]:
    from study.ledger import Ledger, compare, register  # noqa: PLC0415
    from study.methods.grid import Grid  # noqa: PLC0415
    from study.preparation import make_plan, workloads  # noqa: PLC0415
    from study.progress import Progress  # noqa: PLC0415
    from study.ray_settings import prepare_environment  # noqa: PLC0415
    from study.reading import dump  # noqa: PLC0415
    from study.source import source  # noqa: PLC0415

    compare(storage, spec.name, dump(spec))  # a change is better refused before the frames are computed
    manifest = _store_with_progress(spec, options.skip_bad_clips)
    workloads(spec, manifest)
    plan = make_plan(spec, manifest)
    register(storage, plan)
    runs = {p.run.run_id: p for p in plan.runs}
    ledger = Ledger(storage)
    ledger.sweep()
    records = ledger.open(runs)
    if options.retry_failed:
        records = ledger.retry(records)
    for warning in ledger.warnings:
        _say(warning, err=True)
    method = Grid(plan.runs)
    for record in records.values():
        method.tell(record)
    if len(records) < len(runs):
        with Progress(storage, spec.name, runs, records) as progress:
            prepare_environment()
            from study.engine import execute  # noqa: PLC0415 -- imports ray, which reads the environment

            execute(method, storage, spec.resources, progress, source())
            records = progress.recorded
    return plan, records


def _store_with_progress(spec: StudySpec, skip_bad_clips: int) -> Manifest:
    from study.preparation import store_data  # noqa: PLC0415

    with _bar("log-mel frames") as advance:
        return store_data(
            spec,
            skip_bad_clips,
            progress=advance,
            waiting=lambda: _say("another process is building these frames; waiting for it", err=True),
        )


@contextmanager
def _bar(title: str) -> Iterator[Callable[[int, int], None]]:
    """Show a progress bar with an ETA on a terminal; nothing elsewhere."""
    from rich.progress import Progress as Bar  # noqa: PLC0415

    with Bar(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _conclude(plan: StudyPlan, records: dict[str, Record], storage: Path) -> None:
    from analysis.frames import load_study  # noqa: PLC0415
    from analysis.report import write_report  # noqa: PLC0415
    from analysis.tables import result_tables  # noqa: PLC0415
    from analysis.verdict import verdict  # noqa: PLC0415

    results = load_study(storage, plan.name)
    for found in result_tables(results):
        table = Table(title=Text(found.title), title_justify="left", box=None)
        for cell in found.header:
            table.add_column(Text(cell))
        for row in found.rows:
            table.add_row(*(Text(cell) for cell in row))
        _out().print(table)
    for record in records.values():
        if record.status != "complete":
            _say(f"left out: run {record.run_id} {record.status}: {record.error or ''}")
    _say(verdict(results))
    _say(f"report: {write_report(storage, plan.name) / 'report.html'}")


def status(options: argparse.Namespace) -> int:
    """Print where a study stands, and who runs it."""
    from study.ledger import Ledger, owner  # noqa: PLC0415

    plan = find_plan(options.storage, options.name)
    runs = {p.run.run_id: p for p in plan.runs}
    recorded = Ledger(options.storage).recorded(runs)
    _out().print(_arms_table(plan, recorded))
    holder = owner(options.storage, options.name)
    _say(
        f"{plan.name}: {len(recorded)} of {len(runs)} runs recorded; "
        + (f"run by {holder}" if holder else "not running")
    )
    progress = _progress(options.storage, options.name) if holder else None
    if progress:
        for run_id, (epoch, accuracy) in progress["running"].items():
            planned = runs[run_id]
            shown = "" if accuracy is None else f", validation {accuracy:.1%}"
            _say(f"running: {configuration_name(planned)}, seed {planned.run.seed}, epoch {epoch}{shown}")
        _say(f"ETA {duration(progress['eta_s'])}, as of {time.time() - progress['updated']:.0f} s ago")
    return 0


def _progress(storage: Path, name: str) -> dict[str, Any] | None:
    try:
        value: dict[str, Any] = json.loads(progress_path(storage, name).read_bytes())
    except (OSError, ValueError):
        return None
    return value


def list_(options: argparse.Namespace) -> int:
    """Print the studies of a storage location."""
    from study.ledger import Ledger, list_studies, owner  # noqa: PLC0415

    if not options.storage.is_dir():
        msg = f"{options.storage}: no such storage location (a folder)"
        raise UnknownStudyError(msg)
    table = Table("study", "data set", "runs", "recorded", "state", "description", box=None)
    for plan in list_studies(options.storage):
        runs = {p.run.run_id for p in plan.runs}
        recorded = len(Ledger(options.storage).recorded(runs))
        state = (
            "running" if owner(options.storage, plan.name) else ("complete" if recorded == len(runs) else "not running")
        )
        cells = (plan.name, plan.dataset.name, str(len(runs)), str(recorded), state, plan.description)
        table.add_row(*(Text(cell) for cell in cells))
    _out().print(table)
    return 0


def report(options: argparse.Namespace) -> int:
    """Write a study's report and print where it lies."""
    from analysis.report import write_report  # noqa: PLC0415

    find_plan(options.storage, options.name)
    _say(str(write_report(options.storage, options.name, options.out) / "report.html"))
    return 0


def schema(_: argparse.Namespace) -> int:
    """Print the JSON Schema of study files."""
    from study.spec import json_schema  # noqa: PLC0415

    _say(json.dumps(json_schema(), indent=1))
    return 0


def find_plan(storage: Path, name: str) -> StudyPlan:
    """Read a study's plan.

    Raises:
        UnknownStudyError: there is none; the message names those that are there.

    """
    from pydantic import ValidationError  # noqa: PLC0415

    from trainables.records import read_plan, study_folder  # noqa: PLC0415

    try:
        return read_plan(storage, name)
    except ValidationError as error:
        msg = f"{study_folder(storage, name) / 'plan.json'}: damaged: {error.errors()[0]['msg']}"
        raise UnknownStudyError(msg) from None
    except FileNotFoundError:
        there = sorted(p.parent.name for p in storage.glob("studies/*/plan.json"))
        msg = f"{storage}: no study named {name!r}; there: {', '.join(there) or 'none'}"
        raise UnknownStudyError(msg) from None


def spec_path(file: Path) -> Path:
    """Return the path of a study file; a bare name such as ``demo`` that is no file means a shipped one."""
    own = SPECS / f"{file}.yaml"
    return own if not file.exists() and len(file.parts) == 1 and own.exists() else file


def shipped() -> list[str]:
    """Return the names of the shipped study files."""
    return sorted(path.stem for path in SPECS.glob("*.yaml"))


def _arms_table(plan: StudyPlan, recorded: set[str]) -> Table:
    table = Table("configuration", "loss", "subset", "runs", "recorded", box=None)
    rows: dict[tuple[str, Configuration], list[PlannedRun]] = {}
    for planned in plan.runs:
        rows.setdefault((planned.arm, planned.run.configuration), []).append(planned)
    for (_, configuration), runs in rows.items():
        cells = (configuration_name(runs[0]), configuration.loss.name, configuration.subset)
        done = sum(p.run.run_id in recorded for p in runs)
        table.add_row(*(Text(cell) for cell in cells), str(len(runs)), str(done))
    return table


def _out() -> Console:
    return Console(highlight=False, soft_wrap=True)


def _say(text: str, *, err: bool = False) -> None:
    print(text, file=sys.stderr if err else sys.stdout, flush=True)
