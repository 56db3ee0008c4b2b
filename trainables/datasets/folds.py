"""The folds of a data set: its test set, or each the test set in turn."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from trainables.datasets.names import UNPRINTABLE, quoted
from trainables.naming import fold_order, listed_names

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from trainables.datasets.keys import Folds
    from trainables.datasets.manifest import Manifest, Split


def split_by(folds: Folds, fold: str) -> Split:
    """Return the split of the clips of a fold; where each is the test set in turn, all are training clips at first."""
    return "test" if not folds.in_turn and fold in folds.test else "train"


def with_folds(manifest: Manifest, folds: Folds) -> tuple[Manifest, list[str]]:
    """Return a manifest whose test clips are those of the chosen folds, and what is wrong with the choice.

    Where each fold is the test set in turn, every clip is listed twice: as a training clip and, behind all of these, as
    a test clip. What is injected into training clips later does not concern the test clips. Otherwise the folds are
    only another way to state the split, and the clips no longer have one.

    Args:
        manifest: data set whose clips all have a fold.
        folds: the ``folds`` key of a study.

    """
    names = sorted({c.fold for c in manifest.clips}, key=fold_order)
    if unprintable := [name for name in names if not name.isprintable()]:
        return manifest, [f"folds: the name {quoted(name)} {UNPRINTABLE}" for name in unprintable]
    if folds.in_turn:
        halves: tuple[Split, ...] = ("train", "test")
        clips = tuple(replace(c, split=half) for half in halves for c in manifest.clips)
        problems = [f"folds: all clips are in fold {quoted(names[0])}; all needs two folds"] if len(names) == 1 else []
        return replace(manifest, clips=clips), problems
    clips = tuple(replace(c, split=split_by(folds, c.fold), fold="") for c in manifest.clips)
    return replace(manifest, clips=clips), list(_wrong_choice(folds.test, names)) if names else []


def _wrong_choice(chosen: Collection[str], names: Collection[str]) -> Iterator[str]:
    for fold in chosen:
        if fold not in names:
            yield f"folds: no clip is in fold {quoted(fold)}; the folds are {listed_names(names)}"
    if set(names) <= set(chosen):
        yield f"folds: test names every fold ({listed_names(names)}); one must be left to train on"


def untrained_classes(manifest: Manifest) -> Iterator[str]:
    """Yield a line for each class whose clips are all in one of the folds that are the test set in turn."""
    where: dict[str, set[str]] = defaultdict(set)
    for clip in manifest.of("train"):
        where[clip.label].add(clip.fold)
    for label, folds in sorted(where.items()):
        if len(folds) == 1:
            fold = quoted(*folds)
            yield f"class '{label}': all clips are in fold {fold}; as the test set it leaves none to train on"
