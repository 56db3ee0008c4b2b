"""A study's runs as readers explore them: the table, its columns, and the runs that a reader's choices select."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from analysis.dashboard.explore.brush import Brush
from analysis.dashboard.explore.choices import EPOCH, FILTERS
from analysis.dashboard.explore.columns import Column, columns_of, epoch_measures, hidden_columns, numbers, with_running
from analysis.dashboard.explore.filters import FilterError, matching_runs
from analysis.dashboard.explore.scene import MAX_PANELS, scene_of_curves, scene_of_dots
from analysis.results.measures import plain_column
from analysis.results.runs_table import Key, selected_on

if TYPE_CHECKING:
    import pandas as pd

    from analysis.dashboard.explore.choices import Choices
    from analysis.dashboard.explore.scene import Scene
    from analysis.dashboard.snapshot import Live
    from analysis.results.study_results import StudyResults

NONE = "none"  # of a colour or facet
MANY = 30  # configurations that do not fit on an axis
DECADES = 20.0  # ratio of the largest to the smallest positive value from which an axis of a parameter is logarithmic


@dataclass(frozen=True)
class RunsTable:
    """The runs of a study that can be explored.

    Attributes:
        results: the study.
        runs: one row per run, with those in training; see ``columns.with_running``.
        columns: the columns that hold a value, by name.
        measures: what learning curves can show, by name.
        hidden: columns of test clips that must not be shown yet.

    """

    results: StudyResults
    runs: pd.DataFrame
    columns: dict[str, Column]
    measures: dict[str, Column]
    hidden: frozenset[str]

    @classmethod
    def of(cls, results: StudyResults, live: Live) -> RunsTable:
        """Return the table of a study, with the runs that are in training."""
        runs = with_running(results.runs, live)
        return cls(
            results, runs, columns_of(results, runs), epoch_measures(results), frozenset(hidden_columns(results))
        )

    def defaults(self, choices: Choices) -> Choices:
        """Return the default choices for the chosen x axis."""
        x = choices.x if choices.x == EPOCH or choices.x in self.columns else self._default_x()
        chosen_by = selected_on(self.results.plan)
        score = chosen_by if chosen_by == "validation" else plain_column(chosen_by)
        known = self.measures if x == EPOCH else self.columns
        y = score if score in known else next((n for n, column in known.items() if column.group == "Metrics"), "")
        several = {name for name in ("arm", "subset") if len(set(self.runs[name])) > 1}
        facet = "subset" if "subset" in several and self.runs["subset"].nunique() <= MAX_PANELS else NONE
        return replace(
            choices,
            x=self._default_x(),
            y=y,
            colour="arm" if "arm" in several else "subset" if "subset" in several and facet == NONE else NONE,
            facet=facet,
            xlog=str(int(x != EPOCH and self._spans_decades(x))),
            ylog="0",
        )

    def resolved(self, choices: Choices) -> Choices:
        """Return choices that can all be drawn: empty or unknown ones are replaced by the defaults."""
        defaults = self.defaults(choices)
        x = choices.x if choices.x == EPOCH or choices.x in self.columns else defaults.x
        y = choices.y if choices.y in (self.measures if x == EPOCH else self.columns) else defaults.y
        groups = {NONE, *self.columns}
        return replace(
            choices,
            x=x,
            y=y,
            colour=choices.colour if choices.colour in groups else defaults.colour,
            facet=choices.facet if choices.facet in groups else defaults.facet,
            xlog=choices.xlog or defaults.xlog,
            ylog=choices.ylog or defaults.ylog,
        )

    def filtered(self, choices: Choices) -> pd.DataFrame:
        """Return the runs that pass the chosen filters.

        Raises:
            FilterError: the filter cannot be applied.

        """
        runs = self.runs
        for name in FILTERS:
            if value := getattr(choices, name):
                runs = runs[runs[name] == value]
        return matching_runs(runs, choices.where, self.columns, self.hidden)

    def scene(self, choices: Choices) -> Scene | None:
        """Return what the figure shows, see ``filtered``; None if there is nothing to show."""
        choices = self.resolved(choices)
        if not choices.y:
            return None
        runs = self.filtered(choices)
        if choices.x == EPOCH:
            return scene_of_curves(runs, self.results.curves, self.measures[choices.y], self.columns, choices)
        return scene_of_dots(runs, self.columns, choices)

    def selected(self, choices: Choices) -> pd.DataFrame:
        """Return the runs that pass the filters and lie in the selected area of the figure; see ``filtered``."""
        brush = Brush.parse(choices.brush) if choices.brush else None
        scene = self.scene(choices) if brush else None
        runs = self.filtered(choices) if scene is None else scene.brushed(brush)
        if choices.pick:
            picked = self.runs.loc[self.runs["run_id"] == choices.pick, list(Key._fields)].drop_duplicates()
            keys = set(picked.itertuples(index=False, name=None))
            runs = runs[[key in keys for key in runs[list(Key._fields)].itertuples(index=False, name=None)]]
        return runs

    def listed(self, choices: Choices) -> tuple[pd.DataFrame, str]:
        """Return the selected runs, and what is wrong with the filter; without the filter if it is wrong."""
        try:
            return self.selected(choices), ""
        except FilterError as error:
            return self.selected(replace(choices, where="")), str(error)

    def _default_x(self) -> str:
        """Return the parameter that the study varies, else the configuration, or the seed where those are too many."""
        parameters = self.runs["parameter"]
        named = parameters[parameters != ""].mode()
        name = str(named.iloc[0]) if len(named) else ""
        if name in self.columns and self.columns[name].kind == "number":
            return name
        few = self.runs["configuration"].nunique() <= MANY
        return "configuration" if few else "seed"

    def _spans_decades(self, name: str) -> bool:
        """Return whether a setting varies so much that its axis is logarithmic."""
        column = self.columns[name]
        if column.group != "Settings" or column.kind != "number":
            return False
        values = numbers(self.runs[name]).dropna()
        return bool(len(values) and values.min() > 0 and values.max() / values.min() >= DECADES)
