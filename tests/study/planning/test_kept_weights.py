"""The disk that weights will take, as ``check`` states it."""

from __future__ import annotations

from typing import Any

import pytest

from study.planning.kept_weights import weights_in_words
from study.spec.study import StudySpec

MAY_BE = "that may be the choice's"
CASES: list[tuple[dict[str, Any], str]] = [
    ({"seeds": 12}, "for the choice: 12 runs, about 25.5 MB; until the study ends, for 36 runs {}, at most 76.6 MB"),
    (
        {"seeds": 1000},
        "for the choice: 1,000 runs, about 2.1 GB; until the study ends, for 3,000 runs {}, at most 2.1 GB",
    ),
    ({"seeds": 500}, "for the choice: 500 runs, about 1.1 GB; until the study ends, for 1,500 runs {}, at most 2.0 GB"),
    ({"method": {"name": "settle", "baselines": ["b"]}}, "for the choice: 12 runs, about 25.5 MB"),
    (
        {"method": {"name": "search", "baselines": ["b"], "configurations": 4, "confirm_best": 2}},
        "for the choice: 12 runs, about 25.5 MB; until the study ends, for 24 runs {}, at most 51.0 MB",
    ),
    ({"seeds": 2, "keep": "all"}, "for every complete run (keep: all): 40 runs, about 85.1 MB"),
    (
        {"seeds": 12, "features": {"embeddings": "e.npz"}, "network": {"name": "head"}},
        "for the choice: 12 runs, about 12.8 MB; until the study ends, for 36 runs {}, at most 38.5 MB",
    ),
]


def words(**keys: Any) -> list[str]:
    arms = [{"name": "a", "loss": {"name": "gce", "q": {"values": [0.3, 0.7]}}}, {"name": "b", "loss": {"name": "cce"}}]
    study = {"name": "small", "dataset": {"kind": "synthetic"}, "arms": arms} | keys
    return list(weights_in_words(StudySpec.model_validate(study), 40, classes=20, dims=1024))


@pytest.mark.parametrize(("keys", "expected"), CASES)
def test_which_weights_stay_is_stated_with_their_size(keys: dict[str, Any], expected: str) -> None:
    assert words(**keys) == [f"weights: kept {expected.format(MAY_BE)}"]


def test_that_no_weights_stay_is_stated() -> None:
    assert words(seeds=2, keep="none") == ["weights: none are kept (keep: none)"]
