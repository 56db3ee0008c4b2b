"""Archives whose MD5 sums only Zenodo knows, in parts and as tar files, against a real server that speaks its API."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import tarfile
from hashlib import md5
from typing import TYPE_CHECKING
from zipfile import ZipFile

import pooch
import pytest

from trainables.datasets.config import KINDS
from trainables.datasets.fetching import archives
from trainables.datasets.fetching.fetch import FETCHED, SUMS, Archive, fetch
from trainables.datasets.fetching.releases import RELEASES
from trainables.datasets.manifest import DataSetError

if TYPE_CHECKING:
    from pathlib import Path

    from file_server import Server

RECORD = 5117901


def sum_of(data: bytes) -> str:
    return md5(data, usedforsecurity=False).hexdigest()


def a_zip(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with ZipFile(buffer, "w") as zipped:
        for name, content in members.items():
            zipped.writestr(f"top/{name}", content)
    return buffer.getvalue()


def a_tar(*members: tarfile.TarInfo) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for member in members:
            member.size = 4 if member.isfile() else 0
            tar.addfile(member, io.BytesIO(b"abcd"))
    return buffer.getvalue()


def named(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, link
    return member


def failure(root: Path, *wanted: Archive) -> str:
    with pytest.raises(DataSetError) as caught:
        fetch(root, wanted, progress=False)
    return "\n".join(caught.value.problems)


@pytest.fixture
def zenodo(server: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    """Let pooch ask the server in place of doi.org and zenodo.org."""
    monkeypatch.setattr(pooch.downloaders, "doi_to_url", lambda doi, **_: f"https://zenodo.org/records/{doi[-7:]}")
    monkeypatch.setattr(pooch.downloaders.ZenodoRepository, "base_api_url", f"{server.url}api/records")
    return server


def publish(server: Server, **files: bytes) -> None:
    """Put files on the server, and into the record."""
    listed = []
    for name, content in files.items():
        server.files[name] = content
        link = f"{server.url}api/records/{RECORD}/files/{name}/content"
        listed.append(
            {"key": name, "size": len(content), "checksum": f"md5:{sum_of(content)}", "links": {"self": link}}
        )
    server.files[f"api/records/{RECORD}"] = json.dumps({"id": RECORD, "files": listed}).encode()


def test_sums_come_from_the_record_and_are_written_down(zenodo: Server, tmp_path: Path) -> None:
    publish(zenodo, **{"top.zip": a_zip(a=b"1"), "more.zip": b"x"})
    archive = Archive("top.zip", zenodo.url, {}, RECORD)
    assert fetch(tmp_path, [archive], progress=False) == ["top.zip"]
    assert (tmp_path / "top/a").read_bytes() == b"1"
    assert (tmp_path / SUMS).read_text() == f"{sum_of(zenodo.files['top.zip'])}  top.zip\n"
    assert not (tmp_path / "top.zip").exists()
    asked = len(zenodo.requests)
    assert fetch(tmp_path, [archive], progress=False) == []
    assert len(zenodo.requests) == asked


def test_a_file_that_differs_from_the_record_is_refused(zenodo: Server, tmp_path: Path) -> None:
    publish(zenodo, **{"top.zip": a_zip(a=b"1")})
    zenodo.files["top.zip"] = a_zip(a=b"2")
    assert "not the official file" in failure(tmp_path, Archive("top.zip", zenodo.url, {}, RECORD))
    assert not (tmp_path / "top").exists()


def test_a_sum_that_was_written_down_holds_later(zenodo: Server, tmp_path: Path) -> None:
    publish(zenodo, **{"top.zip": a_zip(a=b"1")})
    archive = Archive("top.zip", zenodo.url, {}, RECORD)
    fetch(tmp_path, [archive], progress=False)
    shutil.rmtree(tmp_path / "top")
    publish(zenodo, **{"top.zip": a_zip(a=b"2")})
    assert "not the official file" in failure(tmp_path, archive)


@pytest.mark.parametrize("answer", [b"", b"<html>", b'{"status": 429, "message": "too many requests"}', b"[]"])
def test_a_record_that_cannot_be_read_is_one_line(zenodo: Server, tmp_path: Path, answer: bytes) -> None:
    publish(zenodo, **{"top.zip": a_zip(a=b"1")})
    zenodo.files[f"api/records/{RECORD}"] = answer
    message = failure(tmp_path, Archive("top.zip", zenodo.url, {}, RECORD))
    assert message.startswith(f"Zenodo record {RECORD} cannot be read (")
    assert "\n" not in message


def test_an_archive_from_elsewhere_has_the_sum_of_what_came(server: Server, tmp_path: Path) -> None:
    server.files["master.zip"] = a_zip(a=b"1")
    assert fetch(tmp_path, [Archive("master.zip", server.url, {}, top="top")], progress=False) == ["master.zip"]
    assert (tmp_path / SUMS).read_text() == f"{sum_of(server.files['master.zip'])}  master.zip\n"
    assert fetch(tmp_path, [Archive("master.zip", server.url, {}, top="top")], progress=False) == []


@pytest.mark.skipif(shutil.which("zip") is None, reason="zip is not installed")
def test_a_zip_in_parts_is_joined_and_unpacked(zenodo: Server, tmp_path: Path) -> None:
    sounds = {f"{i}.wav": bytes(range(256)) * 300 for i in range(4)}
    made = tmp_path / "made"
    (made / "top").mkdir(parents=True)
    for name, content in sounds.items():
        (made / "top" / name).write_bytes(content)
    subprocess.run(["zip", "-q", "-0", "-r", "-s", "100k", "top.zip", "top"], cwd=made, check=True)  # noqa: S607
    parts = sorted(path.name for path in made.glob("top.z*"))
    assert len(parts) > 2
    publish(zenodo, **{name: (made / name).read_bytes() for name in parts})
    root = tmp_path / "root"
    archive = Archive("top.zip", zenodo.url, {}, RECORD, tuple(name for name in parts if name != "top.zip"))
    assert fetch(root, [archive], progress=False) == ["top.zip"]
    assert {path.name: path.read_bytes() for path in (root / "top").iterdir()} == sounds
    assert sorted(p.name for p in root.iterdir() if p.name[0] != ".") == [SUMS, "top"]
    assert FETCHED in {p.name for p in root.iterdir()}


def test_parts_that_do_not_fit_are_refused(zenodo: Server, tmp_path: Path) -> None:
    if shutil.which("zip") is None:
        pytest.skip("zip is not installed")
    publish(zenodo, **{"top.z01": b"x" * 50, "top.zip": a_zip(a=b"1")[:-30]})
    assert "its parts cannot be joined" in failure(tmp_path, Archive("top.zip", zenodo.url, {}, RECORD, ("top.z01",)))


def test_without_the_program_that_joins_nothing_is_fetched(
    zenodo: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "JOINER", "no-such-program")
    message = failure(tmp_path, Archive("top.zip", zenodo.url, {}, RECORD, ("top.z01",)))
    assert message.startswith("top.zip is a split zip file, which the program no-such-program joins: install it")
    assert zenodo.requests == []


def test_a_tar_file_is_unpacked(server: Server, tmp_path: Path) -> None:
    server.files["top.tar.gz"] = a_tar(named("top", tarfile.DIRTYPE), named("top/a.wav"), named("top/b/c.wav"))
    archive = Archive("top.tar.gz", server.url, {"top.tar.gz": sum_of(server.files["top.tar.gz"])}, top="top")
    assert fetch(tmp_path, [archive], progress=False) == ["top.tar.gz"]
    assert (tmp_path / "top/b/c.wav").read_bytes() == b"abcd"
    assert not (tmp_path / SUMS).exists()


@pytest.mark.parametrize(
    ("member", "problem"),
    [
        (named("top/../../evil"), "leaves the folder ('..')"),
        (named("/top/evil"), "is absolute"),
        (named("other/a.wav"), "is not in the folder top"),
        (named("top/link", tarfile.SYMTYPE, "/etc/passwd"), "is neither a file nor a folder"),
        (named("top/link", tarfile.LNKTYPE, "top/a.wav"), "is neither a file nor a folder"),
        (named("top/pipe", tarfile.FIFOTYPE), "is neither a file nor a folder"),
        (named("top/a.wav"), "occurs 2 times"),
    ],
)
def test_an_unsafe_member_of_a_tar_file_is_refused(tmp_path: Path, member: tarfile.TarInfo, problem: str) -> None:
    (tmp_path / "top.tar.gz").write_bytes(a_tar(named("top/a.wav"), member))
    with pytest.raises(DataSetError) as caught:
        archives.extract(tmp_path / "top.tar.gz", tmp_path, "top")
    assert caught.value.problems == [f"top.tar.gz: member '{member.name}' {problem}"]
    assert [path.name for path in tmp_path.iterdir()] == ["top.tar.gz"]


@pytest.mark.parametrize("keep", [0, 10, 60])
def test_a_damaged_tar_file_is_refused(tmp_path: Path, keep: int) -> None:
    (tmp_path / "top.tar.gz").write_bytes(a_tar(*(named(f"top/{i}.wav") for i in range(20)))[:keep])
    with pytest.raises(DataSetError, match=r"top\.tar\.gz: damaged: "):
        archives.extract(tmp_path / "top.tar.gz", tmp_path, "top")


def test_every_published_kind_can_be_fetched() -> None:
    others = {"csv", "folder", "synthetic"}
    assert set(RELEASES) == set(KINDS) - others
    assert all(len(value) == 32 for release in RELEASES.values() for a in release for value in a.md5.values())
    assert all(a.md5 or a.record or a.name == "master.zip" for release in RELEASES.values() for a in release)
