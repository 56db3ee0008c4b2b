"""What each run predicts for each test clip, as a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from analysis.report import predictions
from analysis.report.codebook import column
from analysis.report.predictions import columns_of, write_predictions
from analysis.results.clip_labels import LabelledClip
from trainables.losses.catalogue import CCE
from trainables.outputs.clips import RunOutputs, outputs_path, write_outputs

if TYPE_CHECKING:
    from pathlib import Path

    from factories import Builder
    from trainables.storage.folder_location import FolderLocation

PROBABILITIES = np.array([[0.75, 0.25], [0.5, 0.5]], np.float16)  # of Rain and Wind


@pytest.fixture
def two_runs(study: Builder, tmp_path: FolderLocation, monkeypatch: pytest.MonkeyPatch) -> Builder:
    """Return a study of a run with outputs and one without, on two test clips, both predicted [Rain, Wind]."""
    clips = (LabelledClip("a.wav", "Rain", None, ""), LabelledClip("b.wav", "Rain", "Wind", ""))
    monkeypatch.setattr(predictions, "read_test_clips", lambda *_: clips)
    first, _ = (study.add("cce", CCE(name="cce"), seed) for seed in range(2))
    none, counts = np.zeros(0, np.float32), np.zeros(0, np.uint16)
    write_outputs(tmp_path, first, RunOutputs(none, counts, counts, PROBABILITIES))
    return study


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_there_is_a_row_for_each_run_and_clip(two_runs: Builder, tmp_path: FolderLocation, suffix: str) -> None:
    path: Path = tmp_path / f"out.{suffix}"
    written = write_predictions(two_runs.results(), tmp_path, path)
    frame = pd.read_csv(path) if suffix == "csv" else pd.read_parquet(path)
    assert written.rows == len(frame) == 4
    assert tuple(frame.columns) == written.columns == columns_of(two_runs.results())
    assert frame["clip"].tolist() == ["a.wav", "b.wav"] * 2
    assert frame["given"].tolist() == ["Rain"] * 4
    assert frame["predicted"].tolist() == ["Rain", "Wind"] * 2
    assert frame["seed"].tolist() == [0, 0, 1, 1]


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_probabilities_are_those_that_the_run_kept(two_runs: Builder, tmp_path: FolderLocation, suffix: str) -> None:
    path: Path = tmp_path / f"out.{suffix}"
    write_predictions(two_runs.results(), tmp_path, path)
    frame = pd.read_csv(path) if suffix == "csv" else pd.read_parquet(path)
    assert frame.loc[frame["seed"] == 0, ["p_Rain", "p_Wind"]].to_numpy().tolist() == PROBABILITIES.tolist()


def test_a_run_of_an_earlier_version_has_predictions_without_probabilities(
    two_runs: Builder, tmp_path: FolderLocation
) -> None:
    path: Path = tmp_path / "out.csv"
    written = write_predictions(two_runs.results(), tmp_path, path)
    assert pd.read_csv(path).loc[2:, ["p_Rain", "p_Wind"]].isna().all(axis=None)
    assert written.problems == ("1 run of an earlier version kept no probabilities: their cells are empty",)


def test_damaged_outputs_are_not_those_of_an_earlier_version(two_runs: Builder, tmp_path: FolderLocation) -> None:
    damaged, _ = two_runs.results().records
    outputs_path(tmp_path, damaged).write(b"damaged")
    written = write_predictions(two_runs.results(), tmp_path, tmp_path / "out.csv")
    assert written.problems == (
        "1 run of an earlier version kept no probabilities: their cells are empty",
        "1 run with damaged outputs: the cells of their probabilities are empty",
    )


def test_a_true_label_is_written_where_it_is_known(two_runs: Builder, tmp_path: FolderLocation) -> None:
    path: Path = tmp_path / "out.csv"
    write_predictions(two_runs.results(), tmp_path, path)
    assert pd.read_csv(path, keep_default_na=False)["true"].tolist() == ["", "Wind"] * 2


def test_without_the_labels_of_the_data_set_it_is_refused(study: Builder, tmp_path: FolderLocation) -> None:
    study.add("cce", CCE(name="cce"), 0)
    study.write(tmp_path)
    with pytest.raises(ValueError, match="does not keep the test clips"):
        write_predictions(study.results(), tmp_path, tmp_path / "out.csv")


def test_every_column_has_an_entry_in_the_codebook(two_runs: Builder) -> None:
    assert [name for name in columns_of(two_runs.results()) if column(name) is None] == []
