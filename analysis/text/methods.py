"""The paragraph on methods that a paper needs, made from a study's plan and records; and the works that it cites."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analysis.findings.published import is_published_data
from analysis.results.runs_table import WAITING, keys, recorded_count, selected_on, status_counts
from analysis.statistics.intervals import LEVEL
from analysis.text.bibliography import LOSSES, ORIGIN, References, software
from analysis.text.phrases import joined
from analysis.text.validation_clips import chosen_on
from trainables.config import Training
from trainables.naming import PARAMETERS, counted, counted_points, number, symbol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from analysis.findings.finding import Finding
    from analysis.findings.method_finding import GridFinding, SearchFinding, SettleFinding
    from analysis.results.study_results import StudyResults
    from trainables.settings import OpenRange, Search, Settle

MAX_LISTED = 12  # values or seeds written out; of more, only the ends
SAMPLERS = {"tpe": "TPE", "random": "random", "gp": "Gaussian-process", "qmc": "quasi-random"}


def methods(finding: Finding, design: Callable[[References], list[str]]) -> tuple[str, ...]:
    """Return how a study's numbers were made: the text in one paragraph, then a line for each work that it cites.

    It is empty for a study without planned runs.

    Args:
        finding: of the study.
        design: returns the sentences on how runs were chosen, and adds the works that they cite.

    """
    results = finding.results
    if not results.plan.runs:
        return ()
    cited = References()
    sentences = [
        _data(results, cited),
        _protocol(results, cited),
        _losses(results, cited),
        *design(cited),
        *_statistics(finding),
        software(results.records.values()),
    ]
    return (" ".join(sentence for sentence in sentences if sentence), *cited.lines())


def _data(results: StudyResults, cited: References) -> str:
    data = results.plan.dataset
    name = f"FSDnoisy18k ({cited.cite('fonseca')})" if is_published_data(data) else f"the data set {data.name}"
    clips = data.clips
    verified, unverified = clips.get("train verified", 0), clips.get("train unverified", 0)
    total = verified + unverified
    wrong = "" if data.wrong is None or not total else f" ({data.wrong / total:.0%} of the training labels are wrong)"
    were = "clip that could not be read was" if len(data.skipped) == 1 else "clips that could not be read were"
    skipped = f"; {len(data.skipped):,} {were} left out" if data.skipped else ""
    return (
        f"We used {name} with {len(data.classes)} classes: {total:,} training clips, of which {verified:,} have "
        f"verified labels{wrong}, and {clips.get('test', 0):,} test clips{skipped}."
    )


def _protocol(results: StudyResults, cited: References) -> str:
    run = results.plan.runs[0].run
    features, training = run.features, run.configuration.training
    seconds = features.patch_frames * features.hop / features.sample_rate
    usual = Training()
    changed = [f"{n} = {number(v)}" for n, v in training.model_dump().items() if v != getattr(usual, n)]
    other = f" (differing from it: {', '.join(changed)})" if changed else ""
    return (
        f"Features, network and training protocol are those of the baseline by {cited.cite('fonseca')}{other}: log-mel "
        f"spectrograms of {features.mels} bands at {features.sample_rate / 1000:g} kHz in patches of {seconds:g} s, a "
        f"network of three convolutional layers, Adam at a learning rate of {training.learning_rate:g} that is halved "
        f"after {training.halve_after} epochs without gain in validation accuracy, batches of {training.batch_size} "
        f"patches, and a stop after {training.stop_after} epochs without gain or {training.epochs} epochs; the last "
        "weights were used. A clip's class is that of the highest geometric mean of its patches' softmax outputs."
    )


def _losses(results: StudyResults, cited: References) -> str:
    """Name each arm's loss and its parameters."""
    by_loss: dict[tuple[str, str], list[Any]] = {}
    for planned in results.plan.runs:
        if planned.stage != "control":
            configuration = planned.run.configuration
            by_loss.setdefault((planned.arm, configuration.loss.name), []).append(configuration)
    ranges = results.plan.settings.ranges
    parts = []
    for (arm, _), configurations in by_loss.items():
        loss = configurations[0].loss
        base = loss.name.removesuffix("_origin")
        words, work = LOSSES[base]
        text = f"{words} ({cited.cite(work)})" if work else words
        text += f" {ORIGIN} ({cited.cite('fonseca')})" if base != loss.name else ""
        names = [name for name in PARAMETERS if name in type(loss).model_fields]
        values = [
            _values(name, [getattr(c.loss, name) for c in configurations], ranges.get((arm, name))) for name in names
        ]
        if base == "adaptive_gce":
            text += f", whose q is one minus the soft-nearest-neighbour score ({cited.cite('frosst')}) of each batch"
        subsets = list(dict.fromkeys(c.subset for c in configurations))
        where = "" if subsets == ["all"] else f"trained on {joined(subsets)}"
        details = ", ".join(filter(None, [*values, where]))
        parts.append(f"{text}{f' with {details}' if values and details else f', {details}' if details else ''} [{arm}]")
    return f"Losses compared: {'; '.join(parts)}."


def _values(name: str, values: Sequence[Any], space: OpenRange | None) -> str:
    sign = symbol(name)
    distinct = [value for value in dict.fromkeys(values) if value is not None]
    if space is not None:
        return f"{sign} in [{number(space.min)}, {number(space.max)}] ({space.scale} scale)"
    if not distinct:
        return ""
    if len(distinct) == 1:
        return f"{sign} = {number(distinct[0])}"
    if len(distinct) > MAX_LISTED:
        return f"{sign} at {len(distinct)} values from {number(min(distinct))} to {number(max(distinct))}"
    return f"{sign} in {{{', '.join(map(number, distinct))}}}"


