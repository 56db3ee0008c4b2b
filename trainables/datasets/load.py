"""Read the data set of a study into a checked manifest: inject noise, check and digest the files."""

from __future__ import annotations

import json
import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from hashlib import blake2b, file_digest
from typing import TYPE_CHECKING, NamedTuple

from trainables.audio.decoding import without_sound
from trainables.audio.errors import AudioError
from trainables.audio.headers import probe
from trainables.datasets.checks.files import lines, quick_checks, threads
from trainables.datasets.checks.structure import same_as_pool, structure
from trainables.datasets.manifest import DataSetError, Manifest
from trainables.datasets.noise import inject
from trainables.naming import counted
from trainables.storage.files import write_atomically

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from trainables.datasets.config import DataSet
    from trainables.datasets.manifest import Clip

VERSION = 2  # of digests.json: increased whenever files are checked, or their contents digested, differently


class Known(NamedTuple):
    """What is known of a file with this size (bytes) and modification time (ns).

    Attributes:
        digest: of its content.
        silent: why it holds no sound although it can be read; "" if it does.
        problem: why it cannot be used; "" if it can.

    """

    size: int
    mtime_ns: int
    digest: str
    silent: str = ""
    problem: str = ""


def load(dataset: DataSet, cache: Path) -> Manifest:
    """Read a data set's list of clips and inject its noise; the audio may be absent.

    Args:
        dataset: the ``dataset`` key of a study; ``~`` in its paths is the user's home.
        cache: folder in which synthetic data sets are made on first use; the other kinds do not touch it.

    Returns:
        The manifest, without digests.

    Raises:
        DataSetError: with every problem of the list at once, and then those of the files as well.

    """
    manifest, problems = dataset.parse(cache)
    problems = problems + structure(manifest)
    if problems:
        raise DataSetError(problems + lines(manifest, quick_checks(manifest)))
    noise = dataset.injected_noise
    return manifest if noise is None else inject(manifest, noise)


def with_digests(manifest: Manifest, cache: Path, skip_bad_clips: int = 0) -> Manifest:
    """Check every file's header, find silent clips, and add digests of the contents (BLAKE2b, 16 bytes, hexadecimal).

    Args:
        manifest: the data set.
        cache: folder of ``digests.json``, which saves reading an unchanged file again.
        skip_bad_clips: how many clips with a bad file may be left out; they are listed in ``Manifest.skipped``.

    Raises:
        DataSetError: with every problem at once. Problems of the list itself (a single class, a class without training
            or test clips, a sound of the pool that is also in the data set) are never skipped.

    """
    bad = quick_checks(manifest)
    known = _examine([manifest.file(c) for c in manifest.sounds if c.path not in bad], cache)
    examined = {c.path: known[_key(manifest.file(c))] for c in manifest.sounds if c.path not in bad}
    bad |= {path: seen.problem for path, seen in examined.items() if seen.problem}
    digests = tuple(examined[c.path].digest if c.path in examined else "" for c in manifest.clips)
    silent = {seen.digest: seen.silent for seen in examined.values() if seen.silent}
    manifest = replace(manifest, digests=digests, silent=silent)
    problems = structure(manifest) + same_as_pool(manifest)
    if problems:
        raise DataSetError(problems + lines(manifest, bad))
    return leave_out(manifest, bad, skip_bad_clips)


def compare_contents(manifest: Manifest, usable: Collection[str]) -> Manifest:
    """Return the manifest with digests that show which files are equal, and its silent clips; nothing is cached.

    Only files of equal size are read whole. The digests of the others are placeholders.

    Args:
        manifest: the data set.
        usable: paths of the clips that can be read.

    """
    sizes = {clip.path: manifest.file(clip).stat().st_size for clip in manifest.clips if clip.path in usable}
    times = Counter(sizes.values())

    def look(clip: Clip) -> tuple[str, str]:
        if clip.path not in sizes:
            return clip.path, ""
        path = manifest.file(clip)
        return content_digest(path) if times[sizes[clip.path]] > 1 else clip.path, without_sound(path)

    with ThreadPoolExecutor(threads()) as pool:
        looks = list(pool.map(look, manifest.clips))
    silent = {content: reason for content, reason in looks if reason}
    return replace(manifest, digests=tuple(content for content, _ in looks), silent=silent)


