"""A caution where a search tried some arms far more often than others."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analysis.findings.method_finding import SearchFinding

FAR = 2  # times as often


def uneven_search(finding: SearchFinding) -> tuple[str, ...]:
    """Return a caution if an arm was tried at least ``FAR`` times as often as another, else nothing."""
    tried = Counter(key.arm for key in finding.tried)
    if len(tried) == 1:
        return ()
    (most, often), *_, (least, seldom) = tried.most_common()
    if often < FAR * seldom:
        return ()
    why = "a search looks for one good configuration, and does not compare arms evenly as a grid does"
    return (f"{most} was tried {often} times, {least} {seldom}: {why}.",)
