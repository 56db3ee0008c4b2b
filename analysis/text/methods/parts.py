"""How a study's numbers were made, in short parts with headings, from its plan and records; and the works they cite."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from analysis.findings.paper.published import is_published_data
from analysis.results.runs_table import WAITING, differing_settings, status_counts
from analysis.statistics.collapse import MIN_POINTS, MIN_SDS, MIN_SKEW, NORMAL_MAD
from analysis.statistics.intervals import LEVEL, MIN_SEEDS
from analysis.text.features import features_in_words
from analysis.text.folds import folds_of_data
from analysis.text.methods.bibliography import References
from analysis.text.methods.losses import LOSSES, ORIGIN
from analysis.text.methods.networks import (
    embeddings,
    has_network_of_baseline,
    network_of_baseline,
    networks,
    takes_frames,
)
from analysis.text.methods.procedures import named
from analysis.text.methods.software import software
from analysis.text.methods.training import augmentation, optimisation
from analysis.text.methods.values import values_in_words
from analysis.text.phrases import joined
from analysis.text.validation_clips import chosen_on, covered, held_out
from trainables.config import Training, parameter_name
from trainables.feature_settings import FEATURES
from trainables.naming import PARAMETERS, counted, number
from trainables.numerals import percent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from analysis.findings.finding import Finding
    from analysis.results.study_results import StudyResults
    from analysis.text.methods.procedures import Procedure

# The headings, in reading order; a part that a study does not need is absent.
PARTS = (
    "Data",
    "Model and training",
    "Losses",
    "Runs",
    "Posterior",
    "Stopping rule",
    "Comparison",
    "Collapsed runs",
    "Statistics in the tables",
    "Software",
)
IN_FULL = "The notes of the tables describe the statistics; --format paper gathers them here, with their sources."


@dataclass(frozen=True)
class Methods:
    """How a study's numbers were made.

    Attributes:
        parts: a heading of ``PARTS`` and a short paragraph each.
        works: a reference for each work that they cite.

    """

    parts: tuple[tuple[str, str], ...] = ()
    works: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The paragraphs without their headings."""
        return " ".join(text for _, text in self.parts)

    @property
    def lines(self) -> tuple[str, ...]:
        """Each paragraph after its heading, as ``Data. We used ...``, then each reference."""
        return (*(f"{heading}. {text}" for heading, text in self.parts), *self.works)


def methods(
    finding: Finding,
    design: Callable[[References], Sequence[tuple[str, str]]],
    procedures: Iterable[Procedure] = (),
    *,
    beside_tables: bool = False,
) -> Methods:
    """Return how a study's numbers were made; it is empty for a study without planned runs.

    Args:
        finding: of the study.
        design: returns sentences on how runs were chosen, each with its heading, and adds the works that they cite.
        procedures: to be described: those whose results the report's tables hold.
        beside_tables: whether the text is read with the tables, whose notes describe their procedures; a paper's is
            not. The text then refers to them, and states what a collapsed run is only if there is one.

    """
    results = finding.results
    if not results.plan.runs:
        return Methods()
    cited = References()
    told = [
        ("Data", _data(results, cited)),
        ("Data", held_out(results.plan)),
        ("Model and training", _protocol(results, cited)),
        ("Model and training", embeddings(results)),
        ("Model and training", networks(results, cited)),
        ("Losses", _losses(results, cited)),
        ("Comparison", chosen_on(results.plan)),
        *design(cited),
        ("Runs", _completed(results)),
        ("Comparison", _intervals(finding)),
        ("Comparison", covered(results.plan)),
        ("Collapsed runs", "" if beside_tables and not finding.collapses.rates() else _collapses(finding, cited)),
        ("Statistics in the tables", named(procedures, cited)),
        ("Statistics in the tables", IN_FULL if beside_tables else ""),
        ("Software", software(results.records.values())),
    ]
    of_part = {part: " ".join(sentence for heading, sentence in told if heading == part and sentence) for part in PARTS}
    return Methods(tuple((heading, text) for heading, text in of_part.items() if text), tuple(cited.lines()))


def _data(results: StudyResults, cited: References) -> str:
    data = results.plan.dataset
    name = f"FSDnoisy18k ({cited.cite('fonseca')})" if is_published_data(data) else f"the data set {data.name}"
    clips = data.clips
    verified, unverified = clips.get("train verified", 0), clips.get("train unverified", 0)
    total = verified + unverified
    wrong = ""
    if data.wrong is not None and total:
        wrong = f" ({percent(data.wrong / total, 0)} of the training labels are wrong)"
    were = "clip without usable sound was" if len(data.skipped) == 1 else "clips without usable sound were"
    skipped = f"; {len(data.skipped):,} {were} left out" if data.skipped else ""
    kind = "clip" if data.folds else "training clip"
    tested = "" if data.folds else f", and {counted(clips.get('test', 0), 'test clip')}"
    return (
        f"We used {name} with {len(data.classes)} classes: {counted(total, kind)}, of which {verified:,} "
        f"{'has a verified label' if verified == 1 else 'have verified labels'}{wrong}"
        f"{tested}{skipped}.{folds_of_data(data)}"
    )


