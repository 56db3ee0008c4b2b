"""What a study asks for: arms, runs, data and an estimate of time, without training."""

from __future__ import annotations

import html
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from analysis.results.validation_clips import validation_clips
from analysis.text.cautions.clips import clip_cautions
from analysis.text.features import features_in_words
from analysis.text.validation_clips import clips_in_full, coarse_clips
from study.console import table_text
from study.ledger.ledger import Ledger
from study.ledger.registry import refuse_changed_study
from study.planning.contract import check_contracts
from study.planning.data import identified, make_plan, read_data
from study.planning.embeddings import read_embeddings
from study.planning.kept_weights import known_weights, weights_in_words
from study.planning.machine import ill_suited, lacking
from study.planning.runs import loads_left, of_other_code, planned_loads, runs_left, superseded, without_metric
from study.planning.tables import arms_table, open_table
from study.planning.workload import batch_sizes, estimate_s, frame_counts, patch_counts, patches_of_clips, workloads
from study.spec.rules.between_keys import control_runs
from trainables.characters import one_line
from trainables.datasets.checks.files import notes
from trainables.features.embeddings.files import Timing
from trainables.features.frame_store import FLOAT
from trainables.naming import counted, duration, file_size, number
from trainables.settings import Grid
from trainables.storage.location import location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.tables.table import Table
    from study.planning.workload import Workload
    from study.spec.study import StudySpec
    from trainables.datasets.manifest import Manifest
    from trainables.plans import DataSummary, StudyPlan

MAX_SIZES = 4  # batch sizes that are listed; of more, only the ends
MIN_BATCHES = 5  # in an epoch; with fewer, a run ends before its batch statistics settle


@dataclass(frozen=True)
class Check:
    """What a study asks for.

    Attributes:
        name: the study's name.
        recorded: how many of its runs are recorded.
        left: how many are left, at most.
        seconds: how long those take if none stops early, at most; None if that is not estimated.
        tables: its arms, and what they leave open.
        lines: everything else, as sentences.

    """

    name: str
    recorded: int
    left: int
    seconds: float | None
    tables: tuple[Table, ...]
    lines: tuple[str, ...]

    def __str__(self) -> str:
        """Return the tables and the lines as text."""
        tables = (table_text(table.title, table.header, table.rows) for table in self.tables)
        return "\n".join([*tables, *map(one_line, self.lines)])

    def _repr_html_(self) -> str:
        """Show the tables and the lines in a notebook; nothing in them is read as markup."""
        from analysis.components.notebook import as_html  # noqa: PLC0415 -- imports jinja, which a check does without

        lines = "<br>".join(html.escape(one_line(line)) for line in self.lines)
        return f"{as_html(self.tables)}<p>{lines}</p>"


def check_study(spec: StudySpec, skip_bad_clips: int = 0) -> Check:
    """Read a study's data and return what the study asks for; train nothing.

    Args:
        spec: the study.
        skip_bad_clips: how many clips that cannot be used may be left out.

    Raises:
        SpecError: the storage location holds another study of this name, or a plugin fails a check.
        DataSetError: the data set has problems; all are listed.

    """
    storage = location(spec.storage)
    manifest = read_data(spec, skip_bad_clips)
    embeddings = read_embeddings(spec, manifest)
    dims = embeddings.dims if embeddings else 0
    kept = check_contracts(spec, dims=dims)
    spec = identified(spec, manifest, embeddings)
    planned = make_plan(spec, manifest, embeddings=embeddings)
    earlier = refuse_changed_study(storage, spec.name, planned.spec, planned.dataset)
    plan = make_plan(spec, manifest, earlier, embeddings=embeddings)
    work = workloads(spec, manifest, patches_of_clips(spec, manifest, embeddings))
    recorded = Ledger(storage).recorded(p.run.run_id for p in plan.runs)
    lacking_metric = Ledger(storage).lacking(recorded, spec.selected_on)
    recorded -= lacking_metric
    left = runs_left(spec, plan, recorded)
    loads = loads_left(spec, plan, recorded)
    if loads.total() != left:  # the method has not named the others yet
        loads.clear()
    unnamed = left - loads.total()
    seconds = estimate_s(spec, loads, work, len(plan.dataset.classes), unnamed, dims) if left else 0.0
    most = "" if planned_loads(spec, plan, recorded).total() == left else "at most "
    lines = chain(
        (f"{name}: passed every check" for name in kept),
        _runs(spec, plan, len(recorded), left),
        filter(None, [superseded(earlier, storage), of_other_code(earlier, storage)]),
        without_metric(spec, len(lacking_metric)),
        (f"{line}; gce-study submit is for a cluster that has them" for line in lacking(spec)),
        ill_suited(spec),
        _data(plan.dataset),
        notes(manifest),
        _features(spec, manifest) if spec.uses_frames else (),
        _embeddings(spec, plan.dataset),
        _networks(spec, len(plan.dataset.classes), dims),
        _validation(plan),
        _batches(spec, work),
        weights_in_words(spec, len(recorded) + left, len(plan.dataset.classes), dims),
        [_time(seconds, most)] if left else [],
    )
    tables = [] if isinstance(spec.method, Grid) else [open_table(spec)]
    tables += [arms_table(plan, recorded)] if plan.runs else []
    return Check(spec.name, len(recorded), left, seconds, tuple(tables), tuple(lines))


