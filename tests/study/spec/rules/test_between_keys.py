"""Rules between the keys of a study file: what each method needs of arms, seeds, training and budget."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from study.spec.reading import read_spec

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HEAD = "name: s\ndataset: {kind: synthetic}\n"
RANGE = "{name: a, loss: {name: adaptive_gce, temperature: {min: 100, max: 1000, scale: log}}}"
VALUES = "{name: a, loss: {name: adaptive_gce, temperature: {values: [100, 1000]}}}"
MANY_VALUES = f"{{name: a, loss: {{name: adaptive_gce, temperature: {{values: {list(range(1, 11))}}}}}}}"
CCE = "{name: c, loss: {name: cce}}"


def study(arms: str, rest: str) -> str:
    return f"{HEAD}arms: [{arms}]\n{rest}\n"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (study(CCE, ""), "1: seeds: missing; allowed: how many seeds (1 to 1000), or a list of distinct seeds, with"),
        (study(RANGE, "seeds: 2"), "3: arms[0].loss.temperature: {min: 100, max: 1000, scale: 'log'} is not allowed"),
        (study(f"{RANGE}, {CCE}", "method: {name: settle}"), "3: arms[0].loss.temperature: {min: 100, max: 1000"),
        (study(VALUES, "method: {name: settle}\nseeds: 3"), "5: seeds: 3 is not allowed; allowed: no seeds here with"),
        (study(CCE, "method: {name: settle}"), "3: arms: [{name: 'c', loss: {name: 'cce'}}] is not allowed; allowed:"),
        (
            study(f"{VALUES}, {CCE}", "method: {name: settle, baselines: [d]}"),
            "4: method.baselines[0]: 'd' is not allowed; allowed: the name of an arm: a, c",
        ),
        (
            study(f"{VALUES}, {CCE.replace('c,', 'plain,')}", "method: {name: settle, baselines: [plian]}"),
            "4: method.baselines[0]: 'plian' is not allowed; allowed: the name of an arm: a, plain (did you mean plain",
        ),
        (
            study(f"{VALUES[:-1]}, subset: {{values: [all, clean]}}}}", "method: {name: settle}"),
            "1: select_on: missing; allowed: verified, where subsets are chosen from (all, clean)",
        ),
        (
            study(
                f"{VALUES[:-1]}, subset: {{values: [all, clean]}}}}",
                "method: {name: settle}\nselect_on: {metric: macro_f1, labels: given}",
            ),
            "5: select_on.labels: 'given' is not allowed; allowed: verified, where subsets are chosen from (all, cle",
        ),
        (
            study(
                f"{VALUES[:-1]}, subset: noisy}}",
                "method: {name: settle}\nselect_on: {metric: macro_f1, labels: verified}",
            ),
            "3: arms[0].subset: 'noisy' is not allowed; allowed: a subset with verified clips",
        ),
        (
            study(CCE, "seeds: 2\nselect_on: {metric: log_loss}"),
            "5: select_on.metric: 'log_loss' is not allowed; allowed: one of accuracy, macro_f1, balanced_accuracy",
        ),
        (
            study(f"{VALUES[:-1]}, subset: noisy}}", "method: {name: settle}\nselect_on: verified"),
            "3: arms[0].subset: 'noisy' is not allowed; allowed: a subset with verified clips",
        ),
        (
            study(VALUES, "seeds: 2").replace("kind: synthetic", "kind: csv, path: a.csv, folds: {column: part}"),
            "2: dataset.folds.test: missing; allowed: all, a fold, or a list of distinct folds",
        ),
        (
            study(VALUES, "method: {name: settle}").replace("kind: synthetic", "kind: csv, path: a.csv, folds: all"),
            "2: dataset.folds: 'all' is not allowed; allowed: a fold or a list of folds as the test set, as method",
        ),
        (
            study(RANGE, "method: {name: search, asha: {grace_period: 160}}"),
            "4: method.asha.grace_period: 160 is not allowed; allowed: fewer epochs than a whole run has (160)",
        ),
        (
            study(RANGE, "method: {name: search, asha: {max_epochs: 161}}"),
            "4: method.asha.max_epochs: 161 is not allowed; allowed: at most training.epochs (160)",
        ),
        (
            study(RANGE.replace("100,", "0,"), "method: {name: search}"),
            "3: arms[0].loss.temperature.min: 0 is not allowed; allowed: a number > 0",
        ),
        (
            study(RANGE.replace("max: 1000", "max: 100"), "method: {name: search}"),
            "3: arms[0].loss.temperature.max: 100 is not allowed; allowed: a number above min (100)",
        ),
        (
            study("{name: g, loss: {name: gce, q: {min: 0, max: 1, scale: log}}}", "method: {name: search}"),
            "3: arms[0].loss.q.min: 0 is not allowed; allowed: a number above 0, as the scale is log",
        ),
        (study(CCE, "seeds: 2\ncontrols: [fixed_q]"), "5: controls: ['fixed_q'] is not allowed; allowed: fixed_q only"),
        (
            study(f"{VALUES}, {{name: a.fixed_q, loss: {{name: cce}}}}", "seeds: 2\ncontrols: [fixed_q]"),
            "3: arms[1].name: 'a.fixed_q' is not allowed; allowed: a name that does not end in .fixed_q",
        ),
        (
            study(VALUES, "method: {name: settle}\nbudget: {max_runs: 15}"),
            "5: budget.max_runs: 15 is not allowed; allowed: at least 16 runs: 4 to start with and 12 to confirm",
        ),
        (
            study(VALUES, "method: {name: settle, max_runs: 3}"),
            "4: method.max_runs: 3 is not allowed; allowed: at least 4, the runs to start with",
        ),
        (
            study(VALUES, "method: {name: settle, guarantee: frequency, start_seeds: 5, confidence: 0.99}"),
            "4: method.confidence: 0.99 is not allowed; allowed: at most 0.95, as frequency is calibrated for no oth",
        ),
        (
            study(VALUES, "method: {name: settle, guarantee: frequency, start_seeds: 4}"),
            "4: method.start_seeds: 4 is not allowed; allowed: at least 5, as frequency is calibrated for no other",
        ),
        (
            study(VALUES, "method: {name: settle, guarantee: frequency, start_seeds: 5, max_runs: 41}"),
            "4: method.max_runs: 41 is not allowed; allowed: at most 40, as frequency is calibrated for no other",
        ),
        (
            study(MANY_VALUES, "method: {name: settle, guarantee: frequency, start_seeds: 5}"),
            "4: method.guarantee: 'frequency' is not allowed; allowed: posterior with so many configurations, as frequ",
        ),
        (
            study(VALUES, "method: {name: settle}\ncontrols: [fixed_q]\nbudget: {max_runs: 27}"),
            "6: budget.max_runs: 27 is not allowed; allowed: at least 28 runs: 4 to start with and 24 to confirm",
        ),
        (
            study(CCE, "seeds: 2\ntraining: {time_mask: 100}"),
            "5: training.time_mask: 100 is not allowed; allowed: less than the 100 frames of a patch (features.patch_f",
        ),
        (
            study(CCE, "seeds: 2\nfeatures: {mels: 40}\ntraining: {frequency_mask: 40}"),
            "6: training.frequency_mask: 40 is not allowed; allowed: less than the 40 mel bands (features.mels)",
        ),
        (
            study(CCE, "seeds: 2\ntraining: {mixup: 0.1, mixup_after: 160}"),
            "5: training.mixup_after: 160 is not allowed; allowed: less than training.epochs (160)",
        ),
        (
            study("{name: a, loss: {name: adaptive_gce, distances: penultimate}}", "seeds: 2\ntraining: {mixup: 0.1}"),
            "5: training.mixup: 0.1 is not allowed; allowed: 0 with arm a, or distances: input there: penultimate dist",
        ),
        (
            study(
                f"{VALUES[:-2]}, distances: {{values: [input, penultimate]}}}}}}", "seeds: 2\ntraining: {mixup: 0.1}"
            ),
            "5: training.mixup: 0.1 is not allowed; allowed: 0 with arm a, or distances: input there: penultimate dist",
        ),
        (
            study(CCE, "seeds: 2\ntraining: {mixup: {values: [0, 0.1]}, mixup_after: {values: [5, 10]}}"),
            "5: training.mixup_after: {values: [5, 10]} is not allowed; allowed: a value: where mixup may be 0, it has",
        ),
        (
            study(CCE, "seeds: 2\ntraining: {time_mask: {values: [0, 10]}, masks: {values: [1, 2]}}"),
            "5: training.masks: {values: [1, 2]} is not allowed; allowed: a value: where time_mask and frequency_mask",
        ),
        (
            study(CCE[:-1] + ", training: {time_mask: {values: [50, 100]}}}", "seeds: 2"),
            "3: arms[0].training.time_mask: {values: [50, 100]} is not allowed; allowed: less than the 100 frames",
        ),
        (
            study("{name: a, loss: {name: elr}}", "seeds: 2\ntraining: {mixup: 0.1}"),
            "5: training.mixup: 0.1 is not allowed; allowed: 0 with arm a: its loss remembers what the network predic",
        ),
        (
            study("{name: a, loss: {name: pruning, warm_up: 160}}", "seeds: 2"),
            "3: arms[0].loss.warm_up: 160 is not allowed; allowed: less than training.epochs (160), as the warm-up has",
        ),
        (
            study("{name: a, loss: {name: scheduled_gce}}", "seeds: 2\ntraining: {epochs: {values: [20, 40]}}"),
            "3: arms[0].loss.warm_up: missing; allowed: less than training.epochs (20)",
        ),
        (
            study("{name: a, loss: {name: truncated_gce, start: 21}}", "seeds: 2\ntraining: {epochs: 29}"),
            "3: arms[0].loss.start: 21 is not allowed; allowed: at most 20, the last multiple of every in 29 epochs",
        ),
        (
            study("{name: a, loss: {name: truncated_gce, every: 30}}", "seeds: 2\ntraining: {epochs: 29}"),
            "3: arms[0].loss.every: 30 is not allowed; allowed: at most training.epochs (29), or no patch is ever left",
        ),
        (study(CCE, "seeds: 2\nbudget: {max_hours: 0}"), "5: budget.max_hours: 0 is not allowed; allowed: a number in"),
    ],
)
def test_a_broken_rule_is_refused(problems: Callable[[str | bytes], list[str]], content: str, problem: str) -> None:
    found = problems(content)
    assert [text for text in found if text.startswith(f"figure3.yaml:{problem}")], found


def test_all_broken_rules_are_reported_at_once(problems: Callable[[str | bytes], list[str]]) -> None:
    arms = f"{RANGE[:-1]}, subset: {{values: [all, clean]}}}}"
    text = study(arms, "method: {name: search, asha: {grace_period: 200}, baselines: [d]}\nseeds: 3")
    assert len(problems(text)) == 4


@pytest.mark.parametrize(
    "content",
    [
        study(VALUES, "method: {name: settle}\nbudget: {max_runs: 16}"),
        study(VALUES, "method: {name: settle, guarantee: frequency, confidence: 0.95, start_seeds: 5, max_runs: 40}"),
        study(f"{VALUES}, {CCE}", "method: {name: settle, baselines: [c]}\ncontrols: [fixed_q]"),
        study(RANGE, "method: {name: search, asha: {grace_period: 40, max_epochs: 160}}"),
        study(f"{RANGE}, {CCE}", "method: {name: search, asha: null, sampler: qmc}"),
        study(f"{VALUES[:-1]}, subset: {{values: [all, clean]}}}}", "method: {name: settle}\nselect_on: verified"),
        study(VALUES, "seeds: 2\ntraining: {mixup: 0.1, mixup_after: 159, time_mask: 99, frequency_mask: 95}"),
        study("{name: a, loss: {name: truncated_gce, start: 20}}", "seeds: 2\ntraining: {epochs: 20, mixup: 0.1}"),
        study("{name: a, loss: {name: pruning, warm_up: 19}}", "seeds: 2\ntraining: {epochs: 20, mixup: 0.1}"),
        study(
            CCE,
            "seeds: 2\ntraining: {mixup: {values: [0, 0.1]}, mixup_after: 10, time_mask: {values: [0, 9]}, masks: 2}",
        ),
    ],
)
def test_a_study_that_keeps_the_rules_is_read(tmp_path: Path, content: str) -> None:
    path = tmp_path / "study.yaml"
    path.write_text(content)
    assert read_spec(path).name == "s"
