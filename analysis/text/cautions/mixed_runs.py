"""Cautions where a study's runs were not all trained by the same code, or on CPUs of the same capability."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from analysis.text.phrases import MAX_NAMED, joined

if TYPE_CHECKING:
    from collections.abc import Iterable

    from analysis.results.study_results import StudyResults

DIGITS = 12  # of a digest that are shown


def mixed_code(results: StudyResults) -> list[str]:
    """Return a caution if records name different digests of the code; those without a digest do not count."""
    digests = (record.provenance.code_digests for record in results.records.values())
    mixture = _mixture((tuple(digest[:DIGITS] for digest in run) for run in digests), "by")
    text = (
        f"The runs were trained by different versions of the code of gce-study: {mixture} (SHA-256). Differences "
        "between them may come from the code."
    )
    return [text] if mixture else []


def mixed_processors(results: StudyResults) -> list[str]:
    """Return a caution if records name different capabilities of the CPU that trained; those without do not count."""
    mixture = _mixture((record.provenance.cpu_capabilities for record in results.records.values()), "on")
    text = (
        f"The runs were trained on CPUs of different capability, as PyTorch names it: {mixture}. These round "
        "differently and training amplifies that, so differences between runs may come from the processor."
    )
    return [text] if mixture else []


def _mixture(runs: Iterable[tuple[str, ...]], word: str) -> str:
    """Return how many runs have which values, the most frequent first; empty if no two values differ.

    Args:
        runs: the values of each run, one for each attempt that differs; runs without any do not count.
        word: the word before a value.

    """
    known = [values for values in runs if values]
    if len({value for values in known for value in values}) <= 1:
        return ""
    counts = Counter(" then ".join(values) for values in known)
    shown = counts.most_common(MAX_NAMED)
    named = [f"{count} {word} {value}" for value, count in shown]
    if others := counts.total() - sum(count for _, count in shown):
        named.append(f"{others} {word} others")
    return joined(named)
