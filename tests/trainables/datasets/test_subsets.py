from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainables.config import Subset
from trainables.datasets.kinds.fsdnoisy18k import parse
from trainables.datasets.manifest import Clip, DataSetError, Manifest, checked
from trainables.datasets.subsets import SUBSET_SEED, counts, subset

TABLE_1 = {
    "all": (15_813, 1_772),
    "clean": (0, 1_772),
    "noisy": (15_813, 0),
    "xs_noisy+clean": (500, 1_772),
    "s_noisy+clean": (1_003, 1_772),
    "m_noisy+clean": (5_000, 1_772),
    "l_noisy+clean": (10_000, 1_772),
    "l_noisy+s_clean": (10_000, 443),
    "l_noisy+m_clean": (10_000, 886),
    "l_noisy+l_clean": (10_000, 1_329),
}
NESTED = [
    ("xs_noisy+clean", "s_noisy+clean"),
    ("s_noisy+clean", "m_noisy+clean"),
    ("m_noisy+clean", "l_noisy+clean"),
    ("l_noisy+clean", "all"),
    ("clean", "xs_noisy+clean"),
    ("noisy", "all"),
    ("l_noisy+s_clean", "l_noisy+m_clean"),
    ("l_noisy+m_clean", "l_noisy+l_clean"),
    ("l_noisy+l_clean", "l_noisy+clean"),
]


def made(unverified: dict[str, int], verified: dict[str, int], small: dict[str, int] | None = None) -> Manifest:
    clips = [Clip(f"v{c}{i}.wav", c, "train", verified=True) for c, n in verified.items() for i in range(n)]
    clips += [
        Clip(f"u{c}{i}.wav", c, "train", verified=False, noisy_small=i < (small or {}).get(c, 0))
        for c, n in unverified.items()
        for i in range(n)
    ]
    clips += [Clip(f"t{c}.wav", c, "test", verified=True) for c in verified]
    return Manifest("set", "csv", Path(), tuple(clips))


@pytest.fixture(scope="module")
def real(real_data: Path) -> Manifest:
    return checked(parse(real_data / "fsdnoisy18k-meta"))


def test_the_real_counts_are_those_of_table_1(real: Manifest) -> None:
    assert {c.name: (c.unverified, c.verified) for c in counts(real)} == TABLE_1
    assert tuple(TABLE_1) == get_args(Subset)


@pytest.mark.parametrize(("smaller", "larger"), NESTED)
def test_real_subsets_are_nested(real: Manifest, smaller: str, larger: str) -> None:
    assert set(subset(real, smaller)) < set(subset(real, larger))


def test_s_noisy_is_noisy_small(real: Manifest) -> None:
    noisy = {i for i in subset(real, "s_noisy+clean") if not real.clips[i].verified}
    assert noisy == {i for i, c in enumerate(real.clips) if c.noisy_small}


@pytest.mark.parametrize(
    ("name", "verified", "size"), [("m_noisy+clean", False, 5_000), ("l_noisy+s_clean", True, 443)]
)
def test_classes_are_in_proportion(real: Manifest, name: str, verified: bool, size: int) -> None:
    whole = Counter(c.label for c in real.of("train") if c.verified == verified)
    drawn = Counter(real.clips[i].label for i in subset(real, name) if real.clips[i].verified == verified)
    assert all(abs(drawn[c] - size * n / whole.total()) < 1 for c, n in whole.items())


def test_the_subset_seed_matters_and_repeats(real: Manifest) -> None:
    assert subset(real, "m_noisy+clean", 1) == subset(real, "m_noisy+clean", 1)
    assert subset(real, "m_noisy+clean", 1) != subset(real, "m_noisy+clean", 2)
    assert subset(real, "clean", 1) == subset(real, "clean", 2)


def test_subsets_are_drawn_from_the_one_recorded_seed(real: Manifest) -> None:
    assert SUBSET_SEED == 0
    assert subset(real, "m_noisy+clean") == subset(real, "m_noisy+clean", SUBSET_SEED)


