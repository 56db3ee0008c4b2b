"""Fetching, against a real server on the loopback interface that knows ranges and can cut a connection."""

from __future__ import annotations

import errno
import io
import json
import re
import shutil
import time
from collections import namedtuple
from hashlib import md5
from typing import TYPE_CHECKING
from zipfile import ZipFile

import pytest

from trainables.datasets.fetching import fetch as fetching
from trainables.datasets.fetching.download import LOCK, Resume, locked
from trainables.datasets.kinds.fsdnoisy18k import URL, ZIPS, Zip, archives
from trainables.datasets.manifest import DataSetError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from file_server import Server

TRAIN = "fname,label,aso_id,manually_verified,noisy_small\n"


def fetch(root: Path, base_url: str = URL, *, progress: bool, zips: Mapping[str, Zip] = ZIPS) -> list[str]:
    """Fetch FSDnoisy18k, or what stands for it, from a server."""
    return fetching.fetch(root, archives(base_url, zips), progress=progress)


def offer(server: Server, name: str, members: Mapping[str, bytes]) -> Zip:
    buffer = io.BytesIO()
    with ZipFile(buffer, "w") as zipped:
        for member, data in members.items():
            zipped.writestr(member, data)
    server.files[name] = buffer.getvalue()
    return Zip(md5(buffer.getvalue()).hexdigest(), len(buffer.getvalue()), sum(map(len, members.values())))  # noqa: S324


@pytest.fixture
def release(server: Server) -> dict[str, Zip]:
    audio = {f"FSDnoisy18k.audio_train/{i}.wav": bytes([i]) * 5_000 for i in range(20)}
    meta = {"FSDnoisy18k.meta/": b"", "FSDnoisy18k.meta/train.csv": TRAIN.encode(), "__MACOSX/x": b"x"}
    return {
        name: offer(server, name, m)
        for name, m in {"FSDnoisy18k.meta.zip": meta, "FSDnoisy18k.audio_train.zip": audio}.items()
    }


def failure(call: Callable[[], object]) -> str:
    with pytest.raises(DataSetError) as caught:
        call()
    assert len(caught.value.problems) == 1
    return caught.value.problems[0]


def names(root: Path) -> list[str]:
    return sorted(p.name for p in root.iterdir() if p.name != LOCK)


def test_fetch_unpacks_and_removes_the_zips(tmp_path: Path, server: Server, release: dict[str, Zip]) -> None:
    assert fetch(tmp_path, server.url, progress=False, zips=release) == list(release)
    assert names(tmp_path) == [".fetched.json", "FSDnoisy18k.audio_train", "FSDnoisy18k.meta"]
    assert len(names(tmp_path / "FSDnoisy18k.audio_train")) == 20
    assert (tmp_path / "FSDnoisy18k.audio_train/7.wav").read_bytes() == bytes([7]) * 5_000


def test_what_is_there_is_not_fetched_again(tmp_path: Path, server: Server, release: dict[str, Zip]) -> None:
    fetch(tmp_path, server.url, progress=False, zips=release)
    server.requests.clear()
    assert fetch(tmp_path, server.url, progress=False, zips=release) == []
    assert server.requests == []
    (tmp_path / "FSDnoisy18k.meta/train.csv").unlink()
    assert fetch(tmp_path, server.url, progress=False, zips=release) == ["FSDnoisy18k.meta.zip"]


def test_lost_connections_are_taken_up_where_they_stopped(
    tmp_path: Path, server: Server, release: dict[str, Zip]
) -> None:
    server.cut_after = 30_000
    fetch(tmp_path, server.url, progress=False, zips=release)
    starts = [w for m, name, w in server.requests if m == "GET" and name == "FSDnoisy18k.audio_train.zip"]
    assert starts == [None, "bytes=30000-", "bytes=60000-", "bytes=90000-"]
    assert len(names(tmp_path / "FSDnoisy18k.audio_train")) == 20


def test_an_interrupted_process_is_continued_by_the_next(
    tmp_path: Path, server: Server, release: dict[str, Zip], monkeypatch: pytest.MonkeyPatch
) -> None:
    server.cut_after = 40_000

    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(time, "sleep", interrupt)
        with pytest.raises(KeyboardInterrupt):
            fetch(tmp_path, server.url, progress=False, zips=release)
    assert (tmp_path / "FSDnoisy18k.audio_train.zip.part").stat().st_size == 40_000
    server.cut_after = None
    server.requests.clear()
    assert fetch(tmp_path, server.url, progress=False, zips=release) == ["FSDnoisy18k.audio_train.zip"]
    assert ("GET", "FSDnoisy18k.audio_train.zip", "bytes=40000-") in server.requests
    assert names(tmp_path) == [".fetched.json", "FSDnoisy18k.audio_train", "FSDnoisy18k.meta"]


def test_a_server_without_ranges_is_asked_from_the_beginning(
    tmp_path: Path, server: Server, release: dict[str, Zip]
) -> None:
    server.ranges = False
    (tmp_path / "FSDnoisy18k.audio_train.zip.part").write_bytes(b"x" * 1_000)
    fetch(tmp_path, server.url, progress=False, zips=release)
    assert len(names(tmp_path / "FSDnoisy18k.audio_train")) == 20


