"""Clip-level comparisons, and where the clips' labels come from."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import stats

from analysis.results.clip_labels import ClipLabels, matches_labels, predictions, read_labels
from analysis.statistics.clips import (
    Confusion,
    bootstrap_difference,
    class_accuracies,
    class_gaps,
    confusion,
    most_confused,
    never_predicted,
)
from clip_outputs import leave_manifest
from trainables.datasets.manifest import Clip
from trainables.losses.catalogue import CCE
from trainables.storage.location import location

if TYPE_CHECKING:
    from pathlib import Path

    from factories import Builder

TRUTH = [0, 0, 0, 1, 1, 1, 1, 1]


def test_other_lengths_and_no_clips_are_refused() -> None:
    with pytest.raises(ValueError, match="predictions and labels differ"):
        confusion([[0]], TRUTH, ["Rain", "Wind"])
    with pytest.raises(ValueError, match="no test clip"):
        confusion([[]], [], ["Rain", "Wind"])


def test_the_bootstrap_of_one_run_each_is_the_clips_own() -> None:
    """The difference over clips is -1, 0 or 1: its resampled mean is normal enough with 400 clips."""
    rng = np.random.default_rng(1)
    truth = np.zeros(400, dtype=int)
    first, second = rng.integers(0, 2, (2, 400)).tolist()
    found = bootstrap_difference({3: first}, {3: second}, truth.tolist(), seed=7)
    assert found is not None
    gap = (np.array(first) == 0).astype(float) - (np.array(second) == 0)
    assert found.mean == pytest.approx(gap.mean())
    assert found.high - found.low == pytest.approx(2 * 1.96 * gap.std() / 20, rel=0.06)
    assert (found.clips, found.seeds) == (400, 1)


def test_the_bootstrap_says_what_was_resampled_and_repeats() -> None:
    runs = {seed: [*TRUTH[:seed], *[1 - label for label in TRUTH[seed:]]] for seed in range(5)}
    wrong = {seed: [1 - label for label in TRUTH] for seed in range(6)}
    found = bootstrap_difference(runs, wrong, TRUTH, seed=2, replicates=300)
    assert found is not None
    assert (found.mean, found.clips, found.seeds) == (pytest.approx(10 / 40), 8, 5)
    assert found == bootstrap_difference(runs, wrong, TRUTH, seed=2, replicates=300)
    assert found != bootstrap_difference(runs, wrong, TRUTH, seed=3, replicates=300)


def test_below_five_seeds_clips_are_resampled_alone() -> None:
    """With one right clip more, in every seed, nothing but the draw of clips moves the mean gap."""
    right, wrong = [*TRUTH[:7], 1 - TRUTH[7]], [1 - label for label in TRUTH]
    several = bootstrap_difference(dict.fromkeys(range(4), right), dict.fromkeys(range(4), wrong), TRUTH, seed=2)
    one = bootstrap_difference({0: right}, {0: wrong}, TRUTH, seed=2)
    assert several == one
    assert one is not None
    assert one.seeds == 1


def test_without_a_shared_seed_there_is_no_bootstrap() -> None:
    assert bootstrap_difference({0: TRUTH}, {1: TRUTH}, TRUTH, seed=0) is None
    assert bootstrap_difference({}, {1: TRUTH}, TRUTH, seed=0) is None


def test_the_bootstrap_covers_a_true_difference_about_as_often_as_it_says() -> None:
    """No true difference, 200 clips, 10 seeds that move the accuracy; the label says percentile, which is not exact."""
    rng = np.random.default_rng(3)
    hits = 0
    for _ in range(40):
        hard = rng.random(200)
        shift = 0.05 * rng.normal(size=(2, 10, 1))
        wrong = (hard + shift + 0.2 * rng.normal(size=(2, 10, 200)) > 0.7).astype(int)
        runs = [dict(enumerate(each.tolist())) for each in wrong]
        found = bootstrap_difference(runs[0], runs[1], [0] * 200, seed=1, replicates=200)
        assert found is not None
        hits += found.low <= 0 <= found.high
    assert hits / 40 >= 0.9 - 3 * np.sqrt(0.1 * 0.9 / 40)


def test_class_accuracies_are_over_runs() -> None:
    rain, wind = class_accuracies([TRUTH, [0] * 8], TRUTH, ["Rain", "Wind", "Snow"])
    assert (rain.name, rain.clips, rain.accuracy.mean) == ("Rain", 3, 1.0)
    assert (wind.name, wind.clips, wind.accuracy.mean, wind.accuracy.n) == ("Wind", 5, 0.5, 2)


def test_class_gaps_are_the_paired_t_interval_of_scipy() -> None:
    """A class's gap is the mean over seeds of the difference of shares, with scipy's interval of a paired t-test."""
    rng = np.random.default_rng(4)
    truth = np.repeat([0, 1], 30)
    first, second = ({seed: rng.integers(0, 2, 60).tolist() for seed in (3, 5, 8, 9)} for _ in range(2))
    second[7] = [0] * 60  # a seed that the first has not
    rain, wind = class_gaps(first, second, truth.tolist(), ["Rain", "Wind", "Snow"])
    for k, found in enumerate((rain, wind)):
        a, b = ([np.mean(np.array(runs[s])[truth == k] == k) for s in (3, 5, 8, 9)] for runs in (first, second))
        low, high = stats.ttest_rel(a, b).confidence_interval(0.95)
        assert (found.accuracy.low, found.accuracy.high) == (pytest.approx(low), pytest.approx(high))
        assert (found.clips, found.accuracy.n) == (30, 4)
    assert class_gaps({0: TRUTH}, {1: TRUTH}, TRUTH, ["Rain", "Wind"]) == ()


def test_confusion_counts_labels_against_predictions() -> None:
    assert confusion([TRUTH, [0] * 8], TRUTH, ["Rain", "Wind"]).tolist() == [[6, 0], [5, 5]]
    with pytest.raises(ValueError, match="there are 2 classes"):
        confusion([[2] * 8], TRUTH, ["Rain", "Wind"])


def test_a_class_that_no_run_predicts_is_named() -> None:
    assert never_predicted([[0, 0], [2, 0]], ["Rain", "Wind", "Snow"]) == ("Wind",)
    assert never_predicted([], ["Rain"]) == ()


def _leave(storage: Path, study: Builder, labels: list[str], true_label: str | None = None) -> None:
    """Leave a data set of one training clip and some test clips as ``publish_dataset`` does."""
    clips = [Clip("train/a.wav", "Rain", "train", verified=False, true_label=true_label)]
    clips += [Clip(f"test/{i}.wav", label, "test", verified=True) for i, label in enumerate(labels)]
    leave_manifest(location(storage), study.plan(), clips)


SIZES = {"train verified": 0, "train unverified": 1, "test": 2}


def test_labels_are_read_from_the_data_set_that_the_storage_keeps(study: Builder, tmp_path: Path) -> None:
    study.clips = SIZES
    run_id = study.add("cce", CCE(name="cce"), 4, test=0.5)
    assert read_labels(tmp_path, study.plan()) is None
    _leave(tmp_path, study, ["Wind", "Wind"], true_label="Wind")
    counts = {"train verified": (0, 0), "train unverified": (1, 0), "test": (0, 2)}
    assert read_labels(tmp_path, study.plan()) == ClipLabels((1, 1), counts, (1, 0))
    other, short = (ClipLabels(test, {"test": (1, 1)}, None) for test in ((0, 1), (0,)))
    labels = ClipLabels((1, 1), counts, (1, 0))
    assert matches_labels(study.records[run_id], labels)
    assert not matches_labels(study.records[run_id], other)
    assert not matches_labels(study.records[run_id], short)
    assert predictions(study.records.values(), labels) == {4: (0, 1)}
    assert predictions(study.records.values(), other) == {}
    test = study.records[run_id].test
    assert test is not None
    test.predictions = [2, 1]  # a class that there is not, and the accuracy is right all the same
    assert not matches_labels(study.records[run_id], labels)


def test_without_a_known_truth_no_label_counts_as_wrong(study: Builder, tmp_path: Path) -> None:
    study.clips = SIZES
    _leave(tmp_path, study, ["Wind", "Wind"])
    found = read_labels(tmp_path, study.plan())
    assert found is not None
    assert found.wrong is None


@pytest.mark.parametrize("labels", [["Wind"], ["Wind", "Snow"]])
def test_a_data_set_that_is_not_the_plans_is_refused(study: Builder, tmp_path: Path, labels: list[str]) -> None:
    study.clips = SIZES
    _leave(tmp_path, study, labels)
    with pytest.raises(ValueError, match="the study's plan does not"):
        read_labels(tmp_path, study.plan())


def test_a_damaged_data_set_is_refused_by_name(study: Builder, tmp_path: Path) -> None:
    _leave(tmp_path, study, [])
    next((tmp_path / "datasets").iterdir()).write_text('{"manifest": 1}')
    with pytest.raises(ValueError, match=r"\.json: not a data set that gce-study wrote: damaged: no key frames; "):
        read_labels(tmp_path, study.plan())
    next((tmp_path / "datasets").iterdir()).write_text(json.dumps({"frames": "0" * 20, "manifest": {"clips": 1}}))
    with pytest.raises(ValueError, match="not a data set that gce-study wrote"):
        read_labels(tmp_path, study.plan())
    row = ["a.wav", "Rain", "train", False, ["Rain"]]
    next((tmp_path / "datasets").iterdir()).write_text(json.dumps({"frames": "0" * 20, "manifest": {"clips": [row]}}))
    with pytest.raises(ValueError, match="the study's plan does not"):
        read_labels(tmp_path, study.plan())


def test_the_most_frequent_confusions_are_by_share_and_then_by_number() -> None:
    counts = np.array([[1, 1, 0], [0, 0, 4], [0, 0, 0]])  # nothing has the third label
    wind, rain = Confusion("Wind", "Snow", 4, 1.0), Confusion("Rain", "Wind", 1, 0.5)
    assert most_confused(counts, ["Rain", "Wind", "Snow"], 10) == [wind, rain]
    assert most_confused(np.array([[1, 1], [2, 2]]), ["Rain", "Wind"], 1) == [Confusion("Wind", "Rain", 2, 0.5)]
    assert most_confused(np.eye(2, dtype=np.int64), ["Rain", "Wind"], 10) == []
