"""The clips' labels, which records do not hold: a storage location keeps them with its data set."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from trainables.metrics import accuracy
from trainables.naming import listed_names
from trainables.published import PublishedDataSet, published_paths
from trainables.storage.documents import read_document

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trainables.metrics import Indices
    from trainables.plans import StudyPlan
    from trainables.records import Record, Test
    from trainables.storage.types import Location

# Places in a clip's row, as trainables.datasets.manifest.to_json writes it.
PATH, LABEL, SPLIT, VERIFIED, TRUE_LABEL, FOLD = 0, 1, 2, 3, 4, 7


@dataclass(frozen=True)
class TrainingClips:
    """The training clips of a data set in the manifest's order, which is that of ``RunOutputs.margins``; N in all.

    Attributes:
        paths: relative to the data set's root; ``pool:NAME`` of an injected sound.
        labels: the given labels, as indices into the plan's classes. Shape (N,).
        verified: whether a person confirmed the label. Shape (N,).
        true_labels: the known true label; ``""`` for a sound of none of the classes, None where it is unknown.

    """

    paths: tuple[str, ...]
    labels: tuple[int, ...]
    verified: tuple[bool, ...]
    true_labels: tuple[str | None, ...]


@dataclass(frozen=True)
class ClipLabels:
    """The labels of a data set's clips.

    Attributes:
        test: the label of every test clip, an index into the plan's classes, in the manifest's order: the order of
            ``records.Test.predictions``.
        counts: ``train verified``, ``train unverified`` and ``test`` -> clips of each class, in the order of classes.
        wrong: training clips of each class whose label is known to be wrong; None if the true labels are unknown.
        folds: the fold of every test clip, where each fold is the test set in turn; else empty.

    """

    test: tuple[int, ...]
    counts: dict[str, tuple[int, ...]]
    wrong: tuple[int, ...] | None
    folds: tuple[str, ...] = ()

    @property
    def classes(self) -> int:
        """The number of classes."""
        return max(map(len, self.counts.values()), default=0)

    def tested(self, fold: str | None) -> list[int]:
        """Return which of the test clips a run is tested on: those of its fold, or all if it has none."""
        if fold is None:
            return list(range(len(self.test)))
        return [i for i, of in enumerate(self.folds) if of == fold]

    def truth(self, fold: str | None) -> list[int]:
        """Return the labels of the clips that a run is tested on."""
        return [self.test[i] for i in self.tested(fold)]


def read_labels(storage: Location, plan: StudyPlan) -> ClipLabels | None:
    """Read the labels of a study's data set.

    They lie in ``storage/datasets``, where ``publish_dataset`` writes them for the workers.
    The accuracy of a record follows from them, which ``matches_labels`` checks.

    Args:
        storage: the storage location.
        plan: the study's plan.

    Returns:
        None where the file is absent, as in a copy of plans and records alone.

    Raises:
        ValueError: the file contradicts what the plan states of the data set.

    """
    data = plan.dataset
    clips = _published_clips(storage, plan)
    if clips is None:
        return None
    number = {name: k for k, name in enumerate(data.classes)}
    counts = Counter((clip.part, clip.label) for clip in clips)
    wrong = Counter(clip.label for clip in clips if clip.part != "test" and clip.true_label not in {None, clip.label})
    return ClipLabels(
        tuple(number[clip.label] for clip in clips if clip.part == "test"),
        {part: tuple(counts[part, name] for name in data.classes) for part in data.clips},
        None if all(clip.true_label is None for clip in clips) else tuple(wrong[name] for name in data.classes),
        tuple(clip.fold for clip in clips if clip.part == "test" and clip.fold),
    )


def read_training_clips(storage: Location, plan: StudyPlan) -> TrainingClips | None:
    """Read the training clips of a study's data set, from the file that ``read_labels`` reads.

    Returns:
        None where the file is absent.

    Raises:
        ValueError: the file contradicts what the plan states of the data set.

    """
    clips = _published_clips(storage, plan)
    if clips is None:
        return None
    number = {name: k for k, name in enumerate(plan.dataset.classes)}
    training = [clip for clip in clips if clip.part != "test"]
    return TrainingClips(
        tuple(clip.path for clip in training),
        tuple(number[clip.label] for clip in training),
        tuple(clip.part == "train verified" for clip in training),
        tuple(clip.true_label for clip in training),
    )


class LabelledClip(NamedTuple):
    """A test clip: its path relative to the data set's root, its label, its true label if known, and its fold or ""."""

    path: str
    label: str
    true_label: str | None
    fold: str