def test_indices_are_sorted_training_clips(real: Manifest) -> None:
    for name in get_args(Subset):
        chosen = subset(real, name)
        assert chosen == sorted(set(chosen))
        assert all(real.clips[i].split == "train" for i in chosen)


def test_the_order_of_the_clips_does_not_matter(real: Manifest) -> None:
    backwards = Manifest("x", "csv", Path(), real.clips[::-1])
    assert {real.clips[i].path for i in subset(real, "m_noisy+clean")} == {
        backwards.clips[i].path for i in subset(backwards, "m_noisy+clean")
    }


def test_another_data_set_gets_the_same_fractions() -> None:
    found = {c.name: (c.unverified, c.verified) for c in counts(made({"a": 400, "b": 600}, {"a": 40, "b": 60}))}
    assert found["xs_noisy+clean"] == (32, 100)
    assert found["s_noisy+clean"] == (63, 100)
    assert found["m_noisy+clean"] == (316, 100)
    assert found["l_noisy+s_clean"] == (632, 25)


def test_marked_clips_are_s_noisy_on_another_data_set() -> None:
    manifest = made({"a": 400, "b": 600}, {"a": 40, "b": 60}, small={"a": 90, "b": 10})
    assert {i for i in subset(manifest, "s_noisy+clean") if not manifest.clips[i].verified} == {
        i for i, c in enumerate(manifest.clips) if c.noisy_small
    }
    # What is drawn beyond them makes up for their lack of proportion.
    drawn = Counter(
        manifest.clips[i].label for i in subset(manifest, "m_noisy+clean") if not manifest.clips[i].verified
    )
    assert drawn == {"a": 126, "b": 190}


def test_an_unknown_name() -> None:
    with pytest.raises(DataSetError, match=r"^subset 'xl_noisy' is not one of all, clean, noisy, "):
        subset(made({"a": 1}, {"a": 1}), "xl_noisy")


@pytest.mark.parametrize("name", ["noisy", "s_noisy+clean"])
def test_no_unverified_clips(name: str) -> None:
    with pytest.raises(
        DataSetError, match=rf"^subset '{name.replace('+', '.')}': set has no unverified training clips$"
    ):
        subset(made({}, {"a": 2, "b": 2}), name)


@pytest.mark.parametrize("name", ["clean", "l_noisy+s_clean"])
def test_no_verified_clips(name: str) -> None:
    with pytest.raises(DataSetError, match="has no verified training clips"):
        subset(made({"a": 2, "b": 2}, {}), name)


def test_counts_say_zero_for_what_is_not_there() -> None:
    found = {c.name: (c.unverified, c.verified) for c in counts(made({}, {"a": 2, "b": 2}))}
    assert found["noisy"] == (0, 0)
    assert found["all"] == found["clean"] == (0, 4)


SIZES = st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 40), min_size=1)


@settings(max_examples=60)
@given(unverified=SIZES, verified=SIZES, small=st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 20)))
def test_subsets_of_any_data_set_are_nested(
    unverified: dict[str, int], verified: dict[str, int], small: dict[str, int]
) -> None:
    manifest = made(unverified, verified, small)
    for smaller, larger in NESTED:
        assert set(subset(manifest, smaller)) <= set(subset(manifest, larger))


@settings(max_examples=60)
@given(unverified=SIZES, verified=SIZES)
def test_the_next_larger_draw_only_adds(unverified: dict[str, int], verified: dict[str, int]) -> None:
    from trainables.datasets.subsets import _draw  # noqa: PLC0415

    manifest = made(unverified, verified)
    clips = [i for i, c in enumerate(manifest.clips) if c.split == "train" and not c.verified]
    order = _draw(manifest, clips, 0, {})
    assert sorted(order) == clips
    for k in range(len(order)):
        drawn = Counter(manifest.clips[i].label for i in order[:k])
        for label, n in unverified.items():  # a divisor method may leave the quota, but never by much
            assert abs(drawn[label] - k * n / len(order)) < 2
