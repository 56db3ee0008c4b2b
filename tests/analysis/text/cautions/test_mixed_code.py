"""The caution on runs that were trained by different code."""

from __future__ import annotations

from factories import Builder
from trainables.losses.catalogue import CCE

FIRST, SECOND = "1" * 64, "2" * 64


def _cautions(*provenances: dict[str, object]) -> list[str]:
    study = Builder()
    for seed, provenance in enumerate(provenances):
        study.add("cce", CCE(name="cce"), seed, provenance=provenance)
    return [caution for caution in study.report().cautions if "versions of the code" in caution]


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