def read_test_clips(storage: Location, plan: StudyPlan) -> tuple[LabelledClip, ...]:
    """Read the test clips of a study's data set in the manifest's order, from the file that ``read_labels`` reads.

    Returns:
        Nothing where the file is absent.

    Raises:
        ValueError: the file contradicts what the plan states of the data set.

    """
    clips = _published_clips(storage, plan) or []
    return tuple(LabelledClip(c.path, c.label, c.true_label, c.fold) for c in clips if c.part == "test")


class _Clip(NamedTuple):
    path: str
    label: str
    part: str  # of the data set, as the plan's counts name it
    true_label: str | None
    fold: str


def _published_clips(storage: Location, plan: StudyPlan) -> list[_Clip] | None:
    """Read the clips of a published manifest and check them against the plan; None where the file is absent."""
    data = plan.dataset
    path = published_paths(storage, data, plan.settings.features)[0]  # all have the same labels
    try:
        rows = read_document(path, PublishedDataSet).manifest["clips"]
        clips = [
            _Clip(
                str(row[PATH]),
                str(row[LABEL]),
                _part(row),
                _text(row[TRUE_LABEL]),
                "".join(map(str, row[FOLD : FOLD + 1])),
            )
            for row in rows
        ]
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, IndexError) as error:
        msg = f"{path}: not a data set that gce-study wrote: {str(error).removeprefix(f'{path}: ')}"
        raise ValueError(msg) from error
    sizes = Counter(clip.part for clip in clips)
    unknown = sorted({clip.label for clip in clips} - set(data.classes))
    if unknown or any(sizes[part] != count for part, count in data.clips.items()):
        what = f"the labels {listed_names(unknown)}" if unknown else f"other numbers of clips ({dict(sizes)})"
        msg = f"{path} has {what}, and the study's plan does not"
        raise ValueError(msg)
    return clips


def _text(value: Any) -> str | None:  # noqa: ANN401 -- any JSON value
    return None if value is None else str(value)


def _part(row: list[Any]) -> str:
    """Name a clip's part of the data set as the plan's counts do."""
    if row[SPLIT] == "test":
        return "test"
    return "train verified" if row[VERIFIED] else "train unverified"


def matches_labels(record: Record, labels: ClipLabels) -> bool:
    """Return whether a record's test accuracy follows from its predictions of known classes; False without a test."""
    return matching(record.test, np.array(labels.truth(record.run.fold)), labels.classes) is not None


def matching(test: Test | None, truth: Indices, classes: int) -> Indices | None:
    """Return the predictions of a test as an array, None if its accuracy does not follow from them.

    Args:
        test: of a run; None if it has none.
        truth: the labels of the clips that the run is tested on, shape (N,).
        classes: number of classes.

    """
    if test is None or not len(truth) or len(test.predictions) != len(truth):
        return None
    predicted = np.array(test.predictions)
    if predicted.min() < 0 or predicted.max() >= classes:
        return None
    agrees = abs(accuracy(truth, predicted) - test.accuracy) < 1 / (2 * len(truth))
    return predicted if agrees else None


def predictions(records: Iterable[Record], labels: ClipLabels) -> dict[int, tuple[int, ...]]:
    """Return seed -> predictions of the complete runs of one configuration that match the labels.

    Where each fold is the test set in turn, the predictions of a seed are those of all its runs, of which each tests
    some of the clips; a seed that lacks a run is left out.
    """
    by_seed: dict[int, dict[int, int]] = {}
    for record in records:
        if record.status == "complete" and record.test is not None and matches_labels(record, labels):
            of_seed = by_seed.setdefault(record.run.seed, {})
            of_seed |= zip(labels.tested(record.run.fold), record.test.predictions, strict=True)
    whole = range(len(labels.test))
    return {seed: tuple(of[i] for i in whole) for seed, of in by_seed.items() if len(of) == len(whole)}
