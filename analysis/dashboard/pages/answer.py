"""The first tab of a study: its progress, the seeds of each configuration, and the evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dash import dcc, html

from analysis.dashboard.blocks import Block, bar, part, percent, plain_table, scrolled, table
from analysis.dashboard.pages.sections import ABOUT, CLIPS, section_blocks
from analysis.dashboard.snapshot import ended
from trainables.naming import counted, duration

if TYPE_CHECKING:
    from analysis.dashboard.addresses import Address
    from analysis.dashboard.pages.view import View
    from analysis.dashboard.snapshot import Snapshot
    from analysis.dashboard.studies import Live

STALE_S = 15.0  # age of a progress file from which it is shown


def answer_blocks(view: View) -> list[Block]:
    """Return the progress, the seeds, and the evidence."""
    snapshot, live, address = view.snapshot, view.live, view.address
    seeds = table(snapshot.seeds, address.csv("seeds"))
    blocks = [part("progress", *_progress(snapshot, live, address)), part("seeds", *seeds)]
    for section in snapshot.sections:
        if section.title not in {*CLIPS, *ABOUT}:
            blocks += section_blocks(view, section)
    return blocks


def _progress(snapshot: Snapshot, live: Live, address: Address) -> list[Any]:
    """Return the progress of a study, and the runs in training."""
    planned, recorded = len(snapshot.runs), len(snapshot.stamps)
    counts = ", ".join(f"{count} {status}" for status, count in ended(snapshot.results).items())
    parts = [html.H2("Progress"), bar(recorded, planned)]
    parts.append(html.P(f"{recorded} of {counted(planned, 'run')} recorded: {counts}."))
    if not live.owner:
        return [*parts, html.P("This study is not running now.", className="soft")]
    age = f", as of {duration(live.age_s)} ago" if live.age_s > STALE_S else ""
    facts = [live.standing, f"ETA {duration(live.eta_s)}{age}", f"run by {live.owner}"]
    parts.append(html.P("; ".join(fact for fact in facts if fact)))
    if live.flights:
        head = ("Running", "Subset", "Seed", "Epoch", "Validation (%)")
        rows = [
            html.Tr(
                [
                    html.Td(dcc.Link(f.configuration, href=str(address.beside(run=f.run_id)))),
                    *map(html.Td, (f.subset, f.seed, f"{f.epoch} of {f.epochs}", percent(f.validation_accuracy))),
                ]
            )
            for f in live.flights
        ]
        parts.append(scrolled(plain_table(head, rows), "Runs in training"))
    return parts
