from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainables.datasets.config import Folder
from trainables.datasets.keys import Noise
from trainables.datasets.load import load, with_digests
from trainables.datasets.manifest import Clip, DataSetError, Manifest, Split, from_json, to_json
from trainables.datasets.noise import inject, sound_files

if TYPE_CHECKING:
    from collections.abc import Callable


def verified(per_class: int = 50, classes: str = "abcde", tests: int = 3) -> Manifest:
    counts: tuple[tuple[Split, int], ...] = (("train", per_class), ("test", tests))
    clips = [
        Clip(f"{split}/{c}{i}.wav", c, split, verified=True)
        for c in classes
        for split, count in counts
        for i in range(count)
    ]
    return Manifest("set", "folder", Path("root"), tuple(clips))


def problems(manifest: Manifest, **rates: Any) -> list[str]:
    with pytest.raises(DataSetError) as caught:
        inject(manifest, Noise(**rates))
    return caught.value.problems


def test_counts_are_exact_per_class() -> None:
    noisy = inject(verified(), Noise(symmetric=0.3, class_to_class=0.1, keep_verified=0.2)).of("train")
    for label in "abcde":
        mine = [c for c in noisy if c.true_label == label]
        assert len(mine) == 50
        assert sum(c.verified for c in mine) == 10
        assert sum(c.label != label for c in mine) == 12 + 4  # of the 40 that are not kept


def test_kept_clips_are_right_and_test_clips_untouched() -> None:
    before = verified()
    noisy = inject(before, Noise(symmetric=1.0, keep_verified=0.5))
    assert noisy.of("test") == before.of("test")
    assert all((c.label == c.true_label) == c.verified for c in noisy.of("train"))


def test_symmetric_noise_reaches_every_other_class() -> None:
    noisy = inject(verified(200), Noise(symmetric=1.0, keep_verified=0.0)).of("train")
    counted = Counter((c.true_label, c.label) for c in noisy)
    assert len(counted) == 5 * 4
    assert min(counted.values()) > 25  # 50 expected


def test_class_to_class_noise_gives_the_next_label() -> None:
    noisy = inject(verified(classes="abc"), Noise(class_to_class=1.0, keep_verified=0.0)).of("train")
    assert {(c.true_label, c.label) for c in noisy} == {("a", "b"), ("b", "c"), ("c", "a")}


def test_no_noise_still_marks_clips_as_unverified_and_keeps_the_truth() -> None:
    noisy = inject(verified(), Noise(keep_verified=0.2)).of("train")
    assert sum(c.verified for c in noisy) == 50
    assert all(c.label == c.true_label for c in noisy)


def test_the_noise_seed_matters_and_repeats() -> None:
    def draw(seed: int) -> Manifest:
        return inject(verified(), Noise(symmetric=0.4, seed=seed))

    assert draw(1).clips == draw(1).clips
    assert draw(1).clips != draw(2).clips


def test_the_order_of_the_clips_does_not_matter() -> None:
    manifest, noise = verified(), Noise(symmetric=0.4, class_to_class=0.2)
    backwards = Manifest("set", "folder", Path("root"), manifest.clips[::-1])
    assert inject(backwards, noise).clips[::-1] == inject(manifest, noise).clips


@settings(max_examples=60)
@given(
    rates=st.lists(st.integers(0, 20), min_size=3, max_size=3).filter(lambda r: sum(r) <= 20),
    keep=st.floats(0, 1),
    per_class=st.integers(1, 30),
)
def test_the_rates_are_met_within_one_clip_of_each_class(rates: list[int], keep: float, per_class: int) -> None:
    symmetric, to_next = rates[0] / 20, rates[1] / 20
    noisy = inject(verified(per_class), Noise(symmetric=symmetric, class_to_class=to_next, keep_verified=keep)).of(
        "train"
    )
    for label in "abcde":
        mine = [c for c in noisy if c.true_label == label]
        others = [c for c in mine if not c.verified]
        assert len(others) == per_class - round(keep * per_class)
        assert abs(sum(c.label != label for c in others) - (symmetric + to_next) * len(others)) <= 0.5 + 1e-9


def test_rates_above_one_in_sum() -> None:
    assert problems(verified(), symmetric=0.6, class_to_class=0.5) == [
        "noise: symmetric + class_to_class + out_of_vocabulary is 1.1; it must be at most 1"
    ]


def test_unverified_training_clips() -> None:
    clips = (Clip("1.wav", "a", "train", verified=True), Clip("2.wav", "b", "train", verified=False, row="x.csv:3"))
    assert problems(Manifest("set", "csv", Path(), clips), symmetric=0.5) == [
        "x.csv:3: 2.wav: noise can only be injected into verified clips"
    ]


def test_one_class_only() -> None:
    assert problems(verified(classes="a"), symmetric=0.5) == ["noise: one class only; there is no other label"]


def test_out_of_vocabulary_without_a_pool() -> None:
    assert problems(verified(), out_of_vocabulary=0.5) == [
        "noise: out_of_vocabulary needs a pool, a folder of sounds of no class"
    ]


