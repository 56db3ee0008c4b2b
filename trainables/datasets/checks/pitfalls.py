"""Pitfalls of a data set for training, each with what to do about it."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from trainables.config import Training
from trainables.datasets.names import quoted
from trainables.datasets.subsets import split_validation
from trainables.feature_settings import FEATURES
from trainables.naming import counted, set_off

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from trainables.audio.headers import Probe
    from trainables.datasets.manifest import Manifest
    from trainables.feature_settings import Features

IMBALANCE = 10  # times as many training clips in the largest class as in the smallest
REPEATS = 10  # times that a clip is repeated to fill a patch
LONG_S = 30.0  # seconds; a clip that is not longer is not long
LONG = 10  # times as long as the median clip
MAX_NAMED = 3  # classes or clips


class Pitfall(NamedTuple):
    """What is unusual about a data set, and what to do."""

    what: str
    remedy: str


def pitfalls(manifest: Manifest, headers: Mapping[str, Probe], features: Features = FEATURES) -> list[Pitfall]:
    """List the pitfalls of a data set for training, apart from doubtful clips.

    Args:
        manifest: the data set.
        headers: path -> header, of the clips whose files can be read.
        features: with which it is to be trained.

    """
    known = {clip.path: headers[clip.path] for clip in manifest.sounds if clip.path in headers}
    return [
        *_imbalance(manifest),
        *_few(manifest),
        *_alike(manifest),
        *(_durations(known, features) if known else ()),
        *_rates(known, features),
        *_channels(known),
    ]


def _imbalance(manifest: Manifest) -> Iterator[Pitfall]:
    sizes = Counter(clip.label for clip in manifest.of("train")).most_common()
    if sizes and sizes[0][1] >= IMBALANCE * sizes[-1][1]:
        (large, most), (small, least) = sizes[0], sizes[-1]
        yield Pitfall(
            f"{quoted(large)} has {counted(most, 'training clip')}, {quoted(small)} has {least:,}",
            "judge by macro F1 or balanced accuracy too: accuracy hardly depends on small classes",
        )


def _few(manifest: Manifest) -> Iterator[Pitfall]:
    training = Training()
    train = [i for i, clip in enumerate(manifest.clips) if clip.split == "train"]
    held = split_validation(manifest, train, training.validation, training.split_seed)[1]
    validated = Counter(manifest.clips[i].label for i in held)
    few = sorted(label for label in {manifest.clips[i].label for i in train} if validated[label] <= 1)
    if few:
        yield Pitfall(
            f"{counted(len(few), 'class')} with at most one validation clip: {_first(few)}",
            "add training clips to these classes, or raise training.validation",
        )


def _alike(manifest: Manifest) -> Iterator[Pitfall]:
    """Yield labels that are the same but for case and for what separates their words."""
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for label in manifest.classes:
        groups[re.sub(r"[\s_-]+", " ", label).strip().casefold()].append(label)
    for labels in groups.values():
        if len(labels) > 1:
            yield Pitfall(
                f"labels {' and '.join(map(quoted, labels))} differ only in case, spaces, underscores or hyphens",
                "write them alike if they are one class",
            )


def _durations(headers: Mapping[str, Probe], features: Features) -> Iterator[Pitfall]:
    patch = features.min_samples / features.sample_rate
    short = [path for path, header in headers.items() if header.seconds * REPEATS < patch]
    if short:
        yield Pitfall(
            f"{_share(short, headers)} shorter than {patch / REPEATS:g} s: {_first(short)}",
            f"a sound is repeated until it fills a patch of {patch:g} s; leave out what is too short to recognise",
        )
    limit = max(LONG_S, LONG * median(header.seconds for header in headers.values()))
    long = sorted((p for p, header in headers.items() if header.seconds > limit), key=lambda p: -headers[p].seconds)
    if long:
        yield Pitfall(
            f"{_share(long, headers)} longer than {limit:,.0f} s: {_first(long)}",
            "cut them: all patches of a clip carry its label, and long clips have most patches",
        )


def _rates(headers: Mapping[str, Probe], features: Features) -> Iterator[Pitfall]:
    rates = Counter(header.rate for header in headers.values())
    low = [path for path, header in headers.items() if header.rate < features.sample_rate]
    if not low:
        return
    lowest = min(rates)
    mixed = "" if len(low) == len(headers) else ", by which a network can tell them from the others"
    yield Pitfall(
        f"{_share(low, headers)} recorded at less than {features.sample_rate:,} Hz, the lowest at {lowest:,} Hz",
        f"set features.sample_rate: {lowest}; the bands of upsampled clips are empty above half their rate{mixed}",
    )


def _channels(headers: Mapping[str, Probe]) -> Iterator[Pitfall]:
    several = [path for path, header in headers.items() if header.channels > 1]
    if several:
        yield Pitfall(
            f"{_share(several, headers)} with more than one channel: {_first(several)}",
            "channels are averaged; mix them down yourself if they hold different sounds",
        )


def _share(clips: list[str], among: Mapping[str, Probe]) -> str:
    return f"{len(clips):,} of {counted(len(among), 'clip')}"


def _first(names: list[str]) -> str:
    shown = ", ".join(map(set_off, names[:MAX_NAMED]))
    return f"{shown} and {len(names) - MAX_NAMED:,} more" if len(names) > MAX_NAMED else shown
