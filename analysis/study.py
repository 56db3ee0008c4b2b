"""A study in Python: what ``gce-study`` prints and draws, as data frames and figures; needs neither torch nor ray."""

from __future__ import annotations

import html
from functools import cached_property
from typing import TYPE_CHECKING

from analysis.components.notebook import as_html
from analysis.findings.label_audit import label_audit
from analysis.report.export import epochs_table, runs_table
from analysis.report.method_report import method_report
from analysis.report.sections import figures_of, report_sections
from analysis.results import study_results
from analysis.results.reported_metric import of_metric
from analysis.statistics.intervals import LEVEL
from analysis.tables.accuracy import result_tables
from analysis.tables.summary import summary
from trainables.naming import counted
from trainables.storage.location import location

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    import plotly.graph_objects as go

    from analysis.findings.choice import Best
    from analysis.findings.label_audit import LabelAudit
    from analysis.plotting.figure import Figure
    from trainables.storage.types import Location


class Study:
    """A study and what is recorded of it, as of the moment it was loaded."""

    def __init__(self, results: study_results.StudyResults, storage: Location | None = None) -> None:
        """Wrap a study's plan and records; ``audit`` needs the storage location that they lie in."""
        self.results = results
        self.storage = storage
        self.report = method_report(results, storage)
        self.finding = self.report.finding

    def __repr__(self) -> str:
        """Name the study and count its runs."""
        recorded = len(self.results.records)
        return f"<study {self.results.plan.name}: {recorded} of {counted(len(self.results.runs), 'run')} recorded>"

    @cached_property
    def runs(self) -> pd.DataFrame:
        """One row per planned run; the columns are those of ``analysis.results.study_results.StudyResults.runs``."""
        return runs_table(self.results)

    @cached_property
    def epochs(self) -> pd.DataFrame:
        """One row per recorded epoch of a run: the learning curves."""
        return epochs_table(self.results)

    def summary(self, level: float = LEVEL) -> pd.DataFrame:
        """Return one row per configuration: means and t-intervals over the complete runs that do not explore.

        Args:
            level: of the intervals, in (0, 1).

        """
        return summary(self.finding, level)

    def best(self) -> Best | None:
        """Return the study's choice; None if there is nothing to choose from."""
        return self.finding.best

    def audit(self) -> LabelAudit | None:
        """Rank the training clips by how likely their label is wrong; see ``LabelAudit`` for its data frames.

        Returns:
            None without a storage location, or where it does not keep the labels of the data set.

        Raises:
            ValueError: the kept labels are not those of the study's plan.
            OSError: an object store cannot be reached.

        """
        return None if self.storage is None else label_audit(self.finding, self.storage)

    @property
    def headline(self) -> str:
        """The study's result in at most twelve words."""
        return self.report.headline.text

    @property
    def advice(self) -> str:
        """What to do, in a sentence; empty if there is nothing to advise."""
        return self.report.headline.advice

    @property
    def verdict(self) -> str:
        """The study's result, in a few sentences."""
        return self.report.verdict

    @property
    def methods(self) -> str:
        """The methods for a paper: a line for each part, after its heading, then one for each reference."""
        return "\n".join(self.report.methods.lines)

    @cached_property
    def _figures(self) -> dict[str, Figure]:
        return figures_of(report_sections(self.report))

    @property
    def figures(self) -> tuple[str, ...]:
        """The names of the figures that this study has, in the report's order."""
        return tuple(self._figures)

    def figure(self, name: str) -> go.Figure:
        """Return one of the report's figures.

        Raises:
            KeyError: the study has no such figure; the message names those it has.

        """
        if name not in self._figures:
            msg = (
                f"study {self.results.plan.name!r} has no figure {name!r}; it has: {', '.join(self.figures) or 'none'}"
            )
            raise KeyError(msg)
        return self._figures[name].drawing

    def _repr_html_(self) -> str:
        """Show the verdict and the tables of results in a notebook; nothing in them is read as markup."""
        shown = result_tables(self.finding)
        title = html.escape(self.results.plan.name)
        words = f"<p><strong>{html.escape(self.headline)}.</strong> {html.escape(self.advice)}</p>"
        return f"<h3>{title}</h3>{words}<p>{html.escape(self.verdict)}</p>{as_html(shown)}"


def load_study(
    storage: Location | Path | str, name: str, *, show_test: bool = False, metric: str = "accuracy"
) -> Study:
    """Load a study from a storage location: a folder, or a URL.

    Args:
        storage: the storage location.
        name: the study's name.
        show_test: whether to show the test accuracies of a study that has not ended. Stopping or changing a study
            because of them would spoil them.
        metric: the metric on test clips that tables, figures and texts report: ``accuracy``, ``macro_f1``,
            ``balanced_accuracy`` or ``top3``.

    Raises:
        FileNotFoundError: the storage location holds no study of that name.
        ValueError: two different runs share arm, configuration, subset and seed; or the metric is unknown, or every
            complete run lacks it.
        DamagedError, OtherVersionError: the plan cannot be read; see ``trainables.storage.documents``.

    """
    root = location(storage)
    results = study_results.load_results(root, name, show_test=show_test)
    return Study(of_metric(results, metric), root)
