"""The audit ranks the training clips of a study by what its runs left."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from analysis.findings.label_audit import label_audit
from analysis.findings.method_finding import method_finding
from analysis.results.study_results import load_results
from analysis.study import load_study
from clip_outputs import leave_manifest, write_margins
from factories import FINGERPRINT, Builder
from trainables.config import Training
from trainables.datasets.manifest import Clip
from trainables.losses.catalogue import CCE, GCE
from trainables.outputs.clips import outputs_path
from trainables.outputs.held_out import HeldOutProbabilities, write_held_out
from trainables.outputs.neighbours import write_neighbours
from trainables.plans import EmbeddingSummary
from trainables.storage.location import location

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.findings.label_audit import LabelAudit

NAN = float("nan")
TRUTH = ("Rain", "Wind", "", "Rain", "Rain", "Wind")  # of six clips that are all labelled as rain but the last
SIZES = {"train verified": 1, "train unverified": 5, "test": 2}
MARGINS = (4.0, -3.0, -1.0, 2.0, 3.0, 5.0)


def _clips(truth: tuple[str | None, ...]) -> list[Clip]:
    labels = ("Rain",) * 5 + ("Wind",)
    training = [
        Clip(f"{number}.wav", label, "train", verified=number == 0, true_label=true)
        for number, (label, true) in enumerate(zip(labels, truth, strict=True))
    ]
    return [*training, *(Clip(f"t{label}.wav", label, "test", verified=True) for label in ("Rain", "Wind"))]


def _study(storage: Path, truth: tuple[str | None, ...] = TRUTH, seeds: int = 2, **fields: Any) -> Builder:
    """Write a study of two losses, whose margins differ in scale alone."""
    study = Builder(clips=SIZES, **fields)
    leave_manifest(location(storage), study.plan(), _clips(truth))
    for seed in range(seeds):
        for loss, scale in ((CCE(name="cce"), 1), (GCE(name="gce", q=0.7), 100)):
            run_id = study.add(loss.name, loss, seed, test=0.5)
            margins = scale * (np.array(MARGINS) + 2 * seed * (np.arange(6) == 3))
            write_margins(location(storage), run_id, margins, [0, 1, 1, 0, 0, 1], held=1)
    study.write(storage)
    return study


def _audit(storage: Path) -> LabelAudit:
    audit = label_audit(method_finding(load_results(storage, "best-t")), location(storage))
    assert audit is not None
    return audit


def test_the_clips_with_the_lowest_margins_come_first(tmp_path: Path) -> None:
    _study(tmp_path)
    clips = _audit(tmp_path).clips
    assert clips["path"].tolist()[:2] == ["1.wav", "2.wav"]
    assert clips["rank"].tolist() == [1, 2, 3, 4, 5, 6]
    assert clips["suggested"].tolist()[:2] == ["Wind", "Wind"]
    assert clips["score"].is_monotonic_decreasing
    assert ((clips["low"] <= clips["score"]) & (clips["score"] <= clips["high"])).all()


def test_runs_and_seeds_that_saw_a_clip_are_counted(tmp_path: Path) -> None:
    _study(tmp_path, seeds=3)
    clips = _audit(tmp_path).clips.set_index("path")
    assert clips.loc["1.wav", ["runs", "seeds", "trained", "held_out"]].tolist() == [6, 3, 6, 0]
    assert clips.loc["5.wav", ["runs", "seeds", "trained", "held_out"]].tolist() == [6, 3, 0, 6]


def test_a_clip_outside_every_subset_is_listed_last_without_a_rank(tmp_path: Path) -> None:
    study = _study(tmp_path)
    for run_id in study.records:
        write_margins(location(tmp_path), run_id, [*MARGINS[:3], NAN, *MARGINS[4:]], [0] * 6, held=1)
    unseen = _audit(tmp_path).clips.iloc[-1]
    assert (unseen["path"], unseen["suggested"], unseen["runs"]) == ("3.wav", "", 0)
    assert unseen["rank"] is pd.NA
    assert np.isnan(unseen["score"])


def test_the_known_truth_gives_auroc_and_rates_of_the_classes(tmp_path: Path) -> None:
    _study(tmp_path)
    audit = _audit(tmp_path)
    assert audit.measures["source"].tolist() == ["margins", "all"]
    assert audit.measures.loc[0, ["clips", "wrong", "auroc"]].tolist() == [5, 2, 1]  # the verified clip is no question
    assert audit.classes["true_rate"].tolist() == [0.4, 0]


def test_without_a_known_truth_nothing_is_measured(tmp_path: Path) -> None:
    _study(tmp_path, (None,) * 6)
    audit = _audit(tmp_path)
    assert audit.measures.empty
    assert audit.classes["true_rate"].isna().all()
    assert audit.clips["true_label"].isna().all()


EMBEDDINGS = EmbeddingSummary(digest="a" * 20, model="yamnet", dims=4, windows=30, hop_s=0.5, window_s=1.0)


def test_neighbours_that_disagree_raise_a_clip(tmp_path: Path) -> None:
    _study(tmp_path, embeddings=EMBEDDINGS)
    disagreement = np.array([0.1, 0.2, 0.95, 0.3, 0.4, 0.0], dtype=np.float32)
    write_neighbours(location(tmp_path), FINGERPRINT, EMBEDDINGS.digest, disagreement)
    audit = _audit(tmp_path)
    assert audit.sources == ("margins", "neighbours")
    assert audit.clips["path"].iloc[0] == "2.wav"


def test_neighbours_that_nobody_compared_are_stated(tmp_path: Path) -> None:
    _study(tmp_path, embeddings=EMBEDDINGS)
    assert _audit(tmp_path).lacking[0].startswith("the nearest neighbours on the embeddings are not compared yet")


def test_a_study_that_predicts_the_clips_of_another_adds_to_its_audit(tmp_path: Path) -> None:
    _study(tmp_path)
    other = Builder(name="best-t-folds-2", clips=SIZES)
    run_id = other.add("cce", CCE(name="cce"), 0, training=Training(split="in_turn", validation=0.5))
    sure = np.full((6, 2), [0.9, 0.1])
    write_held_out(location(tmp_path), run_id, HeldOutProbabilities(np.arange(6), sure))
    other.write(tmp_path)
    assert _audit(tmp_path).sources == ("margins", "out_of_sample")


def test_runs_without_outputs_are_stated_and_the_others_used(tmp_path: Path) -> None:
    study = _study(tmp_path)
    Path(str(outputs_path(location(tmp_path), next(iter(study.records))))).unlink()
    audit = _audit(tmp_path)
    assert audit.runs == 3
    assert audit.lacking[0] == "1 run left no margins: an earlier version of gce-study trained it"


def test_damaged_outputs_are_named(tmp_path: Path) -> None:
    study = _study(tmp_path)
    first, second, *_ = study.records
    outputs_path(location(tmp_path), first).write(b"no archive")
    write_margins(location(tmp_path), second, [1.0], [0], held=0)
    audit = _audit(tmp_path)
    assert audit.runs == 2
    assert any(f"{first}.npz: damaged" in line for line in audit.lacking)
    assert f"outputs of run {second}: for 1 training clip, and the data set has 6" in audit.lacking


def _study_in_turn(storage: Path, folds: Sequence[str | None] = (None,)) -> Builder:
    """Write a study of two seeds that hold out even and odd clips of 24, of which two are labelled wrong.

    Where each fold is the test set in turn, the test clip of a class is the fold of that name.
    """
    training = Training(split="in_turn", validation=0.5)
    study = Builder(clips={"train verified": 0, "train unverified": 24, "test": 2}, training=training)
    true = np.tile([0, 1], 12)
    given = np.where(np.isin(np.arange(24), [4, 7]), 1 - true, true)
    names = ("Rain", "Wind")
    clips = [Clip(f"{i}.wav", names[label], "train", verified=False) for i, label in enumerate(given)]
    clips += [Clip(f"t{name}.wav", name, "test", verified=True, fold=name if name in folds else "") for name in names]
    leave_manifest(location(storage), study.plan(), clips)
    for seed, fold in itertools.product(range(2), folds):
        run_id = study.add("cce", CCE(name="cce"), seed, test=0.5, fold=fold)
        margins = np.where(given == true, 2.0, -2.0) + 0.01 * (1 + seed) * np.arange(24)
        tested = [row for row, name in zip(np.eye(2).tolist(), names, strict=True) if fold in {None, name}]
        write_margins(location(storage), run_id, margins, [*true], held=0, test=tested)
        held = np.arange(seed, 24, 2)
        sure = np.array([[0.9, 0.1], [0.2, 0.8]])[true[held]]
        write_held_out(location(storage), run_id, HeldOutProbabilities(held, sure))
    study.write(storage)
    return study


@pytest.mark.parametrize("folds", [(None,), ("Rain", "Wind")])
def test_probabilities_of_held_out_clips_enter_the_score_and_estimate_the_transitions(
    tmp_path: Path, folds: tuple[str | None, ...]
) -> None:
    _study_in_turn(tmp_path, folds)
    audit = _audit(tmp_path)
    assert audit.sources == ("margins", "out_of_sample")
    assert set(audit.clips["path"][:2]) == {"4.wav", "7.wav"}
    assert audit.rates_by == "predictions"
    assert audit.classes["noise_rate"].tolist() == pytest.approx([1 / 12, 1 / 12], abs=0.05)
    assert (audit.classes["low"] < audit.classes["noise_rate"]).all()
    assert audit.transition is not None
    assert audit.transition.loc["Rain", "Wind"] == pytest.approx(1 / 12, abs=0.05)


def test_probabilities_of_other_classes_are_named_and_left_out(tmp_path: Path) -> None:
    study = _study_in_turn(tmp_path)
    first = next(iter(study.records))
    write_held_out(location(tmp_path), first, HeldOutProbabilities(np.array([0]), np.ones((1, 3)) / 3))
    assert f"held-out probabilities of run {first}: of other clips or classes" in _audit(tmp_path).lacking[0]


def test_verified_clips_estimate_the_noise_rates_of_the_classes(tmp_path: Path) -> None:
    study = Builder(clips={"train verified": 40, "train unverified": 40, "test": 2})
    wrong = np.arange(80) >= 60
    clips = [Clip(f"{i}.wav", "Rain", "train", verified=i < 40) for i in range(80)]
    clips += [Clip(f"t{label}.wav", label, "test", verified=True) for label in ("Rain", "Wind")]
    leave_manifest(location(tmp_path), study.plan(), clips)
    for seed in range(2):
        run_id = study.add("cce", CCE(name="cce"), seed, test=0.5)
        margins = np.where(wrong, -9.0, 1.0) + np.random.default_rng(seed).normal(size=80)
        write_margins(location(tmp_path), run_id, margins, [0] * 80, held=0)
    study.write(tmp_path)
    audit = _audit(tmp_path)
    assert audit.rates_by == "verified clips"
    rain = audit.classes.iloc[0]
    assert 0 < rain["low"] < 0.25
    assert rain["noise_rate"] == pytest.approx(0.25, abs=0.08)


def test_without_verified_clips_and_probabilities_nothing_estimates_the_rates(tmp_path: Path) -> None:
    _study(tmp_path)
    audit = _audit(tmp_path)
    assert audit.classes["noise_rate"].isna().all()
    (line,) = audit.lacking
    assert line.startswith("the share of wrong labels is not estimated: that needs 20 verified clips beside others, or")


def test_collapsed_runs_are_left_out(tmp_path: Path) -> None:
    study = _study(tmp_path, seeds=0)
    for seed in range(6):
        run_id = study.add("cce", CCE(name="cce"), seed, validation=0.1 if seed == 5 else 0.8 + seed / 1000)
        write_margins(location(tmp_path), run_id, MARGINS, [0] * 6, held=1)
    study.write(tmp_path)
    assert _audit(tmp_path).runs == 5


def test_without_the_data_set_there_is_no_audit(tmp_path: Path) -> None:
    study = Builder()
    study.add("cce", CCE(name="cce"), 0)
    study.write(tmp_path)
    assert load_study(tmp_path, "best-t").audit() is None


def test_the_public_face_gives_the_same_audit(tmp_path: Path) -> None:
    _study(tmp_path)
    audit = load_study(tmp_path, "best-t").audit()
    assert audit is not None
    pd.testing.assert_frame_equal(audit.clips, _audit(tmp_path).clips)
