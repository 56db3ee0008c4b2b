"""Tables of what a settle or search study tried."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.plotting.styles import styles
from analysis.results.measures import metric_name
from analysis.results.runs_table import keys, runs_of
from analysis.statistics.intervals import accuracy_interval
from analysis.tables.interval_cells import IntervalCells, span
from analysis.tables.table import NONE, Table
from analysis.text.phrases import chance
from trainables.naming import counted, counted_points
from trainables.numerals import fixed, hundredfold

if TYPE_CHECKING:
    from analysis.findings.method_finding import SearchFinding, SettleFinding

MAX_ROWS = 20  # configurations of a search in its table; the CSV files have all of them


def settle_table(finding: SettleFinding) -> Table:
    """Tabulate what the exploring runs showed of each configuration, the likeliest choice first."""
    runs, state = finding.explored.runs, finding.settled
    standing = state.standing
    places = {} if standing is None else {key: place for place, key in enumerate(standing.keys)}
    within = {} if standing is None else {key: standing.within[place] for key, place in places.items()}
    explored = sorted(keys(runs), key=lambda key: -within.get(key, -1.0))
    intervals = {
        key: accuracy_interval(by_seed.values()) for key, by_seed in finding.explored_scores.items() if by_seed
    }
    cells, looks = IntervalCells(intervals.values()), styles(finding.results.runs)
    rows = []
    for key in explored:
        interval = intervals.get(key)
        means = ("0", NONE) if interval is None else (f"{interval.n}", interval.cell(usual=interval.n))
        if standing is None or key not in places:
            rows.append((key.configuration, *means, *[NONE] * 3))
            continue
        place = places[key]
        posterior = f"{fixed(standing.posterior.mean[place])} ± {fixed(standing.posterior.sd[place])}"
        chances = (chance(standing.within[place]), chance(standing.best[place]))
        rows.append((key.configuration, *means, posterior, *chances))
    tolerance = counted_points(state.goal.within)
    what = cells.note(unit="").rstrip(".")
    note = (
        f"The choice is the configuration that is most probably within {tolerance} of the best, by a Gaussian process "
        "over the parameter's scale with a separate deviation for every configuration. Accuracies in %"
        f"{f': {what}' if what else ''}. None of these runs enters a reported interval."
    )
    return Table(
        "Exploring runs",
        (
            *("Configuration", "Runs", metric_name(finding.selected_on), "Posterior mean ± sd"),
            *(f"P(within {tolerance})", "P(best)"),
        ),
        tuple(rows),
        note,
        spans={(row, 2): span(intervals[key]) for row, key in enumerate(explored) if key in intervals},
        chips={row: looks[key.arm] for row, key in enumerate(explored)},
    )


def search_table(finding: SearchFinding) -> Table:
    """Tabulate what the exploring runs showed of each configuration, the likeliest choice first."""
    runs, tried = finding.explored.runs, finding.tried
    rows = [
        (
            finding.names[key],
            *(", ".join(sorted(set(runs_of(runs, key)["status"]))), str(int(runs_of(runs, key)["epochs"].max()))),
            NONE if score is None else hundredfold(score),
        )
        for key, score in list(tried.items())[:MAX_ROWS]
    ]
    name = metric_name(finding.selected_on)
    note = (
        f"{counted(len(tried), 'configuration')} {'was' if len(tried) == 1 else 'were'} sampled; those that finished "
        f"come first, by their mean {name.lower()} in %, then those stopped early, the latest first. The best "
        "of many means is too high, so the reported results come from fresh seeds."
    )
    looks = styles(finding.results.runs)
    chips = {row: looks[key.arm] for row, key in enumerate(list(tried)[:MAX_ROWS])}
    return Table("Search", ("Configuration", "Status", "Epochs", name), tuple(rows), note, chips=chips)
