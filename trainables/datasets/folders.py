"""A data set from a folder per class: ROOT/train/CLASS/* and ROOT/test/CLASS/*, or ROOT/CLASS/* split by a seed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainables.audio.headers import SUFFIXES
from trainables.datasets.manifest import Clip, Manifest, Split, rank
from trainables.datasets.table import check_path, grouped

if TYPE_CHECKING:
    from pathlib import Path

COMPANIONS = (".csv", ".json", ".md", ".txt", ".xml")  # notes next to the audio; other unknown files are problems


def parse(root: Path, *, verified: bool = True, test: float = 0.3, test_seed: int = 0) -> tuple[Manifest, list[str]]:
    """Read what can be read, and list every problem; the audio is not read.

    Args:
        root: the folder. If it holds both ``train`` and ``test``, these are the splits; else every folder is a class.
        verified: whether the training labels are verified (test labels always are).
        test: share in (0, 1) of each class's clips held out as the test set, if the folders do not decide that; at
            least one clip goes to each side.
        test_seed: seed of that draw.

    Returns:
        The manifest, and one problem for each file or folder that does not fit.

    """
    problems: list[str] = []
    clips: list[Clip] = []
    if not root.is_dir():
        problems.append(f"{root}: no such folder")
    elif (root / "train").is_dir() and (root / "test").is_dir():
        splits: tuple[Split, Split] = ("train", "test")
        problems += [
            f"{p.name}: neither train nor test; nothing in it would be used"
            for p in _visible(root)
            if p.name not in splits and (p.is_dir() or p.suffix.lower() in SUFFIXES)
        ]
        for split in splits:
            for label, paths in _classes(root, split, problems).items():
                clips += [Clip(p, label, split, verified or split == "test") for p in paths]
    else:
        for label, paths in _classes(root, "", problems).items():
            held_out = _held_out(paths, test, test_seed)
            clips += [Clip(p, label, "test" if p in held_out else "train", verified or p in held_out) for p in paths]
    if not clips and not problems:
        problems.append(f"{root}: no class folders")
    return Manifest(root.name, "folder", root, tuple(clips)), problems


def _visible(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if not p.name.startswith("."))


def _held_out(paths: list[str], share: float, seed: int) -> set[str]:
    count = min(max(1, round(share * len(paths))), len(paths) - 1)
    return set(sorted(paths, key=lambda p: rank(seed, p))[:count])


def _classes(root: Path, below: str, problems: list[str]) -> dict[str, list[str]]:
    """List the audio files of every class folder, sorted, as paths relative to the root."""
    paths_of: dict[str, list[str]] = {}
    wrong: list[tuple[tuple[str, str], str, str]] = []
    entries = _visible(root / below)
    loose = [p for p in entries if p.suffix.lower() in SUFFIXES]
    if loose and not any(p.is_dir() for p in entries):
        problems.append(
            f"no class folders: {len(loose)} sound files lie directly in {root / below}; "
            "put each in a folder named by its class, or list them in a CSV"
        )
        return {}
    for folder in entries:
        name = folder.relative_to(root).as_posix()
        if not folder.is_dir():
            if folder.suffix.lower() not in COMPANIONS:
                what = "a file where class folders are expected"
                wrong.append(((below, what), f"{name}: {what}", ""))
            continue
        paths = []
        for path in _visible(folder):
            relative = path.relative_to(root).as_posix()
            if path.suffix.lower() in COMPANIONS:
                continue
            if path.is_dir() or path.suffix.lower() not in SUFFIXES:
                what = "a folder inside a class" if path.is_dir() else "not a wav, flac, ogg or mp3 file"
                wrong.append(((name, what), f"{relative}: {what}", ""))
            elif what := check_path(relative):
                wrong.append(((name, what), f"{relative!r}: {what}", ""))
            else:
                paths.append(relative)
        if not paths:
            wrong.append(((below, "empty"), f"{name}: an empty class: no wav, flac, ogg or mp3 file", ""))
        paths_of[folder.name] = paths
    problems += grouped(wrong)
    return {label: paths for label, paths in paths_of.items() if paths}
