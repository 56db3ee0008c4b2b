"""The sound and the spectrogram of one clip of a published data set."""

from __future__ import annotations

import os
from hashlib import file_digest
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from trainables.audio.errors import AudioError
from trainables.audio.headers import probe, resampled_length
from trainables.datasets.load import content_state
from trainables.datasets.manifest import POOL, Clip, Manifest
from trainables.datasets.names import check_path
from trainables.features.file_frames import file_frames
from trainables.features.mel_filters import band_centres
from trainables.storage.descriptors import open_file

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from trainables.feature_settings import Features

MAX_COLUMNS = 600  # of a spectrogram: about as many as a screen shows


class ClipSoundError(OSError):
    """The sound of a clip cannot be played here; the message is a sentence that states why."""


class ClipSounds:
    """Reads the sounds of published data sets from the files on this machine.

    Whoever can write to a storage location decides which files a published data set names. So a file is read only if
    its content has the digest in the data set: nobody can read a file whose content they do not already know.
    """

    def open(self, published: Mapping[str, Any], place: int) -> BinaryIO:
        """Open the file of a clip, which the caller closes.

        Args:
            published: what ``trainables.datasets.manifest.to_json`` wrote, parsed.
            place: the clip's place in it, from 0.

        Raises:
            ClipSoundError: the file is not on this machine, cannot be read, or is not the one that the study read.

        """
        path, digest = _path_and_digest(published, place)
        try:
            file = os.fdopen(open_file(path, os.O_RDONLY), "rb")
            content = file_digest(file, content_state).hexdigest()
        except FileNotFoundError:
            msg = f"The sound of this clip is not on this machine: {path}."
            raise ClipSoundError(msg) from None
        except OSError as error:
            msg = f"{path} cannot be read: {error.strerror}."
            raise ClipSoundError(msg) from None
        if content != digest:
            file.close()
            msg = f"{path} has changed since the study read it."
            raise ClipSoundError(msg)
        file.seek(0)
        return file

    def spectrogram(
        self, published: Mapping[str, Any], place: int, features: Features
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
        """Return the log-mel spectrogram of a clip, as the network receives it but for the standardisation.

        Args:
            published: see ``open``.
            place: see ``open``.
            features: settings of the frames.

        Returns:
            Levels of mel power in dB, shape (mels, columns), where a long clip's frames are joined to at most
            ``MAX_COLUMNS`` columns that hold their maximum; the bands' centres in Hz, shape (mels,); and the clip's
            duration in seconds.

        Raises:
            ClipSoundError: see ``open``; or the file cannot be decoded.

        """
        self.open(published, place).close()
        path, _ = _path_and_digest(published, place)
        try:
            header = probe(path)
            frames = np.concatenate(list(file_frames(path, [], features)))
        except AudioError as error:
            msg = f"{path} cannot be decoded: {error}."
            raise ClipSoundError(msg) from None
        # A short clip was repeated to the length of a patch.
        frames = frames[: 1 + resampled_length(header.samples, header.rate, features.sample_rate) // features.hop]
        joined = -(-len(frames) // MAX_COLUMNS)
        columns = np.maximum.reduceat(frames, np.arange(0, len(frames), joined), axis=0)
        return 10.0 * columns.T.astype(np.float64), band_centres(features), header.seconds


def _path_and_digest(published: Mapping[str, Any], place: int) -> tuple[Path, str]:
    """Return the path of a clip's file and the digest of its content.

    Raises:
        ClipSoundError: the data set has no such clip, or its path leads out of the data set's folder.

    """
    try:
        clip, digest = Clip(*published["clips"][place]), str(published["digests"][place])
        root, pool = Path(published["root"]), published["pool"]
    except (KeyError, IndexError, TypeError):
        msg = f"The data set has no clip {place}."
        raise ClipSoundError(msg) from None
    if problem := check_path(clip.path.removeprefix(POOL)):
        msg = f"This clip cannot be read: {problem}."
        raise ClipSoundError(msg)
    manifest = Manifest(published["name"], published["kind"], root, (clip,), pool=None if pool is None else Path(pool))
    return manifest.file(clip), digest
