"""The report's figures of the exploring runs of settle and search studies, with their captions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis import figure_search, figure_settle, figure_trails
from analysis.frames import accuracy_name, arms, explored, selected_on
from analysis.report_figures import Figure, axis, named, panels, part_drawn, sweeps
from trainables.labels import symbol

if TYPE_CHECKING:
    from analysis.frames import StudyResults


def exploring(results: StudyResults) -> tuple[Figure, ...]:
    """Draw what led to the choice."""
    return _settle(results) if results.plan.method == "settle" else _search(results)


def _settle(results: StudyResults) -> tuple[Figure, ...]:
    """Draw the posterior over the parameter, or the means where it has no order; then how sure the choice became."""
    data = figure_settle.posterior_curve(results)
    if data is None:
        found = list(sweeps(explored(results), (selected_on(results.plan),), "exploring"))
    else:
        caption = (
            "Every open mark is an exploring run; filled marks are the values' posterior means with the interval that "
            "holds 95 % of the posterior, which learns from neighbouring values too. The line is the part of the "
            "posterior that is smooth in the parameter, with a band that holds 95 % of it; each value may deviate from "
            "it. Below, the probability that a value is the best; shaded are the values for which that is at least "
            f"{figure_settle.POSSIBLE:g}. The choice is made on these numbers.{part_drawn(explored(results).runs)}"
        )
        title = f"{accuracy_name(data.sweep.metric)} against {symbol(data.sweep.parameter)}"
        name = named("exploring", data.sweep.metric, "accuracy vs", axis(data.sweep.parameter))
        found = [Figure(name, title, caption, figure_settle.draw_posterior(data, arms(results.runs)))]
    history = figure_settle.confidence_history(results)
    if history is not None:
        caption = (
            f"Probability that the choice is within {history.within:g} points of the best, computed anew from the runs "
            "in the order in which they ended (of many runs, a part). The method also had the runs in flight in view, "
            "so it may have seen slightly other numbers. The dashed level is the confidence that was asked for."
        )
        found.append(Figure("confidence", "How sure the choice became", caption, figure_settle.draw_history(history)))
    return tuple(found)


def _search(results: StudyResults) -> tuple[Figure, ...]:
    """Draw the means, the curves of all runs, the parameters of all configurations, and which parameters mattered."""
    metric = selected_on(results.plan)
    found = list(sweeps(explored(results), (metric,), "exploring"))
    for where, runs in panels(explored(results).runs, "test" if metric == "verified" else metric):
        if data := figure_trails.trails(runs, results.curves, metric):
            caption = (
                "Every line is an exploring run. Dotted lines are runs that are not complete; the mark at the end says "
                "why: a stopped one was cut because others were better after as many epochs."
            )
            drawing = figure_trails.draw_trails(data, metric, arms(results.runs))
            title = f"{accuracy_name(metric)} of the exploring runs per epoch{where}"
            found.append(Figure(named("exploring curves", where), title, caption, drawing))
    sampled = figure_search.sampled(results)
    caption = (
        "Every line is a sampled configuration. Full lines finished, the darker the higher their mean accuracy; dotted "
        "grey lines with crosses were stopped early, and stand at the mean of their last accuracies."
    )
    for lines in figure_search.parallel(results, sampled):
        title = f"Configurations of {lines.arm}"
        found.append(Figure(named("configurations of", lines.arm), title, caption, figure_search.draw_parallel(lines)))
    if shares := figure_search.importances(sampled):
        caption = (
            "The share of the variance of the score's ranks that one parameter explains by itself within its arm: "
            "Spearman's ρ² for numbers, η² between choices. Configurations that were stopped early rank below those "
            "that finished. The black stroke is the share to expect of a parameter that does nothing. A parameter "
            "whose best lies in the middle, or that matters only together with another, shows little here. No "
            "intervals: the configurations were picked by the search, not at random."
        )
        found.append(Figure("importance", "Which parameters mattered", caption, figure_search.draw_importances(shares)))
    return tuple(found)
