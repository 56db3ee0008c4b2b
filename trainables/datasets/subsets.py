"""The training subsets of Table 1 of the adaptive-GCE paper, drawn per class in proportion and nested.

FSDnoisy18k has 15,813 unverified and 1,772 verified training clips. Its subsets hold 500, 1,003 (the clips that it
marks as ``noisy_small``), 5,000 or 10,000 of the former, and 443, 886 or 1,329 of the latter. Another data set gets
the same fractions, at least one clip each; the clips that it marks as ``noisy_small`` are its s_noisy.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from trainables.config import SUBSETS
from trainables.datasets.manifest import DataSetError, Manifest, rank

NOISY = {"xs": 500, "s": 1_003, "m": 5_000, "l": 10_000}
CLEAN = {"s": 443, "m": 886, "l": 1_329}
ALL_NOISY, ALL_CLEAN = 15_813, 1_772  # what the numbers above are parts of


@dataclass(frozen=True, slots=True)
class Count:
    """How many training clips of each sort a subset holds."""

    name: str
    unverified: int
    verified: int


def subset(manifest: Manifest, name: str, seed: int = 0) -> list[int]:
    """Return which clips a subset holds, as sorted indices into ``manifest.clips``; training clips only.

    A smaller subset lies inside a larger one of the same seed.

    Args:
        manifest: the data set.
        name: one of ``trainables.config.SUBSETS``.
        seed: which clips of a class are drawn; how many are drawn of each class does not depend on it.

    Raises:
        DataSetError: the name is unknown, or the data set has no clips for a part of the subset.

    """
    if name not in SUBSETS:
        message = f"subset '{name}' is none of {', '.join(SUBSETS)}"
        raise DataSetError([message])
    if name == "all":
        return [i for i, c in enumerate(manifest.clips) if c.split == "train"]
    noisy, clean = _parts(name)
    chosen: list[int] = []
    if noisy:
        chosen += _noisy(manifest, name, noisy, seed)
    if clean:
        clips = _training_clips(manifest, name, verified=True)
        count = _share(len(clips), CLEAN.get(clean, ALL_CLEAN), ALL_CLEAN)
        chosen += _draw(manifest, clips, seed, {})[:count]
    return sorted(chosen)


def counts(manifest: Manifest) -> list[Count]:
    """Return the size of every subset, as the paper's Table 1 lists them; one that has no clips counts 0 and 0."""
    table = []
    for name in SUBSETS:
        try:
            clips = [manifest.clips[i] for i in subset(manifest, name)]
        except DataSetError:
            clips = []
        verified = sum(c.verified for c in clips)
        table.append(Count(name, len(clips) - verified, verified))
    return table


def _parts(name: str) -> tuple[str, str]:
    """Split a name into the sizes of its noisy and its clean part; "" is no such part."""
    if name in ("noisy", "clean"):
        return ("all", "") if name == "noisy" else ("", "all")
    noisy, clean = name.split("+")
    return noisy.removesuffix("_noisy"), clean.removesuffix("_clean") if clean != "clean" else "all"


def _training_clips(manifest: Manifest, name: str, *, verified: bool) -> list[int]:
    clips = [i for i, c in enumerate(manifest.clips) if c.split == "train" and c.verified == verified]
    if not clips:
        kind = "verified" if verified else "unverified"
        message = f"subset '{name}': {manifest.name} has no {kind} training clips"
        raise DataSetError([message])
    return clips


def _noisy(manifest: Manifest, name: str, size: str, seed: int) -> list[int]:
    """Draw the unverified part: xs inside noisy_small inside m inside l."""
    clips = _training_clips(manifest, name, verified=False)
    if size == "all":
        return clips
    count = _share(len(clips), NOISY[size], ALL_NOISY)
    small = [i for i in clips if manifest.clips[i].noisy_small]
    if not small:
        return _draw(manifest, clips, seed, {})[:count]
    if size == "s":
        return small
    if size == "xs":
        return _draw(manifest, small, seed, {})[:count]
    taken: defaultdict[str, int] = defaultdict(int)
    for i in small:
        taken[manifest.clips[i].label] += 1
    others = [i for i in clips if not manifest.clips[i].noisy_small]
    return small + _draw(manifest, others, seed, taken)[: max(0, count - len(small))]


def _share(available: int, part: int, whole: int) -> int:
    """Return ``available * part / whole``, rounded half up, at least 1."""
    return max(1, (2 * available * part + whole) // (2 * whole))


def _draw(manifest: Manifest, clips: list[int], seed: int, taken: dict[str, int]) -> list[int]:
    """Order clips so that the first k of them, for any k, hold the classes in proportion.

    This is Webster's (Sainte-Lague's) divisor method: the next clip is of the class with the largest
    total / (2 * taken + 1). A divisor method only ever adds clips as k grows, so the draws are nested. The plain
    method of largest remainders is not used because it may take a clip away from a class as k grows (the Alabama
    paradox). ``taken`` counts the clips of each class that are in the draw already.
    """
    members: defaultdict[str, list[int]] = defaultdict(list)
    for i in sorted(clips, key=lambda i: rank(seed, manifest.clips[i].path)):
        members[manifest.clips[i].label].append(i)
    queue = []
    for label, of_class in members.items():
        start = taken.get(label, 0)
        total = start + len(of_class)
        queue += [(-total / (2 * (start + k) + 1), label, i) for k, i in enumerate(of_class)]
    # Equal quotients of one class cannot be, so rank decides within a class and the label between classes.
    return [i for _, _, i in sorted(queue)]
