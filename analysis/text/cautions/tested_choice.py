"""Cautions on the test set: it contradicts the choice, or classes of it are never predicted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.results.runs_table import complete_runs
from analysis.statistics.blocks.block_model import block_model
from analysis.statistics.clips import never_predicted
from analysis.statistics.hsu import best_set
from analysis.text.phrases import joined
from trainables.naming import set_off
from trainables.numerals import ends

MAX_CLASSES, SOME_CLASSES = 5, 3  # classes that are all named, and of more those that are named

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.findings.method_finding import GridFinding
    from analysis.results.runs_table import Key
    from analysis.results.study_results import StudyResults


def disagreement(finding: GridFinding, key: Key) -> list[str]:
    """Return a caution if the configuration that is best on validation is ruled out as the best on the test set."""
    candidates = finding.candidates_on(key.subset)
    model = block_model({of: finding.scores(finding.results.tested_by).get(of, {}) for of in candidates})
    best = best_set(model) if model is not None else None
    if best is None or key in best.members or key not in {candidate.key for candidate in best.candidates}:
        return []
    (contender,) = (candidate for candidate in best.candidates if candidate.key == key)
    low, high = (100 * (end or 0.0) for end in (contender.low, contender.high))
    text = (
        f"Validation and test disagree: {key.configuration} is chosen on validation, but on the test set it is not "
        f"among the best ({ends(low, high)} points from the best of the others; {best.label()}). The choice "
        "stays: choosing by the test set would spoil its accuracy."
    )
    return [text]


def unpredicted(results: StudyResults) -> list[str]:
    """Return a caution with the first few classes that no complete reported run predicts on the test set."""
    wanted = dict.fromkeys(complete_runs(results.runs)["run_id"])
    tests = [results.records[run_id].test for run_id in wanted]
    predicted: list[Sequence[int]] = [test.predictions for test in tests if test is not None]
    classes = results.plan.dataset.classes
    never = never_predicted(predicted, classes)
    if not never:
        return []
    runs = "the one tested run" if len(predicted) == 1 else f"any of the {len(predicted)} tested runs"
    names = [set_off(name) for name in never]
    if len(never) > MAX_CLASSES:
        some = ", ".join(names[:SOME_CLASSES])
        return [f"{len(never)} of {len(classes)} classes are never predicted by {runs}, among them {some}."]
    are = f"{joined(names)} {'is' if len(never) == 1 else 'are'}"
    return [f"{are} never predicted by {runs} ({len(never)} of {len(classes)} classes)."]
