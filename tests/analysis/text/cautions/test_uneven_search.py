"""The caution where a search tried some arms far more often than others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from trainables.losses.catalogue import GCE

if TYPE_CHECKING:
    from factories import Builder

SEARCH = {"name": "search", "configurations": 9, "asha": None, "baselines": []}


def _tries(study: Builder, **counts: int) -> list[str]:
    """Return the cautions of a search that tried each arm as often as stated, which name how often."""
    study.method, study.progress = SEARCH, {"ended": True}
    for arm, count in counts.items():
        for place in range(count):
            q = (place + 1) / 20
            study.add(arm, GCE(name="gce", q=q), 0, validation=0.6 + q / 10, varied={"q": q}, stage="explore")
    for seed in range(10_000, 10_002):
        study.add("gce", GCE(name="gce", q=0.3), seed, varied={"q": 0.3}, stage="confirm")
    return [text for text in study.report().cautions if "a search looks for" in text]


def test_an_arm_tried_twice_as_often_as_another_is_cautioned(study: Builder) -> None:
    (text,) = _tries(study, gce=6, other=4, few=3)
    assert text.startswith("gce was tried 6 times, few 3: a search looks for one good configuration")


@pytest.mark.parametrize("counts", [{"gce": 5, "other": 3}, {"gce": 6}])
def test_arms_tried_about_as_often_need_no_caution(study: Builder, counts: dict[str, int]) -> None:
    assert _tries(study, **counts) == []
