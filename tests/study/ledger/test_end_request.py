"""A request to end a study reaches the process that is meant, and no other."""

import pytest

from study.ledger.end_request import EndRequest, request_end, request_path, requested_end, withdraw_request
from trainables.storage.owners import describe, this_process


@pytest.fixture(params=["folder", pytest.param("object store", marks=pytest.mark.slow)])
def storage(request, tmp_path):
    return tmp_path / "there" if request.param == "folder" else request.getfixturevalue("bucket")


def test_a_request_is_read_by_the_process_that_is_meant(storage):
    request_end(storage, "s", "stop", "process 1")
    by = describe(this_process())
    assert requested_end(storage, "s", "process 1").by.rpartition(" since ")[0] == by.rpartition(" since ")[0]
    assert requested_end(storage, "s", "process 1").end == "stop"


def test_another_process_ignores_it(storage):
    request_end(storage, "s", "cancel", "process 1")
    assert requested_end(storage, "s", "process 2") is None


def test_a_request_that_was_withdrawn_is_gone(storage):
    withdraw_request(storage, "s")
    request_end(storage, "s", "cancel", "process 1")
    withdraw_request(storage, "s")
    assert requested_end(storage, "s", "process 1") is None


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[]", b'{"end": "kill", "owner": "process 1", "by": "me"}'])
def test_a_malformed_request_is_ignored(tmp_path, content):
    request_path(tmp_path, "s").write(content)
    assert requested_end(tmp_path, "s", "process 1") is None


def test_the_later_request_counts(tmp_path):
    request_end(tmp_path, "s", "stop", "process 1")
    request_end(tmp_path, "s", "cancel", "process 1")
    request = requested_end(tmp_path, "s", "process 1")
    assert isinstance(request, EndRequest)
    assert request.end == "cancel"
