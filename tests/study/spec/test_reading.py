"""Study files: what is read, what is refused, and the words it is refused in."""

from __future__ import annotations

import io
import json
import math
import os
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from study.errors import SpecError
from study.spec.differences import differences, dump
from study.spec.reading import read_spec
from study.spec.study import StudySpec
from study.spec.yaml_reader import core, parse
from study_specs import GOOD, LOSS_NAMES

if TYPE_CHECKING:
    from collections.abc import Callable
SPECS = Path(__file__).parents[3] / "study" / "specs"


def read(content: str | bytes) -> StudySpec:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "figure3.yaml"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_spec(path)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 1e-3),
        ("1e3", 1000.0),
        ("1.", 1.0),
        (".5", 0.5),
        ("012", 12),
        ("0o17", 15),
        ("0x1F", 31),
        ("+7", 7),
        ("~", None),
        ("", None),
        ("TRUE", True),
        ("false", False),
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("1_000", "1_000"),
        ("1:30", "1:30"),
        ("2001-01-01", "2001-01-01"),
        ("0b11", "0b11"),
        ("1e", "1e"),
        ("nan", "nan"),
        ("-.inf", -math.inf),
        ("\u0663", "\u0663"),
        ("<<", "<<"),
    ],
)
def test_plain_scalars_mean_what_yaml_12_says(text: str, value: object) -> None:
    assert core(text) == value
    assert type(core(text)) is type(value)


def test_minus_zero_is_zero_and_so_names_the_same_run() -> None:
    assert math.copysign(1, core("-0.0")) == 1  # type: ignore[arg-type]
    assert math.isnan(core(".nan"))  # type: ignore[arg-type]


def test_quoted_scalars_are_text_and_a_bom_is_no_matter() -> None:
    assert parse("a: \"1\"\nb: 'null'\nc: |\n  1\n").data == {"a": "1", "b": "null", "c": "1\n"}
    assert read(b"\xef\xbb\xbf" + GOOD.encode()) == read(GOOD)


def test_the_two_halves_json_makes_of_a_character_are_joined() -> None:
    assert parse('{"\\ud83d\\ude00": "\\ud83d\\ude00"}').data == {"\U0001f600": "\U0001f600"}
    document = parse('a: "\\ud83d"')
    assert [p.text for p in document.problems] == [
        "a: '\\ud83d' is not allowed; allowed: text without unpaired surrogates"
    ]


def test_positions_of_keys_and_items() -> None:
    places = parse("a: 1\nb:\n  - x\n  - {c: 3,\n     d: 4}\n").places
    assert places["b",] == (2, 1)
    assert places["b", 0] == (3, 5)
    assert places["b", 1, "d"] == (5, 6)


def test_an_anchor_may_be_used_and_defined_again() -> None:
    assert parse("a: &x [1]\nb: *x\nc: &x 2\nd: *x\n").data == {"a": [1], "b": [1], "c": 2, "d": 2}


def test_an_alias_bomb_is_refused_at_once(problems: Callable[[str | bytes], list[str]]) -> None:
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
    bomb += "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 10))
    start = time.process_time()
    (problem,) = problems(bomb)
    assert time.process_time() - start < 1
    assert "too many keys and values; allowed: 10000, with every alias written out" in problem


def test_a_chain_of_aliases_is_no_way_around_the_depth(problems: Callable[[str | bytes], list[str]]) -> None:
    chain = "a0: &a0 [1]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}]\n" for i in range(1, 3000))
    assert "nested too deeply" in problems(chain)[0]


def test_a_long_file_is_refused(problems: Callable[[str | bytes], list[str]]) -> None:
    assert problems(b"#" * 1_000_001) == ["figure3.yaml: larger than 1000000 bytes; allowed: at most that"]
    assert "too many keys and values" in problems("- a\n" * 100_000)[0]


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name, reason in [
        ("none.yaml", "cannot be read: No such file or directory"),
        (".", "not a file"),
        ("pipe", "not a file"),
        ("a\0b", "cannot be read"),
        ("n" * 300, "cannot be read: File name too long"),
    ]:
        with pytest.raises(SpecError, match=reason):
            read_spec(tmp_path / name)


@pytest.mark.usefixtures("one_schema")
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.one_of(st.text(), st.binary(), st.text(alphabet="abn:-[]{}&*!?|>'\"%#, \n\t01.e~<@`\\\ud7ff")))
def test_any_content_is_a_study_or_a_list_of_problems(content: str | bytes) -> None:
    _read_or_problems(content)


