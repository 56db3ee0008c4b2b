"""A folder of sounds listed in ``metadata.csv`` or ``metadata.jsonl``, as Hugging Face's AudioFolder is.

The file lies beside the sounds: in the folder itself, or in each of its folders ``train`` and ``test``.
"""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from trainables.datasets.csv_files.json_lines import read_json_lines
from trainables.datasets.csv_files.rows import Row, grouped_rows, read_rows
from trainables.datasets.kinds.csv_manifest import as_clips, columns
from trainables.datasets.manifest import Clip, Manifest, Split
from trainables.datasets.names import printable, quoted
from trainables.datasets.noise import sound_files
from trainables.naming import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

NAMES = ("metadata.csv", "metadata.jsonl")
SPLITS: tuple[Split, ...] = ("train", "test")
FILE = "file_name"  # the column of paths
MAX_LINE = 1 << 16  # characters of a first line that is looked at
SAMPLE = 20  # rows whose files show whether the list is of this folder


@dataclass(frozen=True)
class Listed:
    """The rows of a folder's lists, each with the split that its list is for, and the problems of the lists."""

    rows: list[tuple[Split | None, Row]]
    problems: list[str]
    names: tuple[str, ...]

    def exists_below(self, root: Path) -> bool:
        """Return whether one of the first files listed exists."""
        with suppress(OSError, ValueError):  # a name that no file can have
            return any((root / row.values["path"]).is_file() for _, row in self.rows[:SAMPLE] if row.values["path"])
        return False


def read_lists(root: Path, names: Mapping[str, str]) -> Listed | None:
    """Read the lists of a folder, with paths relative to the root; None if it has no list that names files.

    Args:
        root: the folder.
        names: see ``csv_manifest.parse``.

    """
    names = {"path": FILE, **names}
    files: dict[Split | None, Path] = {split: file for split in SPLITS if (file := _list(root / split, names["path"]))}
    if len(files) < len(SPLITS):
        files = {None: file} if (file := _list(root, names["path"])) else {}
    wanted = columns(names, split=False)
    listed = Listed([], [], tuple(file.relative_to(root).as_posix() for file in files.values()))
    for (split, file), name in zip(files.items(), listed.names, strict=True):
        read = read_json_lines if file.suffix == ".jsonl" else read_rows
        rows, problems = read(file, wanted, (names["path"], "label"), name)
        listed.problems.extend(problems)
        listed.rows.extend((split, _below(row, split)) for row in rows)
    return listed if files else None


def parse(
    root: Path, listed: Listed, *, verified: bool, held_out: Callable[[list[str]], set[str]]
) -> tuple[Manifest, list[str]]:
    """Return the manifest of a folder with lists, and every problem of the lists.

    Clips are in the order in which a folder per class has them, so that a data set is the same in both layouts.

    Args:
        root: the folder.
        listed: its rows.
        verified: whether the training labels are verified, where the lists do not state it.
        held_out: which paths of a class are test clips, where neither a column ``split`` nor folders ``train`` and
            ``test`` decide that.

    """
    drawn = not any(split or "split" in row.values or _top(row) for split, row in listed.rows)
    rows: list[tuple[Split | None, Row]] = []
    problems = [*listed.problems]
    for in_list, row in listed.rows:
        split: Split | None = in_list or ("train" if drawn else None if "split" in row.values else _top(row))
        if split is None and "split" not in row.values:
            problems.append(f"{row.where}: {quoted(row.values['path'])}: neither in train nor in test")
            continue
        rows.append((split, replace(row, values={"verified": str(int(verified or split == "test")), **row.values})))
    clips, wrong = as_clips(rows)
    if drawn:
        of_class: defaultdict[str, list[str]] = defaultdict(list)
        for clip in clips:
            of_class[clip.label].append(clip.path)
        tested = {path for paths in of_class.values() for path in held_out(sorted(paths))}
        clips = tuple(replace(c, split="test", verified=True) if c.path in tested else c for c in clips)
    clips = tuple(sorted(clips, key=lambda c: ("" if drawn else str(SPLITS.index(c.split)), c.label, c.path)))
    manifest = Manifest(root.name, "folder", root, clips, notes=_unlisted(root, listed, clips))
    return manifest, grouped_rows(problems + wrong)


def _list(folder: Path, column: str) -> Path | None:
    """Return a folder's list if it has the column of paths: other tools also write a metadata.csv."""
    for file in (folder / name for name in NAMES):
        with suppress(OSError, UnicodeDecodeError), file.open(encoding="utf-8") as lines:
            if column in lines.readline(MAX_LINE):
                return file
    return None


def _below(row: Row, split: Split | None) -> Row:
    """Return a row with a path relative to the root of the list's folder."""
    path = row.values["path"]
    return row if split is None or not path else replace(row, values={**row.values, "path": f"{split}/{path}"})


def _top(row: Row) -> Split | None:
    return next((split for split in SPLITS if row.values["path"].startswith(f"{split}/")), None)


def _unlisted(root: Path, listed: Listed, clips: Sequence[Clip]) -> tuple[str, ...]:
    """Return a line on the sounds in the folder that no row lists."""
    rest = sorted(set(sound_files(root)) - {clip.path for clip in clips})
    if listed.problems or not rest:
        return ()
    verb = "is" if len(rest) == 1 else "are"
    lists = " or ".join(listed.names)
    return (f"{counted(len(rest), 'sound file')} not listed in {lists} {verb} not used, such as {printable(rest[0])}",)
