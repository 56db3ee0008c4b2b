"""The methods tell what was done, by the plan and the records, in short parts, and cite what they name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from analysis.report.sections import report_sections
from analysis.statistics.best_arm import noise, prior
from analysis.statistics.best_arm.assessment import REGRET_RUNS
from analysis.statistics.best_arm.posterior import DRAWS
from analysis.text.methods import procedures
from analysis.text.methods.bibliography import WORKS
from analysis.text.methods.parts import PARTS, Methods
from factories import Builder
from trainables.losses.catalogue import CCE, GCE, AdaptiveGCE

if TYPE_CHECKING:
    from analysis.report.method_report import MethodReport


CONFIRM = {"confirm_seeds": 12, "baselines": ["cce"]}
SETTLE = {"name": "settle", "within": 0.3, "confidence": 0.95, "start_seeds": 2, "max_runs": 40, **CONFIRM}
ASHA = {"grace_period": 10, "reduction_factor": 4.0, "max_epochs": None}
SEARCH = {"name": "search", "sampler": "tpe", "seeds": 1, "asha": ASHA, "confirm_best": 3, **CONFIRM}


@pytest.fixture(scope="module", params=["grid", "settle", "search"])
def report(request: pytest.FixtureRequest) -> MethodReport:
    """Return the report of a study with twelve reported seeds: a grid on two subsets, or one that explores first."""
    study = Builder(kind="fsdnoisy18k")
    if request.param == "grid":
        for subset in ("all", "clean"):
            study.temperatures([2, 3, 4], 12, subset=subset).baselines(12, subset=subset)
        return study.report()
    study.method = SETTLE if request.param == "settle" else SEARCH
    losses = (
        ("cce", CCE(name="cce"), 0.0),
        ("gce", GCE(name="gce", q=0.7), 0.01),
        ("gce", GCE(name="gce", q=0.3), 0.02),
    )
    for place, (arm, loss, gain) in enumerate(losses):
        varied = {"q": loss.q} if isinstance(loss, GCE) else None
        for seed in range(4):
            value = 0.7 + gain + 0.001 * ((7 * seed + place) % 5)
            study.add(arm, loss, seed, validation=value, verified=value, varied=varied, stage="explore")
        for seed in range(10_000, 10_012):
            value = 0.7 + gain + 0.001 * ((7 * seed + 3 * place) % 11)
            study.add(arm, loss, seed, validation=value, test=value + 0.05, varied=varied, stage="confirm")
    return study.report()


def test_a_grid_names_data_losses_seeds_and_intervals(full_study: Builder) -> None:
    methods = full_study.report().methods
    text, works = methods.text, methods.works
    for fact in (
        "17,585 training clips, of which 1,772 have verified labels, and 946 test clips",
        "1 clip without usable sound was left out",
        "T in {100, 10^2.5, 1000, 10^3.5, 10000}",
        "generalized cross-entropy (Zhang and Sabuncu, 2018) with q = 0.7 [gce]",
        "Each of the 7 configurations was trained with 10 seeds (0, 1, 2, 3, 4, 5, 90, 91, 92, 93).",
        "multiple comparisons with the best",
        "95 % Student t-intervals (n = 6 per configuration)",
        "42 of 46 runs completed; the others (1 stopped, 1 diverged, 1 failed, 1 missing) enter no mean.",
    ):
        assert fact in text
    assert "differing from it" not in text
    assert {WORKS[work].reference() for work in ("deng", "fonseca", "frosst", "holm", "hsu", "zhang")} <= set(works)


@pytest.mark.parametrize(
    ("method", "absent"),
    [({"name": "grid"}, {"Posterior", "Stopping rule"}), (SETTLE, set()), (SEARCH, {"Posterior"})],
)
def test_each_part_has_its_heading_and_those_without_content_are_absent(
    study: Builder, method: dict[str, object], absent: set[str]
) -> None:
    study.method = method
    first, last = ("", "") if method["name"] == "grid" else ("explore", "confirm")
    made = {"versions": {"gce-study": "0.1.0"}, "python": "3.11.7", "device": "cpu"}
    study.add("cce", CCE(name="cce"), 0, stage=first, provenance=made)
    for seed in range(2):
        study.add("cce", CCE(name="cce"), 10_000 + seed, stage=last)
        study.add("gce", GCE(name="gce"), 10_000 + seed, stage=last)
    headings = [heading for heading, _ in study.report().methods.parts]
    assert headings == [part for part in PARTS if part not in absent]


def test_a_part_but_the_model_and_the_statistics_of_tables_has_120_words_at_most(report: MethodReport) -> None:
    long = {heading for heading, text in report.methods.parts if len(text.split()) > 120}
    assert long <= {"Posterior", "Statistics in the tables"}


def test_no_sentence_of_the_methods_is_there_twice(report: MethodReport) -> None:
    sentences = re.split(r"(?<=[.;]) ", report.methods.text)
    assert len(sentences) > 15
    assert len(sentences) == len(set(sentences))


@pytest.mark.parametrize(
    ("seeds", "words"),
    [
        ((3, 3), "We report means over seeds (n = 3 per configuration), without t-intervals, which take at least 5;"),
        ((6, 3), "with 95 % Student t-intervals from 5 seeds on (n = 3 to 6 per configuration);"),
        ((6, 6), "We report means over seeds with 95 % Student t-intervals (n = 6 per configuration);"),
    ],
)
def test_intervals_are_claimed_only_where_there_are_seeds_enough(
    study: Builder, seeds: tuple[int, int], words: str
) -> None:
    for arm, many in zip(("a", "b"), seeds, strict=True):
        for seed in range(many):
            study.add(arm, GCE(name="gce", q=0.3 if arm == "a" else 0.5), seed)
    assert words in study.report().methods.text


def test_subsets_that_all_losses_share_are_stated_once(study: Builder) -> None:
    for subset in ("all", "clean"):
        study.baselines(2, subset=subset)  # type: ignore[arg-type]
    text = study.report().methods.text
    assert text.count("trained on all and clean") == 1
    study.add("only", GCE(name="gce", q=0.3), 0, subset="clean")
    assert "with q = 0.3, trained on clean [only]" in study.report().methods.text


def test_every_work_that_is_cited_is_listed_once(full_study: Builder) -> None:
    methods = full_study.report().methods
    text, works = methods.text, methods.works
    cited = {work.reference() for work in WORKS.values() if work.citation() in text}
    assert sorted(cited) == sorted(works)


@pytest.mark.parametrize(
    ("method", "facts"),
    [
        (
            SETTLE,
            [
                "The 1 configuration was trained with 2 seeds",
                "within 0.3 points of the best with posterior probability 0.95",
                "or after 40 runs",
            ],
        ),
        (
            SEARCH,
            [
                "1 configuration was sampled by the TPE sampler",
                "2020; grace period 10 epochs, reduction factor 4)",
            ],
        ),
    ],
)
def test_a_method_that_explores_is_told_with_its_settings(
    study: Builder, method: dict[str, object], facts: list[str]
) -> None:
    study.method = method
    study.spec = {"controls": ["fixed_q"], "select_on": "verified"}
    study.add("cce", CCE(name="cce"), 0, stage="explore", verified=0.8)
    text = study.report().methods.text
    for fact in (*facts, "then trained with 12 fresh seeds", "As a control, GCE", "the verified validation clips"):
        assert fact in text


def test_a_grid_counts_its_configurations_without_the_controls_and_states_what_they_are(study: Builder) -> None:
    study.spec = {"controls": ["fixed_q"]}
    for seed in range(2):
        study.add("cce", CCE(name="cce"), seed)
        study.add("adaptive", AdaptiveGCE(name="adaptive_gce", temperature=1000.0), seed)
        study.add("adaptive.fixed_q", GCE(name="gce", q=0.8), seed, stage="control")
    text = study.report().methods.text
    assert "Each of the 2 configurations was trained with 2 seeds (0 to 1). As a control, GCE was trained with" in text
    assert "the mean q that the best configuration of each adaptive arm showed on each subset" in text


def test_settles_model_stopping_rule_and_draws_are_stated_with_every_setting(study: Builder) -> None:
    study.exploring_temperatures({10: 4, 100: 1, 1000: 0})
    study.method = SETTLE | {"seed": 7}
    text = study.report().methods.text
    for setting in (
        *(f"{share:g}" for share in noise.ICCS),
        *(f"{length:g}" for length in prior.LENGTHS),
        f"probability {prior.P_NO_DEVIATION:g}",
        f"probability {noise.P_UNEVEN:g}",
        f"{noise.VARIANCE_DF:g} degrees of freedom",
        f"{noise.GUESS_WEIGHT:g} degrees of freedom around {noise.GUESS_SHARE:g}",
        f"from {prior.MIN_AMPLITUDE:g} to at least {prior.MAX_AMPLITUDE:g} seed standard deviations",
        f"{DRAWS:,} draws",
        "8 challengers",
        "seed 7",
        "After every run from number 9 on",
        f"from {REGRET_RUNS} runs per configuration on",
    ):
        assert setting in text


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        ("set_aside", "the largest of 5 points, 8 robust standard deviations"),
        ("counts", "Runs that had collapsed counted like any other."),
    ],
)
def test_what_counts_as_a_collapse_is_stated(study: Builder, rule: str, sentence: str) -> None:
    study.spec = {"collapse": rule}
    study.add("cce", CCE(name="cce"), 0)
    assert sentence in study.report().methods.text


def test_versions_and_commit_come_from_the_records(study: Builder) -> None:
    made = {"versions": {"gce-study": "0.1.0", "torch": "2.14.1"}, "python": "3.11.7", "device": "cpu"}
    study.add("cce", CCE(name="cce"), 0, provenance=made | {"commit": "0123456789abcdef+changes"})
    study.add("cce", CCE(name="cce"), 1, provenance=made | {"commit": "0123456789abcdef+changes", "device": "cuda"})
    text = study.report().methods.text
    assert "by gce-study 0.1.0 (commit 0123456789ab+changes) with Python 3.11.7, torch 2.14.1 on cpu and cuda." in text


def test_the_capabilities_of_the_cpus_stand_beside_the_device(study: Builder) -> None:
    made = {"versions": {"gce-study": "0.1.0"}, "python": "3.11.7", "device": "cpu"}
    for seed, capability in enumerate(("AVX2", "AVX512")):
        study.add("cce", CCE(name="cce"), seed, provenance=made | {"cpu_capability": capability})
    study.add("cce", CCE(name="cce"), 2, provenance=made | {"device": "cuda", "cpu_capability": "DEFAULT"})
    assert "with Python 3.11.7 on cpu (AVX2 and AVX512) and cuda." in study.report().methods.text


def test_a_study_without_runs_has_no_methods(study: Builder) -> None:
    assert study.report().methods == Methods()


def test_methods_name_every_procedure_of_the_reports_tables(report: MethodReport) -> None:
    text = report.methods.text
    tables = [table for section in report_sections(report) for table in section.tables]
    words = {procedure.words for table in tables for procedure in table.procedures}
    assert len(words) > 8
    assert {each for each in words if each not in text} == set()


# What a reader would ask about: a word of a table's heading or note, and the one that Methods has for it.
TERMS = {
    "t-interval": "t-interval",
    "Holm": "Holm",
    "Hsu": "Hsu",
    "bootstrap": "bootstrap",
    "draws": "seed 0",
    "F(": "F test",
    "ICC": "intraclass|share of the variance that seeds explain",
    "Effect size": "d_z",
    "two one-sided": "margin of 0.5 points",
    "P(A > B)": "Wilson",
    "posterior": "prior 1 / variance",
    "stochastic": "almost stochastic order",
    "power": "noncentral t",
    "Greenhouse": "Greenhouse and Geisser",
    "Shared luck": "too high because the same runs made the choice",
    "Leave one seed out": "other seeds choose",
    "Bonferroni": "Bonferroni",
    "Jeffreys": "Jeffreys",
    "Welch": "Welch",
}


def test_methods_name_whatever_statistic_a_heading_or_a_note_of_a_table_names(report: MethodReport) -> None:
    text = report.methods.text
    tables = [table for section in report_sections(report) for table in section.tables]
    shown = " ".join(" ".join((table.title, *table.header, table.note)) for table in tables)
    asked = {term: words for term, words in TERMS.items() if term in shown}
    assert len(asked) > 8
    assert {term for term, words in asked.items() if not re.search(words, text)} == set()


def test_the_model_for_missing_runs_is_named_where_runs_are_missing(study: Builder) -> None:
    study.baselines(6)
    model = "generalised least-squares estimate over all runs"
    assert model not in study.report().methods.text
    study.add("gce", GCE(name="gce", q=0.7), 6, status="failed")
    study.add("cce", CCE(name="cce"), 6)
    assert f"{model}, as some are missing" in study.report().methods.text


def test_every_work_of_a_procedure_is_in_the_bibliography() -> None:
    known = [value for value in vars(procedures).values() if isinstance(value, procedures.Procedure)]
    assert len(known) > 15
    assert {work for procedure in known for work in procedure.works} <= set(WORKS)