def test_a_pool_that_is_missing(tmp_path: Path) -> None:
    assert problems(verified(), out_of_vocabulary=0.5, pool=str(tmp_path / "no")) == [
        f"noise: pool {tmp_path}/no: no such folder; out_of_vocabulary = 0.5 needs 100"
    ]


def test_a_pool_that_is_too_small(tmp_path: Path) -> None:
    for name in ("1.wav", "2.txt", ".3.wav"):
        (tmp_path / name).touch()
    assert problems(verified(), out_of_vocabulary=0.5, pool=str(tmp_path)) == [
        f"noise: pool {tmp_path}: 1 wav, flac, ogg or mp3 files; out_of_vocabulary = 0.5 needs 100"
    ]


@pytest.fixture
def pooled(tmp_path: Path, make_wav: Callable[..., Path]) -> Folder:
    for i in range(8):
        make_wav(tmp_path / f"set/dog/{i}.wav", seed=i)
        make_wav(tmp_path / f"set/cat/{i}.wav", seed=50 + i)
    for i in range(6):
        make_wav(tmp_path / f"pool/deep/{i}.wav", seed=100 + i)
    noise = Noise(out_of_vocabulary=0.5, pool=str(tmp_path / "pool"), keep_verified=0.0)
    return Folder(kind="folder", root=str(tmp_path / "set"), test=0.25, noise=noise)


def test_sounds_of_the_pool_take_the_place_of_clips(pooled: Folder, tmp_path: Path) -> None:
    manifest = with_digests(load(pooled, tmp_path), tmp_path / "cache")
    foreign = [c for c in manifest.clips if c.path.startswith("pool:")]
    assert len(foreign) == len({c.path for c in foreign}) == 6
    assert Counter(c.label for c in foreign) == {"dog": 3, "cat": 3}
    assert all(c.true_label == "" and not c.verified for c in foreign)
    assert manifest.file(foreign[0]) == tmp_path / "pool" / foreign[0].path.removeprefix("pool:")
    assert all(manifest.file(c).is_file() for c in manifest.clips)
    assert from_json(to_json(manifest)) == manifest


def test_what_systems_leave_in_a_pool_is_no_sound(tmp_path: Path) -> None:
    for name in ("deep/1.wav", "deep/._1.wav", "__MACOSX/1.wav", ".ipynb_checkpoints/1.wav", "@eaDir/1.wav/x.mp3"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert list(sound_files(tmp_path)) == ["deep/1.wav"]


def test_a_link_that_leaves_the_pool(pooled: Folder, tmp_path: Path) -> None:
    for i in range(6):
        (tmp_path / f"pool/deep/{i}.wav").unlink()
        (tmp_path / f"pool/deep/{i}.wav").symlink_to(tmp_path / "set/dog/0.wav")
    with pytest.raises(DataSetError, match=r"pool:deep/0.wav: leaves the root: it leads to .*set/dog/0.wav"):
        with_digests(load(pooled, tmp_path), tmp_path / "cache")


@pytest.mark.parametrize("pool", ["set", "set/dog", ".", "link"])
def test_a_pool_that_overlaps_the_data_set(pooled: Folder, tmp_path: Path, pool: str) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "set")
    noise = pooled.noise.model_copy(update={"pool": str(tmp_path / pool)})  # type: ignore[union-attr]
    with pytest.raises(DataSetError) as caught:
        load(pooled.model_copy(update={"noise": noise}), tmp_path)
    expected = (tmp_path / pool).resolve()
    assert caught.value.problems == [
        f"noise: pool {expected} and the data set's root {tmp_path}/set may not contain one another"
    ]


def test_a_sound_of_the_pool_that_is_in_the_data_set(pooled: Folder, tmp_path: Path) -> None:
    tested = load(pooled, tmp_path).of("test")[0].path
    (tmp_path / "pool/deep/3.wav").write_bytes((tmp_path / "set" / tested).read_bytes())
    with pytest.raises(DataSetError) as caught:
        with_digests(load(pooled, tmp_path), tmp_path / "cache", skip_bad_clips=99)
    assert caught.value.problems == [
        f"pool:deep/3.wav: in the pool, but the same sound as {tested}: {tested.split('/')[0]}"
    ]


def test_many_unverified_clips_are_one_problem() -> None:
    clips = tuple(Clip(f"a/{i}.wav", "ab"[i % 2], "train", verified=False) for i in range(21))
    assert problems(Manifest("set", "csv", Path("root"), clips), symmetric=0.5) == [
        "21 problems of this kind: a/0.wav: noise can only be injected into verified clips"
    ]


def test_the_pool_draw_follows_the_seed(pooled: Folder, tmp_path: Path, make_wav: Callable[..., Path]) -> None:
    for i in range(6, 40):
        make_wav(tmp_path / f"pool/{i}.wav")

    def draw(seed: int) -> set[str]:
        noise = pooled.noise.model_copy(update={"seed": seed})  # type: ignore[union-attr]
        clips = load(pooled.model_copy(update={"noise": noise}), tmp_path).clips
        return {c.path for c in clips if c.path.startswith("pool:")}

    assert draw(1) == draw(1)
    assert draw(1) != draw(2)
