"""What settle chooses: the scale of the configurations, who is out, and what the report states."""

from __future__ import annotations

import pytest

from analysis.statistics.best_arm.assessment import Explored, assess, assess_explored, challengers, scale
from settling import candidates, explored, noisy, play, settle


def test_the_scale_is_the_logarithm_of_the_one_number_that_differs() -> None:
    varied = [{"temperature": 100.0, "reading": "mean"}, {"temperature": 1000.0, "reading": "mean"}]
    assert scale(["a", "a"], varied) == pytest.approx([2, 3])


def test_the_scale_is_the_number_itself_where_one_is_not_positive() -> None:
    assert scale(["a", "a"], [{"q": 0.0}, {"q": 0.5}]) == [0, 0.5]


@pytest.mark.parametrize(
    ("arms", "varied"),
    [
        (["a", "b"], [{"q": 0.1}, {"q": 0.2}]),
        (["a", "a"], [{"q": 0.1, "k": 1.0}, {"q": 0.2, "k": 2.0}]),
        (["a", "a"], [{"rule": "max"}, {"rule": "outlier"}]),
        (["a", "a"], [{"q": 0.1}, {}]),
        (["a"], [{"q": 0.1}]),
    ],
)
def test_several_arms_parameters_or_names_have_no_order(arms: list[str], varied: list[dict[str, float | str]]) -> None:
    assert scale(arms, varied) is None


def test_two_failures_put_a_configuration_out_unless_most_runs_succeed() -> None:
    counts = [(0, 1), (0, 2), (2, 2), (2, 3)]
    assert [Explored("a", {}, dict.fromkeys(range(n), 70.0), failed).out_of_race for n, failed in counts] == [
        False,
        True,
        False,
        True,
    ]


def test_the_report_can_state_the_number_that_the_method_states() -> None:
    method = settle(within=0.2)
    runs = explored(play(method))
    found = assess_explored(
        {
            each.configuration: Explored(
                each.arm,
                each.varied,
                {
                    planned.run.seed: 100 * noisy(planned)
                    for planned in reversed(runs)
                    if planned.run.configuration == each.configuration
                },
            )
            for each in candidates()
        },
        0.2,
        set_aside_collapses=True,
    )
    assert found
    assert method.chosen
    assert found.chosen == method.chosen.configuration
    assert found.confidence == method.confidence()


def test_the_choice_has_a_score_and_maximises_what_is_stated() -> None:
    scores: dict[str, dict[int, float]] = {"a": {0: 70.0, 1: 71.0}, "b": {0: 74.0, 1: 74.5, 2: 75.1}, "c": {}}
    found = assess(scores, None, 0.3)
    assert found
    assert found.chosen == "b"
    assert found.confidence == max(found.within[:2])
    assert challengers(found, 0.3).sum() == pytest.approx(1)
    assert challengers(found, 0.3)[found.index] == 0


def test_without_a_score_nothing_is_chosen() -> None:
    assert assess({"a": {}, "b": {}}, None, 0.3) is None
    assert assess({}, None, 0.3) is None