def leave_out(manifest: Manifest, bad: Mapping[str, str], allowed: int) -> Manifest:
    """Return the manifest without the clips with a bad file, if at most ``allowed`` are left out in all.

    Args:
        manifest: the data set.
        bad: path of a clip -> its file's problem.
        allowed: the value of ``--skip-bad-clips``.

    Raises:
        DataSetError: with every problem, when there are more; or when a class is left without training or test clips.

    """
    if not bad:
        return manifest
    if len(bad) + len(manifest.skipped) > allowed:
        problems = lines(manifest, bad)
        if allowed:
            problems.append(f"{len(bad) + len(manifest.skipped)} bad clips; --skip-bad-clips allows {allowed}")
        raise DataSetError(problems)
    return _without(manifest, bad, f"{len(bad) + len(manifest.skipped)} bad clips")


def leave_out_silent(manifest: Manifest) -> Manifest:
    """Return the manifest without the clips that hold no sound.

    Raises:
        DataSetError: a class is left without training or test clips.

    """
    silent = manifest.silent_clips
    return _without(manifest, silent, counted(len(silent), "silent clip")) if silent else manifest


def _without(manifest: Manifest, bad: Mapping[str, str], what: str) -> Manifest:
    kept = manifest.without(dict(bad))
    problems = structure(kept)
    if problems:
        raise DataSetError([f"after leaving out {what}: {p}" for p in problems])
    return kept


def _examine(paths: list[Path], cache: Path) -> dict[str, Known]:
    """Digest the content and check the header of files that are new or have changed."""
    store = cache / "digests.json"
    known = _read_known(store)
    with ThreadPoolExecutor(threads()) as pool:
        examined = dict(zip(map(_key, paths), pool.map(partial(_look, known), paths), strict=True))
    good = {key: value for key, value in examined.items() if not value.problem}
    if any(known.get(key) != value for key, value in good.items()):
        files = {key: value[:4] for key, value in (known | good).items()}
        write_atomically(store, json.dumps({"version": VERSION, "files": files}).encode())
    return examined


def _read_known(store: Path) -> dict[str, Known]:
    """Read what is known of the good files, by key. A problem may be temporary, so it is not kept."""
    try:
        value = json.loads(store.read_bytes())
        files = value["files"] if value["version"] == VERSION else {}
        return {key: Known(size, mtime_ns, digest, silent) for key, (size, mtime_ns, digest, silent) in files.items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}  # absent or damaged: it is only a cache


def _look(known: dict[str, Known], path: Path) -> Known:
    status = path.stat()
    before = known.get(_key(path))
    if before is not None and (before.size, before.mtime_ns) == (status.st_size, status.st_mtime_ns):
        return before
    problem = silent = content = ""
    try:
        probe(path)
        silent = without_sound(path)
    except AudioError as error:
        problem = str(error)
    try:
        content = content_digest(path)
    except OSError as error:
        problem = f"cannot be read: {error.strerror}"
    return Known(status.st_size, status.st_mtime_ns, content, silent, problem)


def content_digest(path: Path) -> str:
    """Return the digest of a file's content in hexadecimal."""
    with path.open("rb") as file:
        return file_digest(file, content_state).hexdigest()


def content_state() -> blake2b:
    """Return the state of a new digest: BLAKE2b, 16 bytes."""
    return blake2b(digest_size=16)


def _key(path: Path) -> str:
    return os.path.abspath(path)  # noqa: PTH100 -- not resolved: that would access the disk for every folder
