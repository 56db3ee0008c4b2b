"""The texts of the smallest studies agree in number."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from analysis.report.write import files
from trainables.config import Training
from trainables.losses.catalogue import CCE, AdaptiveGCE
from trainables.plans import HeldOut

if TYPE_CHECKING:
    from factories import Builder

NOUNS = "runs|seeds|clips|epochs|minutes|records|configurations|subsets|patches|values|classes|points|studies"
ONE_OF_MANY = re.compile(rf"(?<![\d.,±/-] )(?<![\d.,+-])1 (?:[a-z]+ ){{0,2}}(?:{NOUNS})\b")


def grid(study: Builder) -> None:
    study.add("cce", CCE(name="cce"), 0)


def failing_grid(study: Builder) -> None:
    study.add("cce", CCE(name="cce"), 0, status="failed", error="RuntimeError: no")
    study.add("adaptive", AdaptiveGCE(name="adaptive_gce", temperature=100.0), 0, varied={"temperature": 100.0})


def settled(study: Builder) -> None:
    study.exploring_temperatures({100.0: 0.0, 1000.0: 5.0})
    loss = AdaptiveGCE(name="adaptive_gce", temperature=100.0)
    study.add("adaptive", loss, 10_000, varied={"temperature": 100.0}, stage="confirm")
    study.method |= {"confirm_seeds": 2}


def searched(study: Builder) -> None:
    study.method = {"name": "search", "configurations": 1, "confirm_seeds": 2}
    loss = AdaptiveGCE(name="adaptive_gce", temperature=100.0)
    for seed, stage in ((0, "explore"), (10_000, "confirm")):
        study.add("adaptive", loss, seed, varied={"temperature": 100.0}, stage=stage)


@pytest.mark.parametrize("build", [grid, failing_grid, settled, searched])
def test_no_text_of_a_report_counts_one_in_the_plural(study: Builder, build: Any) -> None:
    study.training = Training(halve_after=1, stop_after=1)
    study.validation = {"all": HeldOut(clips=1, verified=1)}
    study.clips = {"train verified": 1, "train unverified": 0, "test": 1}
    build(study)
    report = study.report()
    text = "\n".join([files(report, ("md",))["report.md"].decode(), report.verdict, report.headline.line])
    assert [match.group() for match in ONE_OF_MANY.finditer(text)] == []
    assert "1 epoch without" in text
