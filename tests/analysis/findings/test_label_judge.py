"""Given against verified validation labels: orders, what verified clips contradict, what they resolve, the slope."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from analysis.statistics.intervals import MIN_SEEDS
from analysis.tables.labels.judge import label_table
from analysis.text.label_judge import label_cautions, label_paragraphs
from factories import Builder
from trainables.losses.catalogue import GCE
from trainables.plans import HeldOut

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analysis.findings.label_judge import LabelJudge
    from analysis.statistics.arrays import Floats

CLIPS = 120


def _study(right: Mapping[float, Floats], given: Mapping[float, float], *, kept: bool = True) -> Builder:
    """Return a study of q with these right verified clips, shape (seeds, clips), and means on the given labels."""
    study = Builder(kind="folder")
    for q, of_seeds in right.items():
        for seed, clips in enumerate(of_seeds):
            run_id = study.add(
                "gce",
                GCE(name="gce", q=q),
                seed,
                validation=given[q] + 0.0001 * seed,
                verified=float(clips.mean()),
                varied={"q": q},
            )
            if kept:
                study.records[run_id].verified_right = "".join("1" if each else "0" for each in clips)
    return study


def _judge(study: Builder) -> LabelJudge:
    (judge,) = study.finding().label_judges
    return judge


def _draw(rng: np.random.Generator, share: float, seeds: int = 6) -> Floats:
    """Return right clips of a configuration: clips are hard or easy for all seeds, and runs differ a little."""
    hardness = rng.uniform(size=CLIPS)
    return np.asarray((hardness < share) ^ (rng.uniform(size=(seeds, CLIPS)) < 0.05), dtype=np.float64)


def _cautions(study: Builder) -> list[str]:
    finding = study.finding()
    return list(label_cautions(finding.label_judges, finding.plan, finding.names))


def test_both_orders_are_tabulated() -> None:
    rng = np.random.default_rng(0)
    right = {0.3: _draw(rng, 0.5), 0.5: _draw(rng, 0.9), 0.7: _draw(rng, 0.7)}
    study = _study(right, {0.3: 0.6, 0.5: 0.55, 0.7: 0.5})
    rows = label_table(_judge(study), study.finding().names, several=False).rows
    assert [(row[0], row[3], row[5]) for row in rows] == [
        ("gce q=0.3", "1", "3"),
        ("gce q=0.5", "2", "1"),
        ("gce q=0.7", "3", "2"),
    ]
    assert rows[0][4] == f"{100 * right[0.3].mean():.1f}"


def test_a_caution_names_what_verified_clips_put_ahead_of_the_choice() -> None:
    rng = np.random.default_rng(0)
    study = _study({0.3: _draw(rng, 0.5), 0.5: _draw(rng, 0.9)}, {0.3: 0.6, 0.5: 0.55})
    (text,) = _cautions(study)
    assert text.startswith("Verified validation clips contradict the choice of gce q=0.3: on them gce q=0.5 is ")
    assert f"paired over {CLIPS} clips and 6 seeds, 95 % for all" in text
    assert text in study.report().cautions


def test_there_is_no_caution_where_the_orders_agree() -> None:
    rng = np.random.default_rng(0)
    assert _cautions(_study({0.3: _draw(rng, 0.5), 0.5: _draw(rng, 0.9)}, {0.3: 0.5, 0.5: 0.55})) == []


def test_there_is_no_caution_in_a_study_that_selects_on_verified_clips() -> None:
    rng = np.random.default_rng(0)
    study = _study({0.3: _draw(rng, 0.5), 0.5: _draw(rng, 0.9)}, {0.3: 0.6, 0.5: 0.55})
    study.spec = {"select_on": "verified"}
    assert _cautions(study) == []


def test_few_seeds_contradict_nothing() -> None:
    rng = np.random.default_rng(0)
    few = MIN_SEEDS - 1
    assert _cautions(_study({0.3: _draw(rng, 0.5, few), 0.5: _draw(rng, 0.9, few)}, {0.3: 0.6, 0.5: 0.55})) == []


@pytest.mark.slow
def test_equal_configurations_are_seldom_cautioned() -> None:
    """Four equal configurations, of which the given labels choose one: at most some 5 % of studies hold a caution."""
    rng, cautioned = np.random.default_rng(3), 0
    for _ in range(60):
        right = {q: _draw(rng, 0.7) for q in (0.2, 0.4, 0.6, 0.8)}
        cautioned += bool(_cautions(_study(right, {q: 0.5 + q / 100 for q in right})))
    assert cautioned <= 5


def test_the_resolution_is_that_of_the_paired_differences_of_clips() -> None:
    rng = np.random.default_rng(1)
    right = {0.3: _draw(rng, 0.8), 0.5: _draw(rng, 0.7)}
    judge = _judge(_study(right, {0.3: 0.6, 0.5: 0.5}))
    gaps = 100 * (right[0.5] - right[0.3]).mean(axis=0)
    error = float(gaps.std(ddof=1)) / math.sqrt(CLIPS)
    assert judge.resolution is not None
    assert judge.resolution.half_width == pytest.approx(1.9801 * error, rel=1e-4)
    assert judge.resolution.detectable == pytest.approx((1.9801 + 0.8416) * error, rel=1e-4)


def test_records_without_single_clips_state_what_they_lack() -> None:
    rng = np.random.default_rng(1)
    study = _study({0.3: _draw(rng, 0.8), 0.5: _draw(rng, 0.7)}, {0.3: 0.6, 0.5: 0.5}, kept=False)
    judge = _judge(study)
    assert (judge.resolution, judge.ahead, judge.lacking) == (None, None, 12)
    text = label_paragraphs(judge, study.plan())[0]
    assert text.startswith("12 runs of an earlier version of gce-study keep no results on single validation clips")


def test_a_study_whose_clips_are_all_verified_or_none_has_no_such_section() -> None:
    study = Builder()
    for seed in range(2):
        for q in (0.3, 0.5):
            study.add(
                "gce", GCE(name="gce", q=q), seed, validation=0.8 + q / 10, verified=0.8 + q / 10, varied={"q": q}
            )
    assert study.finding().label_judges == ()
    assert Builder().baselines(3).finding().label_judges == ()


def _known(study: Builder, wrong: int | None, noise: float | dict[str, float]) -> Builder:
    """State of a study's data how many labels are wrong, what noise was injected, and the validation clips."""
    data = {"clips": {"train verified": 200, "train unverified": 800, "test": 100}, "wrong": wrong}
    held = {"all": HeldOut(clips=600, verified=CLIPS)}
    study.spec = {"dataset": {"noise": noise}}
    plan = study.plan

    def known() -> object:
        given = plan()
        update = data | {"validation": held, "classes": list("abcde")}
        return given.model_copy(update={"dataset": given.dataset.model_copy(update=update)})

    study.plan = known  # type: ignore[assignment, method-assign]
    return study


