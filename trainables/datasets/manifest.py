"""The manifest: the common form of all data sets, a list of labelled clips.

A manifest is light (no audio, no torch). It carries its own fingerprint, made from the labels and from the content of
the audio files, so that a run's identity depends on the data and not on its folder.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from trainables.config import digest
from trainables.naming import fold_order

if TYPE_CHECKING:
    from collections.abc import Mapping

Split = Literal["train", "test"]
POOL = "pool:"  # first part of the path of a clip that lies in the manifest's pool


@dataclass(frozen=True, slots=True)
class Clip:
    """One labelled sound file.

    Where each fold of a data set is the test set in turn, a sound is two clips of one fold: a training clip of the runs
    that are tested on the other folds, and a test clip of those that are tested on its own.
    """

    path: str  # relative to the manifest's root, with forward slashes; "pool:NAME" is relative to its pool
    label: str
    split: Split
    verified: bool  # a person confirmed the label
    true_label: str | None = None  # known truth; "" means a sound of none of the classes; None means unknown
    noisy_small: bool = False  # member of FSDnoisy18k's noisy_small subset
    row: str = ""  # where it was listed, for messages: "train.csv:17"; not part of the clip's identity
    fold: str = ""  # the fold that it is in, where each fold is the test set in turn; else empty
    recording: str = field(default="", compare=False)  # the recording that it was cut from, if known


@dataclass(frozen=True)
class Manifest:
    """A data set: its clips in a fixed order, its classes in sorted order, and the folders of the audio."""

    name: str
    kind: str  # fsdnoisy18k, csv, folder or synthetic
    root: Path
    clips: tuple[Clip, ...]
    digests: tuple[str, ...] = ()  # one content digest per clip; empty until the audio has been read
    skipped: tuple[tuple[str, str], ...] = field(default=())  # (clip, problem) left out with --skip-bad-clips
    pool: Path | None = None  # folder of the out-of-vocabulary sounds that were injected, if any
    silent: Mapping[str, str] = field(default_factory=dict, compare=False)  # digest -> why the clip holds no sound
    same: Mapping[str, str] = field(default_factory=dict, compare=False)  # digest -> another with equal frames
    passed_over: tuple[str, ...] = field(default=(), compare=False)  # hidden files, and those that systems leave
    notes: tuple[str, ...] = field(default=(), compare=False)  # what was assumed because the list lacks it

    @cached_property
    def classes(self) -> tuple[str, ...]:
        """The labels of the training and test clips, sorted."""
        return tuple(sorted({c.label for c in self.clips}))

    @cached_property
    def fingerprint(self) -> str:
        """20 hexadecimal digits over every clip's path, label, split, marks and content, and its fold if it has one.

        Raises:
            ValueError: the audio has not been digested yet.

        """
        if len(self.digests) != len(self.clips):
            msg = f"{self.name}: the audio of this data set has not been read; no fingerprint"
            raise ValueError(msg)
        rows = [
            [c.path, c.label, c.split, c.verified, c.noisy_small, d, *([c.fold] if c.fold else [])]
            for c, d in zip(self.clips, self.digests, strict=True)
        ]
        return digest(rows)

    @cached_property
    def truth(self) -> str:
        """20 hexadecimal digits over what is known of the true labels of the training clips."""
        return digest([[c.path, c.true_label] for c in self.of("train")])

    @property
    def silent_clips(self) -> dict[str, str]:
        """The clips that hold no sound: path -> why."""
        pairs = zip(self.clips, self.digests, strict=True) if self.silent else ()
        return {clip.path: self.silent[content] for clip, content in pairs if content in self.silent}

    @cached_property
    def folds(self) -> tuple[str, ...]:
        """The folds that are the test set in turn, numbers in their order before other names; empty without folds."""
        return tuple(sorted({c.fold for c in self.clips if c.fold}, key=fold_order))

    @cached_property
    def sounds(self) -> tuple[Clip, ...]:
        """The first clip of each path: all clips, where no sound is both a training and a test clip."""
        first: dict[str, Clip] = {}
        for clip in self.clips:
            first.setdefault(clip.path, clip)
        return tuple(first.values())

    def of(self, split: Split) -> tuple[Clip, ...]:
        """Return the clips of one split, in order."""
        return tuple(c for c in self.clips if c.split == split)

    def file(self, clip: Clip) -> Path:
        """Return the path of a clip's audio: below the root, or below the pool for an injected sound."""
        if self.pool is not None and clip.path.startswith(POOL):
            return self.pool / clip.path.removeprefix(POOL)
        return self.root / clip.path

    def without(self, bad: dict[str, str]) -> Manifest:
        """Return the manifest without the clips whose path is a key of ``bad`` (path -> problem)."""
        keep = [i for i, c in enumerate(self.clips) if c.path not in bad]
        return replace(
            self,
            clips=tuple(self.clips[i] for i in keep),
            digests=tuple(self.digests[i] for i in keep) if self.digests else (),
            skipped=self.skipped + tuple(sorted(bad.items())),
        )


class DataSetError(Exception):
    """All problems of a data set at once; ``problems`` has one line for each."""

    def __init__(self, problems: list[str]) -> None:
        """Keep the problems; the message has one line for each."""
        super().__init__("\n".join(problems))
        self.problems = problems


def checked(parsed: tuple[Manifest, list[str]]) -> Manifest:
    """Return a manifest that was parsed without a problem.

    Raises:
        DataSetError: there were problems.

    """
    manifest, problems = parsed
    if problems:
        raise DataSetError(problems)
    return manifest


def rank(seed: int, *names: str) -> bytes:
    """Return a sort key that shuffles names by a seed, the same on any machine, independent of the other names.

    Sorting by it and taking the first k draws k names at random; a larger k contains the smaller one.
    """
    return hashlib.sha256("\0".join((str(seed), *names)).encode()).digest()


def to_json(manifest: Manifest) -> bytes:
    """Serialise a manifest, for the workers and for the report."""
    rows = [
        [c.path, c.label, c.split, c.verified, c.true_label, c.noisy_small, c.row, *([c.fold] if c.fold else [])]
        for c in manifest.clips
    ]
    value = {
        "name": manifest.name,
        "kind": manifest.kind,
        "root": str(manifest.root),
        "digests": manifest.digests,
        "skipped": manifest.skipped,
        "pool": None if manifest.pool is None else str(manifest.pool),
        "clips": rows,
    }
    return json.dumps(value).encode()


def from_json(data: bytes) -> Manifest:
    """Read back what ``to_json`` wrote."""
    value = json.loads(data)
    return Manifest(
        name=value["name"],
        kind=value["kind"],
        root=Path(value["root"]),
        clips=tuple(Clip(*row) for row in value["clips"]),
        digests=tuple(value["digests"]),
        skipped=tuple((a, b) for a, b in value["skipped"]),
        pool=None if value["pool"] is None else Path(value["pool"]),
    )
