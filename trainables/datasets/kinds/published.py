"""Published data sets in the folders of their releases: where the lists and the sounds lie, and what columns mean.

ESC-50 (Piczak 2015, 10.1145/2733373.2806390), UrbanSound8K (Salamon et al. 2014, 10.1145/2647868.2655045),
FSDKaggle2018 (Fonseca et al. 2018, arXiv:1807.09902), ARCA23K and ARCA23K-FSD (Iqbal et al. 2021, arXiv:2109.09227).
"""

from __future__ import annotations

from dataclasses import dataclass
from string import Formatter
from typing import TYPE_CHECKING

from trainables.datasets.csv_files.header import plain
from trainables.datasets.csv_files.rows import Row, grouped_rows, read_rows
from trainables.datasets.folds import split_by, with_folds
from trainables.datasets.kinds.csv_manifest import as_clips
from trainables.datasets.manifest import Manifest, Split
from trainables.datasets.names import missing

if TYPE_CHECKING:
    from pathlib import Path

    from trainables.datasets.keys import Folds


@dataclass(frozen=True)
class ClipList:
    """One of the CSVs of a release.

    Attributes:
        file: the CSV, below the folder of the release.
        path: of a clip, below that folder, with the names of columns in braces.
        label: the column of the labels.
        split: of the clips; None if they are in folds.
        verified: the column of whether the label is verified, or "1" or "0" for all of them.
        fold: the column of the folds, if there is one.
        recording: the column of the recording that a clip was cut from, if there is one.

    """

    file: str
    path: str
    label: str
    split: Split | None
    verified: str
    fold: str = ""
    recording: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the CSV needs."""
        in_path = [name for _, name, _, _ in Formatter().parse(self.path) if name]
        marks = [self.verified] if self.verified not in {"0", "1"} else []
        return tuple(dict.fromkeys(filter(None, [*in_path, self.label, *marks, self.fold, self.recording])))

    def row(self, row: Row) -> Row:
        """Return a row with the columns of a CSV manifest."""
        values = {
            "path": self.path.format(**row.values),
            "label": row.values[self.label],
            "verified": row.values.get(self.verified, self.verified),
        }
        values |= {"fold": row.values[self.fold]} if self.fold else {}
        values |= {"recording": row.values[self.recording]} if self.recording else {}
        return Row(row.where, values)


@dataclass(frozen=True)
class Layout:
    """A release.

    Attributes:
        name: of the data set.
        kind: the ``kind`` of ``dataset``.
        lists: its CSVs.
        tops: folders that the release may lie in below the one that it was unpacked into; "" stands for that one.

    """

    name: str
    kind: str
    lists: tuple[ClipList, ...]
    tops: tuple[str, ...] = ("",)

    def home(self, root: Path) -> Path | None:
        """Return the folder of the release, if it is at or in a folder."""
        homes = (root / top for top in self.tops)
        return next((home for home in homes if (home / self.lists[0].file).is_file()), None)


def _fsdkaggle2018() -> Layout:
    train = "FSDKaggle2018.meta/train_post_competition.csv"
    test = "FSDKaggle2018.meta/test_post_competition_scoring_clips.csv"
    lists = (
        ClipList(train, "FSDKaggle2018.audio_train/{fname}", "label", "train", "manually_verified", "", "freesound_id"),
        ClipList(test, "FSDKaggle2018.audio_test/{fname}", "label", "test", "1", "", "freesound_id"),
    )
    return Layout("FSDKaggle2018", "fsdkaggle2018", lists)


def _esc50() -> Layout:
    clips = ClipList("meta/esc50.csv", "audio/{filename}", "category", None, "1", "fold", "src_file")
    return Layout("ESC-50", "esc50", (clips,), ("", "ESC-50-master", "ESC-50"))


def _urbansound8k() -> Layout:
    path = "audio/fold{fold}/{slice_file_name}"
    clips = ClipList("metadata/UrbanSound8K.csv", path, "class", None, "1", "fold", "fsID")
    return Layout("UrbanSound8K", "urbansound8k", (clips,), ("", "UrbanSound8K"))


def _arca23k(name: str, train: str, verified: str) -> Layout:
    """Return the layout of ARCA23K or its twin. Their validation clips, which are of FSD50K, are not used."""
    folder = f"{name}.ground_truth"
    lists = (
        ClipList(f"{folder}/train.csv", f"{train}/{{fname}}.wav", "label", "train", verified),
        ClipList(f"{folder}/test.csv", "FSD50K.eval_audio/{fname}.wav", "label", "test", "1"),
    )
    return Layout(name, name.lower(), lists)


LAYOUTS = {
    layout.kind: layout
    for layout in (
        _fsdkaggle2018(),
        _esc50(),
        _urbansound8k(),
        _arca23k("ARCA23K", "ARCA23K.audio", "0"),
        _arca23k("ARCA23K-FSD", "FSD50K.dev_audio", "1"),
    )
}


def parse(layout: Layout, root: Path, folds: Folds | None) -> tuple[Manifest, list[str]]:
    """Read what can be read of the lists of a release, and list every problem; the audio is not read.

    Args:
        layout: of the release.
        root: its folder, or the one that it was unpacked into.
        folds: which folds are the test set, of a release in folds.

    Returns:
        The manifest, and one problem for each bad row, named as ``FILE:LINE``.

    """
    home = layout.home(root)
    if home is None:
        where = root / layout.lists[0].file
        return Manifest(layout.name, layout.kind, root, ()), [f"{where}: {missing(where)}; is this {layout.name}?"]
    rows: list[tuple[Split | None, Row]] = []
    problems = []
    for listing in layout.lists:
        listed, wrong = read_rows(home / listing.file, plain(*listing.columns))
        in_list = [listing.row(row) for row in listed]
        rows += [(split_by(folds, row.values["fold"].strip()) if folds else listing.split, row) for row in in_list]
        problems += wrong
    clips, wrong = as_clips(rows)
    manifest, problems = Manifest(layout.name, layout.kind, home, clips), grouped_rows(problems + wrong)
    if folds is None:
        return manifest, problems
    manifest, wrong = with_folds(manifest, folds)
    return manifest, problems + wrong
