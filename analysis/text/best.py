"""The choice of a study in words: what `gce-study best` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analysis.results.measures import metric_words
from analysis.text.phrases import chance, expected_regret, joined, of_next_run, on_test_clips, selected_words
from trainables.config import DEFAULT_NETWORK
from trainables.naming import counted_points, number, symbol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analysis.findings.choice import Best
    from analysis.statistics.intervals import Interval


def best_lines(best: Best) -> list[str]:
    """Return the choice in words, one line for each fact."""
    by = selected_words(best.selected_on)
    hidden = "hidden until the study has ended" if best.test_hidden else ""
    lines = [
        f"{best.study}: {best.configuration} on {best.subset}",
        f"loss: {_with_parameters(best.loss)}",
        *([f"network: {_with_parameters(best.network)}"] if best.network != DEFAULT_NETWORK.model_dump() else []),
        *([f"training: {_listed(best.training)}"] if best.training else []),
        f"chosen by {by}, method {best.method}{_how_sure(best)}",
        f"{by}: {_percent(best.validation, picked=best.picked)}",
        f"{metric_words(best.tested_by)}: {hidden or on_test_clips(best.tested) or 'none'}",
    ]
    if next_run := of_next_run(best.tested):
        lines.append(f"{metric_words(best.tested_by)} of one more training: {next_run}")
    if best.explored_may_be_best:
        lines.append(f"the best of those explored with probability 0.95: {_members(best, best.explored_may_be_best)}")
    if best.may_be_best:
        lines.append(f"may be the best: {_members(best, best.may_be_best)}{_beaten(best)}")
    return lines


def _with_parameters(named: Mapping[str, Any]) -> str:
    parameters = _listed({key: value for key, value in named.items() if key != "name"})
    return f"{named['name']}{f': {parameters}' if parameters else ''}"


def _listed(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{symbol(name)} = {number(value)}" for name, value in values.items())


def _how_sure(best: Best) -> str:
    text = ""
    if best.probability is not None and best.within is not None:
        text = (
            f"; within {counted_points(best.within)} of the best with posterior probability {chance(best.probability)}"
        )
        if best.regret is not None:
            text += f" (expected regret {expected_regret(best.regret)})"
        text += "" if best.stopping_rule else " (not settled)"
    if best.confirmed is not None:
        text += "; confirmed on fresh seeds" if best.confirmed else "; NOT confirmed on fresh seeds"
    return text


def _members(best: Best, members: tuple[str, ...]) -> str:
    return "no other" if all(map(best.is_named, members)) else joined(members)


def _beaten(best: Best) -> str:
    return " (better than the choice on fresh seeds)" if best.beaten else ""


def _percent(interval: Interval | None, *, picked: bool = False) -> str:
    if interval is None:
        return "none"
    label = f"chosen from several means, n = {interval.n}" if picked else interval.label()
    return f"{interval.percent()} % ({label})"
