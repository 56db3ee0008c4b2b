"""Every column of the files that reports and exports write has an entry in the codebook."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from analysis.report.codebook import OF_PLUGINS, codebook, column
from analysis.report.export import epochs_table, runs_table
from analysis.tables.labels.review import REVIEW_COLUMNS
from analysis.tables.summary import summary
from trainables.losses.catalogue import CCE
from trainables.networks.catalogue import EmbeddingHead

if TYPE_CHECKING:
    from factories import Builder


@pytest.fixture
def varied(study: Builder) -> Builder:
    """Return a study with parameters of losses and networks, and training settings, as columns."""
    study.temperatures([2.0, 3.0], 2)
    study.learning_rates("rates", (1e-3, 1e-2), 2)
    study.add("head", CCE(name="cce"), 0, network=EmbeddingHead(hidden=64))
    return study


def test_every_column_of_the_runs_has_an_entry(varied: Builder) -> None:
    assert [name for name in runs_table(varied.results()).columns if column(name) is None] == []


def test_every_column_of_the_epochs_has_an_entry(varied: Builder) -> None:
    assert [name for name in epochs_table(varied.results()).columns if column(name) is None] == []


def test_every_column_of_the_summary_has_an_entry(varied: Builder) -> None:
    assert [name for name in summary(varied.finding()).columns if column(name) is None] == []


def test_every_column_of_the_labels_to_review_has_an_entry() -> None:
    assert [name for name in REVIEW_COLUMNS if column(name) is None] == []


def test_a_log_loss_has_its_unit_and_states_that_lower_is_better() -> None:
    entry = column("test_log_loss")
    assert entry is not None
    assert (entry.unit, entry.meaning) == ("nats", "test log loss, over clips; lower is better")


def test_a_parameter_has_the_description_of_its_model() -> None:
    entry = column("q")
    assert entry is not None
    assert entry.meaning.startswith("parameter q of the loss: q of L_q in [0, 1]")


def test_a_parameter_of_a_plugin_is_called_one() -> None:
    assert f"| `strength` | {OF_PLUGINS.meaning} |" in codebook({"runs.csv": ["strength"]})


def test_a_name_with_a_bar_stays_in_its_cell() -> None:
    assert r"| `p_a\|b` |" in codebook({"predictions.csv": ["p_a|b"]})
