"""A first study file for a data set: written with comments, sized to the data and to this machine."""

from __future__ import annotations

import json
import re
import shutil
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

from trainables.audio.headers import resampled_length
from trainables.characters import one_line
from trainables.config import Training
from trainables.datasets.checks.pitfalls import pitfalls
from trainables.feature_settings import FEATURES
from trainables.features.framing import frame_count, patch_starts
from trainables.naming import counted, duration
from trainables.settings import MAX_NAME, NAME_PATTERN

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from trainables.audio.headers import Probe
    from trainables.datasets.base import DataSetKind
    from trainables.datasets.manifest import Manifest
    from trainables.feature_settings import Features

BATCHES = 10  # in an epoch at least: with fewer, batch statistics hardly settle
SMALLEST = 4  # patches in a batch
LONGEST_S = 2 * 3600.0  # that the whole study may take; fewer epochs are written where it would take longer
FEWEST_EPOCHS = 20
SEEDS = 5  # the fewest that give an interval
WIDTH = 100  # characters of a line of comments
WORDS = {"true", "false", "null", "~", "yes", "no", "on", "off", "y", "n"}  # that a reader of YAML takes for others


@dataclass(frozen=True)
class Starter:
    """What a study file is written from.

    Attributes:
        name: of the study.
        dataset: the key ``dataset``.
        about: what was seen of the data, as sentences.
        batch_size: patches in a batch.
        epochs: of a run at most.
        features: of the frames and patches.
        gpu: whether this machine has a GPU.

    """

    name: str
    dataset: dict[str, Any]
    about: tuple[str, ...] = ()
    batch_size: int = 32
    epochs: int = Training().epochs
    features: Features = FEATURES
    gpu: bool = False

    def text(self) -> str:
        """Return the study file."""
        training = {"epochs": self.epochs, "batch_size": self.batch_size}
        features = {k: v for k, v in self.features.model_dump().items() if v != getattr(FEATURES, k)}
        why = "the lowest rate of your clips, with windows as long as at the default rate"
        lines = [
            "# A study of three losses, made by gce-study init. Change what you like; gce-study check finds mistakes.",
            *_comments(self.about),
            f"name: {_scalar(self.name)}",
            f"dataset: {flow(self.dataset)}",
            *([f"features: {flow(features)}  # {why}"] if features else []),
            "",
            "# What is compared: cross-entropy, GCE, and the adaptive loss at three temperatures T. Every value is a",
            "# configuration of its own; add values, or other losses.",
            "arms:",
            "  - {name: cce, loss: {name: cce}}",
            "  - {name: gce, loss: {name: gce, q: 0.7}}",
            "  - {name: adaptive, loss: {name: adaptive_gce, temperature: {values: [100, 1000, 10000]}}}",
            "",
            "# Every configuration is trained with every seed. Five seeds are the fewest that give an interval.",
            "method: {name: grid}",
            f"seeds: {SEEDS}",
            f"training: {flow(training)}",
            f"resources: {{cpus_per_run: 1, gpus_per_run: {int(self.gpu)}}}",
            "",
            "# Where runs, records and the report are kept: a folder, or s3://BUCKET/PREFIX.",
            "storage: results",
        ]
        return "\n".join(lines) + "\n"


def starter(dataset: DataSetKind, manifest: Manifest, headers: Mapping[str, Probe], name: str) -> Starter:
    """Return a starter for a data set.

    Args:
        dataset: what the file is to name.
        manifest: its clips.
        headers: path -> header, of the clips whose files can be read.
        name: of the study; see ``study_name``.

    """
    features = _features(headers)
    return Starter(
        name=study_name(name),
        dataset={"kind": _kind(dataset)} | dataset.model_dump(mode="json", exclude_defaults=True, exclude={"kind"}),
        about=tuple(_about(manifest, headers, features)),
        batch_size=_batch_size(manifest, headers, features),
        features=features,
        gpu=shutil.which("nvidia-smi") is not None,
    )


def _kind(dataset: DataSetKind) -> str:
    return str(get_args(type(dataset).model_fields["kind"].annotation)[0])


def study_name(text: str) -> str:
    """Return a name that a study can have, made of a folder's or file's name."""
    name = re.sub(r"[^a-z0-9._-]+", "-", text.lower()).strip("-._")[: MAX_NAME - 1].rstrip("-._")
    return name if re.fullmatch(NAME_PATTERN, name) else "study"


