"""Filters of runs: what they select, and where and why one cannot be applied."""

import pytest

from analysis.dashboard.explore.filters import MAX_LENGTH, FilterError, matching_runs
from analysis.dashboard.explore.table import RunsTable
from analysis.dashboard.snapshot import Live
from analysis.results.study_results import load_results


@pytest.fixture(scope="module")
def table(full_storage):
    return RunsTable.of(load_results(full_storage, "best-t"), Live(""))


def count(table, text):
    return len(matching_runs(table.runs, text, table.columns, table.hidden))


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ("", 46),
        ("   ", 46),
        ('loss == "cce"', 6),
        ("loss == 'cce' and seed < 3", 3),
        ('loss == "cce" or arm == "gce"', 12),
        ('not (loss == "cce" or arm == "gce")', 34),
        ('loss in ("cce", "gce")', 12),
        ('loss not in ["cce", "gce"]', 34),
        ("seed in (0, 1)", 14),
        ('"adapt" in arm', 34),
        ("0 <= seed < 2", 14),
        ("temperature > 999 and temperature <= 1e3", 6),
        ("temperature == None", 12),
        ("temperature != None", 34),
        ("-1 < seed", 46),
        ('status == "failed"', 1),
        ('error != None and status != "failed"', 1),
        ("test_accuracy < validation", 42),
        ("  seed == 0\n and arm == 'cce' ", 1),
    ],
)
def test_a_filter_selects_the_runs_for_which_it_is_true(table, text, runs):
    assert count(table, text) == runs


def test_shares_are_compared_as_fractions(table):
    assert count(table, "validation > 0.7") == (table.runs["validation"] > 0.7).sum() > 0
    assert count(table, "validation > 70") == 0


def test_a_column_with_a_dot_in_its_name_can_be_named(study):
    study.learning_rates("cce", [0.01, 0.1], 2)
    results = study.results()
    table = RunsTable.of(results, Live(""))
    name = next(name for name in table.columns if "learning_rate" in name)
    assert count(table, f"{name} < 0.05") == 2


@pytest.mark.parametrize(
    ("text", "place", "problem"),
    [
        ("lss == 3", 1, "there is no column lss: did you mean loss?"),
        (
            "seed == 0 and zzzzz == 3",
            15,
            "there is no column zzzzz: a text stands in quotes; columns: configuration, arm",
        ),
        ("loss == cce", 9, "there is no column cce"),
        ("loss == 3", 9, "loss holds text: compare it with a text in quotes"),
        ('  seed < "a"', 10, "seed holds numbers: compare it with a number"),
        ("seed = 3", 6, "compare with =="),
        ("seed < 3 and", 13, "something is missing here"),
        ("seed < 3 && arm == 'a'", 11, "join conditions with and, or"),
        ("(seed < 3", 1, "not understood"),
        ("seed", 1, "a condition is expected here"),
        ("3 < 4", 1, "one side of a comparison must be a column"),
        ("seed < (0, 1)", 1, "a list is allowed only after in"),
        ("seed in (0, 'a')", 9, "a list holds only text or only numbers"),
        ("seed in ('a', 'b')", 9, "seed holds numbers; so must the list"),
        ("seed in 3", 9, "in is used as in"),
        ("loss < 'cce'", 1, "compare text with ==, != or in"),
        ("temperature < None", 1, "compare None with == or !="),
        ("seed == 1 + 1", 9, "a column, a number or a text in quotes is expected here"),
        ("seed == 1e999 and seed is 3", 19, "compare values with"),
        ("__import__('os').system('true')", 1, "a condition is expected here"),
        ("(lambda: 1)() == seed", 1, "a column, a number or a text in quotes is expected here"),
        ("seed.__class__ == 3", 1, "there is no column seed.__class__"),
        ("[x for x in (1, 2)] == seed", 1, "a column, a number or a text in quotes is expected here"),
        ("f'{seed}' == loss", 1, "a column, a number or a text in quotes is expected here"),
        ("ü == 3", 1, "there is no column ü"),
        ("loss == 'ü' and zz == 3", 17, "there is no column zz"),
        ("seed == 1" + "0" * 400, 9, "this number is too large"),
        ("x" * (MAX_LENGTH + 1), MAX_LENGTH + 1, "a filter has at most 1000 characters"),
    ],
)
def test_a_wrong_filter_states_where_and_what(table, text, place, problem):
    with pytest.raises(FilterError) as raised:
        count(table, text)
    assert raised.value.place == place
    assert str(raised.value).startswith(f"character {place}: ")
    assert problem in str(raised.value)


def test_a_filter_nested_too_deeply_is_refused(table):
    with pytest.raises(FilterError):
        count(table, "(" * 450 + "seed == 1" + ")" * 450)


def test_a_hidden_metric_cannot_be_compared(table):
    with pytest.raises(FilterError, match="test_accuracy is hidden until the study has ended"):
        matching_runs(table.runs, "test_accuracy > 0.5", table.columns, {"test_accuracy"})
