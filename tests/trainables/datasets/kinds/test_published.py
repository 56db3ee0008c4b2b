"""Published data sets in small copies of their releases, with the columns as published."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pydantic import TypeAdapter, ValidationError

from trainables.datasets.config import KINDS, DataSet
from trainables.datasets.load import load
from trainables.datasets.manifest import DataSetError, Manifest

if TYPE_CHECKING:
    from pathlib import Path

FILES = {
    "FSDKaggle2018.meta/train_post_competition.csv": """\
fname,label,manually_verified,freesound_id,license
00044347.wav,Hi-hat,0,28739,Attribution
001ca53d.wav,Saxophone,1,358827,Attribution
002d256b.wav,Hi-hat,1,10897,Creative Commons 0
0033e230.wav,Saxophone,0,180337,Attribution
""",
    "FSDKaggle2018.meta/test_post_competition_scoring_clips.csv": """\
fname,label,usage,freesound_id,license
00326aa9.wav,Saxophone,Private,355125,Attribution
0038a046.wav,Hi-hat,Public,90621,Creative Commons 0
""",
    "ESC-50-master/meta/esc50.csv": """\
filename,fold,target,category,esc10,src_file,take
1-100032-A-0.wav,1,0,dog,True,100032,A
1-17367-A-10.wav,1,10,rain,True,17367,A
2-114280-A-0.wav,2,0,dog,True,114280,A
2-82367-A-10.wav,2,10,rain,True,82367,A
""",
    "UrbanSound8K/metadata/UrbanSound8K.csv": """\