@pytest.mark.usefixtures("one_schema")
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.integers(0, len(GOOD)), st.integers(0, 6), st.text(max_size=8), st.text(alphabet="[]{}:,&*!x \n", max_size=8))
def test_any_damage_to_a_study_is_a_study_or_a_list_of_problems(at: int, cut: int, text: str, marks: str) -> None:
    _read_or_problems(GOOD[:at] + text + marks + GOOD[at + cut :])


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(LOSS_NAMES),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["name", "values", "value", "kind", "loss", "q", "noise"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@pytest.mark.slow
@settings(max_examples=100)
@given(st.fixed_dictionaries({}, optional=dict.fromkeys(StudySpec.model_fields, json_values)), json_values)
def test_any_value_under_any_key_is_a_study_or_a_list_of_problems(values: dict[str, Any], inner: object) -> None:
    arms = [{"name": "a", "loss": {"name": "gce", "q": inner}, "subset": inner}]
    base = {"name": "s", "dataset": {"kind": "folder", "root": "x", "noise": inner}, "arms": arms, "seeds": inner}
    for value in (values, base | values):
        text = json.dumps(value).replace("NaN", ".nan").replace("Infinity", ".inf").replace("\\ud", "d")
        _read_or_problems(text)


def _read_or_problems(content: str | bytes) -> None:
    data = content if isinstance(content, bytes) else content.encode(errors="replace")
    try:
        assert isinstance(read(data), StudySpec)
    except SpecError as error:
        assert error.problems  # noqa: PT017 -- either outcome is right
        assert all(p.isprintable() for p in error.problems)  # noqa: PT017


names = st.from_regex(r"[a-z0-9][a-z0-9._-]{0,20}", fullmatch=True)
fractions = st.floats(0, 1)
q = fractions | st.fixed_dictionaries({"values": st.lists(fractions, min_size=1, max_size=5, unique=True)})
losses = st.one_of(
    st.fixed_dictionaries({"name": st.just("gce")}, optional={"q": q}),
    st.fixed_dictionaries({"name": st.just("adaptive_gce")}, optional={"temperature": st.floats(1e-300, 1e300)}),
    st.fixed_dictionaries({"name": st.just("loss_masking")}, optional={"rule": st.sampled_from(["max", "outlier"])}),
)


chosen = st.one_of(
    st.fixed_dictionaries(
        {"name": st.just("settle")},
        optional={
            "within": st.floats(1e-6, 100),
            "max_runs": st.none() | st.integers(4, 100),
            "seed": st.integers(0, 9),
        },
    ),
    st.fixed_dictionaries(
        {"name": st.just("search")},
        optional={
            "sampler": st.sampled_from(["tpe", "random", "gp", "qmc"]),
            "asha": st.none() | st.fixed_dictionaries({"reduction_factor": st.floats(1.5, 100)}),
        },
    ),
)
of_two = st.fixed_dictionaries(
    {
        "name": names,
        "dataset": st.just({"kind": "synthetic"}),
        "arms": st.just([{"name": "a", "loss": {"name": "gce"}}, {"name": "b", "loss": {"name": "adaptive_gce"}}]),
        "method": chosen,
        "select_on": st.sampled_from(["validation", "verified", {"metric": "macro_f1", "labels": "verified"}]),
        "controls": st.sampled_from([[], ["fixed_q"]]),
        "budget": st.fixed_dictionaries({"max_hours": st.none() | st.floats(0.1, 1e6)}),
    }
)
grids = st.fixed_dictionaries(
    {
        "name": names,
        "description": st.text(
            st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufeff\ufffe\uffff")
        ),
        "dataset": st.just({"kind": "folder", "root": "~/x"}),
        "arms": st.tuples(st.fixed_dictionaries({"name": names, "loss": losses})),
        "seeds": st.integers(1, 1000) | st.lists(st.integers(0, 2**31 - 1), min_size=1, max_size=9, unique=True),
        "training": st.fixed_dictionaries({"learning_rate": st.floats(1e-9, 1)}),
    }
)


@settings(max_examples=25)
@given(grids | of_two)
def test_a_dumped_study_reads_back_equal(values: dict[str, Any]) -> None:
    spec = StudySpec.model_validate(values)
    stream = io.StringIO()
    YAML(typ="safe", pure=True).dump(dump(spec), stream)
    assert read(stream.getvalue()) == spec
    assert read(json.dumps(dump(spec))) == spec


def test_differences_leave_out_what_changes_no_result() -> None:
    old = dump(read(GOOD))
    new = dump(read(GOOD + "description: x\nresources: {max_concurrent: 9}\nstorage: elsewhere\n"))
    assert differences(old, new) == []
    assert differences(old, old | {"seeds": [0, 1]}) == []


def test_a_larger_budget_continues_a_study() -> None:
    text = GOOD.replace("q: 0.7", "q: {values: [0.1, 0.7]}").replace("seeds: 2", "method: {name: settle}")
    more = text.replace("settle}", "settle, max_runs: 90}\nbudget: {max_runs: 99, max_hours: 3}")
    assert differences(dump(read(text)), dump(read(more))) == []
    other = text.replace("settle}", "settle, within: 0.5}")
    assert differences(dump(read(text)), dump(read(other))) == ["method.within: 0.3 -> 0.5"]


def test_keys_that_an_earlier_version_did_not_know_are_no_difference() -> None:
    new = dump(read(GOOD))
    old = {key: value for key, value in new.items() if key not in {"select_on", "controls", "budget"}}
    assert differences(old, new) == []


def test_accuracy_as_the_metric_to_select_on_is_no_difference() -> None:
    old, new = read(GOOD), read(f"{GOOD}select_on: {{metric: accuracy, labels: given}}\n")
    assert differences(dump(old), dump(new)) == []


def test_another_metric_to_select_on_is_a_difference() -> None:
    old, new = read(GOOD), read(f"{GOOD}select_on: {{metric: macro_f1}}\n")
    assert differences(dump(old), dump(new)) == ["select_on: 'validation' -> {metric: 'macro_f1', labels: 'given'}"]


def test_differences_say_each_changed_key() -> None:
    old = read(GOOD)
    new = read(GOOD.replace("0.7", "{values: [0.5, 0.7]}").replace("seeds: 2", "seeds: [1, 5]"))
    assert differences(dump(old), dump(new)) == ["arms.a.loss.q: 0.7 -> {values: [0.5, 0.7]}", "seeds: 2 -> [1, 5]"]


def test_the_order_of_arms_is_no_difference() -> None:
    arms = dump(read((SPECS / "figure3.yaml").read_text(encoding="utf-8")))
    assert differences(arms, arms | {"arms": arms["arms"][::-1]}) == []
