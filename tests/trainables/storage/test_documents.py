"""Documents: their checksum, the version of their schema, and what is damage and what is not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import Field

from trainables.storage.documents import DamagedError, Document, OtherVersionError, Part, parse, read_document, to_bytes

if TYPE_CHECKING:
    from trainables.storage.folder_location import FolderLocation


class Inner(Part):
    number: float


class Note(Document):
    SCHEMA = 3

    text: str
    inner: Inner
    count: int = 5
    extra: dict[str, float] = Field(default_factory=dict)


NOTE = Note(text="é\n", inner=Inner(number=0.1), extra={"a": float("nan")})


def old(**changes: Any) -> bytes:
    """Return a note as it was written before there were versions and checksums."""
    return json.dumps({"text": "t", "inner": {"number": 1.5}} | changes).encode()


def test_a_document_is_read_as_it_was_written(tmp_path: FolderLocation) -> None:
    (tmp_path / "a.json").write(to_bytes(NOTE))
    again = read_document(tmp_path / "a.json", Note)
    assert repr(again) == repr(NOTE)
    assert to_bytes(again) == to_bytes(NOTE)


def test_a_document_starts_with_its_checksum_and_its_schema() -> None:
    assert list(json.loads(to_bytes(NOTE)))[:3] == ["checksum", "schema_version", "text"]
    assert json.loads(to_bytes(NOTE))["schema_version"] == 3


def test_every_flipped_bit_is_noticed_or_changes_nothing() -> None:
    data = to_bytes(NOTE)
    for place in range(len(data)):
        for bit in range(8):
            flipped = bytearray(data)
            flipped[place] ^= 1 << bit
            try:
                assert repr(parse(bytes(flipped), Note, "a.json")) == repr(NOTE)
            except DamagedError as error:
                assert str(error).startswith("a.json: damaged: ")  # noqa: PT017 -- either outcome is right


@pytest.mark.parametrize("keep", [0, 1, 20, 100, -1])
def test_a_torn_document_is_damaged(keep: int) -> None:
    with pytest.raises(DamagedError, match=r"^a\.json: damaged: "):
        parse(to_bytes(NOTE)[:keep], Note, "a.json")


@pytest.mark.parametrize("data", [b"[]", b"3", b"{}", b"null", b"\xff", old(text=3), old(inner=None), old()[:-1]])
def test_what_does_not_fit_without_a_checksum_is_damaged(data: bytes) -> None:
    with pytest.raises(DamagedError):
        parse(data, Note, "a.json")


def test_a_document_without_version_and_checksum_is_read_by_the_defaults() -> None:
    note = parse(old(), Note, "a.json")
    assert (note.text, note.inner.number, note.count) == ("t", 1.5, 5)


def test_an_unknown_key_of_the_same_schema_is_ignored_at_every_level() -> None:
    note = parse(old(colour="red", inner={"number": 1.5, "unit": "s"}), Note, "a.json")
    assert note == parse(old(), Note, "a.json")


def test_what_is_read_is_written_in_the_present_schema() -> None:
    note = parse(old(schema_version=2), Note, "a.json")
    assert json.loads(to_bytes(note))["schema_version"] == 3


@pytest.mark.parametrize("more", [{}, {"text": 5}, {"inner": {}}, {"colour": "red"}])
def test_a_newer_document_is_refused_with_what_to_install_whatever_it_holds(more: dict[str, Any]) -> None:
    with pytest.raises(OtherVersionError) as error:
        parse(old(schema_version=4, **more), Note, "a.json")
    assert error.value.problems == [
        (
            "a.json: written by a newer version of gce-study (schema 4; this version reads up to 3); it is left as it "
            "is: install the newer version to use it"
        )
    ]


def test_an_older_document_that_lacks_a_key_without_a_default_is_of_another_version_and_not_damaged() -> None:
    with pytest.raises(OtherVersionError, match=r"another version of gce-study \(no key inner\); it is left as it is"):
        parse(b'{"text": "t"}', Note, "a.json")


def test_an_intact_document_that_does_not_fit_is_of_another_version() -> None:
    class Other(Document):
        text: int
        inner: str

    with pytest.raises(OtherVersionError, match=r"text: .*; it is left as it is"):
        parse(to_bytes(Other(text=1, inner="x")), Note, "a.json")


def test_many_problems_are_counted(tmp_path: FolderLocation) -> None:
    (tmp_path / "a.json").write(old(extra=dict.fromkeys("abcde", "x")))
    with pytest.raises(DamagedError, match=r"extra\.a: .*; extra\.b: .*; extra\.c: .*; and 2 more"):
        read_document(tmp_path / "a.json", Note)