def test_a_part_that_is_whole_already_is_used(tmp_path: Path, server: Server, release: dict[str, Zip]) -> None:
    name = "FSDnoisy18k.audio_train.zip"
    (tmp_path / f"{name}.part").write_bytes(server.files[name])
    fetch(tmp_path, server.url, progress=False, zips=release)
    assert [w for m, n, w in server.requests if (m, n) == ("GET", name)] == [f"bytes={len(server.files[name])}-"]


def test_a_part_longer_than_the_file_is_thrown_away(tmp_path: Path, server: Server, release: dict[str, Zip]) -> None:
    name = "FSDnoisy18k.audio_train.zip"
    (tmp_path / f"{name}.part").write_bytes(server.files[name] + b"more")
    assert len(fetch(tmp_path, server.url, progress=False, zips=release)) == 2


def test_a_server_that_sends_nothing_is_given_up(tmp_path: Path, server: Server, release: dict[str, Zip]) -> None:
    server.cut_after = 0
    message = failure(lambda: fetch(tmp_path, server.url, progress=False, zips=release))
    assert (
        message == f"{server.url}FSDnoisy18k.meta.zip: interrupted after 0 bytes (the connection was closed); "
        "the same command continues there"
    )


def test_a_missing_file_on_the_server(tmp_path: Path, server: Server, release: dict[str, Zip]) -> None:
    del server.files["FSDnoisy18k.meta.zip"]
    message = failure(lambda: fetch(tmp_path, server.url, progress=False, zips=release))
    assert message == f"{server.url}FSDnoisy18k.meta.zip: the server answered 404 Not Found"


def test_a_busy_server_is_asked_again(tmp_path: Path, server: Server, release: dict[str, Zip]) -> None:
    server.busy = 3
    assert len(fetch(tmp_path, server.url, progress=False, zips=release)) == 2
    server.busy = 5
    message = failure(lambda: fetch(tmp_path / "b", server.url, progress=False, zips=release))
    assert "interrupted after 0 bytes (the server answered 503 Service Unavailable)" in message


def test_a_disk_that_fills_up_is_not_taken_for_a_lost_connection(
    tmp_path: Path, server: Server, release: dict[str, Zip], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Resume, "_copy", full)
    message = failure(lambda: fetch(tmp_path, server.url, progress=False, zips=release))
    assert message == f"{tmp_path}/FSDnoisy18k.meta.zip.part: cannot be written: No space left on device"


def test_what_a_killed_process_left_behind_is_cleared(tmp_path: Path, server: Server, release: dict[str, Zip]) -> None:
    (tmp_path / ".unpacking-abc" / "FSDnoisy18k.meta").mkdir(parents=True)
    fetch(tmp_path, server.url, progress=False, zips=release)
    assert names(tmp_path) == [".fetched.json", "FSDnoisy18k.audio_train", "FSDnoisy18k.meta"]


def test_an_address_that_is_not_http(tmp_path: Path, release: dict[str, Zip]) -> None:
    assert "only http and https" in failure(lambda: fetch(tmp_path, "file:///etc/", progress=False, zips=release))


def test_a_wrong_md5_is_refused_and_leaves_nothing(tmp_path: Path, server: Server, release: dict[str, Zip]) -> None:
    server.files["FSDnoisy18k.meta.zip"] += b"x"
    message = failure(lambda: fetch(tmp_path, server.url, progress=False, zips=release))
    assert message.startswith(f"{server.url}FSDnoisy18k.meta.zip: not the official file: MD5 hash")
    assert release["FSDnoisy18k.meta.zip"].md5 in message
    assert names(tmp_path) == []


def test_too_little_disk_is_said_before_anything_is_fetched(
    tmp_path: Path, server: Server, release: dict[str, Zip], monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")  # noqa: PYI024 -- what shutil.disk_usage answers with
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**9, 10**9, 100_000))
    message = failure(lambda: fetch(tmp_path / "new", server.url, progress=False, zips=release))
    assert re.search(
        r"fetching and unpacking FSDnoisy18k.meta.zip, FSDnoisy18k.audio_train.zip needs .+, 100.0 kB are free", message
    )
    assert {m for m, _, _ in server.requests} == {"HEAD"}
    assert names(tmp_path / "new") == []


def test_the_real_release_needs_about_26_gigabytes(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")  # noqa: PYI024
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(0, 0, 20 * 10**9))
    assert "needs 26.2 GB, 20.0 GB are free" in failure(lambda: fetch(tmp_path, server.url, progress=False))


def test_a_second_fetch_into_the_same_folder_is_refused(
    tmp_path: Path, server: Server, release: dict[str, Zip]
) -> None:
    with locked(tmp_path):
        message = failure(lambda: fetch(tmp_path, server.url, progress=False, zips=release))
    assert message == f"{tmp_path}: another process is fetching into this folder; wait until it has ended"
    assert server.requests == []
    assert len(fetch(tmp_path, server.url, progress=False, zips=release)) == 2


def test_an_unreadable_note_of_what_was_fetched_is_ignored(
    tmp_path: Path, server: Server, release: dict[str, Zip]
) -> None:
    (tmp_path / fetching.FETCHED).write_text("{")
    assert len(fetch(tmp_path, server.url, progress=True, zips=release)) == 2
    assert set(json.loads((tmp_path / fetching.FETCHED).read_text())) == set(release)
