"""Tables of what a settle or search study tried."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.results.measures import metric_name
from analysis.results.runs_table import keys, runs_of
from analysis.statistics.intervals import accuracy_interval
from analysis.tables.table import NONE, Table
from analysis.text.phrases import chance
from trainables.naming import counted, counted_points

if TYPE_CHECKING:
    from analysis.findings.method_finding import SearchFinding, SettleFinding

MAX_ROWS = 20  # configurations of a search in its table; the CSV files have all of them


def settle_table(finding: SettleFinding) -> Table:
    """Tabulate what the exploring runs showed of each configuration, in the plan's order."""
    runs, state = finding.explored.runs, finding.settled
    standing = state.standing
    rows = []
    for key in keys(runs):
        by_seed = finding.explored_scores.get(key, {})
        mean = accuracy_interval(by_seed.values()).cell() if by_seed else NONE
        place = standing.keys.index(key) if standing is not None and key in standing.keys else None
        if standing is None or place is None:
            rows.append((key.configuration, mean, *[NONE] * 3))
            continue
        posterior = f"{standing.posterior.mean[place]:.1f} ± {standing.posterior.sd[place]:.1f}"
        rows.append((key.configuration, mean, posterior, chance(standing.within[place]), chance(standing.best[place])))
    note = (
        f"The choice is the configuration that is most probably within {counted_points(state.goal.within)} of the "
        "best, by a Gaussian process over the parameter's scale with a separate deviation for every configuration. "
        "Accuracies in %; none of these runs enters a reported interval."
    )
    header = ("Configuration", metric_name(finding.selected_on), "Posterior mean ± sd")
    return Table(
        "Exploring runs", (*header, f"P(within {counted_points(state.goal.within)})", "P(best)"), tuple(rows), note
    )


def search_table(finding: SearchFinding) -> Table:
    """Tabulate what the exploring runs showed of each configuration, the likeliest choice first."""
    runs, tried = finding.explored.runs, finding.tried
    rows = [
        (
            finding.names[key],
            *(", ".join(sorted(set(runs_of(runs, key)["status"]))), str(int(runs_of(runs, key)["epochs"].max()))),
            NONE if score is None else f"{100 * score:.1f}",
        )
        for key, score in list(tried.items())[:MAX_ROWS]
    ]
    name = metric_name(finding.selected_on)
    note = (
        f"{counted(len(tried), 'configuration')} {'was' if len(tried) == 1 else 'were'} sampled; those that finished "
        f"come first, by their mean {name.lower()} in %, then those stopped early, the latest first. The best "
        "of many means is too high, so the reported results come from fresh seeds."
    )
    return Table("Search", ("Configuration", "Status", "Epochs", name), tuple(rows), note)
