"""A place in an object store: a path's answers, and patience with the store. S3 is played by moto's server."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from trainables.storage import object_store
from trainables.storage.location import location


def said(caplog):
    return [record.getMessage() for record in caplog.records if record.name == object_store.__name__]


def once_said(caplog, what, *arguments):
    """Do something when the first message is there."""

    def wait():
        end = time.monotonic() + 60
        while not said(caplog) and time.monotonic() < end:
            time.sleep(0.02)
        what(*arguments)

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def fill(folder, names):
    for name in names:
        (folder / name).write(name.encode())


@pytest.mark.parametrize("kind", ["folder", "object store"])
def test_what_is_asked_of_a_storage_location_is_answered_alike(kind, tmp_path, bucket):
    storage = tmp_path / "there" if kind == "folder" else bucket
    assert not storage.exists()
    assert not storage.is_dir()
    assert list((storage / "records").glob("*.json")) == []
    assert (storage / "records").stamps() == {}
    fill(storage, ["records/b.json", "records/a.json", "records/damaged/c.json", "studies/s/plan.json", "records/x"])
    assert storage.is_dir()
    assert (storage / "records" / "a.json").exists()
    assert (storage / "records" / "a.json").read_bytes() == b"records/a.json"
    assert sorted(p.stem for p in (storage / "records").glob("*.json")) == ["a", "b"]
    assert [str(p) for p in (storage / "studies").glob("*/plan.json")] == [f"{storage}/studies/s/plan.json"]
    assert {"a.json", "b.json", "x"} <= (storage / "records").stamps().keys()
    path = storage / "records" / "a.json"
    assert (path.name, path.stem, str(path.parent), path.with_name("d.json").name) == (
        *("a.json", "a", f"{storage}/records", "d.json"),
    )
    path.move_to(storage / "records" / "damaged" / "a.json")
    assert not path.exists()
    assert (storage / "records" / "damaged" / "a.json").read_bytes() == b"records/a.json"
    path.unlink(missing_ok=True)
    with pytest.raises(FileNotFoundError) as error:
        path.read_bytes()
    assert str(path) in str(error.value)
    with pytest.raises(FileNotFoundError):
        path.stamp()


@pytest.mark.parametrize("kind", ["folder", "object store"])
def test_a_stamp_changes_with_the_content_and_only_with_it(kind, tmp_path, bucket):
    storage = tmp_path if kind == "folder" else bucket
    (storage / "a").write(b"1")
    before = (storage / "a").stamp()
    assert (storage / "a").stamp() == before == storage.stamps()["a"]
    (storage / "a").write(b"2")
    assert (storage / "a").stamp() != before


def test_of_many_that_create_an_object_at_once_one_does(bucket):
    won = []

    def create(number, index):
        if (bucket / f"{number}").create(f"by {index}".encode()):
            won.append((number, f"by {index}".encode()))

    for number in range(20):
        threads = [threading.Thread(target=create, args=(number, index)) for index in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert [number for number, _ in won] == list(range(20))
    assert [(bucket / f"{number}").read_bytes() for number, _ in won] == [content for _, content in won]


def test_an_object_that_was_created_by_a_first_attempt_without_an_answer_counts_as_created(bucket):
    (bucket / "a").write(b"by me")
    assert (bucket / "a").create(b"by me")
    assert not (bucket / "a").create(b"by another")


@pytest.mark.parametrize("mode", ["closed", "busy"])
def test_an_outage_is_waited_for_and_said_once(mode, bucket, front, monkeypatch, caplog):
    monkeypatch.setattr(object_store, "QUIET_S", 0.2)
    front.set(mode)
    opening = once_said(caplog, front.set, "open")
    (bucket / "a").write(b"1")
    opening.join()
    assert (bucket / "a").read_bytes() == b"1"
    first, last = said(caplog)
    assert first.startswith(f"{bucket}/a: the storage location cannot be reached (")
    assert first.endswith("; trying again for up to 15 minutes; nothing is lost")
    assert last == f"{bucket}/a: the storage location answers again"


def test_an_outage_that_does_not_end_is_an_error_that_names_the_place(bucket, front, monkeypatch):
    monkeypatch.setattr(object_store, "OUTAGE_S", 1.5)
    front.set("closed")
    with pytest.raises(OSError, match=f"{bucket}/a: the storage location cannot be reached"):
        (bucket / "a").read_bytes()


def test_what_is_not_worth_waiting_for_is_given_up_soon(bucket, front, monkeypatch):
    monkeypatch.setattr(object_store, "HASTY_S", 0.5)
    front.set("closed")
    began = time.monotonic()
    with pytest.raises(OSError, match="cannot be reached"):
        (bucket.hasty() / "a").write(b"1")
    assert time.monotonic() - began < 60


def test_a_full_disk_of_this_machine_is_no_outage(bucket):
    (bucket / "a").write(b"1")
    with pytest.raises(OSError, match="No space left on device"):
        (bucket / "a").download(Path("/dev/full"))


def test_credentials_that_never_worked_are_an_error_at_once(bucket, front):
    front.refused = "first"
    began = time.monotonic()
    with pytest.raises(OSError, match="the credentials have expired"):
        (location(str(bucket)) / "a").write(b"1")
    assert time.monotonic() - began < 60  # and not for hours


@pytest.mark.parametrize("proven", [True, False])
def test_credentials_that_expire_are_waited_for_until_new_ones_are_there(proven, bucket, front, monkeypatch, caplog):
    """Also by a process that begins meanwhile, where another one has used the store."""
    monkeypatch.setattr(object_store, "QUIET_S", 0.2)
    storage = location(str(bucket), proven=proven)
    if not proven:
        (storage / "a").write(b"1")
    credentials = Path(os.environ["AWS_SHARED_CREDENTIALS_FILE"])
    before = credentials.read_text()
    front.refused = "first"
    front.set("open")  # the connections that stand were let in
    renewing = once_said(caplog, credentials.write_text, before.replace("first", "second"))
    try:
        (storage / "a").write(b"2")
        assert (storage / "a").read_bytes() == b"2"
    finally:
        renewing.join()
        credentials.write_text(before)
        type(storage._store.fs).clear_instance_cache()
    first, last = said(caplog)
    assert first.startswith(f"{bucket}/a: the credentials have expired (")
    assert first.endswith("; waiting up to 12 h for credentials that work; nothing is lost")
    assert last.endswith("the storage location answers again")


def test_who_may_read_and_not_write_is_told_so_within_the_time_of_an_outage(bucket, front, monkeypatch):
    monkeypatch.setattr(object_store, "OUTAGE_S", 1.0)
    (bucket / "a").write(b"1")
    front.denied = "PUT"
    front.set("open")
    began = time.monotonic()
    with pytest.raises(OSError, match=f"{bucket}/a: access is refused \\(Access Denied"):
        (bucket / "a").write(b"2")
    assert time.monotonic() - began < 60
    assert (bucket / "a").read_bytes() == b"1"


@pytest.mark.usefixtures("bucket")
def test_a_bucket_that_is_not_there_is_an_error_at_once():
    with pytest.raises(FileNotFoundError, match="No such bucket: 's3://nobody-made-this/a'"):
        location("s3://nobody-made-this/a").write(b"1")
    with pytest.raises(FileNotFoundError, match="No such bucket"):
        list(location("s3://nobody-made-this/a").glob("*"))


@pytest.mark.parametrize("text", ["s3://", "s3://B/x", "s3://bucket/a b", "s3://bucket//a", "s3://bucket/../a"])
def test_a_url_of_another_form_is_refused(text):
    with pytest.raises(ValueError, match="is not allowed; allowed: a folder, or s3://BUCKET/PREFIX"):
        location(text)


@pytest.mark.slow
def test_without_the_packages_one_message_says_what_to_install():
    code = "import sys; sys.modules['s3fs'] = None; import study.cli; study.cli.main(['list', '--storage', 's3://bucket/x'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "object storage needs packages that are not installed" in done.stderr
    assert "pip install -c constraints.txt '.[cluster]'" in done.stderr
    assert "Traceback" not in done.stderr
