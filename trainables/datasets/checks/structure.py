"""Problems of a data set as a whole, in its classes and splits, as lines to read."""

from __future__ import annotations

from collections import Counter
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from trainables.datasets.checks.files import line
from trainables.datasets.folds import untrained_classes
from trainables.datasets.manifest import POOL, Clip, Manifest, Split
from trainables.datasets.names import FORMS_DIFFER, normal_form

if TYPE_CHECKING:
    from collections.abc import Iterator

SPLITS: tuple[Split, ...] = ("train", "test")


def structure(manifest: Manifest) -> list[str]:
    """List what makes a data set unusable, apart from its audio.

    That is a split without clips, a single class, a class without training clips or without test clips, whichever fold
    is the test set, or labels that are the same but for the encoding of their accents.
    """
    if not manifest.clips:
        return []
    problems = [f"{manifest.name}: no {split} clips" for split in SPLITS if not manifest.of(split)]
    whole = not problems
    problems += _same_looking_labels(manifest)
    if len(manifest.classes) == 1:
        problems.append(f"{manifest.name}: one class only ('{manifest.classes[0]}'); at least 2 are needed")
    first = {split: {c.label: c for c in reversed(manifest.of(split))} for split in SPLITS}
    forms = Counter(map(normal_form, manifest.classes))
    for label in manifest.classes if whole else ():
        if forms[normal_form(label)] > 1:
            continue  # listed above
        if label not in first["train"]:
            problems.append(line(first["test"][label], f"unknown label '{label}': no training clip has it"))
        elif label not in first["test"]:
            problems.append(f"{manifest.name}: class '{label}' has training clips but no test clip")
    return [*problems, *untrained_classes(manifest)] if manifest.folds else problems


def _same_looking_labels(manifest: Manifest) -> Iterator[str]:
    """Yield a line for each label that looks like an earlier one because only the encoding of its accents differs."""
    clips = {clip.label: clip for clip in reversed(manifest.clips)}
    first: dict[str, Clip] = {}
    for clip in (clips[label] for label in dict.fromkeys(clip.label for clip in manifest.clips)):
        before = first.setdefault(normal_form(clip.label), clip)
        if before is not clip:
            both = " and ".join(f"'{one.label}' ({_place(one)})" for one in (before, clip))
            yield f"labels {both} {FORMS_DIFFER}; write both in the same way"


def _place(clip: Clip) -> str:
    """Return where a clip's label is written: its row, or its class folder."""
    return clip.row or str(PurePosixPath(clip.path).parent)


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
