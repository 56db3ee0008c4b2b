"""The cautions on runs that were trained by different code, or on different processors."""

from __future__ import annotations

from factories import Builder
from trainables.losses.catalogue import CCE

FIRST, SECOND = "1" * 64, "2" * 64
AVX2, AVX512 = ({"device": "cpu", "cpu_capability": name} for name in ("AVX2", "AVX512"))
OLD = {"device": "cpu"}  # as earlier versions recorded it


def _cautions(*provenances: dict[str, object], about: str = "versions of the code") -> list[str]:
    study = Builder()
    for seed, provenance in enumerate(provenances):
        study.add("cce", CCE(name="cce"), seed, provenance=provenance)
    return [caution for caution in study.report().cautions if about in caution]


def _of_processors(*provenances: dict[str, object]) -> list[str]:
    return _cautions(*provenances, about="CPUs of different capability")


def test_runs_of_one_digest_are_not_cautioned() -> None:
    assert _cautions({"code_digest": FIRST}, {"code_digest": FIRST}) == []


def test_runs_without_a_digest_do_not_count() -> None:
    assert _cautions({"code_digest": FIRST}, {}) == []


def test_runs_of_different_digests_are_counted_by_digest() -> None:
    (text,) = _cautions({"code_digest": FIRST}, {"code_digest": SECOND}, {"code_digest": FIRST})
    assert text == (
        "The runs were trained by different versions of the code of gce-study: 2 by 111111111111 and 1 by "
        "222222222222 (SHA-256). Differences between them may come from the code."
    )


def test_a_run_whose_attempts_had_different_code_is_cautioned() -> None:
    (text,) = _cautions({"code_digest": SECOND, "earlier_attempts": [{"code_digest": FIRST}]})
    assert "1 by 111111111111 then 222222222222" in text


def test_many_digests_are_summed_up() -> None:
    (text,) = _cautions(*({"code_digest": str(number) * 64} for number in range(6)))
    assert "1 by 333333333333 and 2 by others (SHA-256)" in text


def test_runs_on_cpus_of_different_capability_are_counted_by_it() -> None:
    (text,) = _of_processors(AVX2, AVX512, AVX512)
    assert text == (
        "The runs were trained on CPUs of different capability, as PyTorch names it: 2 on AVX512 and 1 on AVX2. These "
        "round differently and training amplifies that, so differences between runs may come from the processor."
    )


def test_runs_on_cpus_of_one_capability_are_not_cautioned() -> None:
    assert _of_processors(AVX2, AVX2) == []


def test_records_that_do_not_name_the_capability_are_not_cautioned() -> None:
    assert _of_processors(OLD, {}) == []
    assert _of_processors(OLD, AVX2, AVX2) == []


def test_the_capability_of_the_cpu_beside_a_gpu_does_not_count() -> None:
    beside = {"device": "NVIDIA A10G", "gpus": 1, "cpu_capability": "AVX512"}
    assert _of_processors(AVX2, beside) == []


def test_a_run_that_was_continued_on_another_kind_of_cpu_is_cautioned() -> None:
    (text,) = _of_processors(AVX512 | {"earlier_attempts": [AVX2]}, AVX512)
    assert "1 on AVX2 then AVX512 and 1 on AVX512." in text
