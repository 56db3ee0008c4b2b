"""A manifest's fingerprint and its form as JSON, with and without folds."""

import json
from dataclasses import replace
from pathlib import Path

from trainables.datasets.manifest import Clip, Manifest, from_json, to_json

CLIPS = (Clip("a.wav", "dog", "train", verified=True), Clip("b.wav", "dog", "test", verified=True))


def a_manifest(*folds):
    clips = tuple(replace(clip, fold=fold) for clip, fold in zip(CLIPS, folds, strict=True)) if folds else CLIPS
    return Manifest("toy", "csv", Path("toy"), clips, digests=("0" * 32, "1" * 32))


def test_folds_enter_the_fingerprint_only_where_clips_have_them():
    assert a_manifest().fingerprint == a_manifest("", "").fingerprint == "8299f57c0df2fbff08fe"
    fingerprints = {a_manifest(*folds).fingerprint for folds in ((), ("1", "1"), ("1", "2"), ("2", "1"))}
    assert len(fingerprints) == 4


def test_a_published_manifest_states_folds_only_where_clips_have_them_and_reads_back():
    assert {len(row) for row in json.loads(to_json(a_manifest()))["clips"]} == {7}
    folded = a_manifest("1", "2")
    assert from_json(to_json(folded)) == folded
    assert from_json(to_json(a_manifest())) == a_manifest()