def _by(results: StudyResults) -> str:
    return "accuracy on the verified validation clips" if selected_on(results.plan) == "verified" else "accuracy"


def grid_design(finding: GridFinding, cited: References) -> list[str]:
    """Describe which configurations were trained with which seeds, and how they are compared."""
    runs = finding.results.runs[finding.results.runs["stage"] != "control"]
    seeds = sorted(set(map(int, runs["seed"])))
    which = ", ".join(map(str, seeds)) if len(seeds) <= MAX_LISTED else f"of {seeds[0]} to {seeds[-1]}"
    if seeds == list(range(seeds[0], seeds[-1] + 1)) and len(seeds) > 1:
        which = f"{seeds[0]} to {seeds[-1]}"
    many = f"{counted(len(seeds), 'seed')} ({which})"
    subject = "Each of the " if len(keys(runs)) > 1 else "The "
    first = f"{subject}{counted(len(keys(runs)), 'configuration')} was trained with {many}."
    controls = _controls(
        finding, "the best configuration of each adaptive arm showed on each subset, by mean validation accuracy"
    )
    if len(seeds) < 2 or len(keys(runs)) < 2:  # noqa: PLR2004 -- a comparison takes two
        return [first, *controls]
    return [
        first,
        *controls,
        (
            "The configuration of the highest mean validation accuracy is told apart from another if the "
            f"{100 * LEVEL:g} % t-interval of their difference, paired by seed and with Bonferroni's correction, lies "
            f"above zero (multiple comparisons with the best, {cited.cite('hsu')})."
        ),
    ]


def settle_design(finding: SettleFinding, cited: References) -> list[str]:
    """Describe how the choice was made by training where it decides, and how it was confirmed."""
    method, runs = finding.method, finding.explored.runs
    most = f", or {counted(method.max_runs, 'run')} were spent" if method.max_runs is not None else ""
    return [
        (
            f"Among {counted(len(keys(runs)), 'configuration')} the choice was made by adaptive allocation of runs: "
            f"after {counted(method.start_seeds, 'seed')} each, runs were drawn by top-two Thompson sampling "
            f"({cited.cite('russo')}) from the posterior of the mean accuracies under a Gaussian process (Matérn 5/2 "
            "over the scale of the parameter where one number is varied, and a separate deviation for every "
            f"configuration), until one was within {counted_points(method.within)} of the best with probability "
            f"{method.confidence:g}{most}; this took {counted(recorded_count(runs), 'run')}."
        ),
        _confirmation(method, "The choice"),
        *_controls(finding, "each confirmed adaptive loss showed"),
    ]


def search_design(finding: SearchFinding, cited: References) -> list[str]:
    """Describe how configurations were sampled and stopped early, and how the best were confirmed."""
    method, runs = finding.method, finding.explored.runs
    sampled, asha = len(finding.tried), method.asha
    early = (
        f", with early stopping by asynchronous successive halving ({cited.cite('li')}; grace period "
        f"{counted(asha.grace_period, 'epoch')}, reduction factor {asha.reduction_factor:g})"
        if asha
        else ""
    )
    return [
        (
            f"{counted(sampled, 'configuration')} {'was' if sampled == 1 else 'were'} sampled by the "
            f"{SAMPLERS[method.sampler]} sampler of Optuna ({cited.cite('akiba')}) and trained with "
            f"{counted(method.seeds, 'seed')} each{early}; this took {counted(recorded_count(runs), 'run')}."
        ),
        _confirmation(method, f"The best {method.confirm_best}"),
        *_controls(finding, "each confirmed adaptive loss showed"),
    ]


def _confirmation(method: Settle | Search, what: str) -> str:
    beside = f" and, as baselines, {joined(method.baselines)}" if method.baselines else ""
    verb = "were" if beside or what != "The choice" else "was"
    return (
        f"{what}{beside} {verb} then trained with {method.confirm_seeds} fresh seeds, to the end of the protocol; "
        "these runs alone enter the means and intervals reported."
    )


def _controls(finding: Finding, whose: str) -> list[str]:
    if "fixed_q" not in finding.plan.settings.controls:
        return []
    return [f"As a control, GCE was trained with the same seeds at the mean q that {whose}."]


def _statistics(finding: Finding) -> list[str]:
    results = finding.results
    sizes = sorted({len(by_seed) for metric in ("test", "validation") for by_seed in finding.scores(metric).values()})
    n = f" (n = {sizes[0]}{f' to {sizes[-1]}' if len(sizes) > 1 else ''} per configuration)" if sizes else ""
    statuses = results.runs.drop_duplicates("run_id")["status"]  # arms may share a run
    counts = status_counts(statuses)
    left = f"; the others ({counts}) enter no mean" if counts else ""
    waiting = int((statuses == WAITING).sum())
    left += f"; {waiting} have yet to be trained" if waiting else ""
    complete = int((statuses == "complete").sum())
    return [
        chosen_on(results.plan),
        (
            f"We report means over seeds with {100 * LEVEL:g} % Student t-intervals{n}; differences are paired by "
            "seed, as a seed gives every configuration the same initial weights and order of clips. The intervals "
            "cover other seeds, not other data."
        ),
        f"{complete} of {counted(len(statuses), 'run')} completed{left}.",
    ]
