"""Tables of what a settle or search study tried: which accuracy their columns show."""

import pytest

from analysis.dashboard.explore.rows import shown_columns
from analysis.dashboard.explore.table import RunsTable
from analysis.dashboard.snapshot import Live, seeds_table
from analysis.tables.accuracy import choice_table
from analysis.tables.exploration import search_table, settle_table
from trainables.losses.catalogue import GCE, AdaptiveGCE

NAMES = {"validation": "Validation accuracy", "verified": "Verified validation accuracy"}
SHOWN = {"validation": "90.0", "verified": "50.0"}


@pytest.fixture(params=NAMES)
def select_on(request, study):
    """Return what the study selects on; a run scores 90 % on all validation clips and 50 % on the verified ones."""
    study.spec = {"select_on": request.param}
    return request.param


def add(study, stage):
    for q in (0.2, 0.7):
        for seed in range(2):
            at = {"varied": {"q": q}, "stage": stage}
            study.add("gce", GCE(name="gce", q=q), seed, validation=0.9, verified=0.5, **at)


def test_the_table_of_a_search_is_headed_by_the_accuracy_that_the_study_selects_on(study, select_on):
    study.method = {"name": "search", "configurations": 2, "asha": None, "baselines": []}
    add(study, "explore")
    table = search_table(study.finding())
    assert table.header[-1] == NAMES[select_on]
    assert {row[-1] for row in table.rows} == {SHOWN[select_on]}
    assert f"by their mean {NAMES[select_on].lower()} in %" in table.note


def test_the_table_of_a_settle_study_is_headed_by_the_accuracy_that_it_selects_on(study, select_on):
    study.exploring_temperatures({})
    for temperature in (100, 1000):
        loss = AdaptiveGCE(name="adaptive_gce", temperature=temperature)
        for seed in range(2):
            at = {"varied": {"temperature": temperature}, "stage": "explore"}
            study.add("adaptive", loss, seed, validation=0.9, verified=0.5, **at)
    table = settle_table(study.finding())
    assert table.header[1:3] == ("Runs", NAMES[select_on])
    assert {row[2][:4] for row in table.rows} == {SHOWN[select_on]}


def test_the_table_of_the_choice_is_headed_by_the_accuracy_that_the_study_selects_on(study, select_on):
    add(study, "")
    table = choice_table(study.finding())
    assert table.title == f"Choice on {NAMES[select_on].lower()}"
    assert dict(table.rows)[NAMES[select_on]] == SHOWN[select_on]


def test_the_dashboard_shows_the_accuracy_that_the_study_selects_on(study, select_on):
    add(study, "")
    table = seeds_table(study.results())
    assert table.header[2:] == (NAMES[select_on], "Test accuracy")
    assert table.rows[0][2][:4] == SHOWN[select_on]
    columns = shown_columns(RunsTable.of(study.results(), Live("")), ())
    assert ("verified_accuracy" in columns) == (select_on == "verified")
