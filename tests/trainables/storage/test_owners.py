"""What lock files and leases hold about their owner: malformed ones are named, and judged by their time alone."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING, Any

import pytest

from trainables.storage.documents import to_bytes
from trainables.storage.locks import lock, open_unchanged
from trainables.storage.owners import UNNAMED, Life, Owner, describe, has_ended, life, read_owner, this_process

if TYPE_CHECKING:
    from trainables.storage.folder_location import FolderLocation
    from trainables.storage.object_location import ObjectLocation

WELL = {"pid": 7, "host": "h", "user": "u", "started": "2026"}
MALFORMED = [
    b"{",
    b"[]",
    b"null",
    b"\xff",
    json.dumps(WELL | {"pid": "x"}).encode(),
    json.dumps(WELL | {"pid": 10**30}).encode(),
    json.dumps(WELL | {"pid": None}).encode(),
    json.dumps(WELL | {"pid": -1}).encode(),
    json.dumps(WELL | {"host": ["h"]}).encode(),
    json.dumps(WELL | {"user": "u" * 10_000}).encode(),
    json.dumps(WELL | {"here": "there"}).encode(),
    json.dumps({"pid": 7}).encode(),
    json.dumps(WELL | {"schema_version": 2}).encode(),
    to_bytes(Owner(**WELL)).replace(b'"pid": 7', b'"pid": 8'),
]


def test_an_owner_is_read_as_it_was_written() -> None:
    owner = this_process()
    assert read_owner(to_bytes(owner), "l") == owner
    assert describe(owner).startswith(f"process {os.getpid()} of ")


@pytest.mark.parametrize(("name", "user"), [("x" * 300, "x" * 255), ("a\udcff\x1b[1m", r"a\udcff\u001b[1m")])
def test_a_user_may_have_any_name(name: str, user: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", name)
    owner = this_process()
    assert owner.user == user
    assert read_owner(to_bytes(owner), "lock") == owner


def test_an_owner_of_an_earlier_version_is_read() -> None:
    assert describe(read_owner(json.dumps(WELL).encode(), "l")) == "process 7 of u on h since 2026"


def test_an_owner_that_has_written_nothing_yet_has_no_name() -> None:
    assert describe(read_owner(b"", "l")) == UNNAMED


@pytest.mark.parametrize("data", MALFORMED)
def test_a_malformed_owner_is_another_process_and_its_file_is_named(data: bytes) -> None:
    assert describe(read_owner(data, "there/owner.lock")).startswith(f"{UNNAMED} (there/owner.lock: ")


@pytest.mark.parametrize("data", MALFORMED)
def test_a_lock_with_a_malformed_owner_is_held_while_it_is_locked(data: bytes, tmp_path: FolderLocation) -> None:
    path = tmp_path / "owner.lock"
    path.write(data)
    assert path.holder() is None
    with open_unchanged(path) as file:
        assert lock(file)
        assert str(path.holder()).startswith(f"{UNNAMED} ({path}: ")
        assert path.acquire() is None
    held = path.acquire()
    assert held is not None
    assert str(path.holder()).startswith(f"process {os.getpid()} of ")
    held.release()


@pytest.mark.slow
@pytest.mark.parametrize("data", [b"", *MALFORMED])
def test_a_malformed_lease_is_held_until_it_lapses(data: bytes, bucket: ObjectLocation) -> None:
    path = bucket / "owner"
    (path / "000000001").write(data)
    assert str(path.holder()).startswith(f"{UNNAMED} ({path}/000000001: ")
    assert path.acquire() is None


def owner(**changes: Any) -> Owner:
    return Owner(pid=os.getpid(), host="h", user="u", started="2026", here=life().model_copy(update=changes))


def test_an_owner_has_ended_if_its_process_is_gone_or_another_one_has_its_number() -> None:
    assert not has_ended(owner())
    assert has_ended(owner(began="1"))
    assert has_ended(owner().model_copy(update={"pid": 2**31 - 1}))


@pytest.mark.parametrize("here", [None, Life(), life().model_copy(update={"boot": "b"})])
def test_an_owner_whose_machine_is_unknown_or_another_one_has_not_ended(here: Life | None) -> None:
    assert not has_ended(owner().model_copy(update={"here": here, "pid": 2**31 - 1}))


def test_each_write_of_a_lease_differs() -> None:
    from trainables.storage.leases import _written  # noqa: PLC0415 -- what the stamps rest on

    first = _written(owner())
    time.sleep(0.001)
    assert _written(owner()) != first
