"""The numbers of a report's first screen: the score of the choice, against which arms, how sure, and the cost."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from analysis.findings.gaps_of_choice import gaps_of_choice, pooled_gaps
from analysis.findings.method_finding import GridFinding
from analysis.results.measures import metric_name, metric_words
from analysis.results.runs_table import WAITING, folds_of, status_counts
from analysis.statistics.intervals import MIN_SEEDS
from analysis.text.certainty import certainty, stands
from analysis.text.phrases import HIGHEST, MIN_SHOWN_LUCK, less_luck, recorded_of_planned, selected_words, training_time
from trainables.naming import counted
from trainables.numerals import hundredfold, percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.findings.choice_score import ChoiceScore
    from analysis.findings.gaps_of_choice import Gap, Judgement
    from analysis.findings.method_finding import MethodFinding
    from analysis.statistics.intervals import Interval
    from analysis.statistics.ranking import Choice

MAX_READINGS = 5  # of a tile; a study's other arms and subsets are in its tables


@dataclass(frozen=True)
class Reading:
    """One number of a tile.

    Attributes:
        value: the number, such as ``74.1``, or a word.
        margin: its interval, such as ``± 0.8`` or ``(96.8 to 100.0)``; empty without one.
        unit: ``%``, ``points``, or empty.
        name: what it belongs to, where a tile has several; it comes from the study file.
        note: what else to know of it, such as the configuration that is picked on a subset.
        judgement: whether a difference is clear, and in whose favour; None of what is no difference.
        aside: whether it is set apart from the others, as a control is.

    """

    value: str
    margin: str = ""
    unit: str = ""
    name: str = ""
    note: str = ""
    judgement: Judgement | None = None
    aside: bool = False

    @property
    def text(self) -> str:
        """The reading as plain text."""
        note = f"({self.note})" if self.note else ""
        number = " ".join(filter(None, [self.name, note, self.value, self.margin, self.unit]))
        return f"{number} ({self.judgement})" if self.judgement else number


@dataclass(frozen=True)
class Tile:
    """A heading, one number or a few, and a line that states what they rest on. All are plain text, not escaped."""

    label: str
    readings: tuple[Reading, ...]
    detail: str = ""


def tiles(finding: MethodFinding) -> tuple[Tile, ...]:
    """Return the score of the choice, its differences from other arms, how sure it is, and the cost; at most four.

    Test accuracies of a study that has not ended are absent. Without a complete run only the cost remains.
    """
    return (*_scores(finding), *_differences(finding), *_certainty(finding), _cost(finding))


def _several(finding: MethodFinding) -> bool:
    """Return whether a grid chooses on several subsets."""
    return isinstance(finding, GridFinding) and sum(choice is not None for choice in finding.choices.values()) > 1


def _scores(finding: MethodFinding) -> tuple[Tile, ...]:
    best = finding.best
    if best is None:
        return ()
    who = "the choice" if best.beaten else "the pick" if stands(finding) else "what leads"
    if isinstance(finding, GridFinding) and _several(finding):
        return _scores_on_subsets(finding)
    if best.tested.accuracy is None:
        if best.validation is None:
            return ()
        name = selected_words(best.selected_on)
        runs = _runs(finding, best.validation)
        runs += f"; {HIGHEST}" if best.picked else ""
        runs += ". Test accuracy is hidden until the study ends" if best.test_hidden else ""
        return (Tile(f"{name[0].upper()}{name[1:]} of {who}", (_percent(best.validation),), runs),)
    label = f"{metric_name(best.tested_by)} of {who}"
    return (Tile(label, (_percent(best.tested.accuracy),), _about_score(finding, best.tested, best.tested.accuracy)),)


def _about_score(finding: MethodFinding, tested: ChoiceScore, accuracy: Interval) -> str:
    """State what a test accuracy rests on, and whether the luck of the choice is in it."""
    runs = _runs(finding, accuracy)
    if tested.picked:
        return f"{runs}; probably too high, as the same runs made the choice"
    if tested.luck >= MIN_SHOWN_LUCK:
        return f"{runs}; {hundredfold(tested.luck)} points subtracted, as the same runs made the choice"
    return runs


def _scores_on_subsets(finding: GridFinding) -> tuple[Tile, ...]:
    """Return the score of the choice on each subset, as no configuration is chosen for all of them together."""
    made = {subset: choice for subset, choice in finding.choices.items() if choice is not None}
    if finding.results.test_hidden:
        detail = "Test accuracy is hidden until the study ends"
        return (Tile("Test accuracy", (Reading("hidden"),), detail),)
    scored = {subset: finding.tested(choice).accuracy for subset, choice in made.items()}
    readings = [
        _percent(interval, subset, made[subset].key.configuration)
        for subset, interval in scored.items()
        if interval is not None
    ]
    if not readings:
        return ()
    picked = any(finding.tested(choice).picked for choice in made.values())
    luck = max(finding.tested(choice).luck for choice in made.values())
    subtracted = f"up to {hundredfold(luck)} points subtracted" if luck >= MIN_SHOWN_LUCK else ""
    about = "probably too high" if picked else subtracted
    label = f"{metric_name(finding.results.tested_by)} of each subset's pick"
    details = [f"{about}, as the same runs made the choice" if about else "", _shown(readings, "subsets")]
    return (Tile(label, tuple(readings[:MAX_READINGS]), "; ".join(filter(None, details))),)


def _percent(interval: Interval, name: str = "", note: str = "") -> Reading:
    value, _, margin = interval.percent().partition(" ")
    return Reading(value, margin, "%", name, note)


def _runs(finding: MethodFinding, interval: Interval) -> str:
    """Return what an interval of a single configuration rests on: ``12 seeds, 95 % interval``."""
    folds = len(folds_of(finding.reported.runs))
    confirmed = finding.best is not None and finding.best.confirmed
    seeds = counted(interval.n, "fresh seed" if confirmed else "seed") + (f", mean of {folds} folds" if folds else "")
    if interval.has_width:
        return f"{seeds}, {percent(interval.level)} interval"
    return f"{seeds}: no interval" if interval.n < MIN_SEEDS else f"{seeds}, no interval"


def _differences(finding: MethodFinding) -> tuple[Tile, ...]:
    if _several(finding) and isinstance(finding, GridFinding):
        return _pooled(finding)
    gaps = gaps_of_choice(finding)
    if not gaps:
        return ()
    who = "The choice" if finding.best and finding.best.beaten else "The pick"
    compared = filter(None, (finding.chosen, *(gap.key for gap in gaps)))
    luck = less_luck(finding, compared) if isinstance(finding, GridFinding) else ""
    return (_against(who, gaps, metric_words(finding.metric), f"paired by seed{luck}"),)


def _pooled(finding: GridFinding) -> tuple[Tile, ...]:
    """Return the differences over all subsets of the arm that is chosen on the most of them."""
    arm = leading_arm([choice for choice in finding.choices.values() if choice is not None])
    gaps = pooled_gaps(finding, arm)
    if not gaps:
        return ()
    subsets = sum(choice is not None for choice in finding.choices.values())
    return (_against(arm, gaps, metric_words(finding.metric), f"means over the {subsets} subsets, paired by seed"),)


def leading_arm(choices: Sequence[Choice]) -> str:
    """Return the arm that is chosen on the most subsets, the first of those that tie."""
    arms = [choice.key.arm for choice in choices]
    return max(arms, key=arms.count)


def _against(who: str, gaps: Sequence[Gap], metric: str, about: str) -> Tile:
    """Return the tile of the differences; better and worse are called so after Holm's correction alone."""
    readings = tuple(_points(gap) for gap in gaps[:MAX_READINGS])
    few = any(gap.interval.n < MIN_SEEDS for gap in gaps)
    why = "; too few runs for an interval" if few else "; no interval, as the differences show no spread"
    width = "" if any(gap.interval.has_width for gap in gaps) else why
    if len(gaps) == 1:
        only = replace(readings[0], name="")
        return Tile(f"{who} against {gaps[0].name}, in points of {metric}", (only,), f"{about}{width}")
    details = [f"{about}{width}", _shown(gaps, "arms")]
    return Tile(f"{who} against, in points of {metric}", readings, "; ".join(filter(None, details)))


