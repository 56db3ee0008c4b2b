"""Check that embeddings fit a data set, and name their content by a digest."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np

from trainables.audio.errors import AudioError
from trainables.audio.headers import probe
from trainables.characters import plain
from trainables.config import digest
from trainables.datasets.manifest import DataSetError
from trainables.naming import counted, listed_names
from trainables.plans import EmbeddingSummary

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from trainables.datasets.manifest import Manifest
    from trainables.features.embeddings.files import EmbeddingFiles, Timing

# Increased whenever equal embeddings would be used differently; the digests change with it.
VERSION = 1
NAMED = 5  # clips that a message names
TWO_DIMENSIONS = 2
MISSING = "no array"
MAX_DIMS = 1 << 16


@dataclass(frozen=True)
class CheckedEmbeddings:
    """Embeddings that fit a data set.

    Attributes:
        path: of the file or folder.
        timing: of the windows.
        dims: length of an embedding.
        windows: number of each clip's windows, by the clip's path, in the data set's order.
        digest: 20 hexadecimal digits of the content: hop, window, and every value as float32. The model's name, the
            form of the file, and clips that are not in the data set do not matter.

    """

    path: Path
    timing: Timing
    dims: int
    windows: dict[str, int]
    digest: str

    @property
    def summary(self) -> EmbeddingSummary:
        """The embeddings as a study's plan describes them."""
        timing = self.timing.model_dump()
        return EmbeddingSummary(digest=self.digest, dims=self.dims, windows=self.total, **timing)

    @property
    def total(self) -> int:
        """The number of windows."""
        return sum(self.windows.values())


@dataclass
class _Problems:
    """Problems of embeddings, by what is wrong; each has its clips."""

    path: Path
    clips: int
    of: dict[str, list[str]] = field(default_factory=dict)

    def add(self, what: str, clip: str) -> None:
        self.of.setdefault(what, []).append(clip)

    def lines(self) -> list[str]:
        """Return one line for each kind of problem, which counts its clips and names the first few."""
        lines = []
        for what, clips in self.of.items():
            more = f" and {counted(len(clips) - NAMED, 'more clip')}" if len(clips) > NAMED else ""
            share = f"{len(clips):,} of {counted(self.clips, 'clip')}"
            lines.append(f"{self.path}: {what}, for {share}: {listed_names(clips[:NAMED])}{more}")
        return lines


def check_embeddings(files: EmbeddingFiles, manifest: Manifest) -> CheckedEmbeddings:
    """Read the embeddings of every clip of a data set once, and check them.

    Args:
        files: the embeddings; those of other clips are ignored.
        manifest: the data set, whose sounds can be read: their durations are compared with the windows.

    Raises:
        DataSetError: clips have no embeddings, or unusable ones; a line for each kind of problem.

    """
    problems = _Problems(files.path, len(manifest.sounds))
    dims, windows, contents = 0, dict[str, int](), dict[str, str]()
    for clip in manifest.sounds:
        try:
            rows = clip_rows(files, clip.path)
            what = MISSING if rows is None else ""
        except ValueError as error:
            rows, what = None, str(error)
        if rows is None:
            problems.add(what, clip.path)
            continue
        dims = dims or rows.shape[1]
        if rows.shape[1] != dims:
            problems.add(f"embeddings of {rows.shape[1]} dimensions, where the first clip's have {dims}", clip.path)
        if what := _timing_problem(files.timing, len(rows), manifest.file(clip)):
            problems.add(what, clip.path)
        windows[clip.path] = len(rows)
        contents[clip.path] = blake2b(rows.tobytes(), digest_size=16).hexdigest()
    if lines := problems.lines():
        other = files.some_name() if len(problems.of.get(MISSING, ())) == len(manifest.sounds) else None
        if other is not None:
            name = manifest.sounds[0].path
            lines.append(f"{files.path}: its arrays have other names, such as {plain(other)}; allowed: such as {name}")
        raise DataSetError(lines)
    named = digest([VERSION, files.timing.hop_s, files.timing.window_s, dims, contents])
    return CheckedEmbeddings(files.path, files.timing, dims, windows, named)


def clip_rows(files: EmbeddingFiles, clip: str) -> NDArray[np.float32] | None:
    """Return a clip's embeddings as little-endian float32 of shape (windows, dims); None if they are missing.

    Raises:
        ValueError: they cannot be used; the message states why.

    """
    array = files.array(clip)
    return None if array is None else usable(array)


def usable(array: NDArray[np.generic]) -> NDArray[np.float32]:
    """Return embeddings as little-endian float32 of shape (windows, dims).

    Raises:
        ValueError: they have another shape, are no floats, or hold NaN or infinite values.

    """
    if array.ndim != TWO_DIMENSIONS or not all(array.shape) or array.shape[1] > MAX_DIMS:
        msg = f"shape {array.shape} instead of (windows, dimensions), both from 1, dimensions up to {MAX_DIMS:,}"
        raise ValueError(msg)
    if not np.issubdtype(array.dtype, np.floating):
        msg = f"an array of {array.dtype} instead of floats"
        raise ValueError(msg)
    with np.errstate(over="ignore"):  # becomes infinite, which is refused below
        rows = np.ascontiguousarray(array, dtype="<f4")
    if not np.isfinite(rows).all():
        msg = "NaN or infinite values (in float32)"
        raise ValueError(msg)
    return rows


def _timing_problem(timing: Timing, windows: int, sound: Path) -> str:
    """Return why so many windows do not fit a sound, or "".

    Models pad or drop the end of a sound, or lengthen a short one to a window: the windows may end one window and one
    hop before or after the sound does.
    """
    try:
        seconds = probe(sound).seconds
    except AudioError:
        return ""  # listed as a bad clip elsewhere
    covered = (windows - 1) * timing.hop_s + timing.window_s
    if abs(covered - seconds) <= timing.window_s + timing.hop_s:
        return ""
    how = "longer" if covered > seconds else "shorter"
    return f"{timing.in_words} that together are {how} than the sound by more than a window and a hop"
