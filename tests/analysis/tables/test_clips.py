"""The report on single clips: what it says equals what the predictions say, and nothing is said without labels."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from analysis import load_study
from analysis.figures.clips import (
    clips_per_class,
    draw_class_differences,
    draw_clips_per_class,
    draw_confusion,
)
from analysis.findings.method_finding import method_finding
from analysis.plotting.styles import Style
from analysis.plotting.theme import SOFT
from analysis.report.method_report import method_report
from analysis.report.sections import clips_section, report_sections
from analysis.statistics.clips import ClassAccuracy, bootstrap_difference, confusion
from analysis.statistics.intervals import difference_interval
from analysis.tables.clips import clip_tables
from trainables.datasets.manifest import Clip, Manifest, to_json
from trainables.losses.catalogue import CCE, GCE

if TYPE_CHECKING:
    from analysis.plotting.figure import Figure
    from analysis.results.study_results import StudyResults
    from analysis.tables.table import Table
    from factories import Builder

CLASSES = ["Rain", "Wind", "Snow"]
TRUTH = [0] * 20 + [1] * 15 + [2] * 5


def _predict(rng: np.random.Generator, right: float) -> list[int]:
    """Take each clip for what it is with a probability, else for a class at random, but never for Snow."""
    return [k if k < 2 and rng.random() < right else int(rng.integers(2)) for k in TRUTH]


def _section(results: StudyResults) -> tuple[tuple[str, ...], tuple[Figure, ...], tuple[Table, ...]]:
    finding = method_finding(results)
    section = clips_section(finding, clip_tables(finding))
    return section.text, section.figures, section.tables


def _store(study: Builder, storage: Path) -> None:
    """Write a study of three arms with five seeds, and the data set that its records speak of."""
    rng = np.random.default_rng(0)
    study.classes, study.clips = CLASSES, {"train verified": 3, "train unverified": 6, "test": len(TRUTH)}
    for arm, loss, right in (
        ("gce", GCE(name="gce"), 0.9),
        ("cce", CCE(name="cce"), 0.4),
        ("q", GCE(name="gce", q=0.3), 0.5),
    ):
        for seed in range(5):
            said = _predict(rng, right)
            accuracy = float(np.mean(np.array(said) == TRUTH))
            run_id = study.add(arm, loss, seed, validation=right - 0.01 * seed, test=accuracy)
            test = study.records[run_id].test
            assert test is not None
            study.records[run_id].test = test.model_copy(update={"predictions": said})
    clips = [Clip(f"v{i}.wav", name, "train", verified=True, true_label=name) for i, name in enumerate(CLASSES)]
    clips += [Clip(f"u{i}.wav", "Rain", "train", verified=False, true_label=("Rain", "Wind")[i % 2]) for i in range(6)]
    clips += [Clip(f"t{i}.wav", CLASSES[k], "test", verified=True) for i, k in enumerate(TRUTH)]
    value = {"frames": "0" * 20, "manifest": json.loads(to_json(Manifest("x", "folder", Path("x"), tuple(clips))))}
    path = storage / "datasets" / f"{study.plan().dataset.fingerprint}.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(value))
    study.write(storage)


def test_the_tables_hold_the_bootstrap_and_the_classes_of_the_choice(study: Builder, tmp_path: Path) -> None:
    _store(study, tmp_path)
    results = load_study(tmp_path, "best-t").results
    text, figures, (confusions, differences, classes) = _section(results)
    assert text == ()
    runs = {arm: {} for arm in ("gce", "cce", "q")}
    for planned in study.planned:
        test = study.records[planned.run.run_id].test
        assert test is not None
        runs[planned.arm][planned.run.seed] = test.predictions
    expected = bootstrap_difference(runs["gce"], runs["cce"], TRUTH, seed=0)
    assert expected is not None
    assert differences.rows[0] == (
        *("gce", "cce", f"{100 * expected.mean:+.1f}"),
        *(f"{100 * expected.low:+.1f} to {100 * expected.high:+.1f}", "5 seeds and 40 clips"),
    )
    assert [differences.kind(column) for column in (2, 3, 4)] == ["number", "number", "text"]
    assert len(differences.rows) == 3
    assert [row[:2] for row in classes.rows] == [("Rain", "20"), ("Wind", "15"), ("Snow", "5")]
    assert classes.header[2:] == ("gce", "q", "Difference, paired by seed")
    assert classes.rows[2][2:] == ("0.0", "0.0", "0.0")
    assert [figure.name for figure in figures] == ["confusion", "class_differences"]
    assert confusions.rows[0][0] == "Snow"
    assert figures[1].caption.startswith("Test accuracy of each class, gce minus q: mean and 95 % t-interval")


def test_a_record_that_does_not_fit_the_labels_is_not_counted(study: Builder, tmp_path: Path) -> None:
    _store(study, tmp_path)
    for planned in study.planned:
        if planned.arm == "q":
            record = study.records[planned.run.run_id]
            assert record.test is not None
            record.test = record.test.model_copy(update={"predictions": [0] * len(TRUTH)})
    study.write(tmp_path)
    _, _, tables = _section(load_study(tmp_path, "best-t").results)
    assert [row[:2] for row in tables[1].rows] == [("gce", "cce")]


def test_without_the_labels_nothing_is_said_of_clips(study: Builder, tmp_path: Path) -> None:
    _store(study, tmp_path)
    (path,) = (tmp_path / "datasets").iterdir()
    path.write_text("{}")
    results = load_study(tmp_path, "best-t").results
    (text,), figures, tables = _section(results)
    assert "not a data set that gce-study wrote" in text
    assert (figures, tables, clips_per_class(results)) == ((), (), ())
    path.unlink()
    results = load_study(tmp_path, "best-t").results
    assert "Test clips" not in [section.title for section in report_sections(method_report(results))]


def test_the_counts_figure_stacks_the_clips_of_each_class(study: Builder, tmp_path: Path) -> None:
    _store(study, tmp_path)
    results = load_study(tmp_path, "best-t").results
    assert results.labels is not None
    drawing = draw_clips_per_class(results.labels, CLASSES)
    assert [trace.name for trace in drawing.data] == [
        *("training, verified", "training, unverified", "test", "training, known to be wrong"),
    ]
    assert list(drawing.data[0].y) == ["Snow", "Wind", "Rain"]  # the largest class on top
    assert [list(trace.x) for trace in drawing.data] == [[1, 1, 1], [0, 0, 6], [5, 15, 20], [0, 0, 3]]


def test_the_confusion_figure_shows_shares_of_each_label() -> None:
    counts = confusion([[0, 1, 1, 1]], [0, 0, 0, 1], CLASSES)
    drawing = draw_confusion(counts, CLASSES)
    assert [list(row) for row in drawing.data[0].z[:2]] == [
        [pytest.approx(100 / 3), pytest.approx(200 / 3), 0],
        [0, 100, 0],
    ]
    assert list(drawing.data[0].z[2]) == [None] * 3  # Snow has no test clip


def test_the_gaps_figure_has_the_largest_gain_on_top(study: Builder, tmp_path: Path) -> None:
    _store(study, tmp_path)
    _, figures, (*_, classes) = _section(load_study(tmp_path, "best-t").results)
    drawn = figures[1].drawing
    shown = {name: x for trace in drawn.data for name, x in zip(trace.y, trace.x, strict=True)}
    order = [shown[name] for name in drawn.layout.yaxis.categoryarray]
    assert order == sorted(order)
    assert {row[0]: float(row[4].split(" ")[0]) for row in classes.rows} == {
        name: pytest.approx(value, abs=0.051) for name, value in shown.items()
    }
    assert draw_class_differences([], Style("", "", ""), Style("", "", "")).data == ()


def test_a_class_has_the_colour_of_the_configuration_that_is_better_in_it() -> None:
    gaps = [
        ClassAccuracy("open", 9, difference_interval([-0.1, 0.1, 0, 0.05, -0.05])),
        ClassAccuracy("gains", 9, difference_interval([0.2, 0.21, 0.2, 0.22, 0.2])),
        ClassAccuracy("loses", 9, difference_interval([-0.2, -0.21, -0.2, -0.22, -0.2])),
        ClassAccuracy("few", 9, difference_interval([0.1, 0.3])),
    ]
    drawn = draw_class_differences(gaps, Style("#0b5ab0", "circle", "solid"), Style("#04a37c", "square", "solid"))
    colours = {name: trace.marker.color for trace in drawn.data for name in trace.y}
    assert (colours["gains"], colours["loses"]) == ("#0b5ab0", "#04a37c")
    assert colours["open"] == colours["few"] == SOFT
    assert [list(trace.x) for trace in drawn.data if trace.name == "one seed"] == [[10, 30]]


def test_the_choice_is_made_on_validation_alone(study: Builder, tmp_path: Path) -> None:
    """The arm that scores best on test, but not on validation, is not what the section is about."""
    _store(study, tmp_path)
    for planned in study.planned:
        record = study.records[planned.run.run_id]
        record.validation_clip_accuracy = {"gce": 0.5, "cce": 0.9, "q": 0.6}[planned.arm]
    study.write(tmp_path)
    _, figures, _ = _section(load_study(tmp_path, "best-t").results)
    assert figures[0].caption.startswith("cce: ")
    assert figures[1].caption.startswith("Test accuracy of each class, cce minus q:")


def test_an_arm_that_is_not_ranked_is_not_the_best_other_one(study: Builder, tmp_path: Path) -> None:
    """The arm cce has one lucky seed only."""
    _store(study, tmp_path)
    for planned in study.planned:
        record = study.records[planned.run.run_id]
        if planned.arm == "cce":
            record.validation_clip_accuracy = 0.99
            record.status = "complete" if planned.run.seed == 0 else "failed"
    study.write(tmp_path)
    _, figures, _ = _section(load_study(tmp_path, "best-t").results)
    assert figures[1].caption.startswith("Test accuracy of each class, gce minus q:")