def _points(gap: Gap) -> Reading:
    interval = gap.interval
    margin = f"± {hundredfold(interval.half_width)}" if interval.half_width is not None and interval.has_width else ""
    note = "control, for comparison only" if gap.control else ""
    number = hundredfold(interval.mean, sign="+")
    return Reading(number, margin, name=gap.name, note=note, judgement=gap.judgement, aside=gap.control)


def _shown(every: Sequence[object], what: str) -> str:
    return f"{MAX_READINGS} of {len(every)} {what}" if len(every) > MAX_READINGS else ""


def _certainty(finding: MethodFinding) -> tuple[Tile, ...]:
    value, detail = certainty(finding)
    return (Tile("How sure", (Reading(value),), detail),) if value else ()


def _cost(finding: MethodFinding) -> Tile:
    """Return how many runs there are and how long they trained; of a study that has not ended, what is still open."""
    results = finding.results
    runs = results.runs.drop_duplicates("run_id")
    waiting = int((runs["status"] == WAITING).sum())
    parts = [f"{training_time(results)} of training"] if results.records else []
    parts += [f"{waiting:,} still waiting"] if waiting else []
    parts += list(filter(None, [status_counts(runs["status"])]))
    if results.ended:
        return Tile("Cost", (Reading(counted(len(results.records), "run")),), "; ".join(parts))
    return Tile("So far", (Reading(recorded_of_planned(results)),), "; ".join(parts))
