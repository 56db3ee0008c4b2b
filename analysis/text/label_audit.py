"""The label audit in words: what it rests on, and how to listen to its clips."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainables.naming import counted

if TYPE_CHECKING:
    from analysis.findings.label_audit import LabelAudit

SOURCES = {
    "margins": "the margins of the given label in training (the area under the margin)",
    "neighbours": "the labels of the nearest neighbours on the embeddings",
    "out_of_sample": "the predictions of runs that did not train on the clip",
}


def audit_paragraphs(audit: LabelAudit) -> tuple[str, ...]:
    """Return the paragraphs of a report on its label audit; without runs, why there is no audit."""
    lacking = "; ".join(audit.lacking)
    if not audit.runs:
        return (f"The labels are not audited: {lacking}.",) if lacking else ()
    seeds = counted(int(audit.clips["seeds"].max()), "seed")
    *first, last = (SOURCES[source] for source in audit.sources)
    evidence = f"{', '.join(first)} and {last}" if first else last
    ranked = (
        f"{counted(len(audit.clips), 'training clip')} are ranked by how likely their label is wrong, from {evidence}. "
        f"The scores rest on {counted(audit.runs, 'complete run')} with {seeds}."
    )
    unused = (f"Missing: {lacking}.",) if lacking else ()
    return (ranked, *unused, "A high score is a reason to listen to a clip, not a proof that its label is wrong.")


def how_to_listen(audit: LabelAudit) -> str:
    """Return how to hear the clips that a report lists."""
    name = audit.study
    return f"To listen: gce-study dashboard {name}. To decide on each clip: gce-study audit {name} --csv FILE."


def source_name(source: str) -> str:
    """Return what a source of ``LabelAudit.measures`` is called in a table."""
    return {"margins": "Margins", "neighbours": "Neighbours", "out_of_sample": "Out of sample", "all": "All combined"}[
        source
    ]
