"""Sounds are served to browsers on this machine alone, whole or by range, and only those of a study's clips."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from analysis.dashboard.app import make_app
from analysis.dashboard.guard import Guard
from analysis.dashboard.sounds import NO_LIST, NoSoundError, Sounds
from analysis.dashboard.studies import Studies
from published_sounds import CLIPS, publish
from trainables.datasets.load import content_digest
from trainables.features.clip_sounds import ClipSounds
from trainables.published import PublishedDataSet
from trainables.storage.documents import to_bytes

if TYPE_CHECKING:
    from pathlib import Path

    from flask.testing import FlaskClient

    from factories import Builder


@pytest.fixture
def root(study: Builder, storage: Path, tmp_path: Path) -> Path:
    """Return the folder of the sounds of a study in the storage location."""
    study.baselines(1).write(storage)
    publish(storage, tmp_path / "sounds")
    return tmp_path / "sounds"


def client(storage: Path, guard: Guard | None = None) -> FlaskClient:
    """Ask without a network."""
    studies = Studies(storage, lambda *_: None, reader=ClipSounds())
    return make_app(studies, guard or Guard()).server.test_client()


@pytest.mark.parametrize(
    ("place", "kind"),
    [(0, "audio/wav"), (1, "audio/flac"), (2, "audio/ogg"), (3, "audio/mpeg")],
    ids=["wav", "flac", "ogg", "mp3"],
)
def test_a_sound_is_served_with_its_type(storage, root, place, kind):
    answer = client(storage).get(f"/sounds/best-t/{place}", buffered=True)
    assert (answer.status_code, answer.mimetype) == (200, kind)
    assert answer.data == (root / CLIPS[place].path).read_bytes()


def test_a_range_of_a_sound_is_served_alone(storage, root):
    answer = client(storage).get("/sounds/best-t/0", headers={"Range": "bytes=44-99"}, buffered=True)
    whole = (root / CLIPS[0].path).read_bytes()
    assert answer.status_code == 206
    assert answer.headers["Content-Range"] == f"bytes 44-99/{len(whole)}"
    assert answer.data == whole[44:100]


@pytest.mark.usefixtures("root")
def test_a_range_beyond_the_end_is_not_satisfiable(storage):
    assert client(storage).get("/sounds/best-t/0", headers={"Range": "bytes=9999999-"}).status_code == 416


@pytest.mark.usefixtures("root")
@pytest.mark.parametrize("address", ["192.0.2.7", "2001:db8::1", "::ffff:192.0.2.7", ""])
def test_a_browser_on_another_machine_hears_nothing_even_with_the_token(storage, address):
    asked = client(storage, Guard("a token of the server"))
    asked.set_cookie("gce_study_token_", "a token of the server")
    assert asked.get("/sounds/best-t/0", buffered=True).status_code == 200
    answer = asked.get("/sounds/best-t/0", environ_base={"REMOTE_ADDR": address})
    assert answer.status_code == 403
    assert "only in a browser on the machine that runs the dashboard" in answer.text


@pytest.mark.usefixtures("root")
@pytest.mark.parametrize("address", ["none/0", "best-t/4", "..%5c..%5cetc/0"])
def test_what_is_no_clip_of_a_study_is_not_found(storage, address):
    assert client(storage).get(f"/sounds/{address}").status_code == 404


@pytest.mark.usefixtures("root")
@pytest.mark.parametrize("address", ["train/a.wav", "..%2f..%2fsecret.wav", "%2fetc%2fpasswd", "-1", "0/../1"])
def test_a_path_in_place_of_a_number_leads_to_no_sound(storage, address):
    answer = client(storage).get(f"/sounds/best-t/{address}")
    assert (answer.mimetype, b"gce-study" in answer.data) == ("text/html", True)  # the page that finds no page there


def test_a_sound_that_is_not_on_this_machine_is_named(storage, root):
    (root / CLIPS[0].path).unlink()
    answer = client(storage).get("/sounds/best-t/0")
    assert answer.status_code == 404
    assert answer.text == f"gce-study: The sound of this clip is not on this machine: {root / CLIPS[0].path}.\n"


def test_a_storage_location_without_the_list_of_clips_states_so(study, storage):
    study.baselines(1).write(storage)
    answer = client(storage).get("/sounds/best-t/0")
    assert (answer.status_code, answer.text) == (404, f"gce-study: {NO_LIST}\n")


@pytest.mark.parametrize("clips", [7, [7], [[]], {"a": "b"}])
def test_a_list_of_clips_of_another_form_leads_to_no_sound(study, storage, tmp_path, clips):
    study.baselines(1).write(storage)
    publish(storage, tmp_path).write_bytes(to_bytes(PublishedDataSet(frames="0" * 20, manifest={"clips": clips})))
    assert client(storage).get("/sounds/best-t/0").status_code == 404


@pytest.mark.usefixtures("root")
def test_a_file_that_is_no_sound_by_its_name_is_not_served(storage, tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("nobody may read this")
    path = publish(storage, tmp_path, [replace(CLIPS[0], path="rain.wav")])
    listed = json.loads(path.read_bytes())["manifest"]
    listed["clips"][0][0], listed["digests"] = "secret.txt", [content_digest(secret)]
    path.write_bytes(to_bytes(PublishedDataSet(frames="0" * 20, manifest=listed)))
    answer = client(storage).get("/sounds/best-t/0")
    assert answer.status_code == 404
    assert "nobody" not in answer.text


@pytest.mark.usefixtures("root")
def test_pages_may_play_sounds_of_this_server_only(storage):
    assert "media-src 'self';" in client(storage).get("/").headers["Content-Security-Policy"]
    answer = client(storage).get("/sounds/best-t/0", buffered=True)
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"


@pytest.mark.usefixtures("root")
def test_a_spectrogram_is_computed_once(study, storage):
    reads = []

    class Counting(ClipSounds):
        def spectrogram(self, published, place, features):
            reads.append(place)
            return super().spectrogram(published, place, features)

    sounds = Sounds(storage, Counting())
    first, second = (sounds.spectrogram(study.plan(), 0) for _ in range(2))
    assert first is second
    assert reads == [0]


@pytest.mark.usefixtures("root")
def test_only_the_latest_spectrograms_are_kept(study, storage, monkeypatch):
    monkeypatch.setattr("analysis.dashboard.sounds.KEPT", 2)
    sounds = Sounds(storage, ClipSounds())
    first, second, _ = (sounds.spectrogram(study.plan(), place) for place in range(3))
    assert sounds.spectrogram(study.plan(), 1) is second
    assert sounds.spectrogram(study.plan(), 0) is not first


@pytest.mark.usefixtures("root")
def test_the_list_of_clips_is_read_again_when_it_changes(study, storage, tmp_path):
    sounds = Sounds(storage, ClipSounds())
    file, path = sounds.open(study.plan(), 0)
    file.close()
    assert path == CLIPS[0].path
    publish(storage, tmp_path / "others", [replace(CLIPS[0], path="other.wav")])
    file, path = sounds.open(study.plan(), 0)
    file.close()
    assert path == "other.wav"


@pytest.mark.usefixtures("root")
def test_without_a_reader_no_sound_is_opened(study, storage):
    with pytest.raises(NoSoundError, match="cannot read sounds"):
        Sounds(storage, None).open(study.plan(), 0)
