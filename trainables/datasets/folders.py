"""A data set from a folder per class: ROOT/train/CLASS/* and ROOT/test/CLASS/*, or ROOT/CLASS/* split by a seed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainables.audio.headers import SUFFIXES
from trainables.datasets.csv_files.rows import grouped
from trainables.datasets.manifest import Clip, Manifest, Split, rank
from trainables.datasets.names import check_label, check_path, is_leftover, missing, printable

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
    passed_over: list[str] = []
    clips: list[Clip] = []
    if not root.is_dir():
        problems.append(f"{root}: {missing(root, 'no such folder')}")
    elif (root / "train").is_dir() and (root / "test").is_dir():
        splits: tuple[Split, Split] = ("train", "test")
        problems += [
            f"{printable(p.name)}: neither train nor test; nothing in it would be used"
            for p in _entries(root, root, passed_over)
            if p.name not in splits and (p.is_dir() or p.suffix.lower() in SUFFIXES)
        ]
        for split in splits:
            for label, paths in _classes(root, split, problems, passed_over).items():
                clips += [Clip(p, label, split, verified or split == "test") for p in paths]
    else:
        for label, paths in _classes(root, "", problems, passed_over).items():
            held_out = _held_out(paths, test, test_seed)
            clips += [Clip(p, label, "test" if p in held_out else "train", verified or p in held_out) for p in paths]
    if not clips and not problems:
        problems.append(f"{root}: no class folders")
    return Manifest(root.name, "folder", root, tuple(clips), passed_over=tuple(passed_over)), problems


def _entries(root: Path, folder: Path, passed_over: list[str]) -> list[Path]:
    """List what a folder holds, sorted; hidden files, and those that systems leave, are added to ``passed_over``."""
    kept = []
    for path in sorted(folder.iterdir()):
        if is_leftover(path.name):
            passed_over.append(path.relative_to(root).as_posix())
        else:
            kept.append(path)
    return kept


def _held_out(paths: list[str], share: float, seed: int) -> set[str]:
    count = min(max(1, round(share * len(paths))), len(paths) - 1)
    return set(sorted(paths, key=lambda p: rank(seed, p))[:count])


def _classes(root: Path, below: str, problems: list[str], passed_over: list[str]) -> dict[str, list[str]]:
    """List the audio files of every class folder, sorted, as paths relative to the root."""
    paths_of: dict[str, list[str]] = {}
    wrong: list[tuple[tuple[str, str], str, str]] = []
    entries = _entries(root, root / below, passed_over)
    loose = [p for p in entries if p.suffix.lower() in SUFFIXES]
    if loose and not any(p.is_dir() for p in entries):
        problems.append(
            f"no class folders: {len(loose)} sound files lie directly in {root / below}; "
            "put each in a folder named by its class, or list them in a CSV"
        )
        return {}
    for folder in entries:
        name = printable(folder.relative_to(root).as_posix())
        if not folder.is_dir():
            if folder.suffix.lower() not in COMPANIONS:
                what = "a file where class folders are expected"
                wrong.append(((below, what), f"{name}: {what}", ""))
        elif what := check_label(folder.name):
            wrong.append(((below, what), f"{name}: {what}", ""))
        else:
            paths_of[folder.name] = _sounds(root, folder, wrong, passed_over)
            if not paths_of[folder.name]:
                wrong.append(((below, "empty"), f"{name}: an empty class: no wav, flac, ogg or mp3 file", ""))
    problems += grouped(wrong)
    return {label: paths for label, paths in paths_of.items() if paths}


def _sounds(
    root: Path, folder: Path, wrong: list[tuple[tuple[str, str], str, str]], passed_over: list[str]
) -> list[str]:
    """List the audio files of a class folder, and add what does not belong in it to ``wrong``."""
    paths = []
    name = folder.relative_to(root).as_posix()
    for path in _entries(root, folder, passed_over):
        relative = path.relative_to(root).as_posix()
        if path.suffix.lower() in COMPANIONS:
            continue
        if path.is_dir() or path.suffix.lower() not in SUFFIXES:
            what = "a folder inside a class" if path.is_dir() else "not a wav, flac, ogg or mp3 file"
        else:
            what = check_path(relative)
        if what:
            wrong.append(((name, what), f"{printable(relative)}: {what}", ""))
        else:
            paths.append(relative)
    return paths
