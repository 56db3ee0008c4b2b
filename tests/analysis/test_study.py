"""A study in Python: frames, figures and sentences, without torch and ray."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import plotly.graph_objects as go
import pytest

from analysis import load_study
from analysis.report import export
from analysis.report.export import write_tables
from analysis.study import Study

if TYPE_CHECKING:
    from pathlib import Path

    from factories import Builder


def test_a_loaded_study_has_runs_epochs_summary_choice_and_verdict(full_study: Builder, tmp_path: Path) -> None:
    study = load_study(str(tmp_path), full_study.write(tmp_path))
    assert len(study.runs) == 46
    assert list(study.runs.columns[:3]) == ["study", "run_id", "stage"]
    assert set(study.epochs["run_id"]) == set(full_study.records)
    assert list(study.epochs.columns[:8]) == [
        *("study", "run_id", "arm", "configuration", "subset", "seed", "fold", "epoch"),
    ]
    assert len(study.summary(0.9)) == 7
    assert set(study.summary(0.9)["level"]) == {0.9}
    chosen = study.best()
    assert chosen is not None
    assert chosen.configuration == "adaptive T=1000"
    assert study.verdict == full_study.report().verdict
    assert study.methods.startswith("Data. We used FSDnoisy18k")
    assert repr(study) == "<study best-t: 45 of 46 runs recorded>"


def test_figures_are_found_by_name(full_study: Builder) -> None:
    study = Study(full_study.results())
    accuracies = ("accuracy_vs_t", "validation_accuracy_vs_t", "accuracy_per_arm", "paired_differences")
    assert study.figures == (*accuracies, "learning_curves", "runs", "accuracy_vs_training_time")
    assert isinstance(study.figure("accuracy_vs_t"), go.Figure)
    with pytest.raises(KeyError, match="no figure 'loss'; it has: accuracy_vs_t, "):
        study.figure("loss")


def test_a_notebook_shows_verdict_and_tables_and_no_markup_of_names(study: Builder) -> None:
    study.temperatures([2, 3], 2, arm="<img src=x>")
    shown = Study(study.results())._repr_html_()
    assert "<table" in shown
    assert "<img" not in shown
    assert "&lt;img src=x&gt;" in shown


def test_tables_survive_parquet(full_study: Builder, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    import pandas as pd  # noqa: PLC0415

    study = Study(full_study.results())
    write_tables({tmp_path / "runs.parquet": study.runs, tmp_path / "epochs.parquet": study.epochs})
    again = pd.read_parquet(tmp_path / "runs.parquet")
    assert list(again.columns) == list(study.runs.columns)
    assert again["test_accuracy"].equals(study.runs["test_accuracy"])
    assert len(pd.read_parquet(tmp_path / "epochs.parquet")) == len(study.epochs)


def test_parquet_without_pyarrow_is_an_error_that_writes_nothing(
    full_study: Builder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "has_pyarrow", lambda: False)
    study = Study(full_study.results())
    with pytest.raises(OSError, match=r"runs\.parquet: Parquet needs pyarrow, which is not installed"):
        write_tables({tmp_path / "epochs.csv": study.epochs, tmp_path / "runs.parquet": study.runs})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_study_needs_neither_torch_nor_ray(full_study: Builder, tmp_path: Path) -> None:
    code = """
import sys
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"torch", "torchaudio", "ray", "study"}:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Block())
from analysis import load_study
study = load_study(sys.argv[1], sys.argv[2])
study.figure("accuracy_vs_t")
print(study.best().configuration, len(study.runs), len(study.summary()), len(study._repr_html_()) > 0)
"""
    command = [sys.executable, "-c", code, str(tmp_path), full_study.write(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout == "adaptive T=1000 46 7 True\n", done.stderr