def _runs(spec: StudySpec, plan: StudyPlan, recorded: int, left: int) -> Iterator[str]:
    """Describe how many runs a study asks for."""
    if isinstance(spec.method, Grid):
        controls = sum(planned.stage == "control" for planned in plan.runs)
        most = "at most " if spec.controls and not controls else ""
        folds = plan.dataset.folds
        most_controls = controls or control_runs(spec, len(folds))
        beside = f" and {most}{counted(most_controls, 'control')}" if spec.controls else ""
        blocks = counted(len(spec.seed_list), "seed") + (f" x {counted(len(folds), 'fold')}" if folds else "")
        named = f"{counted(len(plan.runs) - controls, 'run')} named ({blocks}){beside}"
        yield f"{spec.name}: {named}, {recorded} recorded, {most}{left} left"
    else:
        yield f"{spec.name}: {counted(recorded, 'run')} recorded, at most {left} left (method {spec.method.name})"
    if limits := spec.budget.model_dump(exclude_none=True):
        yield "budget: " + ", ".join(f"{name} {value:g}" for name, value in limits.items())


def _data(data: DataSummary) -> Iterator[str]:
    shown = {split: count for split, count in data.clips.items() if not (data.folds and split == "test")}
    clips = ", ".join(f"{count} {split}" for split, count in shown.items())
    wrong = "" if data.wrong is None else f"; {counted(data.wrong, 'training label')} known to be wrong"
    yield f"{data.name}: {counted(len(data.classes), 'class')}; clips: {clips}{wrong}"
    if data.folds:
        sizes = ", ".join(f"{fold} ({count:,})" for fold, count in data.folds.items())
        yield f"folds (clips): {sizes}; each is the test set of runs that are trained on the others"
    for path, problem in data.skipped:
        yield f"left out: {path}: {problem}"
    yield from clip_cautions(data.doubtful)


def _features(spec: StudySpec, manifest: Manifest) -> Iterator[str]:
    """Describe the features and what they need."""
    features = spec.features.log_mel
    counts = frame_counts(manifest, features)
    frames, patches = dict(zip(manifest.digests, counts, strict=True)), patch_counts(counts, features)
    yield f"features: {features_in_words(features)}, each of shape {features.shape}"
    size = file_size(sum(frames.values()) * features.mels * FLOAT)
    least, most = min(patches, default=0), max(patches, default=0)
    number = counted(most, "patch") if least == most else f"{least} to {counted(most, 'patch')}"
    yield f"frames of {counted(len(frames), 'sound')}: {size} on disk and {_place(spec)}; {number} a clip"


def _place(spec: StudySpec) -> str:
    return "in the GPU memory of each process" if spec.resources.gpus_per_run else "in memory, which runs share"


def _embeddings(spec: StudySpec, data: DataSummary) -> Iterator[str]:
    """Describe the embeddings and what they need."""
    if data.embeddings is None:
        if spec.features.embeddings is not None:
            yield "embeddings: no arm uses them; they were not read"
        return
    e = data.embeddings
    timing = Timing(hop_s=e.hop_s, window_s=e.window_s, model=e.model).in_words
    yield f"embeddings: {e.model}, {counted(e.dims, 'dimension')}, {timing}; digest {e.digest}"
    size = file_size(e.windows * e.dims * FLOAT)
    clips = sum(count for split, count in data.clips.items() if not (data.folds and split == "test"))
    windows = f"{counted(e.windows, 'window')} of {counted(clips, 'clip')}"
    yield f"{windows}: {size} on disk and {_place(spec)}"


def _networks(spec: StudySpec, classes: int, dims: int) -> Iterator[str]:
    """Describe each network: its weights, as far as they are known without building it, and the smallest patch."""
    for network in dict.fromkeys(arm.largest_network() for arm in spec.open_arms):
        count = known_weights(spec, network, classes, dims)
        facts = [f"{count:,} weights"] if count is not None else []
        frames, mels = network.smallest
        facts += [f"patches of at least {frames} frames x {mels} mel bands"] if frames * mels > 1 else []
        if facts:
            parameters = ", ".join(f"{key} = {number(value)}" for key, value in network if key != "name")
            yield f"network {network.name}{f' ({parameters})' if parameters else ''}: {'; '.join(facts)}"


def _validation(plan: StudyPlan) -> Iterator[str]:
    """Describe the clips of each subset that the study chooses on."""
    for name, clips in validation_clips(plan).items():
        yield f"subset {name}: validation clips: {clips_in_full(clips)}"
    yield from coarse_clips(plan)


def _batches(spec: StudySpec, work: dict[str, Workload]) -> Iterator[str]:
    """Describe the batches of an epoch on each subset."""
    for name, w in work.items():
        patches, clips = counted(w.train_patches, "patch"), counted(w.train_clips, "clip")
        parts = f"{patches} of {clips} to train on, {w.validation_patches:,} to validate on"
        sizes = batch_sizes(spec, name)
        epochs = []
        for size in sizes if len(sizes) <= MAX_SIZES else (sizes[0], sizes[-1]):
            batches, dropped = divmod(w.train_patches, size)
            epochs.append(
                f"{counted(batches, 'batch')} of {size} an epoch, {counted(dropped, 'patch')} dropped in each"
            )
        yield f"subset {name}: {parts}; {'; '.join(epochs)}"
        if w.train_patches // sizes[-1] < MIN_BATCHES:
            yield f"subset {name}: an epoch has few batches; consider a lower training.batch_size"


def _time(seconds: float | None, most: str) -> str:
    """State how long the runs that are left take."""
    if seconds is None:
        return "time: not estimated for a GPU"
    return f"{most}about {duration(seconds)} if no run stops early"
