"""How well the label audit finds wrong labels, on studies of data sets whose true labels are known.

    python benchmarks/label_audit.py measures STORAGE STUDY...
    python benchmarks/label_audit.py review STORAGE STUDY REVIEW.csv [--top 100]

``measures`` prints tables in Markdown. ``review`` fills in the review of the most suspicious clips as a person would
who hears every sound correctly: keep where the label is right, relabel where the true label is a class, drop otherwise.
Then ``gce-study audit STUDY --apply REVIEW.csv`` makes the data set to train on.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from analysis.report.export import write_tables
from analysis.study import load_study
from analysis.tables.labels.review import DECISION, review_frame

if TYPE_CHECKING:
    from analysis.findings.label_audit import LabelAudit


def main() -> None:
    """Run the command that the arguments name."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    measures = commands.add_parser("measures")
    measures.add_argument("storage")
    measures.add_argument("studies", nargs="+")
    measures.set_defaults(run=lambda given: print("\n".join(measured(given.storage, given.studies))))
    review = commands.add_parser("review")
    review.add_argument("storage")
    review.add_argument("study")
    review.add_argument("file", type=Path)
    review.add_argument("--top", type=int, default=100)
    review.set_defaults(run=lambda given: print(write_review(given.storage, given.study, given.file, given.top)))
    given = parser.parse_args()
    given.run(given)


def measured(storage: str, studies: list[str]) -> list[str]:
    """Return the lines of the tables of some studies."""
    lines = []
    for name in studies:
        audit = audit_of(storage, name)
        lines += [f"### {name}", "", f"{audit.runs} runs. {' '.join(audit.lacking)}", ""]
        lines += [*sources(audit), "", *classes(audit), ""]
    return lines


def audit_of(storage: str, name: str) -> LabelAudit:
    """Return the audit of a study; exit if its data set is not kept."""
    audit = load_study(storage, name).audit()
    if audit is None:
        msg = f"{storage}: the labels of {name} are not kept"
        raise SystemExit(msg)
    return audit


def sources(audit: LabelAudit) -> list[str]:
    """Return the table of how well each source finds wrong labels, among the clips that are not verified."""
    rows = ["| source | clips | wrong | AUROC | wrong in first 50 | 100 | 200 |", "|---|---|---|---|---|---|---|"]
    for row in audit.measures.to_dict("records"):
        precisions = (row[f"precision_at_{k}"] for k in (50, 100, 200))
        shares = ("-" if np.isnan(share) else f"{100 * share:.0f} %" for share in precisions)
        rows.append(
            f"| {row['source']} | {row['clips']} | {row['wrong']} | {row['auroc']:.3f} | {' | '.join(shares)} |"
        )
    return rows


def classes(audit: LabelAudit) -> list[str]:
    """Return how far the estimated shares of wrong labels are from the true ones."""
    frame = audit.classes.dropna(subset=["true_rate"])
    known = frame.dropna(subset=["noise_rate"])
    true = np.average(frame["true_rate"], weights=frame["clips"])
    if known.empty:
        return [f"Wrong labels: {100 * true:.1f} %; nothing estimates them."]
    error = (known["noise_rate"] - known["true_rate"]).abs()
    within = (known["low"] <= known["true_rate"]) & ~(known["true_rate"] > known["high"])  # or no upper end
    covered = f"{int(within.sum())} of {len(known)}" if known["low"].notna().any() else "no intervals"
    estimated = np.average(known["noise_rate"], weights=known["clips"])
    text = (
        f"Wrong labels by {audit.rates_by}: estimated {100 * estimated:.1f} %, true {100 * true:.1f} %; by class off "
        f"by {100 * error.mean():.1f} points on average, {100 * error.max():.1f} at most; intervals that cover: "
        f"{covered}."
    )
    return [text]


def write_review(storage: str, name: str, path: Path, top: int) -> str:
    """Write the review of the first clips; return what was decided."""
    audit = audit_of(storage, name)
    frame = review_frame(audit).head(top)
    truth = audit.clips.set_index("path")["true_label"]
    frame[[DECISION, "new_label"]] = [decision(row, truth[row["path"]]) for row in frame.to_dict("records")]
    write_tables({path: frame})
    right = (frame["new_label"] == frame["suggested"]) & (frame[DECISION] == "relabel")
    return f"{path}: {frame[DECISION].value_counts().to_dict()}; the suggested label is right for {int(right.sum())}"


def decision(row: dict[str, object], true_label: str) -> tuple[str, str]:
    """Return what a person who hears every sound correctly would decide."""
    if true_label == row["label"]:
        return "keep", ""
    return ("relabel", true_label) if true_label else ("drop", "")


if __name__ == "__main__":
    main()
