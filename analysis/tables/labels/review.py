"""The list of training clips that a person reviews: as a table for a terminal, and as the CSV to fill in."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

from analysis.statistics.intervals import LEVEL
from analysis.tables.table import NONE, Table
from trainables.naming import counted

if TYPE_CHECKING:
    import pandas as pd

    from analysis.findings.label_audit import LabelAudit

DECISION, NEW_LABEL = "decision", "new_label"  # the columns that a person fills in
REVIEW_COLUMNS = (
    *("path", DECISION, NEW_LABEL, "label", "suggested", "share", "agreement", "score", "low", "high", "runs", "seeds"),
)
NUMBERS = {"score": 4, "low": 4, "high": 4, "share": 3, "agreement": 3}  # column -> decimal places


def to_review(audit: LabelAudit, of_class: str | None = None) -> pd.DataFrame:
    """Return the ranked clips that a person has not verified, the most suspicious first; if all are verified, all.

    Args:
        audit: the audit.
        of_class: only clips with this given label.

    """
    clips = audit.clips[audit.clips["rank"].notna()]
    if not clips["verified"].all():
        clips = clips[~clips["verified"]]
    return clips if of_class is None else clips[clips["label"] == of_class]


def review_frame(audit: LabelAudit, of_class: str | None = None) -> pd.DataFrame:
    """Return the CSV to fill in: a row for each clip of ``to_review``, with decision and new_label empty."""
    frame = to_review(audit, of_class).round(NUMBERS)
    return frame.assign(**{DECISION: "", NEW_LABEL: ""})[list(REVIEW_COLUMNS)]


def review_table(audit: LabelAudit, top: int, of_class: str | None = None) -> Table:
    """Return the most suspicious clips as text.

    Args:
        audit: the audit.
        top: how many.
        of_class: only clips with this given label.

    """
    clips = to_review(audit, of_class)
    rows = tuple(
        (
            str(clip["rank"]),
            clip["path"],
            clip["label"],
            clip["suggested"] if clip["suggested"] != clip["label"] else "",
            f"{100 * clip['share']:.0f} %",
            f"{clip['score']:.3f}",
            f"{clip['low']:.3f} to {clip['high']:.3f}" if isfinite(clip["low"]) else NONE,
            str(clip["runs"]),
        )
        for clip in clips.head(top).to_dict("records")
    )
    header = ("rank", "clip", "label", "suggested", "by", "score", "interval", "runs")
    note = (
        f"score: 1 is the most suspicious, with the {100 * LEVEL:g} % interval over seeds; by: the share of runs that "
        "suggest the label, or, where the column is empty, that confirm the given one."
    )
    return Table(f"{counted(len(clips), 'clip')} to review", header, rows, note)
