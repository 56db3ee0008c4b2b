"""Tables on the label audit: the most suspicious clips, the classes, and how well the scores find wrong labels."""

from __future__ import annotations

from math import isfinite, isnan
from typing import TYPE_CHECKING

from analysis.findings.label_audit import BY_PREDICTIONS, BY_VERIFIED
from analysis.statistics.intervals import LEVEL
from analysis.tables.labels.review import to_review
from analysis.tables.table import NONE, Table
from analysis.text.label_audit import how_to_listen, source_name
from analysis.text.methods.procedures import RATE_BY_PREDICTIONS, RATE_BY_VERIFIED, SUSPICION, explained
from trainables.naming import counted

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from analysis.findings.label_audit import LabelAudit

TOP = 20  # clips that a report lists
NO_CLASS = "none of the classes"
RATES = {BY_VERIFIED: RATE_BY_VERIFIED, BY_PREDICTIONS: RATE_BY_PREDICTIONS}
NUMBERS = (
    f"Score: 1 is the most suspicious, with its {100 * LEVEL:g} % interval over seeds. Suggested: the class that most "
    f"runs suggest; {NONE} if that is the given label. Agreement: the share of seeds in which most runs suggest it. "
    "Runs: how many measured the clip."
)


def audit_tables(audit: LabelAudit) -> tuple[Table, ...]:
    """Return the tables of a report on its label audit; empty where no run left what it needs."""
    if not audit.runs:
        return ()
    return (suspicious_table(audit), *noise_table(audit), *measures_table(audit))


def suspicious_table(audit: LabelAudit) -> Table:
    """Tabulate the most suspicious clips of those to review."""
    clips = to_review(audit)
    known = clips["true_label"].notna().any()
    rows = tuple(
        (str(clip["rank"]), clip["path"], clip["label"], *clip_cells(clip), *((true_label(clip),) if known else ()))
        for clip in clips.head(TOP).to_dict("records")
    )
    header = ("Rank", "Clip", "Label", "Suggested", "Score", "Agreement", "Runs", *(("True",) if known else ()))
    which = "" if clips["verified"].all() else " that are not verified"
    note = f"The first {len(rows)} of {counted(len(clips), 'clip')}{which}. {NUMBERS} {how_to_listen(audit)}"
    return Table("Most suspicious labels", header, rows, note, procedures=(SUSPICION,))


def clip_cells(clip: Mapping[Any, Any]) -> tuple[str, str, str, str]:
    """Return the suggested label, the score with its interval, the agreement and the runs of a row of the audit."""
    score = NONE if isnan(clip["score"]) else f"{clip['score']:.3f}{_ends(clip, 1, '.3f')}"
    agreement = NONE if isnan(clip["agreement"]) else f"{100 * clip['agreement']:.0f} %"
    suggested = clip["suggested"] if clip["suggested"] != clip["label"] else ""
    return suggested or NONE, score, agreement, str(clip["runs"])


def true_label(clip: Mapping[Any, Any]) -> str:
    """Return the true label of a row of the audit as it is shown."""
    return clip["true_label"] or NO_CLASS if isinstance(clip["true_label"], str) else NONE


def noise_table(audit: LabelAudit) -> tuple[Table, ...]:
    """Tabulate the share of wrong labels of each class; nothing where it is neither estimated nor known."""
    classes = audit.classes
    estimated, known = classes["noise_rate"].notna().any(), classes["true_rate"].notna().any()
    if not estimated and not known:
        return ()
    rows = tuple(
        (
            row["class"],
            f"{row['clips']:,}",
            f"{row['verified']:,}",
            *((_percent(row["noise_rate"]) + _ends(row, 100, ".0f"),) if estimated else ()),
            *((_percent(row["true_rate"]),) if known else ()),
        )
        for row in classes.to_dict("records")
    )
    header = ("Class", "Training clips", "Verified", *(("Wrong, estimated (%)",) if estimated else ()))
    header = (*header, *(("Wrong, true (%)",) if known else ()))
    used = (RATES[audit.rates_by],) if audit.rates_by in RATES and estimated else ()
    note = f"Share of wrong labels among the training clips. {explained(used)}".rstrip()
    return (Table("Wrong labels by class", header, rows, note, procedures=used),)


def measures_table(audit: LabelAudit) -> tuple[Table, ...]:
    """Tabulate how well each score finds the wrong labels; nothing where no true label is known."""
    measures = audit.measures
    if measures.empty:
        return ()
    tops = [name for name in measures.columns if name.startswith("precision_at_") and measures[name].notna().any()]
    rows = tuple(
        (
            source_name(row["source"]),
            *(f"{row['clips']:,}", f"{row['wrong']:,}"),
            NONE if isnan(row["auroc"]) else f"{row['auroc']:.3f}",
            *(_percent(row[name]) for name in tops),
        )
        for row in measures.to_dict("records")
    )
    header = (
        "Score by",
        "Clips",
        "Wrong",
        "AUROC",
        *(f"Wrong in first {name.rpartition('_')[2]} (%)" for name in tops),
    )
    note = (
        "Compared with the known true labels, over clips that are not verified. AUROC: the probability that "
        "a wrong label scores above a right one; 0.5 is chance. Wrong in first k: the share of wrong labels among the "
        "k highest scores."
    )
    return (Table("How well the scores find wrong labels", header, rows, note),)


def _percent(share: float) -> str:
    return NONE if isnan(share) else f"{100 * share:.0f}"


def _ends(row: Mapping[Any, Any], scale: float, form: str) -> str:
    """Return an interval after its number, or its lower end if only that is known; empty without either."""
    low, high = row["low"], row["high"]
    if not isfinite(low):
        return ""
    return (
        f" ({scale * low:{form}} to {scale * high:{form}})" if isfinite(high) else f" (at least {scale * low:{form}})"
    )
