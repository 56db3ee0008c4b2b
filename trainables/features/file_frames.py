"""The log-mel frames of a sound file, in memory that does not grow with its length."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from trainables.audio.decoder_messages import decoder_messages
from trainables.audio.decoding import decode, stream
from trainables.audio.headers import inspect, resampled_length
from trainables.features.logmel import log_mel, log_mel_blocks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from trainables.feature_settings import Features

LONG = 1 << 24  # samples, 6 minutes at 44.1 kHz: a longer sound is decoded twice, in blocks


def file_frames(path: Path | str, messages: list[str], features: Features) -> Iterator[NDArray[np.float32]]:
    """Yield the frames of a file, block by block if it is long.

    Args:
        path: the file.
        messages: receives what the decoder prints.
        features: settings of the frames.

    Yields:
        float32 arrays of shape (frames, mels).

    Raises:
        AudioError: the file cannot be used; for a long one, perhaps only after some blocks.

    """
    layout = inspect(path)
    header = layout.probe
    if max(header.samples, resampled_length(header.samples, header.rate, features.sample_rate)) <= LONG:
        sound = decode(path)
        messages += sound.messages
        yield log_mel(sound.wave, sound.rate, features)
        return
    with decoder_messages(expected=layout.is_mpeg) as printed:
        yield from log_mel_blocks(partial(stream, path, features.sample_rate), features)
    messages += printed
