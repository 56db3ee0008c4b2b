"""A data set from a folder per class: ROOT/train/CLASS/* and ROOT/test/CLASS/*, or ROOT/CLASS/* split by a seed.

A folder whose files are listed in a ``metadata.csv`` is read by ``audio_folder``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from trainables.audio.headers import SUFFIXES
from trainables.datasets.csv_files.rows import grouped
from trainables.datasets.kinds import audio_folder
from trainables.datasets.manifest import Clip, Manifest, Split, rank
from trainables.datasets.names import check_label, check_path, is_leftover, missing, printable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SPLITS: tuple[Split, Split] = ("train", "test")
# Folders of data sets whose clips have several labels -> the data set. The folders beside them are no classes.
OF_SEVERAL = {"FSD50K.ground_truth": "FSD50K", "FSDKaggle2019.meta": "FSDKaggle2019"}
COMPANIONS = (".csv", ".json", ".md", ".txt", ".xml")  # notes next to the audio; other unknown files are problems


def parse(
    root: Path,
    *,
    verified: bool = True,
    test: float = 0.3,
    test_seed: int = 0,
    names: Mapping[str, str] | None = None,
) -> tuple[Manifest, list[str]]:
    """Read what can be read, and list every problem; the audio is not read.

    Args:
        root: the folder. If it holds both ``train`` and ``test``, these are the splits; else every folder is a class.
            A ``metadata.csv`` or ``metadata.jsonl`` that lists its files decides labels and splits instead.
        verified: whether the training labels are verified (test labels always are).
        test: share in (0, 1) of each class's clips held out as the test set, if neither the folders nor the list
            decide that; at least one clip goes to each side.
        test_seed: seed of that draw.
        names: the names of the list's columns; see ``csv_manifest.parse``.

    Returns:
        The manifest, and one problem for each file, folder or row that does not fit.

    """
    for folder, name in OF_SEVERAL.items():
        if (root / folder).is_dir():
            problem = f"{root}: {name} has several labels for a clip; only clips with one label each can be used"
            return Manifest(root.name, "folder", root, ()), [problem]
    listed = audio_folder.read_lists(root, names or {})
    if listed is None or not listed.exists_below(root):
        manifest, problems = _in_classes(root, verified=verified, test=test, test_seed=test_seed)
        if listed is None or manifest.clips:
            return manifest, problems
    return audio_folder.parse(root, listed, verified=verified, held_out=lambda paths: _held_out(paths, test, test_seed))


def _in_classes(root: Path, *, verified: bool, test: float, test_seed: int) -> tuple[Manifest, list[str]]:
    """List the files of every class folder."""
    listing = _Listing(root)
    clips: list[Clip] = []
    try:
        for split, folder in _splits(root, listing):
            for label, paths in listing.classes(folder).items():
                tested = _held_out(paths, test, test_seed) if not split else set(paths if split == "test" else ())
                clips += [Clip(p, label, "test" if p in tested else "train", verified or p in tested) for p in paths]
    except OSError as error:
        listing.add("", str(error.filename), f"cannot be read: {error.strerror}")
    if not clips and not listing.problems:
        listing.add("", str(root), "no class folders")
    return Manifest(root.name, "folder", root, tuple(clips), passed_over=tuple(listing.passed_over)), (
        grouped(listing.problems)
    )


def _splits(root: Path, listing: _Listing) -> list[tuple[Split | Literal[""], Path]]:
    """Return the folders of class folders, each with its split; "" if a share of each class is to be held out."""
    if not root.is_dir():
        listing.add("", str(root), missing(root, "no such folder"))
        return []
    if not ((root / "train").is_dir() and (root / "test").is_dir()):
        return [("", root)]
    for path in listing.entries(root):
        if path.name not in SPLITS and (path.is_dir() or path.suffix.lower() in SUFFIXES):
            listing.add("", path.name, "neither train nor test; nothing in it would be used")
    return [(split, root / split) for split in SPLITS]


def _held_out(paths: list[str], share: float, seed: int) -> set[str]:
    count = min(max(1, round(share * len(paths))), len(paths) - 1)
    return set(sorted(paths, key=lambda p: rank(seed, p))[:count])


@dataclass
class _Listing:
    """What the folders below a root hold: the problems, and the files that were ignored."""

    root: Path
    problems: list[tuple[tuple[str, str], str, str]] = field(default_factory=list)
    passed_over: list[str] = field(default_factory=list)

    def add(self, below: str, name: str, problem: str) -> None:
        """Add the problem of a file or folder; those of one folder with the same problem may become one line."""
        self.problems.append(((below, problem), f"{printable(name)}: {problem}", ""))

    def entries(self, folder: Path) -> list[Path]:
        """List what a folder holds, sorted; hidden files, and those that systems leave, are ignored."""
        paths = sorted(folder.iterdir())
        self.passed_over += [self.name(path) for path in paths if is_leftover(path.name)]
        return [path for path in paths if not is_leftover(path.name)]

    def name(self, path: Path) -> str:
        """Return a path relative to the root."""
        return path.relative_to(self.root).as_posix()

    def classes(self, parent: Path) -> dict[str, list[str]]:
        """List the audio files of every class folder, sorted, as paths relative to the root."""
        entries = self.entries(parent)
        loose = [p for p in entries if p.suffix.lower() in SUFFIXES]
        if loose and not any(p.is_dir() for p in entries):
            remedy = "put each in a folder named after its class, or list them in a CSV"
            self.add("", "no class folders", f"{len(loose)} sound files lie directly in {parent}; {remedy}")
            return {}
        paths_of = {}
        for folder in entries:
            if not folder.is_dir():
                if folder.suffix.lower() not in COMPANIONS:
                    self.add(parent.name, self.name(folder), "a file where class folders are expected")
            elif problem := check_label(folder.name):
                self.add(parent.name, self.name(folder), problem)
            elif paths := self.sounds(folder):
                paths_of[folder.name] = paths
        return paths_of

    def sounds(self, folder: Path) -> list[str]:
        """List the audio files of a class folder, sorted, as paths relative to the root."""
        try:
            entries = self.entries(folder)
        except OSError as error:
            self.add("", self.name(folder), f"cannot be read: {error.strerror}")
            return []
        paths, folders = [], []
        for path in entries:
            name = self.name(path)
            if path.suffix.lower() in COMPANIONS:
                continue
            if path.is_dir():
                folders.append(name)
            elif path.suffix.lower() not in SUFFIXES:
                self.add(folder.name, name, "not a wav, flac, ogg or mp3 file")
            elif problem := check_path(name):
                self.add(folder.name, name, problem)
            else:
                paths.append(name)
        if not paths and folders:
            self.add("", self.name(folder), "no sounds, only folders; move the sounds up, or list them in a CSV")
        elif not paths:
            self.add("", self.name(folder), "an empty class: no wav, flac, ogg or mp3 file")
        for name in folders if paths else ():
            self.add(folder.name, name, "a folder inside a class")
        return paths
