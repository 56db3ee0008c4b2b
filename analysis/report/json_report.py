"""A study's report as JSON, for programs.

The keys:
    schema: 2; raised when a key changes its meaning or is removed. Added keys do not raise it.
    study: name, description, method, spec (the study file with every default) and dataset (name, kind, fingerprint,
        classes, clips by split, wrong labels where the truth is known, subset_seed, validation clips by subset,
        skipped and doubtful clips).
    ended: whether the study has all the runs that it will get.
    test_hidden: whether test accuracies are hidden, because the study has not ended.
    headline: the result in at most twelve words.
    advice: what to do, in a sentence; empty if there is nothing to advise.
    context: study, data set, size, day of the last run, version and storage location, as far as they are known.
    tiles: a list of {label, readings, detail}: the numbers of the first screen. A reading is {name, note, value,
        margin, unit, judgement, aside}, all text; judgement is better, worse, unclear or null, aside true or false.
    verdict: the report's sentences, in English.
    cautions: a list of sentences.
    choice: ``findings.choice.Best`` (study, method, arm, configuration, subset, loss, selected_on, tested_by,
        validation, test, test_hidden, test_next_run, test_luck, test_picked, test_left_out, picked, confirmed,
        probability, within, settled, regret, stopping_rule, may_be_best, explored_may_be_best), or null when there
        is nothing to choose from. validation, test and test_next_run are null or {mean, half_width, low, high, n,
        level, method, values}; test_left_out is null or {mean, seeds, same}.
    summary: a list, one object a configuration, with the columns of summary.csv (``tables.summary.summary``).
    comparisons: a list, one object a pair of arms and subset (``findings.arm_comparisons.ArmComparison.as_dict``).
    pooled_comparisons: the same over all subsets of a pair (``PooledComparison.as_dict``).
    tables: a list of {section, number, title, header, rows, note}: the report's tables as text; header and each
        row are lists of equal length.
    figures: a list of {section, number, name, title, caption, more}; ``name`` is the file's in ``figures/``.
    methods: a list of paragraphs, each of which begins with its heading, then one reference each.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from analysis.report.first_screen import FirstScreen
from analysis.report.report_schema import SCHEMA
from analysis.tables.summary import summary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.report.method_report import MethodReport
    from analysis.report.sections import Section


def report_json(report: MethodReport, sections: Sequence[Section]) -> str:
    """Return the report as JSON (RFC 8259: no NaN, null instead; accuracies are fractions unless stated in %)."""
    plan, choice, screen = report.finding.plan, report.finding.best, FirstScreen(report)
    document = {
        "schema": SCHEMA,
        "study": {
            "name": plan.name,
            "description": plan.description,
            "method": plan.method,
            "spec": plan.spec,
            "dataset": plan.dataset.model_dump(mode="json"),
        },
        "ended": report.finding.results.ended,
        "test_hidden": report.finding.results.test_hidden,
        "headline": report.headline.text,
        "advice": report.headline.advice,
        "context": screen.context,
        "tiles": [asdict(tile) for tile in screen.tiles],
        "verdict": report.verdict,
        "cautions": report.cautions,
        "choice": None if choice is None else choice.as_dict(),
        "summary": summary(report.finding).to_dict("records"),
        "comparisons": [compared.as_dict() for compared in report.finding.arm_comparisons],
        "pooled_comparisons": [compared.as_dict() for compared in report.finding.pooled_comparisons],
        "tables": [
            {"section": section.title, "number": number, "title": table.title, "header": table.header}
            | {"rows": table.rows, "note": table.note}
            for section in sections
            for number, table in enumerate(section.tables, section.first_table)
        ],
        "figures": [
            {"section": section.title, "number": number, "name": figure.name, "title": figure.title}
            | {"caption": figure.caption, "more": figure.more}
            for section in sections
            for number, figure in enumerate(section.figures, section.first_figure)
        ],
        "methods": report.methods.lines,
    }
    return json.dumps(_finite(document), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _finite(value: Any) -> Any:  # noqa: ANN401 -- any JSON value
    """Write null for a number that JSON does not have."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value
