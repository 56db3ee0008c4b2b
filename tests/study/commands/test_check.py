"""The check command: what it states before a study is run."""

import pytest

from factories import record, write_record
from study.cli import main
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
