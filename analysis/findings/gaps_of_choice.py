"""By how much a study's choice differs from the best of each other arm on test clips, and whether that is clear."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

from analysis.findings.method_finding import GridFinding
from analysis.results.measures import on_test
from analysis.statistics.intervals import ALPHA

if TYPE_CHECKING:
    from analysis.findings.method_finding import MethodFinding
    from analysis.results.runs_table import Key
    from analysis.statistics.intervals import Interval

Judgement: TypeAlias = Literal["better", "worse", "unclear"]


@dataclass(frozen=True)
class Gap:
    """The choice minus the best of another arm, paired by seed; accuracies are fractions.

    Attributes:
        arm: the other arm.
        key: its configuration; None where several subsets are pooled.
        interval: the difference, with the interval of a single comparison.
        p: of the difference, adjusted by Holm for all comparisons of arms; None where the runs show no spread.
        control: whether the other arm is a control, which is compared and never chosen.

    """

    arm: str
    key: Key | None
    interval: Interval
    p: float | None
    control: bool = False

    @property
    def name(self) -> str:
        """The other configuration; the other arm where several subsets are pooled."""
        return self.arm if self.key is None else self.key.configuration

    @property
    def judgement(self) -> Judgement:
        """``better`` or ``worse`` where the interval and Holm's p-value both exclude 0; else ``open``.

        Both must, so that no difference is called clear that the tables, which adjust for all comparisons, do not call
        so. Runs that are too few for an interval leave it open.
        """
        if self.p is None or self.p >= ALPHA or not self.interval.has_width:
            return "unclear"
        return "better" if self.interval.mean > 0 else "worse"


def gaps_of_choice(finding: MethodFinding) -> tuple[Gap, ...]:
    """Return the choice against each other arm, the best first and controls last; empty without test accuracies.

    In a grid all other arms are compared on the subset of the verdict; in a study that explores, the confirmed choice
    is compared with its baselines and its control.
    """
    chosen = finding.chosen
    if chosen is None or not on_test(finding.metric):
        return ()
    gaps: dict[Key, Gap] = {}
    for test in finding.arm_tests:
        if chosen not in {test.first, test.second} or test.interval is None:
            continue
        other, sign = (test.second, 1) if test.first == chosen else (test.first, -1)
        interval = test.interval if sign > 0 else _reversed(test.interval)
        gaps[other] = Gap(other.arm, other, interval, test.adjusted, control=other in finding.controls)
    order = dict.fromkeys((*finding.ranking(chosen.subset).keys, *gaps))  # controls are not ranked
    return tuple(gaps[key] for key in order if key in gaps and _compares(finding, key))


def clearly_apart(finding: MethodFinding) -> set[Key | None]:
    """Return the configurations from which the choice differs clearly on test clips."""
    return {gap.key for gap in gaps_of_choice(finding) if gap.judgement != "unclear"}


def pooled_gaps(finding: GridFinding, arm: str) -> tuple[Gap, ...]:
    """Return an arm against each other arm, pooled over the subsets that both have; empty without test accuracies."""
    if not on_test(finding.metric):
        return ()
    gaps = []
    controls = {key.arm for key in finding.controls}
    for compared in finding.pooled_comparisons:
        if arm == compared.first:
            gaps.append(Gap(compared.second, None, compared.gap.interval, compared.p, compared.second in controls))
        elif arm == compared.second:
            interval = _reversed(compared.gap.interval)
            gaps.append(Gap(compared.first, None, interval, compared.p, compared.first in controls))
    return tuple(sorted(gaps, key=lambda gap: gap.control))


def _compares(finding: MethodFinding, key: Key) -> bool:
    if isinstance(finding, GridFinding):
        return True
    return key.arm in finding.method.baselines or key in finding.controls


def _reversed(interval: Interval) -> Interval:
    """Return the interval of the difference taken the other way round."""
    low, high = (None if end is None else -end for end in (interval.high, interval.low))
    return replace(interval, mean=-interval.mean, low=low, high=high, values=tuple(-v for v in interval.values))
