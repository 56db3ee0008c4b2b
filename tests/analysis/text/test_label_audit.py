"""The paragraphs on the label audit name what the scores come from, and what is lacking."""

from __future__ import annotations

import pandas as pd
import pytest

from analysis.findings.label_audit import LabelAudit
from analysis.text.label_audit import SOURCES, audit_paragraphs


def audit(sources: tuple[str, ...], runs: int = 3, lacking: tuple[str, ...] = ()) -> LabelAudit:
    """Return an audit of two clips by these sources."""
    nothing = pd.DataFrame()
    return LabelAudit("x", runs, pd.DataFrame({"seeds": [3, 2]}), sources, nothing, None, nothing, lacking)


@pytest.mark.parametrize(
    ("sources", "joined"),
    [
        (("margins",), SOURCES["margins"]),
        (("margins", "neighbours"), f"{SOURCES['margins']} and {SOURCES['neighbours']}"),
        (tuple(SOURCES), f"{SOURCES['margins']}, {SOURCES['neighbours']} and {SOURCES['out_of_sample']}"),
    ],
)
def test_the_sources_of_the_scores_are_named(sources: tuple[str, ...], joined: str) -> None:
    assert audit_paragraphs(audit(sources))[0] == (
        f"2 training clips are ranked by how likely their label is wrong, from {joined}. "
        "The scores rest on 3 complete runs with 3 seeds."
    )


def test_what_an_audit_lacks_is_a_paragraph() -> None:
    assert "Missing: this; that." in audit_paragraphs(audit(("margins",), lacking=("this", "that")))


def test_without_a_run_only_the_reason_remains() -> None:
    assert audit_paragraphs(audit(("margins",), runs=0, lacking=("this",))) == ("The labels are not audited: this.",)
    assert audit_paragraphs(audit(("margins",), runs=0)) == ()
