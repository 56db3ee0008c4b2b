"""Injection of label noise at known rates into verified training clips; the truth is kept."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from trainables.audio.headers import SUFFIXES
from trainables.datasets.checks.files import lines
from trainables.datasets.manifest import POOL, Clip, DataSetError, Manifest, rank
from trainables.datasets.names import is_leftover, missing

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trainables.datasets.keys import Noise

KINDS = ("symmetric", "class_to_class", "out_of_vocabulary")


def inject(manifest: Manifest, noise: Noise) -> Manifest:
    """Return the manifest with wrong labels in its training clips; the test clips stay as they are.

    Counts are exact per class (rounded as a whole, so that they add up), not drawn clip by clip. Every training clip
    then carries ``true_label``: its own class, or "" for a sound from the pool. Clips that are not kept verified are
    marked as unverified, whether their label is wrong or right.

    Raises:
        DataSetError: a training clip is not verified, the rates add up to more than 1, the pool is missing, too
            small or not separate from the data set, or there is only one class.

    """
    problems = _problems(manifest, noise)
    if problems:
        raise DataSetError(problems)
    train = [i for i, c in enumerate(manifest.clips) if c.split == "train"]
    classes = sorted({manifest.clips[i].label for i in train})
    clips = list(manifest.clips)
    replaced: list[int] = []
    for label in classes:
        members = sorted(
            (i for i in train if manifest.clips[i].label == label),
            key=lambda i: rank(noise.seed, "noise", manifest.clips[i].path),
        )
        kept = round(noise.keep_verified * len(members))
        for i in members[:kept]:
            clips[i] = replace(clips[i], true_label=label)
        others = members[kept:]
        for i, kind in zip(others, _kinds(len(others), noise), strict=True):
            clips[i] = replace(clips[i], verified=False, true_label=label, label=_label(kind, clips[i], classes, noise))
            if kind == "out_of_vocabulary":
                replaced.append(i)
    return _fill_from_pool(replace(manifest, clips=tuple(clips), digests=()), replaced, noise)


def _problems(manifest: Manifest, noise: Noise) -> list[str]:
    unverified = {c.path for c in manifest.of("train") if not c.verified}
    problems = lines(manifest, dict.fromkeys(unverified, "noise can only be injected into verified clips"))
    total = sum(getattr(noise, kind) for kind in KINDS)
    if total > 1 + 1e-9:
        problems.append(f"noise: {' + '.join(KINDS)} is {total:g}; it must be at most 1")
    if noise.out_of_vocabulary > 0 and noise.pool is None:
        problems.append("noise: out_of_vocabulary needs a pool, a folder of sounds of no class")
    if noise.pool is not None:
        pool, root = _pool(noise).resolve(), manifest.root.resolve()
        if pool.is_relative_to(root) or root.is_relative_to(pool):
            problems.append(f"noise: pool {pool} and the data set's root {root} may not contain one another")
    if noise.symmetric + noise.class_to_class > 0 and len({c.label for c in manifest.of("train")}) == 1:
        problems.append("noise: one class only; there is no other label")
    return problems


def _kinds(count: int, noise: Noise) -> list[str]:
    """Return the kind of noise of each of ``count`` clips in drawn order; "" keeps its label.

    Rounding the running total, and not each rate, keeps the sum of the counts within one half of the sum of the rates.
    """
    kinds: list[str] = []
    total = 0.0
    for kind in KINDS:
        total += getattr(noise, kind)
        kinds += [kind] * (min(count, round(total * count)) - len(kinds))
    return kinds + [""] * (count - len(kinds))


def _label(kind: str, clip: Clip, classes: list[str], noise: Noise) -> str:
    if kind == "symmetric":
        # The draw depends on the clip alone, so adding or removing other clips does not change it.
        others = [c for c in classes if c != clip.label]
        return others[int.from_bytes(rank(noise.seed, "label", clip.path)[:8]) % len(others)]
    if kind == "class_to_class":
        return classes[(classes.index(clip.label) + 1) % len(classes)]
    return clip.label


def _fill_from_pool(manifest: Manifest, replaced: list[int], noise: Noise) -> Manifest:
    """Replace every clip of ``replaced`` by a sound of the pool, each used once."""
    if not replaced:
        return manifest
    pool = _pool(noise)
    sounds = sorted(sound_files(pool), key=lambda name: rank(noise.seed, "pool", name))
    if len(sounds) < len(replaced):
        problem = (
            f"{pool}: {len(sounds)} wav, flac, ogg or mp3 files"
            if pool.is_dir()
            else f"{pool}: {missing(pool, 'no such folder')}"
        )
        message = f"noise: pool {problem}; out_of_vocabulary = {noise.out_of_vocabulary:g} needs {len(replaced)}"
        raise DataSetError([message])
    clips = list(manifest.clips)
    for i, name in zip(replaced, sounds, strict=False):
        clips[i] = replace(clips[i], path=POOL + name, true_label="", recording="")
    return replace(manifest, clips=tuple(clips), pool=pool)


def _pool(noise: Noise) -> Path:
    return Path(str(noise.pool)).expanduser()


def sound_files(pool: Path) -> Iterable[str]:
    """List the sound files below a folder, at any depth, as paths relative to it; hidden files are left out."""
    paths = (p.relative_to(pool) for p in pool.rglob("*") if p.suffix.lower() in SUFFIXES)
    return (path.as_posix() for path in paths if not any(map(is_leftover, path.parts)))
