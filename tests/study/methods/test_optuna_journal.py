"""The journal shows a search to Optuna's tools, grows by appending, and is made again when it cannot be grown."""

from __future__ import annotations

import os
import time

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from search_spaces import SPACE
from study.methods.optuna_journal import Journal
from study.methods.search_space import Tried
from trainables.storage.folder_location import FolderLocation

HISTORY = [
    Tried(0, "adaptive", {"temperature": 1000.0}, "complete", 0.75, {1: 0.5, 2: 0.75}),
    Tried(1, "lq", {"q": 0.5, "subset": "clean"}, "pruned", 0.25, {1: 0.25}),
    Tried(2, "lq", {"q": 0.1, "subset": "all"}, "failed"),
    Tried(3, "adaptive", {"temperature": 20.0}, "running", None, {1: 0.125}),
]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "studies" / "wide" / "optuna.journal"


def loaded(path):
    return optuna.load_study(study_name="wide", storage=JournalStorage(JournalFileBackend(str(path))))


def shown(path):
    return [(t.number, t.state.name, t.value, t.intermediate_values) for t in loaded(path).trials]


EXPECTED = [
    (0, "COMPLETE", 0.75, {1: 0.5, 2: 0.75}),
    (1, "PRUNED", 0.25, {1: 0.25}),
    (2, "FAIL", None, {}),
    (3, "RUNNING", None, {1: 0.125}),
]


def test_optuna_reads_states_values_parameters_and_distributions(path):
    Journal(path, "wide", SPACE).sync(HISTORY)
    assert shown(path) == EXPECTED
    study = loaded(path)
    assert study.direction.name == "MAXIMIZE"
    assert study.best_trial.number == 0
    assert study.trials[1].params == {"arm": "lq", "lq.q": 0.5, "lq.subset": "clean"}
    assert study.trials[0].distributions == {
        "arm": CategoricalDistribution(("adaptive", "lq")),
        "adaptive.temperature": FloatDistribution(10, 1e5, log=True),
    }


def test_only_news_are_appended(path):
    journal = Journal(path, "wide", SPACE)
    for count in range(1, 5):
        journal.sync(HISTORY[:count])
    before = path.read_bytes()
    journal.sync(HISTORY)
    Journal(path, "wide", SPACE).sync(HISTORY)
    assert path.read_bytes() == before
    assert shown(path) == EXPECTED


def test_a_running_trial_grows_and_is_pruned(path):
    journal = Journal(path, "wide", SPACE)
    journal.sync(HISTORY)
    before = path.read_bytes()
    grown = Tried(3, "adaptive", {"temperature": 20.0}, "running", None, {1: 0.125, 2: 0.25})
    journal.sync([*HISTORY[:3], grown])
    assert shown(path)[3] == (3, "RUNNING", None, {1: 0.125, 2: 0.25})
    ended = Tried(3, "adaptive", {"temperature": 20.0}, "pruned", 0.5, {1: 0.125, 2: 0.25, 3: 0.5})
    Journal(path, "wide", SPACE).sync([*HISTORY[:3], ended])  # another sitting
    assert shown(path)[3] == (3, "PRUNED", 0.5, {1: 0.125, 2: 0.25, 3: 0.5})
    assert path.read_bytes().startswith(before)
    assert path.read_bytes()[len(before) :].count(b"\n") == 3


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data[:-10],
        lambda data: data[:-1],
        lambda data: data[: data.index(b"\n") + 20],
        lambda _: b"",
        lambda _: b"\xff\xfe nonsense\n",
        lambda _: b'{"op_code": 99, "worker_id": "x"}\n',
        lambda _: b"[]\n",
        lambda data: data.replace(b"wide", b"other"),
        lambda data: data.replace(b'"value":0.75', b'"value":0.5'),
        lambda data: data + data.splitlines(keepends=True)[-1],
    ],
    ids=[
        "torn",
        "no last newline",
        "cut",
        "empty",
        "no text",
        "no operation",
        "no object",
        "another study",
        "another value",
        "too many",
    ],
)
def test_a_file_that_cannot_become_the_history_is_replaced(path, spoil):
    Journal(path, "wide", SPACE).sync(HISTORY)
    path.write_bytes(spoil(path.read_bytes()))
    Journal(path, "wide", SPACE).sync(HISTORY)
    assert shown(path) == EXPECTED


def test_a_configuration_outside_the_space_keeps_its_number(path):
    history = [Tried(0, "mae", {}, "complete", 0.5, {}), *HISTORY[1:]]
    for _ in range(2):
        Journal(path, "wide", SPACE).sync(history)
        assert [t.params for t in loaded(path).trials][:2] == [{}, {"arm": "lq", "lq.q": 0.5, "lq.subset": "clean"}]


def test_a_writing_that_failed_is_made_good_by_the_next(path, monkeypatch):
    journal = Journal(path, "wide", SPACE)
    journal.sync(HISTORY[:2])

    def full(*_):
        msg = "no space left on device"
        raise OSError(msg)

    with monkeypatch.context() as patch:
        patch.setattr(FolderLocation, "append", full)
        with pytest.raises(OSError, match="no space"):
            journal.sync(HISTORY)
    journal.sync(HISTORY)
    assert shown(path) == EXPECTED


@pytest.mark.slow
def test_500_trials_of_160_epochs_are_cheap_to_follow(path, monkeypatch):
    syncs = []
    monkeypatch.setattr(os, "fsync", lambda _: syncs.append(1))
    journal = Journal(path, "wide", SPACE)
    history = []
    journal.sync(history)
    syncs.clear()  # of the new file and its folders
    start = time.process_time()
    for number in range(500):
        varied = {"q": number / 500, "subset": "all"}
        history.append(Tried(number, "lq", varied, "running"))
        journal.sync(history)
        history[number] = Tried(number, "lq", varied, "complete", 0.5, dict.fromkeys(range(1, 161), 0.5))
        journal.sync(history)
    assert (time.process_time() - start) / 500 < 0.05
    assert len(syncs) == 1000


def test_in_an_object_store_the_journal_is_the_same_file(bucket, path, tmp_path):
    for place in (bucket / "optuna.journal", path):
        for _ in range(2):  # the second opens what the first left
            journal = Journal(place, "wide", SPACE)
            for count in (2, 4):
                journal.sync(HISTORY[:count])
    copy = tmp_path / "copy"
    (bucket / "optuna.journal").download(copy)
    assert shown(copy) == shown(path) == EXPECTED
    assert len(copy.read_bytes().splitlines()) == len(path.read_bytes().splitlines())