def _protocol(results: StudyResults, cited: References) -> str:
    run = results.plan.runs[0].run
    features, training = run.features, run.configuration.training
    shared = training.model_dump(exclude=set(differing_settings(results.plan)))
    on_frames = takes_frames(results)
    compared = ((features.model_dump(), FEATURES), (shared, Training())) if on_frames else ((shared, Training()),)
    changed = [
        f"{name} = {number(value)}"
        for values, usual in compared
        for name, value in values.items()
        if value != getattr(usual, name)
    ]
    other = f" (differing from it: {', '.join(changed)})" if changed else ""
    trainings = [planned.run.configuration.training for planned in results.plan.runs]
    usual = has_network_of_baseline(results)
    kept = ["features"] * on_frames + ["network"] * usual
    subject = joined([*kept, "training protocol"]) if kept else "the training protocol"
    parts = [features_in_words(features)] * on_frames + [network_of_baseline(results)] * usual
    described = ", ".join([*parts, f"{optimisation(trainings)}. The last weights were used."])
    return (
        f"{subject[0].upper()}{subject[1:]} {'are those' if kept else 'is that'} of the baseline by "
        f"{cited.cite('fonseca')}{other}: {described} {augmentation(trainings, cited)}A clip's class is that of the "
        "highest geometric mean of its patches' softmax outputs."
    )


def _losses(results: StudyResults, cited: References) -> str:
    """Name each arm's loss and its parameters."""
    by_loss: dict[tuple[str, str], list[Any]] = {}
    for planned in results.plan.runs:
        if planned.stage != "control":
            configuration = planned.run.configuration
            by_loss.setdefault((planned.arm, configuration.loss.name), []).append(configuration)
    ranges, settings = results.plan.settings.ranges, differing_settings(results.plan)
    trained_on = {tuple(dict.fromkeys(c.subset for c in configurations)) for configurations in by_loss.values()}
    parts = []
    for (arm, _), configurations in by_loss.items():
        loss = configurations[0].loss
        of_plugin = "." in loss.name
        base = loss.name if of_plugin else loss.name.removesuffix("_origin")
        words, work = (f"the loss {base} of a plugin", "") if of_plugin else LOSSES[base]
        text = f"{words} ({cited.cite(work)})" if work else words
        text += f" {ORIGIN} ({cited.cite('fonseca')})" if base != loss.name else ""
        parameters = [c.loss.model_dump() for c in configurations]
        names = [name for name in PARAMETERS if name in parameters[0]]
        names += [name for name in parameters[0] if name not in {*names, "name"}]
        spaces = {name: ranges.get((arm, parameter_name("loss", name))) for name in names}
        values = [values_in_words(name, [of.get(name) for of in parameters], space) for name, space in spaces.items()]
        values += [
            values_in_words(name, [getattr(c.training, name) for c in configurations], ranges.get((arm, name)))
            for name in settings
        ]
        subsets = list(dict.fromkeys(c.subset for c in configurations))
        where = "" if len(trained_on) == 1 else f"trained on {joined(subsets)}"
        known = ", ".join(filter(None, values))
        parts.append(", ".join(filter(None, [f"{text} with {known}" if known else text, where])) + f" [{arm}]")
    sentences = [f"{'; '.join(parts)}."]
    sentences[0] = sentences[0][:1].upper() + sentences[0][1:]
    if any(loss.removesuffix("_origin") == "adaptive_gce" for _, loss in by_loss):
        score = f"the soft-nearest-neighbour score ({cited.cite('frosst')}) of the batch"
        sentences.append(f"In the adaptive loss, q is one minus {score}, of which T is the temperature.")
    if len(trained_on) == 1 and (same := trained_on.pop()) != ("all",):
        sentences.append(f"Each was trained on {joined(same)}.")
    return " ".join(sentences)


def _intervals(finding: Finding) -> str:
    """Return what stands for a configuration, from how many seeds on it has an interval, and how differences pair."""
    results = finding.results
    sizes = sorted(
        {
            len(by_seed)
            for metric in (finding.results.tested_by, "validation")
            for by_seed in finding.scores(metric).values()
        }
    )
    n = f" (n = {sizes[0]}{f' to {sizes[-1]}' if len(sizes) > 1 else ''} per configuration)" if sizes else ""
    of_seeds = " The value of a seed is the mean over the folds." if results.plan.dataset.folds else ""
    intervals = f" with {100 * LEVEL:g} % Student t-intervals"
    if sizes and sizes[-1] < MIN_SEEDS:
        intervals, n = n, f", without t-intervals, which take at least {MIN_SEEDS}"
    elif sizes and sizes[0] < MIN_SEEDS:
        intervals += f" from {MIN_SEEDS} seeds on"
    return (
        f"We report means over seeds{intervals}{n}; differences are paired by seed, as a seed gives every "
        f"configuration the same {_paired(results)}.{of_seeds}"
    )


def _paired(results: StudyResults) -> str:
    """Return what runs of one seed have in common."""
    if len({planned.run.configuration.network for planned in results.plan.runs}) > 1:
        return "order of clips, and equal networks the same initial weights"
    return "initial weights and order of clips"


def _collapses(finding: Finding, cited: References) -> str:
    if finding.plan.settings.collapse != "set_aside":
        return "Runs that had collapsed counted like any other."
    rule = (
        "A run counted as collapsed, and was set aside from means and choices, if it lay below the median of its "
        f"configuration by more than the largest of {MIN_POINTS:g} points, {MIN_SDS:g} robust standard deviations "
        f"({NORMAL_MAD:g} times the median absolute residual, of all configurations or of its own, whichever is "
        f"larger) and {MIN_SKEW:g} times the distance of the configuration's highest run above the median"
    )
    if not finding.collapses.rates():
        return f"{rule}."
    return f"{rule}; shares of collapsed runs have Jeffreys' {percent(LEVEL)} intervals ({cited.cite('brown')})."


def _completed(results: StudyResults) -> str:
    statuses = results.runs.drop_duplicates("run_id")["status"]  # arms may share a run
    counts = status_counts(statuses)
    left = f"; the others ({counts}) enter no mean" if counts else ""
    waiting = int((statuses == WAITING).sum())
    left += f"; {waiting} have yet to be trained" if waiting else ""
    complete = int((statuses == "complete").sum())
    return f"{complete:,} of {counted(len(statuses), 'run')} completed{left}."
