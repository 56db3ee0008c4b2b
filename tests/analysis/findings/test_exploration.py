"""Studies that explore and confirm: what the tables and the verdict say of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from analysis.figures.exploring.posterior import posterior_sweep
from analysis.findings.method_finding import method_finding
from analysis.report.method_report import method_report
from analysis.report.sections import report_sections
from analysis.report.write import write_report
from analysis.results.study_results import explored
from analysis.tables.summary import summary
from analysis.text.best import best_lines
from analysis.text.phrases import chance
from exploring_studies import DROPS, NOISE, SETTLE, confirm, explore
from trainables.losses.catalogue import CCE, GCE, AdaptiveGCE
from trainables.numerals import unbroken

if TYPE_CHECKING:
    from pathlib import Path

    from factories import Builder


def test_only_fresh_seeds_enter_what_is_reported(study: Builder) -> None:
    results = confirm(explore(study)).results()
    means = summary(method_finding(results)).set_index("configuration")
    assert means.loc["adaptive T=1000", "test_n"] == 4
    assert means.loc["adaptive T=1000", "test_mean"] == pytest.approx(0.75 + sum(NOISE[:4]) / 400)
    assert set(means.index) == {"adaptive T=1000", "cce", "adaptive.fixed_q T=1000"}
    assert len(explored(results).runs) == 18


def test_the_choice_is_the_one_that_the_exploring_runs_show(study: Builder) -> None:
    found = confirm(explore(study)).finding().settled
    assert found.standing is not None
    assert found.standing.chosen.configuration == "adaptive T=1000"
    assert found.sure
    assert found.runs == 18


def test_confirming_runs_do_not_move_the_choice(study: Builder) -> None:
    before = explore(study).finding().settled.standing
    after = confirm(study).finding().settled.standing
    assert before is not None
    assert after is not None
    assert after.within.tolist() == before.within.tolist()


def test_the_verdict_of_a_settled_study_names_choice_confidence_score_and_gaps(study: Builder) -> None:
    results = confirm(explore(study)).results()
    standing = method_finding(results).settled.standing
    assert standing is not None
    scored = ", ".join(f"{75 + noise:.1f}" for noise in NOISE[:4])
    assert method_report(results).verdict.startswith(
        "T = 1000 is chosen by validation accuracy: it is within 0.5 points of the best of the 3 values of T with "
        f"posterior probability {chance(standing.confidence)} (18 runs; expected regret < 0.01 points). On fresh "
        "seeds, there is no single winner: adaptive T=1000 and cce may each be the best by validation accuracy (the "
        "runs show no spread, which gives no interval); adaptive T=1000 and cce tie for the highest mean "
        "(80.0 %, 4 fresh seeds); the choice is adaptive T=1000. On the test set it scores 75.1 % (n = 4 fresh "
        f"seeds: {scored}); paired by seed, that is 2.0 points above cce (which is better is unclear) and 0.1 points "
        "above adaptive.fixed_q T=1000"
    )
    assert method_report(results).verdict.endswith("Cost: 30 runs, 15.0 hours of training.")


def test_an_unsettled_study_says_what_it_reached_what_ended_it_and_which_values_may_be_better(study: Builder) -> None:
    close = {100.0: 3.0, 1000.0: 0.1, 10000.0: 0.4}
    explore(study, seeds=2, drops=close)
    study.method, study.progress = SETTLE | {"max_runs": 6, "within": 0.1}, {"ended": True}
    text = study.report().verdict
    assert text.startswith(
        "Not settled: by validation accuracy T = 10000 leads and is within 0.1 points of the best of"
    )
    assert "where 0.9 was requested (6 runs; method.max_runs = 6 is reached). The expected regret is 0." in text
    assert re.search(r"With probability (> )?0.9\d the best is one of T = 10000 \(0.\d\d\) and T = 1000 \(0.", text)
    assert "It is not confirmed on fresh seeds." in text


def test_a_study_that_ended_by_its_expected_regret_says_so(study: Builder) -> None:
    explore(study, seeds=10, drops={100.0: 0.0, 1000.0: 0.05, 10000.0: 0.0})
    study.method = SETTLE | {"within": 0.2, "confidence": 0.999}
    report = study.report()
    assert "with posterior probability 0.9" in report.verdict
    assert (
        "where 0.999 was requested (30 runs). Exploring ended because more runs would hardly gain anything: "
        "the expected regret is 0."
    ) in report.verdict
    best = report.finding.best
    assert best is not None
    assert (best.stopping_rule, best.settled) == ("regret", False)
    assert best.regret is not None
    assert 0 < best.regret < 0.2 / 3


def test_a_budget_that_is_reached_is_named(study: Builder) -> None:
    explore(study, seeds=1)
    study.spec = {"budget": {"max_hours": 1.5}}
    assert "budget.max_hours = 1.5 is reached" in study.report().verdict


def test_a_value_that_fails_too_often_is_not_chosen(study: Builder) -> None:
    explore(study)
    for seed in range(2):
        study.add(
            "adaptive",
            AdaptiveGCE(name="adaptive_gce", temperature=1.0),
            seed,
            validation=0.99,
            status="diverged",
            varied={"temperature": 1.0},
            stage="explore",
        )
    standing = study.finding().settled.standing
    assert standing is not None
    assert "adaptive T=1" not in {key.configuration for key in standing.keys}
    assert {row[0]: row[1:] for row in study.report().exploring_tables[0].rows}["adaptive T=1"] == ("0", *["-"] * 4)


def test_nothing_explored_yet_is_said(study: Builder) -> None:
    study.method = SETTLE
    study.add("adaptive", AdaptiveGCE(name="adaptive_gce"), 0, status=None, stage="explore")
    assert study.report().verdict == "No run of the 1 is complete yet: there is nothing to choose from."


def test_a_study_may_choose_by_verified_clips(study: Builder) -> None:
    study.spec = {"select_on": "verified"}
    for q, validation, verified in ((0.2, 0.9, 0.5), (0.7, 0.6, 0.8)):
        for seed in range(3):
            study.add(
                "gce",
                GCE(name="gce", q=q),
                seed,
                validation=validation,
                verified=verified + seed / 100 + q * (seed % 2) / 500,
                varied={"q": q},
            )
    assert study.report().verdict.startswith("q = 0.7 is better than q = 0.2 by accuracy on verified validation clips")


@pytest.mark.slow
def test_the_report_shows_exploring_and_confirming_apart(study: Builder, tmp_path: Path) -> None:
    results = confirm(explore(study)).results()
    found = {section.title: section for section in report_sections(method_report(results))}
    assert list(found)[:3] == ["Answer", "Exploring", "Arms"]
    assert found["Answer"].figures[0].title == "Validation accuracy against temperature T"
    explored = [row[0] for row in found["Exploring"].tables[0].rows]
    assert explored[0] == "adaptive T=1000"  # the likeliest choice
    assert set(explored) == {"adaptive T=100", "adaptive T=1000", "adaptive T=10000"}
    assert "adaptive T=100" not in {row[0] for table in found["Answer"].tables for row in table.rows}
    folder = write_report(tmp_path, study.write(tmp_path))
    assert (folder / "runs.csv").read_text().count(",explore,") == 18
    assert unbroken("T = 1000 is chosen by validation accuracy") in (folder / "report.html").read_text()


def test_a_study_that_only_explored_has_a_report(study: Builder, tmp_path: Path) -> None:
    folder = write_report(tmp_path, explore(study).write(tmp_path))
    assert "It is not confirmed on fresh seeds." in (folder / "report.md").read_text()


def test_the_exploring_figure_draws_the_posterior_that_the_choice_is_made_by(study: Builder) -> None:
    results = explore(study).results()
    standing = method_finding(results).settled.standing
    data = posterior_sweep(method_finding(results))
    assert standing is not None
    assert data is not None
    (line,) = data.lines
    assert line.x == (100.0, 1000.0, 10000.0)
    assert [100 * interval.mean for interval in line.intervals] == pytest.approx(standing.posterior.mean.tolist())
    widths = [100 * (interval.half_width or 0) / 1.96 for interval in line.intervals]
    assert widths == pytest.approx(standing.posterior.sd.tolist())
    assert len(line.dots) == 18


def test_arms_have_no_axis_to_draw_the_posterior_on(study: Builder) -> None:
    study.method = SETTLE
    for seed in range(2):
        study.add("a", GCE(name="gce", q=0.2), seed, stage="explore")
        study.add("b", GCE(name="gce", q=0.7), seed, stage="explore")
    assert posterior_sweep(study.finding()) is None


def test_a_grid_that_ended_at_its_budget_says_so(study: Builder) -> None:
    study.spec = {"budget": {"max_runs": 2}}
    for seed in range(4):
        study.add("cce", CCE(name="cce"), seed, status="complete" if seed < 2 else None)
    assert "The study ended early, as budget.max_runs = 2 is reached. Cost: 2 runs" in study.report().verdict
    study.spec = {"budget": {"max_runs": 9}}
    assert "budget" not in study.report().verdict


def test_configurations_that_all_failed_too_often_are_said_to_have(study: Builder) -> None:
    study.method, study.progress = SETTLE, {"ended": True}
    for seed, status in enumerate(("complete", "failed", "failed")):
        study.add("gce", GCE(name="gce"), seed, status=status, stage="explore")  # type: ignore[arg-type]
    assert study.report().verdict == "Each of the 1 configurations failed too often to be chosen (2 failed)."


def test_the_cap_of_twenty_runs_each_is_named_as_what_ended_the_exploring(study: Builder) -> None:
    study.method = SETTLE | {"within": 0.001}
    for seed in range(20):
        for q in (0.2, 0.7):
            accuracy = 0.8 + NOISE[(seed + int(10 * q)) % 6] / 100
            study.add("gce", GCE(name="gce", q=q), seed, validation=accuracy, varied={"q": q}, stage="explore")
    assert "(40 runs; method.max_runs = 40 is reached)" in study.report().verdict


def test_exploring_that_ended_for_what_confirming_needs_says_so(study: Builder) -> None:
    study.spec = {"budget": {"max_runs": 20}}
    confirm(explore(study, seeds=1), seeds=3)
    text = study.report().verdict
    assert "(3 runs; budget.max_runs, less what confirms the choice, is reached)" in text


def test_a_settled_study_names_a_baseline_that_is_better(study: Builder) -> None:
    explore(study)
    for seed in range(4):
        fresh, noise = 10_000 + seed, NOISE[seed] / 100
        loss, varied = AdaptiveGCE(name="adaptive_gce", temperature=1000.0), {"temperature": 1000.0}
        study.add("adaptive", loss, fresh, validation=0.8 + noise, varied=varied, stage="confirm")
        study.add("cce", CCE(name="cce"), fresh, validation=0.9 + noise * 1.01, stage="confirm")
    study.method = study.method | {"baselines": ["cce"]}
    assert (
        "On fresh seeds, the baseline cce is better than adaptive T=1000 by validation accuracy: mean 90."
        in study.report().verdict
    )
    finding = study.finding()
    assert [key.arm for key in finding.bests().members] == ["cce"]
    assert finding.bests().beaten_by_baselines
    assert finding.best.may_be_best == ("cce",)
    assert "may be the best: cce (better than the choice on fresh seeds)" in best_lines(finding.best)


def test_the_posteriors_own_set_is_the_fewest_values_that_hold_the_best(study: Builder) -> None:
    close = {100.0: 3.0, 1000.0: 0.1, 10000.0: 0.4}
    finding = explore(study, seeds=2, drops=close).finding()
    standing, bests = finding.settled.standing, finding.explored_bests
    probability = dict(zip(standing.keys, standing.best, strict=True))
    assert sum(probability[key] for key in bests.members) >= 0.95 > sum(probability[key] for key in bests.members[:-1])
    assert min(probability[key] for key in bests.members) >= max(
        [probability[key] for key in standing.keys if key not in bests.members], default=0.0
    )
    assert bests.rule == "posterior"
    assert finding.best.as_dict()["explored_may_be_best"] == [key.configuration for key in bests.members]


def test_runs_of_the_choice_that_diverged_are_named_in_verdict_and_cautions(study: Builder) -> None:
    explore(study)
    loss, varied = AdaptiveGCE(name="adaptive_gce", temperature=1000.0), {"temperature": 1000.0}
    for seed in (20, 21, 22, 23):
        study.add("adaptive", loss, seed, status="diverged", varied=varied, stage="explore")
    report = study.report()
    assert "4 of its 10 exploring runs are left out (4 diverged)." in report.verdict
    assert any(
        text.startswith("4 of the 10 runs of adaptive T=1000 diverged, which its mean") for text in report.cautions
    )


def test_a_collapsed_exploring_run_is_named_in_verdict_and_cautions(study: Builder) -> None:
    explore(study)
    loss, varied = AdaptiveGCE(name="adaptive_gce", temperature=1000.0), {"temperature": 1000.0}
    study.add("adaptive", loss, 20, validation=0.1, varied=varied, stage="explore")
    report = study.report()
    assert report.finding.chosen.configuration == "adaptive T=1000"
    assert "1 of its 7 complete exploring runs collapsed and is set aside" in report.verdict
    assert any("have collapsed and are set aside" in text and "1 of 7 runs of" in text for text in report.cautions)


def test_a_frequency_guarantee_states_its_level_and_what_it_ensures(study: Builder) -> None:
    explore(study)
    study.method = {**SETTLE, "guarantee": "frequency", "confidence": 0.95, "start_seeds": 5}
    report = study.report()
    assert (
        "Exploring ended at a level of 0.9990, calibrated by simulation such that at most 5 % of studies"
        in report.verdict
    )
    assert "posterior probability a level of 0.9990, calibrated by simulation" in report.methods.text


def test_a_frequency_guarantee_that_is_not_reached_states_the_level_needed(study: Builder) -> None:
    explore(study, drops=dict.fromkeys(DROPS, 0.0))
    study.method = {**SETTLE, "guarantee": "frequency", "within": 0.05, "start_seeds": 5}
    assert "where 0.9950 was needed" in study.report().verdict
