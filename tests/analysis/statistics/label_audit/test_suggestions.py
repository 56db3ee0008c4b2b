"""The suggested label is the one that most runs suggest."""

from __future__ import annotations

import numpy as np

from analysis.statistics.label_audit.suggestions import UNSEEN, suggestions, votes


def test_the_class_with_the_most_votes_is_suggested_with_the_share_of_runs() -> None:
    by_seed = np.stack([votes([np.array([2]), np.array([2])], 1, 3), votes([np.array([1]), np.array([2])], 1, 3)])
    suggested = suggestions(by_seed, np.array([0]))
    assert (suggested.suggested, suggested.share) == ([2], [0.75])


def test_agreement_is_the_share_of_seeds_with_that_class_ahead() -> None:
    by_seed = np.stack([votes([np.array([seed])], 1, 3) for seed in (2, 2, 2, 1)])
    assert suggestions(by_seed, np.array([0])).agreement == [0.75]


def test_of_equally_many_votes_the_given_label_stays() -> None:
    by_seed = votes([np.array([0]), np.array([2])], 1, 3)[None]
    assert suggestions(by_seed, np.array([2])).suggested == [2]
    assert suggestions(by_seed, np.array([1])).suggested == [0]


def test_a_clip_that_no_run_saw_has_no_suggestion() -> None:
    suggested = suggestions(votes([np.array([UNSEEN])], 1, 3)[None], np.array([1]))
    assert suggested.suggested == [UNSEEN]
    assert np.isnan([suggested.share, suggested.agreement]).all()
