"""The sounds of a study's clips, played and drawn only for browsers on this machine, because sounds may be private."""

from __future__ import annotations

import threading
from collections import OrderedDict
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol
from urllib.parse import quote

from flask import Response, request
from werkzeug.exceptions import RequestedRangeNotSatisfiable
from werkzeug.wsgi import wrap_file

from analysis.dashboard.guard import is_loopback, refused
from analysis.figures.label_audit.spectrogram import Spectrogram, spectrogram
from trainables.published import PublishedDataSet, published_paths
from trainables.storage.documents import DamagedError, read_document

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from flask import Flask

    from analysis.plotting.figure import Figure
    from analysis.statistics.arrays import Floats
    from trainables.feature_settings import Features
    from trainables.plans import StudyPlan
    from trainables.storage.types import Location, Stamp

TYPES = {".wav": "audio/wav", ".flac": "audio/flac", ".ogg": "audio/ogg", ".mp3": "audio/mpeg"}
KEPT = 32  # spectrograms that are kept in memory, of about 200 kB each: an open page is made every two seconds
ELSEWHERE = "Sounds are played only in a browser on the machine that runs the dashboard; ssh -L counts as one."
UNDECODED = "This dashboard cannot read sounds."
NO_LIST = "The storage location does not keep the list of this study's clips, so that no sound can be found."


class NoSoundError(Exception):
    """The sound of a clip cannot be played or drawn here; the message is a sentence that states why."""


class SoundReader(Protocol):
    """Reads sounds, which ``analysis`` cannot: ``trainables.features.clip_sounds.ClipSounds``."""

    def open(self, published: Mapping[str, Any], place: int) -> BinaryIO:
        """Open the file of a clip; raise OSError with a sentence if it cannot be."""

    def spectrogram(self, published: Mapping[str, Any], place: int, features: Features) -> tuple[Floats, Floats, float]:
        """Return the fields of a ``Spectrogram``; raise OSError with a sentence if the clip cannot be read."""


class Sounds:
    """The sounds of a storage location's data sets. Safe to share between threads."""

    def __init__(self, storage: Location, reader: SoundReader | None) -> None:
        """Set the storage location, and what reads sounds; None if nothing does."""
        self._storage, self._reader = storage, reader
        self._lock = threading.Lock()
        self._published: dict[Location, tuple[Stamp, dict[str, Any], dict[str, int]]] = {}
        self._drawn: OrderedDict[tuple[str, Features, int], Figure] = OrderedDict()

    def open(self, plan: StudyPlan, place: int) -> tuple[BinaryIO, str]:
        """Open the file of a clip, and return it with its path in the data set.

        Args:
            plan: the study's plan.
            place: the clip's place in the manifest of the data set, from 0.

        Raises:
            NoSoundError: it cannot be played here.

        """
        reader, published, _ = self._parts(plan)
        try:
            return reader.open(published, place), str(published["clips"][place][0])
        except OSError as error:
            raise NoSoundError(str(error)) from None

    def spectrogram(self, plan: StudyPlan, place: int) -> Figure:
        """Draw the spectrogram of a clip, by the settings of the study's features; the latest ones are kept.

        Raises:
            NoSoundError: it cannot be read here.

        """
        features = plan.settings.features
        key = (plan.dataset.fingerprint, features, place)
        with self._lock:
            if key in self._drawn:
                self._drawn.move_to_end(key)
                return self._drawn[key]
        reader, published, _ = self._parts(plan)
        try:
            drawn = spectrogram(Spectrogram(*reader.spectrogram(published, place, features)))
        except OSError as error:
            raise NoSoundError(str(error)) from None
        with self._lock:
            self._drawn[key] = drawn
            while len(self._drawn) > KEPT:
                self._drawn.popitem(last=False)
        return drawn

    def places(self, plan: StudyPlan) -> dict[str, int]:
        """Return the place of every clip in the manifest of the data set, by its path.

        Raises:
            NoSoundError: see ``open``.

        """
        return self._parts(plan)[2]

    def _parts(self, plan: StudyPlan) -> tuple[SoundReader, dict[str, Any], dict[str, int]]:
        """Return what reads sounds, the published data set and the places of its clips.

        Raises:
            NoSoundError: one of them is not here.

        """
        if self._reader is None:
            raise NoSoundError(UNDECODED)
        path = published_paths(self._storage, plan.dataset, plan.settings.features)[0]
        try:
            stamp = path.stamp()
            with self._lock:
                kept = self._published.get(path)
            if kept is None or kept[0] != stamp:
                published = read_document(path, PublishedDataSet).manifest
                kept = stamp, published, {str(row[0]): place for place, row in enumerate(published.get("clips", ()))}
                with self._lock:
                    self._published[path] = kept
        except FileNotFoundError:
            raise NoSoundError(NO_LIST) from None
        except (DamagedError, OSError, LookupError, TypeError, AttributeError) as error:
            msg = f"The list of this study's clips cannot be read: {error}."
            raise NoSoundError(msg) from None
        return self._reader, *kept[1:]


def is_here() -> bool:
    """Return whether the present request comes from this machine."""
    return is_loopback(request.remote_addr or "")


def sound_address(study: str, place: int) -> str:
    """Return the address of a clip's sound; see ``Sounds.open``."""
    return f"/sounds/{quote(study, safe='')}/{place}"


def add_sounds(server: Flask, sounds: Sounds, plan_of: Callable[[str], StudyPlan | None]) -> None:
    """Serve the sounds of studies' clips to browsers on this machine.

    Args:
        server: of the dashboard.
        sounds: the sounds of its storage location.
        plan_of: name of a study -> its plan; None without such a study.

    """

    @server.get("/sounds/<name>/<int:place>")
    def sound(name: str, place: int) -> Response:
        if not is_here():
            return refused(ELSEWHERE)
        if (plan := plan_of(name)) is None:
            return refused(f"there is no study named {name!r} here", 404)
        try:
            file, path = sounds.open(plan, place)
        except NoSoundError as error:
            return refused(str(error), 404)
        return _streamed(file, PurePosixPath(path).suffix.lower())


def _streamed(file: BinaryIO, suffix: str) -> Response:
    """Return a sound, or the range of its bytes that a player asks for."""
    if suffix not in TYPES:
        file.close()
        return refused("a sound's name ends with .wav, .flac, .ogg or .mp3", 404)
    size = file.seek(0, 2)
    file.seek(0)
    response = Response(wrap_file(request.environ, file), mimetype=TYPES[suffix], direct_passthrough=True)
    response.content_length = size
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"  # no page of another server may play it
    response.cache_control.private = True
    response.call_on_close(file.close)
    try:
        return response.make_conditional(request.environ, accept_ranges=True, complete_length=size)  # type: ignore[return-value] # it returns itself
    except RequestedRangeNotSatisfiable:
        file.close()
        raise
