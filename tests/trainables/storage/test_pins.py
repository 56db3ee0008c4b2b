"""A pinned storage location that is moved, deleted or replaced is refused, and not made again."""

import shutil
from pathlib import Path

import pytest

from trainables.storage.descriptors import StorageMovedError
from trainables.storage.location import location


@pytest.fixture
def pinned(tmp_path):
    place = location(tmp_path / "storage")
    (place / "old").write(b"1")
    place.pin()
    yield place
    place.unpin()


def moved(place):
    place.rename(place.with_name("elsewhere"))


def replaced(place):
    moved(place)
    place.mkdir()


def deleted(place):
    shutil.rmtree(place)


ACTS = {
    "read": lambda place: (place / "old").read_bytes(),
    "write": lambda place: (place / "records" / "a.json").write(b"2"),
    "append": lambda place: (place / "logs" / "a.log").append(b"2"),
    "own": lambda place: (place / "running" / "a").acquire(),
    "list": lambda place: list((place / "records").stamps()),
    "verify": lambda place: place.verify(),
}


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("lose", [moved, replaced, deleted])
def test_everything_below_a_lost_location_is_refused_with_the_reason(pinned, lose, act):
    lose(pinned)
    with pytest.raises(StorageMovedError) as raised:
        ACTS[act](pinned)
    assert str(raised.value) == (
        f"{pinned}: the folder with which this process began was moved, deleted, replaced or unmounted; "
        "nothing more is written here"
    )
    assert not Path(pinned).exists() or list(Path(pinned).iterdir()) == []


def test_a_pinned_location_that_is_there_is_used_as_before(pinned):
    (pinned / "records" / "a.json").write(b"2")
    pinned.verify()
    assert (pinned / "records" / "a.json").read_bytes() == b"2"


def test_the_same_folder_by_another_path_is_no_other_folder(pinned, tmp_path):
    (tmp_path / "link").symlink_to(pinned)
    place = location(tmp_path / "link")
    place.pin()
    (place / "a").write(b"3")
    assert (pinned / "a").read_bytes() == b"3"
    place.unpin()


def test_what_was_absent_when_it_was_pinned_is_not_made(tmp_path):
    place = location(tmp_path / "absent")
    place.pin()
    with pytest.raises(StorageMovedError):
        (place / "a").write(b"1")
    place.unpin()
    (place / "a").write(b"1")
    assert (place / "a").read_bytes() == b"1"


def test_a_lost_location_is_refused_until_the_last_pin_is_undone(pinned):
    pinned.pin()
    replaced(pinned)
    pinned.unpin()
    with pytest.raises(StorageMovedError):
        pinned.verify()
