"""The set of those that may be the best: the same in every text, table, figure and file, and it holds the best."""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING

import numpy as np
import pytest

from analysis.figures.sweep_data import best_spans
from analysis.report.json_report import report_json
from analysis.tables.accuracy import results_table
from analysis.tables.comparisons import best_set_tables
from analysis.text.best import best_lines
from factories import Builder
from trainables.losses.catalogue import GCE

if TYPE_CHECKING:
    from typing import Any

STUDIES = 200


def _random_study(rng: np.random.Generator) -> tuple[Builder, int]:
    """Return a grid with missing, failed and collapsed runs, ties and unequal numbers of runs, and its best value.

    2 to 40 values of q, seeds as blocks, 1 to 20 seeds; accuracies within [0.2, 1].
    """
    study = Builder(progress={"ended": True})
    count = int(rng.choice([2, 3, 5, 9, 16, 40], p=[0.2, 0.25, 0.25, 0.2, 0.07, 0.03]))
    seeds = int(rng.choice([1, 2, 3, 5, 8, 12, 20], p=[0.05, 0.15, 0.2, 0.2, 0.2, 0.15, 0.05]))
    lost = float(rng.choice([0.0, 0.0, 0.1, 0.3]))
    collapsing = float(rng.choice([0.0, 0.0, 0.03]))
    sd = float(rng.choice([0.003, 0.01, 0.03]))
    gaps = rng.choice([0.0, 0.3, 1.0, 3.0]) * sd * rng.exponential(size=count)
    means = 0.8 - (np.sort(gaps) - gaps.min() if rng.random() < 0.5 else gaps - gaps.min())
    blocks = rng.choice([0.0, 1.0, 2.0]) * sd * rng.normal(size=seeds)
    digits = int(rng.choice([2, 6]))  # coarse accuracies tie
    for i, q in enumerate(np.round(np.linspace(0.1, 0.9, count), 4).tolist()):
        for seed in range(seeds):
            value = 0.3 if rng.random() < collapsing else means[i] + blocks[seed] + sd * rng.normal()
            status = rng.choice(["failed", "diverged", "missing"]) if rng.random() < lost else "complete"
            study.add(
                "gce",
                GCE(name="gce", q=q),
                seed,
                validation=round(min(1.0, max(0.2, float(value))), digits),
                test=0.7,
                varied={"q": q},
                status=None if status == "missing" else str(status),
                epochs=1,
            )
    return study, int(means.argmax())


def _named(verdict: str, names: dict[Any, str]) -> set[Any] | int:
    """Return the configurations that the verdict's first sentence names as possibly the best, or their number."""
    verdict = re.sub(r"^So far \([^)]*\): ", "", verdict)
    alone = re.match(r"(q = [0-9.]+) is (?:better than|the only configuration)|gce q=\S+ is the only", verdict)
    if alone:
        return 1
    said = re.match(r"No single winner: (.*?) may each be the best", verdict)
    assert said, verdict
    if counted := re.match(r"(?:all |the )?(\d+) ", said[1]):
        return int(counted[1])
    return {key for key, name in names.items() if re.search(rf"{re.escape(name)}(?![0-9.])", said[1])}


def _in_headline(text: str, values: dict[Any, float]) -> set[Any] | int | None:
    """Return the configurations that a headline names as the best, or their number; None if it leaves that open."""
    if (later := text.removeprefix("So far, ")) != text:
        text = re.sub("^(no|undecided) ?", lambda word: word[0].capitalize(), later)
    if text.startswith("Undecided") or "only configuration" in text:
        return None
    if counted := re.match(r"No single winner: (?:all )?(\d+)|No single winner: gce (?:with )?q \((\d+) of", text):
        return int(counted[1] or counted[2])
    said = [float(part) for part in re.findall(r"0\.\d+", text)]
    inside = said if " to " not in text else [q for q in values.values() if min(said) <= round(q, 4) <= max(said)]
    return {key for key, q in values.items() if any(abs(q - part) < 1e-9 for part in inside)}


def _check(study: Builder) -> Any:
    """Assert that everything shows one set, and return it; None without a complete run."""
    report = study.report()
    finding = report.finding
    bests = finding.bests()
    if bests is None:
        assert finding.best is None
        return None
    members = {key.configuration for key in bests.members}
    assert bests.chosen in bests.members
    if len(bests.compared) == 1:
        assert finding.best.may_be_best is None
        return bests
    assert set(finding.best.may_be_best) == members
    assert set(json.loads(report_json(report, ()))["choice"]["may_be_best"]) == members
    (line,) = (text for text in best_lines(finding.best) if text.startswith("may be the best: "))
    shown = {finding.best.configuration} if line.endswith("no other") else set(re.findall(r"gce q=[0-9.]+[0-9]", line))
    assert shown == members
    bold = {table.rows[row][0] for table in (results_table(finding, "validation"),) for row, _ in table.bold}
    assert bold == (members if bests.ruled_out else set())
    for table in best_set_tables(finding):
        assert {row[0] for row in table.rows if row[4] == "yes"} == members
    values = {key: float(key.configuration.split("=")[1]) for key in bests.compared}
    spans = best_spans(finding, finding.reported.runs, "q")
    if bests.decided:
        inside = {key for key, q in values.items() if any(low <= q <= high for low, high in spans)}
        assert inside == set(bests.members)
    named = _named(report.verdict, {key: f"q = {q:g}" for key, q in values.items()})
    assert named in (set(bests.members), len(bests.members))
    assert _in_headline(report.headline.text, values) in (set(bests.members), len(bests.members), None)
    if len(bests.members) > 1:
        assert " is better than " not in report.verdict.split(". ")[0]
    return bests


def _share_that_holds_the_best(studies: int, seed: int) -> tuple[float, int]:
    """Check random studies; return in which share of them the set holds the truly best, and of how many."""
    rng = np.random.default_rng(seed)
    held, judged = 0, 0
    for _ in range(studies):
        study, best = _random_study(rng)
        bests = _check(study)
        if bests is None:
            continue
        planned = list(dict.fromkeys(p.varied["q"] for p in study.planned))
        compared = {key: float(key.configuration.split("=")[1]) for key in bests.compared}
        if planned[best] in compared.values():
            judged += 1
            held += any(compared[key] == planned[best] for key in bests.members)
    return held / judged, judged


def test_verdict_strip_bold_table_best_and_json_show_one_set() -> None:
    share, judged = _share_that_holds_the_best(10, seed=1)
    assert judged >= 5
    assert share >= 0.95 - 3 * math.sqrt(0.05 * 0.95 / judged)


@pytest.mark.slow
def test_on_many_studies_one_set_is_shown_and_holds_the_truly_best() -> None:
    share, judged = _share_that_holds_the_best(STUDIES, seed=2)
    assert judged >= STUDIES / 2
    assert share >= 0.95