slice_file_name,fsID,start,end,salience,fold,classID,class
100032-3-0-0.wav,100032,0.0,0.317551,1,5,3,dog_bark
100263-2-0-117.wav,100263,58.5,62.5,1,5,2,children_playing
103258-5-0-0.wav,103258,0.0,4.0,1,10,3,dog_bark
101415-3-0-2.wav,101415,1.0,5.0,1,10,2,children_playing
""",
    "ARCA23K.ground_truth/train.csv": "fname,label,mid\n433,Bark,/m/05tny_\n627,Piano,/m/05r5c\n",
    "ARCA23K.ground_truth/val.csv": "fname,label,mid\n64760,Bark,/m/05tny_\n",
    "ARCA23K.ground_truth/test.csv": "fname,label,mid\n37199,Bark,/m/05tny_\n175151,Piano,/m/05r5c\n",
    "ARCA23K-FSD.ground_truth/train.csv": "fname,label,mid\n63,Bark,/m/05tny_\n64741,Piano,/m/05r5c\n",
    "ARCA23K-FSD.ground_truth/test.csv": "fname,label,mid\n37199,Bark,/m/05tny_\n175151,Piano,/m/05r5c\n",
}


def read(root: Path, kind: str, **keys: object) -> Manifest:
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return load(TypeAdapter(DataSet).validate_python({"kind": kind, "root": str(root), **keys}), root / "cache")


def of(manifest: Manifest) -> list[tuple[str, str, str, bool]]:
    return [(c.path, c.label, c.split, c.verified) for c in manifest.clips]


def test_fsdkaggle2018_has_marks_of_verified_labels_and_a_test_set(tmp_path: Path) -> None:
    manifest = read(tmp_path, "fsdkaggle2018")
    assert of(manifest) == [
        ("FSDKaggle2018.audio_train/00044347.wav", "Hi-hat", "train", False),
        ("FSDKaggle2018.audio_train/001ca53d.wav", "Saxophone", "train", True),
        ("FSDKaggle2018.audio_train/002d256b.wav", "Hi-hat", "train", True),
        ("FSDKaggle2018.audio_train/0033e230.wav", "Saxophone", "train", False),
        ("FSDKaggle2018.audio_test/00326aa9.wav", "Saxophone", "test", True),
        ("FSDKaggle2018.audio_test/0038a046.wav", "Hi-hat", "test", True),
    ]
    assert manifest.name == "FSDKaggle2018"
    assert manifest.clips[0].recording == "28739"


def test_esc50_is_verified_and_tested_on_the_fold_chosen(tmp_path: Path) -> None:
    manifest = read(tmp_path, "esc50", folds={"test": 2})
    assert of(manifest) == [
        ("audio/1-100032-A-0.wav", "dog", "train", True),
        ("audio/1-17367-A-10.wav", "rain", "train", True),
        ("audio/2-114280-A-0.wav", "dog", "test", True),
        ("audio/2-82367-A-10.wav", "rain", "test", True),
    ]
    assert manifest.root == tmp_path / "ESC-50-master"
    assert manifest.clips[0].recording == "100032"


def test_each_fold_of_urbansound8k_is_the_test_set_in_turn(tmp_path: Path) -> None:
    manifest = read(tmp_path, "urbansound8k", folds="all")
    assert manifest.folds == ("5", "10")
    assert [c.path for c in manifest.of("test")] == [
        "audio/fold5/100032-3-0-0.wav",
        "audio/fold5/100263-2-0-117.wav",
        "audio/fold10/103258-5-0-0.wav",
        "audio/fold10/101415-3-0-2.wav",
    ]
    assert manifest.classes == ("children_playing", "dog_bark")


@pytest.mark.parametrize(
    ("kind", "clip", "verified"),
    [("arca23k", "ARCA23K.audio/433.wav", False), ("arca23k-fsd", "FSD50K.dev_audio/63.wav", True)],
)
def test_arca23k_and_its_twin_share_the_test_clips_of_fsd50k(
    tmp_path: Path, kind: str, clip: str, *, verified: bool
) -> None:
    manifest = read(tmp_path, kind)
    assert of(manifest)[0] == (clip, "Bark", "train", verified)
    assert [(c.path, c.split) for c in manifest.clips[2:]] == [
        ("FSD50K.eval_audio/37199.wav", "test"),
        ("FSD50K.eval_audio/175151.wav", "test"),
    ]


@pytest.mark.parametrize("kind", ["esc50", "urbansound8k"])
def test_a_release_in_folds_needs_the_choice_of_the_test_set(tmp_path: Path, kind: str) -> None:
    with pytest.raises(ValidationError, match="folds"):
        read(tmp_path, kind)


@pytest.mark.parametrize(("kind", "fold"), [("esc50", "5"), ("urbansound8k", "10")])
def test_a_path_alone_stands_for_the_last_fold_as_the_test_set(tmp_path: Path, kind: str, fold: str) -> None:
    assert KINDS[kind].at(tmp_path).tested.test == (fold,)


def test_every_bad_row_of_a_release_is_named(tmp_path: Path) -> None:
    lists = {
        "train_post_competition": "fname,label,manually_verified,freesound_id,license\n../a.wav,,2,1,x\n",
        "test_post_competition_scoring_clips": "fname,label,usage,freesound_id,license\n"
        + "b.wav,Bark,Public,1,x\n" * 2,
    }
    (tmp_path / "FSDKaggle2018.meta").mkdir()
    for name, text in lists.items():
        (tmp_path / f"FSDKaggle2018.meta/{name}.csv").write_text(text)
    assert KINDS["fsdkaggle2018"].at(tmp_path).parse(tmp_path)[1] == [
        "train_post_competition.csv:2: the path 'FSDKaggle2018.audio_train/../a.wav' leaves the root",
        "train_post_competition.csv:2: the label is empty",
        "train_post_competition.csv:2: verified '2' is not one of 0, 1, true, false",
        (
            "test_post_competition_scoring_clips.csv:3: FSDKaggle2018.audio_test/b.wav: twice in test, first at "
            "test_post_competition_scoring_clips.csv:2"
        ),
    ]


def test_a_folder_without_the_lists_names_the_first_of_them(tmp_path: Path) -> None:
    with pytest.raises(DataSetError) as caught:
        load(KINDS["arca23k"].at(tmp_path), tmp_path)
    assert caught.value.problems[0] == f"{tmp_path}/ARCA23K.ground_truth/train.csv: no such file; is this ARCA23K?"
