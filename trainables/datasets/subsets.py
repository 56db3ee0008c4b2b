"""The training subsets of Table 1 of the adaptive-GCE paper, drawn per class in proportion and nested, and their split.

FSDnoisy18k has 15,813 unverified and 1,772 verified training clips. Its subsets hold 500, 1,003 (the clips that it
marks as ``noisy_small``), 5,000 or 10,000 of the former, and 443, 886 or 1,329 of the latter. Another data set gets
the same fractions, at least one clip each; the clips that it marks as ``noisy_small`` are its s_noisy.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

from trainables.datasets.manifest import DataSetError, Manifest, rank
from trainables.datasets.names import quoted
from trainables.plans import HeldOut

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trainables.config import Training

TABLE_1 = {  # unverified and verified training clips of FSDnoisy18k
    "all": (15_813, 1_772),
    "clean": (0, 1_772),
    "noisy": (15_813, 0),
    "xs_noisy+clean": (500, 1_772),
    "s_noisy+clean": (1_003, 1_772),
    "m_noisy+clean": (5_000, 1_772),
    "l_noisy+clean": (10_000, 1_772),
    "l_noisy+s_clean": (10_000, 443),
    "l_noisy+m_clean": (10_000, 886),
    "l_noisy+l_clean": (10_000, 1_329),
}
ALL_NOISY, ALL_CLEAN = TABLE_1["all"]
NOISY_SMALL = 1_003
SUBSET_SEED = 0  # the one seed of every draw; another value would be other subsets under the same names


@dataclass(frozen=True, slots=True)
class Count:
    """The number of training clips of each kind in a subset."""

    name: str
    unverified: int
    verified: int


def subset(manifest: Manifest, name: str, seed: int = SUBSET_SEED, *, fold: str | None = None) -> list[int]:
    """Return which clips a subset holds, as sorted indices into ``manifest.clips``; training clips only.

    A smaller subset lies inside a larger one of the same seed and fold.

    Args:
        manifest: the data set.
        name: one of ``trainables.config.Subset``.
        seed: which clips of a class are drawn; how many does not depend on it.
        fold: the fold that is the test set, whose clips are not trained on; None without folds.

    Raises:
        DataSetError: the name is unknown, or the data set has no clips for a part of the subset.

    """
    if name not in TABLE_1:
        message = f"subset '{name}' is not one of {', '.join(TABLE_1)}"
        raise DataSetError([message])
    if name == "all":
        return _training_clips(manifest, fold)
    noisy, clean = TABLE_1[name]
    chosen: list[int] = []
    if noisy:
        chosen += _noisy(manifest, name, noisy, seed, fold)
    if clean:
        clips = _of_kind(manifest, name, fold, verified=True)
        chosen += _draw(manifest, clips, seed, {})[: _share(len(clips), clean, ALL_CLEAN)]
    return sorted(chosen)


def clips_to_test(manifest: Manifest, fold: str | None) -> list[int]:
    """Return the test clips of a run, as indices into ``manifest.clips``: those of its fold, if it has one."""
    return [i for i, c in enumerate(manifest.clips) if c.split == "test" and fold in (None, c.fold)]


def counts(manifest: Manifest) -> list[Count]:
    """Return the size of every subset, as the paper's Table 1 lists them; one that has no clips counts 0 and 0."""
    table = []
    for name in TABLE_1:
        try:
            clips = [manifest.clips[i] for i in subset(manifest, name)]
        except DataSetError:
            clips = []
        verified = sum(c.verified for c in clips)
        table.append(Count(name, len(clips) - verified, verified))
    return table


def held_out(manifest: Manifest, name: str, training: Training) -> HeldOut:
    """Count the validation clips of a subset; with folds, the mean over them, rounded.

    Raises:
        DataSetError: see ``subset``.

    """
    parts = [_held_out(manifest, name, training, fold) for fold in manifest.folds or (None,)]
    return HeldOut(**{key: round(fmean(getattr(part, key) for part in parts)) for key in ("clips", "verified")})


def _held_out(manifest: Manifest, name: str, training: Training, fold: str | None) -> HeldOut:
    clips = subset(manifest, name, fold=fold)
    held = split_validation(manifest, clips, *training.validation_split(0))[1]
    verified = float(sum(manifest.clips[i].verified for i in held))
    if training.split != "fixed":  # how many of a class are held out does not depend on the seed, only which
        held_of, all_of = (Counter(manifest.clips[i].label for i in positions) for positions in (held, clips))
        verified_of = Counter(manifest.clips[i].label for i in clips if manifest.clips[i].verified)
        verified = sum(held_of[label] * count / all_of[label] for label, count in verified_of.items())
    return HeldOut(clips=len(held), verified=round(verified))


def _training_clips(manifest: Manifest, fold: str | None) -> list[int]:
    return [i for i, c in enumerate(manifest.clips) if c.split == "train" and c.fold != fold]


def _of_kind(manifest: Manifest, name: str, fold: str | None, *, verified: bool) -> list[int]:
    clips = [i for i in _training_clips(manifest, fold) if manifest.clips[i].verified == verified]
    if not clips:
        kind = "verified" if verified else "unverified"
        where = "" if fold is None else f" outside fold {quoted(fold)}"
        message = f"subset '{name}': {manifest.name} has no {kind} training clips{where}"
        raise DataSetError([message])
    return clips


def _noisy(manifest: Manifest, name: str, part: int, seed: int, fold: str | None) -> list[int]:
    """Draw the unverified part: xs inside noisy_small inside m inside l."""
    clips = _of_kind(manifest, name, fold, verified=False)
    count = _share(len(clips), part, ALL_NOISY)
    small = [i for i in clips if manifest.clips[i].noisy_small]
    if not small:
        return _draw(manifest, clips, seed, {})[:count]
    if part == NOISY_SMALL:
        return small
    if part < NOISY_SMALL:
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
    # Quotients within a class differ, so rank decides within a class and the label between classes.
    return [i for _, _, i in sorted(queue)]


def split_validation(
    manifest: Manifest, clips: Sequence[int], share: float, seed: int, part: tuple[int, int] | None = None
) -> tuple[list[int], list[int]]:
    """Hold out a share of the training clips, stratified by given label.

    A clip's rank depends on the seed and its own path only, so the same clips tend to be held out of nested subsets.
    Each class contributes round(share * n) clips, at least one and never its last one.

    If parts are held out in turn, the clips are dealt out to them class by class, by rank. So the numbers of clips of
    two parts differ by at most one, in each class and in all. A clip that is the only one of its class is never held
    out.

    Args:
        manifest: the data set.
        clips: positions of training clips in the manifest.
        share: in (0, 1).
        seed: of the split; the paper's protocol keeps it at 42 for every run.
        part: which part is held out, from 0, and of how many; then the share has no effect.

    Returns:
        Positions to train on and positions to validate on, each in the manifest's order.

    """
    by_label: dict[str, list[int]] = defaultdict(list)
    for i in clips:
        by_label[manifest.clips[i].label].append(i)
    held: set[int] = set()
    dealt = 0
    for label in sorted(by_label):
        members = sorted(by_label[label], key=lambda i: rank(seed, "validation", manifest.clips[i].path))
        if part is None:
            count = min(max(1, math.floor(share * len(members) + 0.5)), len(members) - 1)
            held.update(members[:count])
        elif len(members) > 1:
            which, parts = part
            held.update(members[(which - dealt) % parts :: parts])
            dealt += len(members)
    return [i for i in clips if i not in held], [i for i in clips if i in held]
