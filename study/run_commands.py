"""The commands that read a study file: check and run."""

from __future__ import annotations

import argparse
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from study.console import say, show, show_arms
from study.endings import EngineError
from study.progress import duration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from study.spec import StudySpec
    from trainables.datasets.manifest import Manifest
    from trainables.records import Record, StudyPlan

FEW_BATCHES = 5  # an epoch: below it a run ends before its batch statistics settle
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
    show_arms(plan, recorded)
    seeds = len(spec.seed_list)
    say(f"{spec.name}: {len(plan.runs)} runs named ({seeds} seeds), {len(recorded)} recorded, {len(left)} left")
    data = plan.dataset
    clips = ", ".join(f"{count} {split}" for split, count in data.clips.items())
    wrong = "" if data.wrong is None else f"; {data.wrong} training labels are known to be wrong"
    say(f"{data.name}: {len(data.classes)} classes; clips: {clips}{wrong}")
    for path, problem in data.skipped:
        say(f"left out: {path}: {problem}")
    for name, w in work.items():
        size = spec.training.batch_size
        batches, dropped = divmod(w.train_patches, size)
        patches = f"{w.train_clips} clips ({w.train_patches} patches) to train on, {w.validation_patches} to validate"
        say(f"subset {name}: {patches}; {batches} batches of {size} an epoch, {dropped} patches dropped in each")
        if batches < FEW_BATCHES:
            say(f"subset {name}: that is few steps for {spec.training.epochs} epochs; lower training.batch_size")
    if left:
        seconds = estimate_s(spec, left, work, len(manifest.classes))
        say("time: not estimated for a GPU" if seconds is None else f"about {duration(seconds)} if no run stops early")
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
            say(f"{spec.name}: nothing recorded is lost; continue with: gce-study run {options.file}", err=True)
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
        say(warning, err=True)
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
            waiting=lambda: say("another process is building these frames; waiting for it", err=True),
        )


@contextmanager
def _bar(title: str) -> Iterator[Callable[[int, int], None]]:
    """Show progress with an ETA: a bar on a terminal, a line for every tenth elsewhere."""
    if not sys.stderr.isatty():
        yield _tenths(title)
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress as Bar  # noqa: PLC0415

    with Bar(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _tenths(title: str) -> Callable[[int, int], None]:
    began, first, said = time.monotonic(), -1, 0

    def advance(done: int, total: int) -> None:
        nonlocal first, said
        first = done if first < 0 else first  # what an earlier build had finished is no pace
        if total and 10 * done // total > said:
            said = 10 * done // total
            pace = (time.monotonic() - began) / (done - first) if done > first else 0.0
            say(f"{title}: {done} of {total} clips; ETA {duration(pace * (total - done))}", err=True)

    return advance


def _conclude(plan: StudyPlan, records: dict[str, Record], storage: Path) -> None:
    from analysis.frames import load_study  # noqa: PLC0415
    from analysis.report import write_report  # noqa: PLC0415
    from analysis.tables import result_tables  # noqa: PLC0415
    from analysis.verdict import verdict  # noqa: PLC0415

    results = load_study(storage, plan.name)
    for found in result_tables(results):
        show(found.title, found.header, found.rows)
    for record in records.values():
        if record.status != "complete":
            say(f"left out: run {record.run_id} {record.status}: {record.error or ''}")
    say(verdict(results))
    say(f"report: {write_report(storage, plan.name) / 'report.html'}")


def spec_path(file: Path) -> Path:
    """Return the path of a study file; a bare name such as ``demo`` that is no file means a shipped one."""
    own = SPECS / f"{file}.yaml"
    return own if not file.exists() and len(file.parts) == 1 and own.exists() else file


def shipped() -> list[str]:
    """Return the names of the shipped study files."""
    return sorted(path.stem for path in SPECS.glob("*.yaml"))
