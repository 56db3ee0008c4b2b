"""The commands that read a study file: check and run."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from study.commands.options import add_run_options
from study.commands.tables import show_arms, show_open
from study.console import say, show
from study.engine.session import _how_to_go_on, train, workplace
from study.errors import EngineError
from study.spec.shipped import shipped, spec_path
from trainables.naming import duration
from trainables.storage.location import location

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from study.engine.conductor import Conductor
    from study.spec.study import StudySpec
    from trainables.plans import DataSummary, StudyPlan

FEW_BATCHES = 5  # an epoch: below it a run ends before its batch statistics settle


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


def check(options: argparse.Namespace) -> int:
    """Print arms, runs and an estimate of time; train nothing."""
    from study.ledger.ledger import Ledger  # noqa: PLC0415
    from study.ledger.registry import refuse_changed_study  # noqa: PLC0415
    from study.planning.data import make_plan, read_data  # noqa: PLC0415
    from study.planning.machine import ill_suited, lacking  # noqa: PLC0415
    from study.planning.runs import runs_left  # noqa: PLC0415
    from study.planning.workload import estimate_s, workloads  # noqa: PLC0415
    from study.spec.reading import read_spec  # noqa: PLC0415

    spec = read_spec(spec_path(options.file))
    storage = location(spec.storage)
    manifest = read_data(spec, options.skip_bad_clips)
    earlier = refuse_changed_study(storage, spec.name, make_plan(spec, manifest).spec, manifest.fingerprint)
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
    from study.engine.notifier import Notifier  # noqa: PLC0415
    from study.ledger.claim import claim  # noqa: PLC0415
    from study.spec.reading import read_spec  # noqa: PLC0415

    spec = read_spec(spec_path(options.file))
    storage = location(spec.storage)
    notifier = Notifier(spec.name, spec.notify)
    with claim(storage, spec.name) as still_owned, notifier.of_failure(), workplace(spec, storage):
        try:
            conductor = train(spec, storage, options, notifier, still_owned)
        except (KeyboardInterrupt, EngineError, OSError):
            say(_how_to_go_on(spec.name, options), err=True)
            raise
        answer = _conclude(conductor)
    done = any(record.status == "complete" for record in conductor.progress.recorded.values())
    notifier.send("finished" if done else "failed", answer)
    return 0 if done else 1


def _conclude(conductor: Conductor) -> str:
    """Print what was found, write the report, and return the verdict."""
    from analysis.report.write import write_report  # noqa: PLC0415
    from analysis.results.study_results import explored, load_results, reported  # noqa: PLC0415
    from analysis.tables.accuracy import result_tables  # noqa: PLC0415
    from analysis.tables.exploration import exploration_table  # noqa: PLC0415
    from analysis.text.verdict import verdict  # noqa: PLC0415

    results = load_results(conductor.storage, conductor.plan.name)
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
