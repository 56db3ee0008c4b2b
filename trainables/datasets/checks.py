"""Problems of a data set as a whole, in its classes, splits and files, as lines to read."""

from __future__ import annotations

import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

from trainables.datasets.manifest import POOL, Clip, Manifest, Split
from trainables.datasets.table import grouped

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SPLITS: tuple[Split, ...] = ("train", "test")
MISSING = "no such file"


def structure(manifest: Manifest) -> list[str]:
    """List what makes a data set unusable, apart from its audio.

    That is a split without clips, a single class, or a class without training clips or without test clips.
    """
    if not manifest.clips:
        return []
    problems = [f"{manifest.name}: no {split} clips" for split in SPLITS if not manifest.of(split)]
    whole = not problems
    if len(manifest.classes) == 1:
        problems.append(f"{manifest.name}: one class only ('{manifest.classes[0]}'); at least 2 are needed")
    first = {split: {c.label: c for c in reversed(manifest.of(split))} for split in SPLITS}
    for label in manifest.classes if whole else ():
        if label not in first["train"]:
            problems.append(line(first["test"][label], f"unknown label '{label}': no training clip has it"))
        elif label not in first["test"]:
            problems.append(f"{manifest.name}: class '{label}' has training clips but no test clip")
    return problems


def quick_checks(manifest: Manifest) -> dict[str, str]:
    """Check every file without opening it; return path -> problem of the clips that have one."""
    bases = {False: manifest.root.resolve(), True: (manifest.pool or manifest.root).resolve()}
    with ThreadPoolExecutor(threads()) as pool:
        problems = pool.map(partial(_quick_check, manifest, bases), manifest.clips)
        return {c.path: problem for c, problem in zip(manifest.clips, problems, strict=True) if problem}


def _quick_check(manifest: Manifest, bases: dict[bool, Path], clip: Clip) -> str:
    path = manifest.file(clip)
    base = bases[manifest.pool is not None and clip.path.startswith(POOL)]
    try:
        resolved = path.resolve(strict=True)
        if not resolved.is_relative_to(base):
            return f"leaves the root: it leads to {resolved}"
        if not resolved.is_file():
            return "not a file"
        return "" if resolved.stat().st_size else "zero bytes"
    except FileNotFoundError:
        return MISSING
    except (OSError, RuntimeError) as error:  # no permission, a name too long, or links in a circle
        return f"cannot be read: {getattr(error, 'strerror', None) or error}"


def same_as_pool(manifest: Manifest) -> list[str]:
    """List the sounds of the pool that are also in the data set: they have a class, or may even be test clips."""
    in_pool = [c.path.startswith(POOL) for c in manifest.clips]
    clips = list(zip(manifest.clips, manifest.digests, in_pool, strict=True))
    labelled = {digest: clip for clip, digest, from_pool in reversed(clips) if digest and not from_pool}
    return [
        line(clip, f"in the pool, but the same sound as {line(labelled[digest], labelled[digest].label)}")
        for clip, digest, from_pool in clips
        if from_pool and digest in labelled
    ]


def line(clip: Clip, problem: str) -> str:
    """Return the line for a problem of a clip."""
    return f"{clip.row}: {clip.path}: {problem}" if clip.row else f"{clip.path}: {problem}"


def lines(manifest: Manifest, bad: Mapping[str, str]) -> list[str]:
    """Return lines for the problems of files (path -> problem), in the manifest's order, grouped by folder and kind."""
    clips = [c for c in manifest.clips if c.path in bad]
    folders = {c.path: manifest.file(c).parent for c in clips}
    missing = Counter(folders[c.path] for c in clips if bad[c.path] == MISSING)
    whole = Counter(manifest.file(c).parent for c in manifest.clips) if missing else Counter()
    absent = {f for f, n in missing.items() if n == whole[f]}
    problems = []
    for clip in clips:
        folder = folders[clip.path]
        below = folder.is_relative_to(manifest.root) and folder != manifest.root
        name = folder.relative_to(manifest.root) if below else folder
        all_of_them = f"{name}: none of its {whole[folder]:,} files exists" if folder in absent else ""
        problems.append(((folder, bad[clip.path].partition(":")[0]), line(clip, bad[clip.path]), all_of_them))
    return grouped(problems)


def threads() -> int:
    """Return how many files to read at a time."""
    return min(16, 4 * (os.cpu_count() or 1))