def _pair() -> Builder:
    rng = np.random.default_rng(1)
    return _study({0.3: _draw(rng, 0.8), 0.5: _draw(rng, 0.7)}, {0.3: 0.6, 0.5: 0.5})


def test_injected_symmetric_noise_gives_what_a_point_is_worth() -> None:
    """Models of known accuracy are scored by labels that were changed as the injection does."""
    study = _known(_pair(), 320, {"symmetric": 0.4})
    exchange = _judge(study).exchange
    assert exchange is not None
    assert exchange.method == "noise"
    rng, clips, scored = np.random.default_rng(2), 400_000, []
    for share in (0.9, 0.6):
        truth = rng.integers(0, 5, clips)
        label = np.where(rng.uniform(size=clips) < 0.32, (truth + rng.integers(1, 5, clips)) % 5, truth)
        guess = np.where(rng.uniform(size=clips) < share, truth, (truth + rng.integers(1, 5, clips)) % 5)
        scored.append(float((guess == label).mean()))
    assert exchange.slope == pytest.approx(0.3 / (scored[0] - scored[1]), rel=0.02)
    assert exchange.low < exchange.slope < exchange.high
    text = label_paragraphs(_judge(study), study.plan())[1]
    assert text.startswith("1 point on the given labels is about 1.67 points on correct ones (")


@pytest.mark.parametrize("noise", [{"symmetric": 0.2, "class_to_class": 0.2}, {"out_of_vocabulary": 0.1}, {}])
def test_other_noise_is_not_taken_for_symmetric(noise: dict[str, float]) -> None:
    assert _judge(_known(_pair(), 320 if noise else None, noise)).exchange is None


def test_the_tolerance_of_a_settle_study_is_turned_into_points_on_correct_labels() -> None:
    study = _known(_pair(), 320, 0.4)
    study.method = {"name": "settle", "within": 0.3, "baselines": []}
    study.planned = [planned.model_copy(update={"stage": "explore"}) for planned in study.planned]
    text = label_paragraphs(_judge(study), study.plan())[1]
    assert text.startswith("0.3 points on the given labels are about 0.5 points on correct ones (")


def test_a_line_through_the_configurations_gives_what_a_point_is_worth_where_the_noise_is_unknown() -> None:
    rng = np.random.default_rng(4)
    right = {round(0.1 * i, 1): _draw(rng, 0.4 + 0.05 * i) for i in range(1, 10)}
    given = {q: 0.2 + 0.5 * float(clips.mean()) + float(rng.normal(0, 0.005)) for q, clips in right.items()}
    study = _known(_study(right, given), None, {})
    exchange = _judge(study).exchange
    assert exchange is not None
    assert exchange.method == "line"
    assert exchange.low <= 2.0 <= exchange.high
    text = label_paragraphs(_judge(study), study.plan())[1]
    assert "by a line through 9 configurations with errors on both axes" in text


def test_what_cannot_be_estimated_is_stated() -> None:
    study = _pair()
    assert "cannot be estimated" in label_paragraphs(_judge(study), study.plan())[1]
