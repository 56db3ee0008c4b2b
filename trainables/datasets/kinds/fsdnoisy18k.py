"""FSDnoisy18k (Fonseca et al. 2019) on disk: read it, fetch it from Zenodo, verify it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from hashlib import md5
from typing import TYPE_CHECKING

from trainables.audio.errors import AudioError
from trainables.audio.headers import probe
from trainables.datasets.checks.files import lines, threads
from trainables.datasets.csv_files.header import plain
from trainables.datasets.csv_files.rows import Row, grouped, grouped_rows, read_rows, repeated
from trainables.datasets.fetching.fetch import Archive, names_in
from trainables.datasets.manifest import Clip, Manifest, Split
from trainables.datasets.names import MISSING, check_label, check_path, printable, quoted, unlike

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

URL = "https://zenodo.org/record/2529934/files/"
META = "FSDnoisy18k.meta"
AUDIO: dict[Split, str] = {"train": "FSDnoisy18k.audio_train", "test": "FSDnoisy18k.audio_test"}
COLUMNS: dict[Split, tuple[str, ...]] = {
    "train": ("fname", "label", "aso_id", "manually_verified", "noisy_small"),
    "test": ("fname", "label", "aso_id"),
}
NO_CLASS_KIND = "out_of_vocabulary"
TRUTH_KINDS = ("clean", "correct", "in_vocabulary", NO_CLASS_KIND)


@dataclass(frozen=True, slots=True)
class Zip:
    """One zip of the release. The sizes are in bytes, and used only if the server states none.

    They follow from 42.5 hours of 16-bit mono at 44.1 kHz, of which 1.4 are the test set, and from the test set's zip
    being 0.89 times as large as its content.
    """

    md5: str
    packed: int
    unpacked: int


@dataclass(frozen=True, slots=True)
class Official:
    """The content of the release: MD5 of the two CSVs, and numbers of clips."""

    md5: Mapping[Split, str] = field(
        default_factory=lambda: {
            "train": "43d229cc0f8467b514a5d479fd2c038e",
            "test": "10ce6bb4f9a4b63b37c1b2a6bc80819c",
        }
    )
    train: int = 17_585
    test: int = 947
    verified: int = 1_772
    noisy_small: int = 1_003


# Small ones first, so that a wrong address or a full disk shows before the large download.
ZIPS: Mapping[str, Zip] = {
    f"{META}.zip": Zip("96e27a4a63b7a2870522ddcedb5d8296", 1_000_000, 2_000_000),
    "FSDnoisy18k.doc.zip": Zip("093a1ca185ec341ca4eac14215e7f96b", 10_000_000, 20_000_000),
    f"{AUDIO['test']}.zip": Zip("1ac73d70b4ef3f81900d98c261a832de", 400_000_000, 450_000_000),
    f"{AUDIO['train']}.zip": Zip("34dc1d34ca44622af5bf439ceb6f0d55", 12_000_000_000, 13_300_000_000),
}


def parse(root: Path) -> tuple[Manifest, list[str]]:
    """Read what can be read of the two CSVs, and list every problem; the audio is not read and may be absent.

    A clip's path is like ``FSDnoisy18k.audio_train/94322.wav``: three names are in both splits, for different sounds.

    Args:
        root: the folder that holds ``FSDnoisy18k.meta``, or one that holds ``train.csv`` and ``test.csv`` themselves.
            A ``truth.csv`` (fname,true_label,kind) in it fills in the true labels of training clips; that of kind
            ``out_of_vocabulary`` names no class.

    Returns:
        The manifest, and one problem for each bad row, named as ``FILE:LINE``.

    """
    problems: list[str] = []
    clips: list[Clip] = []
    tables: dict[Split, list[Row]] = {}
    for split, columns in COLUMNS.items():
        tables[split], wrong = read_rows(meta(root) / f"{split}.csv", plain(*columns))
        problems += wrong
    truth, wrong = _truth(root / "truth.csv", tables["train"])
    problems += wrong
    for split, rows in tables.items():
        split_clips = []
        for row in rows:
            bad = _problems(row, split)
            problems += bad
            if not bad:
                split_clips.append(_clip(row, split, truth))
        problems += repeated((c.row, c.path, c.split) for c in split_clips)
        clips += split_clips
    return Manifest("FSDnoisy18k", "fsdnoisy18k", root, tuple(clips)), grouped_rows(problems)


def meta(root: Path) -> Path:
    """Return the folder of the two CSVs: ``FSDnoisy18k.meta`` in the root, or the root itself."""
    inner = root / META
    return root if (root / "train.csv").is_file() and not inner.is_dir() else inner


def archives(base_url: str = URL, zips: Mapping[str, Zip] = ZIPS) -> tuple[Archive, ...]:
    """Return the archives of the release, to fetch.

    Args:
        base_url: where the zips are, ending in a slash.
        zips: the files to fetch.

    """
    return tuple(
        Archive(name, base_url, {name: z.md5}, packed=z.packed, unpacked=z.unpacked) for name, z in zips.items()
    )


def verify(root: Path, official: Official | None = None) -> list[str]:
    """Compare a folder with the official release: the CSVs, the names in both directions, the counts, every header.

    Returns:
        One line per problem; none if all is well.

    """
    expected = official or Official()
    if not root.is_dir():
        return [f"{root}: no such folder"]
    tables: dict[Split, Path] = {split: meta(root) / f"{split}.csv" for split in COLUMNS}
    if missing := [f"{table}: {MISSING}" for table in tables.values() if not table.is_file()]:
        return missing
    problems = []
    for split, digest in expected.md5.items():
        if (actual := md5(tables[split].read_bytes(), usedforsecurity=False).hexdigest()) != digest:
            problems.append(f"{split}.csv: MD5 {actual}, the official one is {digest}")
    manifest, wrong = parse(root)
    problems += wrong
    problems += _compare_counts(manifest, expected)
    for split, folder in AUDIO.items():
        listed = {c.path for c in manifest.of(split)}
        on_disk = {f"{folder}/{name}" for name in names_in(root / folder)}
        problems += lines(manifest, dict.fromkeys(listed - on_disk, MISSING) | _check_headers(root, listed & on_disk))
        unlisted = f"not listed in {split}.csv"
        problems += grouped((unlisted, f"{path}: {unlisted}", "") for path in sorted(on_disk - listed))
    return problems


def _compare_counts(manifest: Manifest, expected: Official) -> list[str]:
    train = manifest.of("train")
    table = (
        ("train.csv: {} clips", len(train), expected.train),
        ("train.csv: {} verified clips", sum(c.verified for c in train), expected.verified),
        ("train.csv: {} noisy_small clips", sum(c.noisy_small for c in train), expected.noisy_small),
        ("test.csv: {} clips", len(manifest.of("test")), expected.test),
    )
    return [f"{text.format(count)}, officially {number}" for text, count, number in table if count != number]


def _check_headers(root: Path, paths: set[str]) -> dict[str, str]:
    def check(path: str) -> str:
        try:
            probe(root / path)
        except AudioError as error:
            return str(error)
        return ""

    with ThreadPoolExecutor(threads()) as pool:
        return {path: problem for path, problem in zip(paths, pool.map(check, paths), strict=True) if problem}


def _problems(row: Row, split: Split) -> list[str]:
    values = row.values
    problems = [check_path(values["fname"]), check_label(values["label"])]
    if not problems[0] and ("/" in values["fname"] or "\\" in values["fname"]):
        problems.append(f"fname {quoted(values['fname'])} is not a plain file name")
    if split == "train":
        problems += [
            f"{column} {quoted(values[column])} is neither 0 nor 1"
            for column in ("manually_verified", "noisy_small")
            if values[column] not in ("0", "1")
        ]
    return [f"{row.where}: {printable(values['fname'])}: {p}" for p in problems if p]


def _clip(row: Row, split: Split, truth: dict[str, str]) -> Clip:
    values = row.values
    return Clip(
        path=f"{AUDIO[split]}/{values['fname']}",
        label=values["label"],
        split=split,
        verified=split == "test" or values["manually_verified"] == "1",
        true_label=truth.get(values["fname"]) if split == "train" else None,
        noisy_small=split == "train" and values["noisy_small"] == "1",
        row=row.where,
    )


def _truth(path: Path, train: list[Row]) -> tuple[dict[str, str], list[str]]:
    """Read the known true labels: fname -> label, or "" for a sound of no class; empty if there is no such file."""
    if not path.exists():
        return {}, []
    rows, problems = read_rows(path, plain("fname", "true_label", "kind"))
    names, labels = {r.values["fname"] for r in train}, {r.values["label"] for r in train}
    truth: dict[str, str] = {}
    for row in rows:
        name, label, kind = (row.values[column] for column in ("fname", "true_label", "kind"))
        where = f"{row.where}: {printable(name)}"
        if kind not in TRUTH_KINDS:
            problems.append(f"{where}: kind {quoted(kind)} is not one of {', '.join(TRUTH_KINDS)}")
        elif kind != NO_CLASS_KIND and label not in labels:
            different = unlike(label, labels)
            problems.append(f"{where}: true_label {quoted(label)} is not a label of train.csv{different}")
        if name not in names:
            problems.append(f"{where}: not listed in train.csv")
        elif name in truth:
            problems.append(f"{where}: listed twice")
        truth[name] = "" if kind == NO_CLASS_KIND else label
    return truth, problems
