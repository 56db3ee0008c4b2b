"""Problems of a data set's files that show without opening them, and lines for the problems of files."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from trainables.datasets.csv_files.rows import grouped
from trainables.datasets.manifest import POOL, Clip, Manifest
from trainables.datasets.names import MISSING, missing, printable
from trainables.processes.limits import usable_cpus

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MAX_PASSED_OVER = 4  # names of files that were passed over; more are counted


def quick_checks(manifest: Manifest) -> dict[str, str]:
    """Check every file without opening it; return path -> problem of the clips that have one."""
    bases = {False: manifest.root.resolve(), True: (manifest.pool or manifest.root).resolve()}
    with ThreadPoolExecutor(threads()) as pool:
        problems = pool.map(partial(_quick_check, manifest, bases), manifest.sounds)
        return {c.path: problem for c, problem in zip(manifest.sounds, problems, strict=True) if problem}


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
        return missing(path)
    except (OSError, RuntimeError) as error:  # no permission, a name too long, or links in a circle
        return f"cannot be read: {getattr(error, 'strerror', None) or error}"


def notes(manifest: Manifest) -> list[str]:
    """Return what was assumed of the clips, and a line that names the files that were ignored, most frequent first."""
    names = Counter(PurePosixPath(path).name for path in manifest.passed_over).most_common()
    shown = [f"{printable(name)}{f' ({count} times)' if count > 1 else ''}" for name, count in names[:MAX_PASSED_OVER]]
    more = [f"{len(names) - len(shown)} more"] if len(names) > len(shown) else []
    ignored = [f"ignored, because hidden or left by a system: {', '.join([*shown, *more])}"] if names else []
    return [*manifest.notes, *ignored]


def line(clip: Clip, problem: str) -> str:
    """Return the line for a problem of a clip."""
    return f"{clip.row}: {clip.path}: {problem}" if clip.row else f"{clip.path}: {problem}"


def lines(manifest: Manifest, bad: Mapping[str, str]) -> list[str]:
    """Return lines for the problems of files (path -> problem), in the manifest's order, grouped by folder and kind."""
    clips = [c for c in manifest.sounds if c.path in bad]
    folders = {c.path: manifest.file(c).parent for c in clips}
    missing = Counter(folders[c.path] for c in clips if bad[c.path] == MISSING)
    whole = Counter(manifest.file(c).parent for c in manifest.sounds) if missing else Counter()
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
    return min(16, 4 * usable_cpus())
