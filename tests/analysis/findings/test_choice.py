"""What a study chooses: by which method, how sure, and with which parameters."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from analysis.findings.method_finding import method_finding
from analysis.results.runs_table import runs_of, scores
from analysis.results.study_results import reported
from analysis.statistics.intervals import t_interval
from analysis.tables.summary import summary
from analysis.text.best import best_lines
from trainables.losses.catalogue import CCE, GCE

if TYPE_CHECKING:
    from factories import Builder

CONFIRM = {"confirm_seeds": 3, "baselines": ["cce"]}
SETTLE = {"name": "settle", "within": 0.5, "confidence": 0.9, "start_seeds": 2, "max_runs": None, **CONFIRM}
SEARCH = {"name": "search", "sampler": "tpe", "seeds": 1, "asha": None, "confirm_best": 2, **CONFIRM}


def explored(study: Builder, *, confirmed: bool = True) -> Builder:
    """Add exploring runs of q = 0.3 (80 %) and q = 0.7 (75 %), and three fresh seeds of q = 0.3 and of CCE."""
    for q, accuracy in ((0.3, 0.8), (0.7, 0.75)):
        for seed in range(4):
            value = accuracy + seed / 1000
            study.add("gce", GCE(name="gce", q=q), seed, validation=value, varied={"q": q}, stage="explore")
    for seed in range(10_000, 10_003) if confirmed else ():
        value = 0.79 + (seed - 10_000) / 100
        study.add("gce", GCE(name="gce", q=0.3), seed, validation=value, test=value, varied={"q": 0.3}, stage="confirm")
        study.add("cce", CCE(name="cce"), seed, validation=0.9, stage="confirm")
    return study


def test_a_grid_chooses_by_validation_and_names_what_may_be_the_best(full_study: Builder) -> None:
    found = full_study.finding().best
    assert found is not None
    assert found.configuration == "adaptive T=1000"
    assert found.loss == {"name": "adaptive_gce", "temperature": 1000.0, "reading": "mean", "distances": "input"}
    assert found.may_be_best == ("adaptive T=1000", "adaptive T=10^3.5", "adaptive T=10^2.5")
    assert found.test is not None
    assert found.test.n == 6
    assert (found.probability, found.confirmed) == (None, None)


def test_a_study_chooses_by_the_accuracy_over_clips_where_that_over_patches_prefers_another(study: Builder) -> None:
    for seed in range(3):
        study.add("cce", CCE(name="cce"), seed, validation=0.7 + seed / 1000, patches=0.6)
        study.add("gce", GCE(name="gce"), seed, validation=0.6 + seed / 1000, patches=0.7)
    finding = study.finding()
    assert finding.best.configuration == "cce"
    assert finding.best.validation.mean == pytest.approx(0.701)
    table = summary(finding).set_index("arm")
    assert table.loc["cce", "validation_mean"] == pytest.approx(0.701)
    runs = finding.results.runs
    assert (
        list(runs["selection_score"])
        == list(runs["validation_clip_accuracy"])
        == [0.7, 0.6, 0.701, 0.601, 0.702, 0.602]
    )
    assert list(runs["validation_accuracy"]) == [0.6, 0.7] * 3


def test_the_highest_of_several_means_has_no_interval(full_study: Builder) -> None:
    found = full_study.finding().best
    assert found is not None
    assert found.validation is not None
    assert (found.picked, found.validation.half_width) == (True, None)
    assert "chosen from several means, n = 6" in "\n".join(best_lines(found))


def test_the_luck_that_a_grid_shares_with_its_choice_is_subtracted_in_words_and_in_json(study: Builder) -> None:
    for q, accuracies in ((0.3, (0.80, 0.82, 0.78)), (0.7, (0.79, 0.80, 0.80))):
        for seed, accuracy in enumerate(accuracies):
            study.add("gce", GCE(name="gce", q=q), seed, validation=accuracy, test=accuracy - 0.1, varied={"q": q})
    finding = study.finding()
    best = finding.best
    plain = t_interval(finding.scores("test")[finding.chosen].values())
    assert best.tested.luck > 0.0005
    assert best.test.mean == pytest.approx(plain.mean - best.tested.luck)
    assert best.test.half_width == plain.half_width
    assert f"{100 * best.tested.luck:.1f} points were subtracted" in "\n".join(best_lines(best))
    written = best.as_dict()
    assert written["test"]["low"] == pytest.approx(plain.low - best.tested.luck)
    assert (written["test_luck"], written["test_picked"]) == (best.tested.luck, False)
    assert written["test_left_out"]["seeds"] == 3
    (row,) = (row for row in summary(finding).to_dict("records") if row["configuration"] == best.configuration)
    assert row["test_luck"] == best.tested.luck
    tabulated, results = study.report().result_tables[:2]
    assert dict(tabulated.rows)["Shared luck"] == f"{100 * best.tested.luck:.1f}"
    assert "Shared luck is not subtracted here" in results.note


def test_one_more_training_of_the_choice_has_its_interval_in_words_and_in_json(full_study: Builder) -> None:
    best = full_study.finding().best
    half_width = best.test.half_width * 7**0.5
    ends = (best.test.mean - half_width, best.test.mean + half_width)
    words = f"one more training: {100 * ends[0]:.1f} to {100 * ends[1]:.1f} % (95 % prediction interval)"
    assert words in "\n".join(best_lines(best))
    written = best.as_dict()["test_next_run"]
    assert (written["low"], written["high"]) == pytest.approx(ends)


def test_of_three_runs_nothing_is_predicted(study: Builder) -> None:
    for seed in range(3):
        study.add("cce", CCE(name="cce"), seed, test=0.7 + seed / 100)
    best = study.finding().best
    assert best.as_dict()["test_next_run"] is None
    assert "one more training" not in "\n".join(best_lines(best))


def test_fresh_seeds_share_no_luck_with_the_choice(study: Builder) -> None:
    study.method = SETTLE
    finding = explored(study).finding()
    assert (finding.best.tested.luck, finding.best.tested.left_out) == (0, None)
    assert finding.choices_made == []
    assert summary(finding)["test_luck"].isna().all()


def test_an_arm_of_many_values_gains_nothing_from_the_luck_of_its_best(full_study: Builder) -> None:
    """The representative of five values is corrected, those of one value are not."""
    finding = full_study.finding()
    for key, by_seed in finding.compared_scores.items():
        gaps = {round(finding.scores("test")[key][seed] - value, 9) for seed, value in by_seed.items()}
        assert (gaps == {0}) == (key.arm != "adaptive")


def test_the_only_configuration_keeps_its_interval(study: Builder) -> None:
    for seed in range(3):
        study.add("cce", CCE(name="cce"), seed, validation=0.7 + seed / 100)
    found = study.finding().best
    assert found is not None
    assert found.validation is not None
    assert not found.picked
    assert found.validation.half_width is not None


def test_a_settled_choice_has_its_probability_and_fresh_seeds(study: Builder) -> None:
    study.method = SETTLE
    results = explored(study).results()
    found = method_finding(results).best
    assert found is not None
    assert (found.configuration, found.settled, found.confirmed) == ("gce q=0.3", True, True)
    assert found.probability is not None
    assert found.probability >= 0.9
    assert found.validation is not None
    assert found.validation.mean == pytest.approx(0.8)
    assert found.validation.n == 3
    assert found.validation.half_width is not None
    assert "within 0.5 points of the best with posterior probability" in "\n".join(best_lines(found))


def test_a_choice_without_fresh_seeds_says_so(study: Builder) -> None:
    study.method = SETTLE
    found = explored(study, confirmed=False).finding().best
    assert found is not None
    assert (found.confirmed, found.test, found.picked) == (False, None, True)
    assert "NOT confirmed on fresh seeds" in "\n".join(best_lines(found))


def test_a_search_chooses_a_confirmed_configuration_and_no_baseline(study: Builder) -> None:
    study.method = SEARCH
    results = explored(study).results()
    found = method_finding(results).best
    assert found is not None
    assert (found.arm, found.loss["q"], found.confirmed) == ("gce", 0.3, True)
    assert found.test is not None
    assert found.test.n == len(scores(runs_of(reported(results).runs, _key(found)), "test")[_key(found)])


def _key(found):
    from analysis.results.runs_table import Key  # noqa: PLC0415

    return Key(found.arm, found.configuration, found.subset)


@pytest.mark.parametrize("method", [{"name": "grid"}, SETTLE, SEARCH])
def test_without_a_score_there_is_no_choice(study: Builder, method: dict[str, object]) -> None:
    study.method = method
    study.add("cce", CCE(name="cce"), 0, status=None, stage="" if method["name"] == "grid" else "explore")
    assert study.finding().best is None


def test_the_choice_is_json_able(full_study: Builder) -> None:
    found = full_study.finding().best
    assert found is not None
    again = json.loads(json.dumps(found.as_dict(), allow_nan=False))
    assert again["test"]["n"] == 6
    assert again["loss"]["temperature"] == 1000


def test_a_choice_of_training_settings_names_them(study: Builder) -> None:
    best = study.learning_rates("cce", (1e-3, 1e-2), 6).finding().best
    assert best.training == {"learning_rate": 0.01}
    assert "training: lr = 0.01" in best_lines(best)
    assert best.as_dict()["training"] == {"learning_rate": 0.01}


def test_a_choice_among_losses_names_no_training(study: Builder) -> None:
    best = study.temperatures([2, 3], 6).finding().best
    assert best.training == {}
    assert not any(line.startswith(("training", "network")) for line in best_lines(best))
