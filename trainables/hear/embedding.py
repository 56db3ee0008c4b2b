"""Embed the clips of a data set with a model, into a folder of embeddings; finished clips are kept."""

from __future__ import annotations

import io
import json
import os
from typing import TYPE_CHECKING

import numpy as np

from trainables.audio.decoding import read_mono
from trainables.audio.headers import probe
from trainables.datasets.manifest import DataSetError
from trainables.features.embeddings.files import SIDECAR, SUFFIX, Timing
from trainables.plugins.sources import PluginError
from trainables.storage.files import TEMPORARY, write_atomically

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from trainables.datasets.manifest import Clip, Manifest
    from trainables.hear.models import HearModel

UNEVEN = 0.02  # of the hop, by which the distance of two windows may differ from it


def embed_clips(
    model: HearModel,
    manifest: Manifest,
    folder: Path,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Timing:
    """Embed every clip of a data set that the folder lacks, or whose sound is newer than its embeddings.

    The longest clip is embedded first: the distance of its windows states the hop, and their first centre how long a
    window is.

    Args:
        model: the model.
        manifest: the data set.
        folder: is made if absent; an interrupted embedding continues.
        progress: called with (clips done, clips in all).

    Returns:
        The timing, as ``embeddings.json`` has it.

    Raises:
        DataSetError: the folder holds embeddings of another model, or of another version of this one.
        PluginError: the model raises an error or returns something else; the message names file, line and clip.
        AudioError: a clip cannot be read.
        OSError: the folder cannot be written.

    """
    clips = list(manifest.sounds)
    timing = _timing_so_far(model, folder)
    if timing is None:
        longest = max(clips, key=lambda clip: probe(manifest.file(clip)).seconds)
        rows, centres = _embed(model, manifest, longest)
        timing = _timing(model, centres, probe(manifest.file(longest)).seconds, longest)
        stated = timing.model_dump() | {"code": model.code}
        write_atomically(folder / SIDECAR, json.dumps(stated, indent=1).encode())
        _write(manifest, folder, longest, rows)
    todo = [clip for clip in clips if not _is_done(manifest, folder, clip)]
    done = len(clips) - len(todo)
    progress(done, len(clips))
    for number, clip in enumerate(todo, done + 1):
        rows, centres = _embed(model, manifest, clip)
        if not _evenly(centres, timing.hop_s):
            msg = f"{model.name}: {clip.path}: windows that are not {timing.hop_s:g} s apart, as those of other clips"
            raise PluginError(msg)
        _write(manifest, folder, clip, rows)
        progress(number, len(clips))
    return timing


def _timing_so_far(model: HearModel, folder: Path) -> Timing | None:
    """Return the timing that a folder states; None if nothing was embedded into it yet."""
    path = folder / SIDECAR
    try:
        stated = json.loads(path.read_bytes())
        timing = Timing.model_validate(stated)
    except FileNotFoundError:
        # A process that was killed while it began the folder leaves an unfinished file.
        if folder.is_dir() and not all(TEMPORARY.fullmatch(path.name) for path in folder.iterdir()):
            raise DataSetError([f"{folder}: not empty, and has no {SIDECAR}; allowed: a new folder"]) from None
        return None
    except ValueError as error:
        reason = str(error).partition("\n")[0]
        raise DataSetError([f"{path}: not what this command writes ({reason}); allowed: a new folder"]) from None
    if stated.get("code") != model.code:
        message = f"{folder}: holds embeddings of {timing.model}, made with other code; allowed: a new folder"
        raise DataSetError([message])
    return timing


def _timing(model: HearModel, centres: NDArray[np.float64], seconds: float, clip: Clip) -> Timing:
    """Return the timing of a model's windows.

    A window reaches as far to either side of its centre as the first one does back to the start of the sound, but at
    least half way to the next one.
    """
    hop = float(centres[-1] - centres[0]) / (len(centres) - 1) if len(centres) > 1 else 0.0
    if len(centres) > 1 and (hop <= 0 or not _evenly(centres, hop)):
        msg = f"{model.name}: {clip.path}: timestamps that are not evenly spaced and ascending, in milliseconds"
        raise PluginError(msg)
    window = max(hop, 2 * float(centres[0])) or seconds
    return Timing(hop_s=round(hop or window, 6), window_s=round(window, 6), model=model.name)


def _evenly(centres: NDArray[np.float64], hop: float) -> bool:
    return bool((np.abs(np.diff(centres) - hop) <= UNEVEN * hop).all())


def _embed(model: HearModel, manifest: Manifest, clip: Clip) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    samples = np.clip(read_mono(manifest.file(clip), model.sample_rate), -1, 1)
    try:
        return model.embed(samples)
    except PluginError as error:
        msg = f"{error} (clip {clip.path})"
        raise PluginError(msg) from error


def _is_done(manifest: Manifest, folder: Path, clip: Clip) -> bool:
    try:
        embedded = (folder / f"{clip.path}{SUFFIX}").stat()
    except FileNotFoundError:
        return False
    return embedded.st_mtime_ns >= manifest.file(clip).stat().st_mtime_ns


def _write(manifest: Manifest, folder: Path, clip: Clip, rows: NDArray[np.float32]) -> None:
    """Write a clip's embeddings; they are never older than the sound, whose time may lie in this clock's future."""
    path, buffer = folder / f"{clip.path}{SUFFIX}", io.BytesIO()
    np.save(buffer, rows, allow_pickle=False)
    write_atomically(path, buffer.getvalue())
    changed, written = manifest.file(clip).stat().st_mtime_ns, path.stat()
    if written.st_mtime_ns < changed:
        os.utime(path, ns=(written.st_atime_ns, changed))
