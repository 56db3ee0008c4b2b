"""Kinds of data sets describe themselves: which keys are paths, what they look like on disk, where a copy lies."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from trainables.datasets.config import CSV, KINDS, Columns, Folder
from trainables.datasets.keys import Noise, local_paths, path_keys


def test_paths_are_found_by_their_type():
    keys = {kind: path_keys(model) for kind, model in KINDS.items()}
    published = ("fsdnoisy18k", "fsdkaggle2018", "esc50", "urbansound8k", "arca23k", "arca23k-fsd")
    others = {"csv": ["path", "test_path", "root"], "folder": ["root"], "synthetic": []}
    assert keys == {kind: ["root"] for kind in published} | others
    assert path_keys(Noise) == ["pool"]


def test_the_paths_of_a_model_are_those_that_it_holds_also_in_its_noise():
    folder = Folder(kind="folder", root="set", noise=Noise(pool="others"))
    assert list(local_paths(folder)) == [("root",), ("noise", "pool")]
    assert list(local_paths(CSV(kind="csv", path="clips.csv"))) == [("path",)]


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        ("FSDnoisy18k.meta/train.csv", "fsdnoisy18k"),
        ("dog/1.wav", "folder"),
        ("train.csv", "fsdnoisy18k"),
        ("FSDKaggle2018.meta/train_post_competition.csv", "fsdkaggle2018"),
        ("meta/esc50.csv", "esc50"),
        ("ESC-50-master/meta/esc50.csv", "esc50"),
        ("UrbanSound8K/metadata/UrbanSound8K.csv", "urbansound8k"),
        ("ARCA23K.ground_truth/train.csv", "arca23k"),
        ("ARCA23K-FSD.ground_truth/train.csv", "arca23k-fsd"),
    ],
)
def test_a_folder_is_recognised_by_what_lies_in_it(tmp_path, file, kind):
    (tmp_path / file).parent.mkdir(exist_ok=True, parents=True)
    (tmp_path / file).touch()
    assert next(name for name, model in KINDS.items() if model.recognises(tmp_path)) == kind
    assert next(name for name, model in KINDS.items() if model.recognises(tmp_path / file)) == "csv"


def test_of_a_csv_with_a_root_only_the_csv_is_copied_from_its_folder():
    copied = []

    def copy(url, only):
        copied.append((url, only))
        return Path("/copies") / str(len(copied))

    beside = CSV(kind="csv", path="s3://bucket/set/clips.csv").fetched(copy)
    apart = CSV(kind="csv", path="s3://bucket/set/clips.csv", root="s3://bucket/sounds").fetched(copy)
    assert copied == [("s3://bucket/set", None), ("s3://bucket/set", "clips.csv"), ("s3://bucket/sounds", None)]
    assert (beside.path, beside.root) == ("/copies/1/clips.csv", None)
    assert (apart.path, apart.root) == ("/copies/2/clips.csv", "/copies/3")


def test_a_csv_passes_its_columns_and_its_list_of_test_clips_on(tmp_path):
    (tmp_path / "train.csv").write_text("file,kind\na.wav,dog\n")
    (tmp_path / "test.csv").write_text("file,kind\nb.wav,dog\n")
    lists = {key: str(tmp_path / f"{key}.csv") for key in ("train", "test")}
    keys = {"columns": Columns(path="file", label="kind"), "root": "~/sounds"}
    manifest, problems = CSV(kind="csv", path=lists["train"], test_path=lists["test"], **keys).parse(tmp_path)
    assert [(clip.path, clip.label, clip.split) for clip in manifest.clips] == [
        ("a.wav", "dog", "train"),
        ("b.wav", "dog", "test"),
    ]
    assert problems == []
    assert manifest.root == Path.home() / "sounds"


def test_one_column_cannot_have_two_uses():
    with pytest.raises(ValidationError) as refused:
        Columns(path="file", label="kind", split="file")
    (error,) = refused.value.errors()
    assert error["ctx"] == {"at": ("split",), "allowed": "another column than file, which has the path"}


def test_the_given_labels_may_be_known_to_be_the_true_ones():
    assert Columns(label="kind", true_label="kind").names == {"label": "kind", "true_label": "kind"}


@pytest.mark.parametrize("dataset", [CSV(kind="csv", path="clips.csv"), Folder(kind="folder", root="sounds")])
def test_keys_of_columns_are_stored_only_where_they_are_set(dataset):
    assert {"columns", "test_path"}.isdisjoint(dataset.model_dump(mode="json"))
