"""The words in which a study file is refused: file, line, key, value and what is allowed."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import pytest

from study_specs import GOOD, LOSS_NAMES
from trainables.config import Subset

if TYPE_CHECKING:
    from collections.abc import Callable
ONE_LOSS = f"one of {', '.join(sorted(LOSS_NAMES))}"
TOP = (
    "name, description, plugins, dataset, arms, method, seeds, select_on, collapse, controls, keep, budget, features, "
    "training, network, resources, notify, storage"
)
SUBSET = f"one of {', '.join(get_args(Subset))}, or {{values: [...]}}"
FRACTION = "a number in [0, 1], or {values: [...]}, or {min: ..., max: ...} with method search"


def changed(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (changed("0.7", "1.7"), "4: arms[0].loss.q: 1.7 is not allowed; allowed: a number in [0, 1]"),
        (changed("0.7", ".nan"), "4: arms[0].loss.q: .nan is not allowed; allowed: a number in [0, 1]"),
        (changed("0.7", "-.inf"), "4: arms[0].loss.q: -.inf is not allowed; allowed: a number in [0, 1]"),
        (changed("0.7", "yes"), f"4: arms[0].loss.q: 'yes' is not allowed; allowed: {FRACTION}"),
        (changed("0.7", "[1]"), f"4: arms[0].loss.q: [1] is not allowed; allowed: {FRACTION}"),
        (changed("0.7", "true"), f"4: arms[0].loss.q: true is not allowed; allowed: {FRACTION}"),
        (
            changed("0.7", "{values: [0,\n  2]}"),
            "5: arms[0].loss.q.values[1]: 2 is not allowed; allowed: a number in [0, 1]",
        ),
        (
            changed("0.7", "{values: []}"),
            "4: arms[0].loss.q.values: [] is not allowed; allowed: a list of 1 to 1000 items, each a number in [0, 1]",
        ),
        (
            changed("0.7", "{values: [0.5, 0.5]}"),
            "4: arms[0].loss.q.values[1]: 0.5 is not allowed; allowed: each value once (item 0 is the same)",
        ),
        (
            changed("0.7", "{value: [1], values: [1]}"),
            ("4: arms[0].loss.q.value: unknown key (its value is [1]) (did you mean values?); allowed: values"),
        ),
        (changed("q:", "k:"), "4: arms[0].loss.k: unknown key (its value is 0.7); allowed: name, q"),
        (changed("gce", "gec"), f"4: arms[0].loss.name: 'gec' is not allowed (did you mean gce?); allowed: {ONE_LOSS}"),
        (changed("gce", "12"), f"4: arms[0].loss.name: 12 is not allowed; allowed: {ONE_LOSS}"),
        (changed("name: gce, ", ""), f"4: arms[0].loss.name: missing; allowed: {ONE_LOSS}"),
        (
            changed("{name: gce, q: 0.7}", "cce"),
            f"4: arms[0].loss: 'cce' is not allowed; allowed: a mapping with name: {ONE_LOSS}",
        ),
        (
            changed("q: 0.7}", "q: 0.7}, subset: claen"),
            f"4: arms[0].subset: 'claen' is not allowed (did you mean clean?); allowed: {SUBSET}",
        ),
        (
            changed("synthetic", "synthtic"),
            (
                "2: dataset.kind: 'synthtic' is not allowed (did you mean synthetic?);"
                " allowed: one of arca23k, arca23k-fsd, csv, esc50, folder, fsdkaggle2018, fsdnoisy18k, synthetic,"
                " urbansound8k"
            ),
        ),
        (changed("synthetic", "folder"), "2: dataset.root: missing; allowed: text"),
        (changed("seeds", "seds"), f"5: seds: unknown key (its value is 2) (did you mean seeds?); allowed: {TOP}"),
        (
            changed("2\n", "1e3\n"),
            (
                "5: seeds: 1000.0 is not allowed; allowed: a whole number in [1, 1000],"
                " or a list of 1 to 1000 items, each a whole number in [0, 2147483648), or null"
            ),
        ),
        (changed("2\n", "0\n"), "5: seeds: 0 is not allowed; allowed: a whole number in [1, 1000]"),
        (changed("2\n", "[3, 3]\n"), "5: seeds[1]: 3 is not allowed; allowed: each value once (item 0 is the same)"),
        (changed("2\n", f"{'9' * 81}\n"), f"5: seeds: {'9' * 77}... is not allowed; allowed: at most 80 digits"),
        (changed("small", "Small"), "1: name: 'Small' is not allowed; allowed: text like [a-z0-9][a-z0-9._-]{0,63}"),
        (
            changed("small", '"a\\e[1m\\nb"'),
            ("1: name: 'a\\x1b[1m\\nb' is not allowed; allowed: text like [a-z0-9][a-z0-9._-]{0,63}"),
        ),
        (GOOD + "seeds: 3\n", "6: seeds: key given twice (here 3); allowed: once, and line 5 has it"),
        (
            GOOD + "description: !!python/object:os.system x\n",
            "6: description: the tag tag:yaml.org,2002:python/object:os.system is not allowed; allowed: no tags",
        ),
        (GOOD + "training: !x {}\n", "6: training: the tag !x is not allowed; allowed: no tags"),
        (GOOD + "training: {12: 3}\n", "6: training: the key 12 is not allowed; allowed: text"),
        (GOOD + "? [a]\n: 3\n", "6: a key that is a list, a mapping or tagged is not allowed; allowed: text"),
        (
            GOOD + "method: {name: serach}\n",
            "6: method.name: 'serach' is not allowed (did you mean search?); allowed: one of grid, search, settle",
        ),
        (
            GOOD + "storage: ftp://b/p\n",
            (
                "6: storage: 'ftp://b/p' is not allowed; allowed: a path,"
                " or s3://BUCKET/PREFIX or gs://BUCKET/PREFIX, of letters, digits and . _ - = /"
            ),
        ),
        (
            GOOD + "resources:\n  gpus_per_run: 1.5\n",
            "7: resources.gpus_per_run: 1.5 is not allowed; allowed: a number below 1 or a whole number",
        ),
        (
            GOOD + "training: {learning_rate: 0}\n",
            "6: training.learning_rate: 0 is not allowed; allowed: a number in (0, 1]",
        ),
        (GOOD + "training: {l2: -1e-3}\n", "6: training.l2: -0.001 is not allowed; allowed: a number >= 0"),
        (
            changed("seeds", "  - {name: a, loss: {name: cce}}\nseeds"),
            "5: arms[1].name: 'a' is not allowed; allowed: a name of its own (arms[0] has the same)",
        ),
        (
            changed("seeds", "  - {name: b, loss: {name: gce}}\nseeds"),
            (
                "5: arms[1].name: 'b' is not allowed; allowed: a configuration in one arm only"
                " (arms a and b both name {loss: {name: 'gce', q: 0.7}, subset: 'all'})"
            ),
        ),
        ("", "1: the file is empty; allowed: a mapping of keys to values"),
        ("# nothing\n", "1: the file is empty; allowed: a mapping of keys to values"),
        ("- a\n", f"1: ['a'] is not allowed; allowed: a mapping with the keys {TOP}"),
        ("text", f"1: 'text' is not allowed; allowed: a mapping with the keys {TOP}"),
        ("a: 1\n---\nb: 1\n", "2: a second document begins; allowed: one document in a file"),
        (
            GOOD + "training:\n\tepochs: 3\n",
            (
                "7: not valid YAML while scanning for the next token: found character '\\t'"
                " that cannot start any token; allowed: spaces, no tabs, before a key"
            ),
        ),
        (
            GOOD + "training: {epochs: 3\n",
            "7: not valid YAML while parsing a flow mapping: expected ',' or '}', but got '<stream end>'",
        ),
        (GOOD + "training: *t\n", "6: not valid YAML: found undefined alias 't'"),
        (
            GOOD + "training: &t {a: *t}\n",
            "6: training.a: a recursive alias is not allowed; allowed: an alias to something complete",
        ),
        (f"{GOOD}a: {'[' * 40}{']' * 40}", "6: nested too deeply; allowed: 30 levels"),
        (GOOD + "description: \x07\n", "6: the character \\x07 is not allowed; allowed: printable characters"),
        (GOOD.encode() + b"description: \xff\n", "6: the byte 0xff is not UTF-8; allowed: UTF-8 text"),
        (GOOD.encode("utf-16"), "1: the byte 0xff is not UTF-8; allowed: UTF-8 text"),
    ],
)
def test_one_wrong_thing(problems: Callable[[str | bytes], list[str]], content: str | bytes, problem: str) -> None:
    found = problems(content)
    assert f"figure3.yaml:{problem}" in found
    # Renaming a needed key also leaves it missing; nothing else comes twice.
    assert [p for p in found if "missing" not in p or p.endswith(problem)] == [f"figure3.yaml:{problem}"]


def test_everything_wrong_is_said_at_once_by_line(problems: Callable[[str | bytes], list[str]]) -> None:
    content = GOOD.replace("small", "Small").replace("0.7", "1.7") + "seeds: 3\ntrainig: {epochs: 3}\n"
    assert problems(content) == [
        "figure3.yaml:1: name: 'Small' is not allowed; allowed: text like [a-z0-9][a-z0-9._-]{0,63}",
        "figure3.yaml:4: arms[0].loss.q: 1.7 is not allowed; allowed: a number in [0, 1]",
        "figure3.yaml:6: seeds: key given twice (here 3); allowed: once, and line 5 has it",
        f"figure3.yaml:7: trainig: unknown key (its value is {{epochs: 3}}) (did you mean training?); allowed: {TOP}",
    ]


def test_long_values_are_shortened(problems: Callable[[str | bytes], list[str]]) -> None:
    (problem,) = problems(changed("small", "A" * 100_000))
    assert problem.split(" is not allowed")[0] == f"figure3.yaml:1: name: '{'A' * 76}..."
    assert all(len(p) < 400 for p in problems(GOOD + "k" * 500 + ": 1\n"))


def test_an_unknown_key_of_injected_noise_is_answered_with_those_that_are_known(problems):
    text = "name: a\nseeds: 1\narms: [{name: a, loss: {name: cce}}]\n"
    text += "dataset: {kind: folder, root: x, noise: {symetric: 0.3}}\n"
    (problem,) = problems(text)
    assert problem.startswith("figure3.yaml:4: dataset.noise.symetric: unknown key (its value is 0.3)")
    assert "did you mean symmetric?" in problem
    assert "allowed: symmetric, class_to_class, out_of_vocabulary, pool, keep_verified, seed" in problem
