"""Transition matrices of a study: a file is read once and part of the runs; so are the true labels, where counted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from study.errors import SpecError
from study.planning.data import identified
from study.spec.candidates import candidates
from study.spec.reading import read_study_file
from study.spec.study import StudySpec
from trainables.datasets.manifest import Clip, Manifest

if TYPE_CHECKING:
    from trainables.config import Run

STUDY = """\
name: corrected
dataset: {kind: synthetic}
arms:
  - {name: file, loss: {name: forward_correction, matrix: noise.csv}}
  - {name: open, loss: {name: forward_correction, matrix: {values: [verified, less.csv]}}}
seeds: 1
"""
MATRIX = "a,b\n0.9,0.1\n0.2,0.8\n"
LESS = "a,b\n0.95,0.05\n0.1,0.9\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "noise.csv").write_text(MATRIX)
    (tmp_path / "less.csv").write_text(LESS)
    (tmp_path / "study.yaml").write_text(STUDY)
    return tmp_path / "study.yaml"


def matrices(path: Path) -> list[str]:
    spec = read_study_file(path).spec
    return [c.configuration.loss.model_dump()["matrix"] for arm in spec.open_arms for c in arm.choices()]


def test_the_runs_hold_the_content_of_the_file(file: Path) -> None:
    assert matrices(file) == [MATRIX, "verified", LESS]


def test_a_cluster_gets_the_content_with_the_study(file: Path, tmp_path: Path) -> None:
    spec = read_study_file(file)
    sent = read_study_file(spec.submission().write(tmp_path / "elsewhere"))
    assert sent.spec.arms == spec.spec.arms
    assert ".csv" not in sent.text


def test_a_changed_file_is_another_submission(file: Path) -> None:
    before = read_study_file(file).submission().digest
    (file.parent / "noise.csv").write_text(MATRIX.replace("0.2,0.8", "0.3,0.7"))
    assert read_study_file(file).submission().digest != before


def test_a_study_without_such_a_file_is_sent_as_it_is_written(file: Path) -> None:
    text = STUDY.replace("noise.csv", "injected").replace("verified, less.csv", "verified")
    file.write_text(text)
    assert read_study_file(file).submission().text == text


def test_a_file_without_a_matrix_is_refused_with_line_and_key(file: Path) -> None:
    (file.parent / "noise.csv").write_text("a,b\n1,0\n1,0\n")
    with pytest.raises(SpecError) as refused:
        read_study_file(file)
    first = refused.value.problems[0]
    assert ":4: arms[0].loss.matrix: 'noise.csv' is not allowed; allowed: injected, verified, or the CSV file" in first
    assert first.endswith(
        "(noise.csv: column b is zero; allowed: a label that some class may be given, or its loss is infinite)"
    )


def runs_of(truth: str | None) -> list[Run]:
    """Return the runs with a counted matrix, an estimated one, and no matrix, if a clip has this true label."""
    losses = [{"name": "forward_correction", "matrix": matrix} for matrix in ("injected", "verified")]
    arms = [{"name": f"arm{i}", "loss": loss} for i, loss in enumerate([*losses, {"name": "cce"}])]
    spec = StudySpec.model_validate({"name": "s", "dataset": {"kind": "synthetic"}, "arms": arms, "seeds": 1})
    manifest = Manifest("m", "csv", Path(), (Clip("0.wav", "a", "train", verified=False, true_label=truth),))
    return [candidate.planned(0, "d").run for candidate in candidates(identified(spec, manifest, None))]


def test_other_true_labels_make_other_runs_only_where_the_matrix_is_counted() -> None:
    one, other = runs_of("a"), runs_of("b")
    assert [a.run_id == b.run_id for a, b in zip(one, other, strict=True)] == [False, True, True]
    assert [run.truth is None for run in one] == [False, True, True]


def test_equal_true_labels_make_equal_runs() -> None:
    assert [run.run_id for run in runs_of(None)] == [run.run_id for run in runs_of(None)]
