"""A caution where a study's runs were not all trained by the same code."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from analysis.text.phrases import MAX_NAMED, joined

if TYPE_CHECKING:
    from analysis.results.study_results import StudyResults

DIGITS = 12  # of a digest that are shown


def mixed_code(results: StudyResults) -> list[str]:
    """Return a caution if records name different digests of the code; those without a digest do not count."""
    digests = [digests for record in results.records.values() if (digests := record.provenance.code_digests)]
    if len({digest for run in digests for digest in run}) <= 1:
        return []
    counts = Counter(" then ".join(digest[:DIGITS] for digest in run) for run in digests)
    named = [f"{count} by {code}" for code, count in counts.most_common(MAX_NAMED)]
    if len(counts) > MAX_NAMED:
        named.append(f"{sum(counts.values()) - sum(n for _, n in counts.most_common(MAX_NAMED))} by others")
    text = (
        f"The runs were trained by different versions of the code of gce-study: {joined(named)} (SHA-256). Differences "
        "between them may come from the code."
    )
    return [text]
