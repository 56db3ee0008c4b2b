"""Read the data set of a study into a checked manifest: inject noise, check and digest the files."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple

from trainables.audio.headers import AudioError, probe
from trainables.datasets.checks.files import lines, quick_checks, threads
from trainables.datasets.checks.structure import same_as_pool, structure
from trainables.datasets.manifest import DataSetError, Manifest
from trainables.datasets.noise import inject
from trainables.storage.files import write_atomically

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from trainables.datasets.config import DataSet

VERSION = 1  # of digests.json: increased whenever headers are checked or contents digested differently


class Known(NamedTuple):
    """The digest and the problem, if any, of a file with this size (bytes) and modification time (ns)."""

    size: int
    mtime_ns: int
    digest: str
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
    """Check every file's header and add a digest of its content (BLAKE2b, 16 bytes, in hexadecimal).

    Args:
        manifest: the data set.
        cache: folder of ``digests.json``, which saves reading an unchanged file again.
        skip_bad_clips: how many clips with a bad file may be left out; they are listed in ``Manifest.skipped``.

    Raises:
        DataSetError: with every problem at once. Problems of the list itself (a single class, a class without training
            or test clips, a sound of the pool that is also in the data set) are never skipped.

    """
    bad = quick_checks(manifest)
    known = _examine([manifest.file(c) for c in manifest.clips if c.path not in bad], cache)
    examined = {c.path: known[_key(manifest.file(c))] for c in manifest.clips if c.path not in bad}
    bad |= {path: seen.problem for path, seen in examined.items() if seen.problem}
    digests = tuple(examined[c.path].digest if c.path in examined else "" for c in manifest.clips)
    manifest = replace(manifest, digests=digests)
    problems = structure(manifest) + same_as_pool(manifest)
    if problems:
        raise DataSetError(problems + lines(manifest, bad))
    return leave_out(manifest, bad, skip_bad_clips)


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
    kept = manifest.without(dict(bad))
    problems = structure(kept)
    if problems:
        raise DataSetError([f"after leaving out {len(kept.skipped)} bad clips: {p}" for p in problems])
    return kept


def _examine(paths: list[Path], cache: Path) -> dict[str, Known]:
    """Digest the content and check the header of files that are new or have changed."""
    store = cache / "digests.json"
    known = _read_known(store)
    with ThreadPoolExecutor(threads()) as pool:
        examined = dict(zip(map(_key, paths), pool.map(partial(_look, known), paths), strict=True))
    good = {key: value for key, value in examined.items() if not value.problem}
    if any(known.get(key) != value for key, value in good.items()):
        files = {key: value[:3] for key, value in (known | good).items()}
        write_atomically(store, json.dumps({"version": VERSION, "files": files}).encode())
    return examined


def _read_known(store: Path) -> dict[str, Known]:
    """Read the files that were found good: key -> size, time, digest. A problem may be temporary, so it is not kept."""
    try:
        value = json.loads(store.read_bytes())
        files = value["files"] if value["version"] == VERSION else {}
        return {key: Known(size, mtime_ns, digest) for key, (size, mtime_ns, digest) in files.items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}  # absent or damaged: it is only a cache


def _look(known: dict[str, Known], path: Path) -> Known:
    status = path.stat()
    before = known.get(_key(path))
    if before is not None and (before.size, before.mtime_ns) == (status.st_size, status.st_mtime_ns):
        return before
    problem = ""
    try:
        probe(path)
    except AudioError as error:
        problem = str(error)
    content = blake2b(digest_size=16)
    try:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                content.update(block)
    except OSError as error:
        problem = f"cannot be read: {error.strerror}"
    return Known(status.st_size, status.st_mtime_ns, content.hexdigest(), problem)


def _key(path: Path) -> str:
    return os.path.abspath(path)  # noqa: PTH100 -- not resolved: that would access the disk for every folder