def epochs_within(seconds: float | None) -> int:
    """Return how many epochs a run may have so that the study ends within ``LONGEST_S``, in tens if not all.

    Args:
        seconds: how long the study takes with the default number of epochs; None if that is unknown.

    """
    most = Training().epochs
    if seconds is None or seconds <= LONGEST_S:
        return most
    return max(FEWEST_EPOCHS, int(most * LONGEST_S / seconds) // 10 * 10)


def _features(headers: Mapping[str, Probe]) -> Features:
    """Return the default features, or where a clip has a lower rate, those of that rate with windows as long."""
    lowest = min((header.rate for header in headers.values()), default=FEATURES.sample_rate)
    if lowest >= FEATURES.sample_rate:
        return FEATURES
    window, hop = (round(length * lowest / FEATURES.sample_rate) for length in (FEATURES.window, FEATURES.hop))
    return FEATURES.model_copy(update={"sample_rate": lowest, "window": window, "hop": hop})


def _about(manifest: Manifest, headers: Mapping[str, Probe], features: Features) -> Iterator[str]:
    train = [clip for clip in manifest.clips if clip.split == "train"]
    test = len(manifest.clips) - len(train)
    clips = f"{counted(len(train), 'training clip')}, {counted(test, 'test clip')}"
    yield f"{counted(len(manifest.classes), 'class')}, {clips}."
    if headers:
        seconds = [header.seconds for header in headers.values()]
        lengths = dict.fromkeys(f"{of(seconds):.1f}" for of in (min, max))
        yield f"{duration(sum(seconds))} of sound; clips of {' to '.join(lengths)} s."
    unverified = sum(not clip.verified for clip in train)
    if unverified:
        of = "None" if unverified == len(train) else f"{len(train) - unverified:,}"
        yield f"{of} of the {counted(len(train), 'training label')} verified by a person."
    known = [clip for clip in train if clip.true_label is not None]
    if known:
        yield f"{counted(sum(clip.true_label != clip.label for clip in known), 'training label')} known to be wrong."
    for what, remedy in pitfalls(manifest, headers, features):
        yield f"{what}: {remedy}."


def _batch_size(manifest: Manifest, headers: Mapping[str, Probe], features: Features) -> int:
    """Return the largest usual batch size with which an epoch has ``BATCHES`` batches."""
    patches = sum(
        max(1, len(patch_starts(frame_count(_length(headers[clip.path], features), features), features)))
        for clip in manifest.clips
        if clip.split == "train" and clip.path in headers
    )
    size, wanted = Training().batch_size, patches * (1 - Training().validation) / BATCHES
    while size > wanted and size > SMALLEST:
        size //= 2
    return size


def _length(header: Probe, features: Features) -> int:
    return resampled_length(header.samples, header.rate, features.sample_rate)


def _comments(sentences: tuple[str, ...]) -> Iterator[str]:
    """Yield sentences as lines of comments; nothing in them can end a comment."""
    for sentence in sentences:
        text = "".join(c if c.isprintable() else "?" for c in one_line(sentence))
        yield from textwrap.wrap(text, WIDTH, initial_indent="# ", subsequent_indent="#   ", break_long_words=False)


def flow(values: Mapping[str, Any]) -> str:
    """Return a mapping as YAML 1.2 on one line; texts are quoted unless they are plain words."""
    return "{" + ", ".join(pairs(values)) + "}"


def pairs(values: Mapping[str, Any]) -> Iterator[str]:
    """Yield the keys of a mapping with their values, each as YAML 1.2 on one line."""
    for key, value in values.items():
        yield f"{_scalar(key)}: {_scalar(value)}"


def _scalar(value: Any) -> str:  # noqa: ANN401 -- any value of a data set's keys
    if isinstance(value, dict):
        return flow(value)
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_scalar, value)) + "]"
    if not isinstance(value, str):
        return json.dumps(value)
    if re.fullmatch(r"[A-Za-z~/][\w./~-]*", value, re.ASCII) and value.lower() not in WORDS:
        return value
    quoted = json.dumps(value, ensure_ascii=False)
    return "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in quoted)
