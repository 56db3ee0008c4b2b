"""The check command: what it states before a study is run."""

import pytest

from analysis.results.runs_table import key_of
from factories import point, record, write_record
from study.cli import main
from study.methods.controls import controls
from study.planning.data import make_plan, read_data
from study.spec.reading import read_spec
from trainables.plans import write_plan
from trainables.storage.location import location


@pytest.fixture
def spec(tmp_path, monkeypatch):
    """A study on a small data set, read from a file in the present folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "first.yaml").write_text(
        "name: first\ndataset: {kind: synthetic, train_per_class: 8, test_per_class: 1}\nstorage: runs\n"
        "arms:\n  - {name: cce, loss: {name: cce}}\nseeds: 3\ntraining: {epochs: 1, batch_size: 8}\n"
    )
    return read_spec(tmp_path / "first.yaml")


def test_check_states_on_which_validation_clips_a_study_chooses(spec, capsys):
    held = make_plan(spec, read_data(spec)).dataset.validation["all"]
    assert main(["check", "first.yaml"]) == 0
    assert (
        f"subset all: validation clips: {held.clips} ({held.verified} verified), the same for every seed; one "
        f"validation clip is worth {100 / held.clips:.2g} points of a run's accuracy\n"
    ) in capsys.readouterr().out


def test_check_states_which_records_are_of_an_earlier_version_and_does_not_count_them(spec, capsys):
    storage, plan = location(spec.storage), make_plan(spec, read_data(spec))
    older = [p.model_copy(update={"run": p.run.model_copy(update={"semantics": 1})}) for p in plan.runs]
    write_plan(storage, plan.model_copy(update={"runs": older}))
    for planned in older[:2]:
        write_record(storage, record(planned))
    assert main(["check", "first.yaml"]) == 0
    lines = capsys.readouterr().out
    assert "first: 3 runs named (3 seeds), 0 recorded, 3 left" in lines
    assert "2 records are of an earlier version of the training and do not count" in lines


def test_check_counts_the_controls_of_a_grid_before_and_after_they_are_planned(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "c.yaml").write_text(
        "name: c\ndataset: {kind: synthetic, train_per_class: 8, test_per_class: 1}\nstorage: runs\nseeds: 3\n"
        "arms:\n  - {name: a, loss: {name: adaptive_gce, temperature: {values: [100, 1000]}}}\ncontrols: [fixed_q]\n"
        "training: {epochs: 1, batch_size: 8}\n"
    )
    spec = read_spec(tmp_path / "c.yaml")
    storage, plan = location(spec.storage), make_plan(spec, read_data(spec))
    write_plan(storage, plan)
    assert main(["check", "c.yaml"]) == 0
    assert "c: 6 runs named (3 seeds) and at most 3 controls, 0 recorded, at most 9 left" in capsys.readouterr().out
    for planned in plan.runs:
        write_record(storage, record(planned, epochs=[point(1, q_mean=0.7)]))
    records = {p.run.run_id: record(p, epochs=[point(1, q_mean=0.7)]) for p in plan.runs}
    made = controls(plan.runs, records, {key_of(plan.runs[0])})
    write_plan(storage, plan.model_copy(update={"runs": [*plan.runs, *made]}))
    write_record(storage, record(made[0]))
    assert main(["check", "c.yaml"]) == 0
    assert "c: 6 runs named (3 seeds) and 3 controls, 7 recorded, 2 left" in capsys.readouterr().out
