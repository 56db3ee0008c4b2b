"""The commands that read a study file: check and run."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from study.console import say, show, show_arms, show_open
from study.endings import EngineError
from trainables.labels import duration
from trainables.storage import location

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from study.conductor import Conductor
    from study.notify import Notifier
    from study.spec import StudySpec
    from trainables.datasets.manifest import Manifest
    from trainables.records import DataSummary, StudyPlan
    from trainables.storage import Location

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
        add_run_options(command, retry=name == "run")
        command.set_defaults(handler=handler)


def add_run_options(command: argparse.ArgumentParser, *, retry: bool = True) -> None:
    """Add what a command lets people say of the clips and the runs."""
    command.add_argument(
        "--skip-bad-clips", type=_count, default=0, metavar="N", help="leave out up to N clips that cannot be used"
    )
    if retry:
        command.add_argument("--retry-failed", action="store_true", help="train runs that failed once more")


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        msg = f"{text!r} is not a whole number of 0 or more"
        raise argparse.ArgumentTypeError(msg)
    return int(text)


def check(options: argparse.Namespace) -> int:
    """Print arms, runs and an estimate of time; train nothing."""
    from study.ledger import Ledger, compare  # noqa: PLC0415
    from study.preparation import estimate_s, ill_suited, lacking, make_plan, read_data, workloads  # noqa: PLC0415
    from study.reading import read_spec  # noqa: PLC0415
    from study.runs import runs_left  # noqa: PLC0415

    spec = read_spec(spec_path(options.file))
    storage = location(spec.storage)
    manifest = read_data(spec, options.skip_bad_clips)
    earlier = compare(storage, spec.name, make_plan(spec, manifest).spec, manifest.fingerprint)
    plan = make_plan(spec, manifest, earlier)
    work = workloads(spec, manifest)
    recorded = Ledger(storage).recorded(p.run.run_id for p in plan.runs)
    left = runs_left(spec, plan, recorded)
    if spec.method.name != "grid":
        show_open(spec)
    if plan.runs:
        show_arms(plan, recorded)
    for line in _asked_for(spec, plan, len(recorded), left):
        say(line)
    for line in lacking(spec):
        say(f"{line}; gce-study submit is for a cluster that has them")
    for line in ill_suited(spec):
        say(line)
    _describe_data(plan.dataset)
    for name, w in work.items():
        size = spec.training.batch_size
        batches, dropped = divmod(w.train_patches, size)
        patches = f"{w.train_clips} clips ({w.train_patches} patches) to train on, {w.validation_patches} to validate"
        say(f"subset {name}: {patches}; {batches} batches of {size} an epoch, {dropped} patches dropped in each")
        if batches < FEW_BATCHES:
            say(f"subset {name}: that is few steps for {spec.training.epochs} epochs; lower training.batch_size")
    if left:
        subsets: Counter[str] = Counter(p.run.configuration.subset for p in plan.runs if p.run.run_id not in recorded)
        bounded = left != subsets.total()
        if bounded:  # which subsets they are on is not known: the dearest
            subsets = Counter({max(work, key=lambda name: work[name].train_patches): left})
        seconds = estimate_s(spec, subsets, work, len(manifest.classes))
        most = "at most " if bounded else ""
        say(
            "time: not estimated for a GPU"
            if seconds is None
            else f"{most}about {duration(seconds)} if no run stops early"
        )
    return 0


def _asked_for(spec: StudySpec, plan: StudyPlan, recorded: int, left: int) -> Iterator[str]:
    """Say how many runs a study asks for."""
    if spec.method.name == "grid":
        named = sum(planned.stage != "control" for planned in plan.runs)
        with_ = ", the controls among them" if spec.controls else ""
        most = "" if left == named - recorded else "at most "
        seeds = len(spec.seed_list)
        yield f"{spec.name}: {named} runs named ({seeds} seeds), {recorded} recorded, {most}{left} left{with_}"
    else:
        yield f"{spec.name}: {recorded} runs recorded, at most {left} left (method {spec.method.name})"
    if limits := spec.budget.model_dump(exclude_none=True):
        yield "budget: " + ", ".join(f"{name} {value:g}" for name, value in limits.items())


def _describe_data(data: DataSummary) -> None:
    clips = ", ".join(f"{count} {split}" for split, count in data.clips.items())
    wrong = "" if data.wrong is None else f"; {data.wrong} training labels are known to be wrong"
    say(f"{data.name}: {len(data.classes)} classes; clips: {clips}{wrong}")
    for path, problem in data.skipped:
        say(f"left out: {path}: {problem}")


def run(options: argparse.Namespace) -> int:
    """Train what a study still needs, then print the verdict and write the report.

    Returns:
        0 when one of the study's runs at least is complete, else 1. Ending at its budget is an end like any other.

    """
    from study.ledger import claim  # noqa: PLC0415
    from study.notify import Notifier  # noqa: PLC0415
    from study.reading import read_spec  # noqa: PLC0415

    spec = read_spec(spec_path(options.file))
    storage = location(spec.storage)
    notifier = Notifier(spec.name, spec.notify)
    with claim(storage, spec.name) as still_owned, notifier.of_failure(), _workplace(spec, storage):
        try:
            conductor = _train(spec, storage, options, notifier, still_owned)
        except (KeyboardInterrupt, EngineError, OSError):
            say(_how_to_go_on(spec.name, options), err=True)
            raise
        answer = _conclude(conductor)
    done = any(record.status == "complete" for record in conductor.progress.recorded.values())
    notifier.send("finished" if done else "failed", answer)
    return 0 if done else 1


def _how_to_go_on(name: str, options: argparse.Namespace) -> str:
    again = f"gce-study run {options.file}"
    if "GCE_STUDY_JOB" in os.environ:
        again = f"gce-study resume {name}, or submit its file again"
    return f"{name}: nothing recorded is lost; continue with: {again}"


@contextmanager
def _workplace(spec: StudySpec, storage: Location) -> Iterator[None]:
    """Check that runs find what they ask for: on this machine, or on the cluster that the study was submitted to.

    Raises:
        EngineError: they do not.

    """
    from study.preparation import ill_suited, lacking  # noqa: PLC0415
    from study.ray_settings import joins_cluster, prepare_environment  # noqa: PLC0415

    if not joins_cluster():
        if missing := lacking(spec):
            raise EngineError("; ".join(missing))
        for line in ill_suited(spec):
            say(line, err=True)
        yield
        return
    os.chdir(Path.home())  # a job's own folder may be cleared away while its driver runs
    prepare_environment()
    from study.cluster import joined  # noqa: PLC0415 -- imports ray, which reads the environment

    with joined(spec.resources, storage):
        yield


def _train(
    spec: StudySpec,
    storage: Location,
    options: argparse.Namespace,
    notifier: Notifier,
    still_owned: Callable[[], None],
) -> Conductor:
    from study.conductor import Conductor  # noqa: PLC0415
    from study.ledger import Ledger, compare, register  # noqa: PLC0415
    from study.method_factory import make_method  # noqa: PLC0415
    from study.methods.method import Signal  # noqa: PLC0415
    from study.preparation import make_plan, workloads  # noqa: PLC0415
    from study.progress import Progress  # noqa: PLC0415
    from study.ray_settings import prepare_environment  # noqa: PLC0415
    from study.reading import dump  # noqa: PLC0415
    from study.source import source  # noqa: PLC0415

    earlier = compare(storage, spec.name, dump(spec))  # a change is better refused before the frames are computed
    manifest = _store_with_progress(spec, options.skip_bad_clips)
    workloads(spec, manifest)
    plan = make_plan(spec, manifest, earlier)
    still_owned()  # the frames may have taken long
    register(storage, plan)
    ledger = Ledger(storage)
    ledger.sweep()
    records = ledger.open({p.run.run_id: p for p in plan.runs})
    if options.retry_failed:
        records = ledger.retry(records)
    for warning in ledger.warnings:
        say(warning, err=True)
    method, on_change = make_method(spec, plan.dataset.fingerprint, plan.runs)
    progress = Progress(storage, spec.name, {p.run.run_id: p for p in plan.runs}, {}, select_on=spec.select_on)
    conductor = Conductor(method, storage, plan, progress, source())
    conductor.still_owned = still_owned
    conductor.on_change = notifier.on_choice(conductor.choice) if plan.method == "settle" else on_change
    conductor.on_gone = notifier.on_gone(_how_to_go_on(spec.name, options))
    conductor.take_up(records.values())
    del records  # their curves would stay in memory for as long as the study runs
    first = conductor.next()  # answered from the ledger as far as that goes
    if first is not Signal.DONE:
        if not isinstance(first, Signal):
            conductor.give_back(first.run.run_id)
        with progress:
            prepare_environment()
            from study.engine import execute  # noqa: PLC0415 -- imports ray, which reads the environment

            execute(conductor, spec.resources)
    progress.end()
    return conductor


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


def _conclude(conductor: Conductor) -> str:
    """Print what was found, write the report, and return the verdict."""
    from analysis.exploration import exploration_table  # noqa: PLC0415
    from analysis.frames import explored, load_study, reported  # noqa: PLC0415
    from analysis.report import write_report  # noqa: PLC0415
    from analysis.tables import result_tables  # noqa: PLC0415
    from analysis.verdict import verdict  # noqa: PLC0415

    results = load_study(conductor.storage, conductor.plan.name)
    exploring = [exploration_table(results)] if len(explored(results).runs) else []
    for found in (*exploring, *result_tables(reported(results))):
        show(found.title, found.header, found.rows)
    for warning in conductor.ledger.warnings:
        say(warning, err=True)
    for record in conductor.progress.recorded.values():
        if record.status not in {"complete", "stopped"}:
            say(f"left out: run {record.run_id} {record.status}: {record.error or ''}")
    if problem := conductor.events.problem:
        say(f"not all events for TensorBoard could be written: {problem}; running again writes them", err=True)
    say(answer := verdict(results))
    say(f"report: {write_report(conductor.storage, conductor.plan.name) / 'report.html'}")
    return answer


def spec_path(file: Path) -> Path:
    """Return the path of a study file; a bare name such as ``demo`` that is no file means a shipped one."""
    own = SPECS / f"{file}.yaml"
    return own if not file.exists() and len(file.parts) == 1 and own.exists() else file


def shipped() -> list[str]:
    """Return the names of the shipped study files."""
    return sorted(path.stem for path in SPECS.glob("*.yaml"))
