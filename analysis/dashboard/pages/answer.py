"""The first tab of a study: the first screen of the report, then the evidence, folded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dash import dcc, html

from analysis.components.dash_table import plain_table
from analysis.dashboard.blocks import Block, aria, bar, holder, part, percent, scrolled, table
from analysis.dashboard.pages.sections import evidence, figure_block, folded, table_block, working
from analysis.dashboard.reading.job import StillWorkingError
from analysis.dashboard.snapshot import ended
from trainables.naming import counted, duration

if TYPE_CHECKING:
    from analysis.dashboard.addresses import Address
    from analysis.dashboard.pages.view import View
    from analysis.dashboard.snapshot import Live, Snapshot
    from analysis.report.first_screen import FirstScreen
    from analysis.text.tiles import Reading, Tile

STALE_S = 15.0  # age of a progress file from which it is shown


def answer_blocks(view: View) -> list[Block]:
    """Return the answer, while the study runs its progress, Figure 1, Table 1, and the evidence."""
    snapshot, address = view.snapshot, view.address
    screen = snapshot.first_screen
    complete = view.state == "complete"  # then the parts on its progress are empty: the others stay where they are
    blocks = [part("answer", *_answer(screen))]
    blocks.append(part("progress", *([] if complete else _progress(snapshot, view.live, address))))
    if screen.figure is not None:
        blocks.append(figure_block(view, screen.figure, 1))
    if screen.table is not None:
        blocks.append(table_block(view, "table-1", screen.table, 1, "table-1"))
    blocks.append(part("training", *(_training(view.live, address) if view.live.flights else [])))
    blocks.append(part("seeds", *([] if complete else table(snapshot.seeds, address.csv("seeds")))))
    return [*blocks, _evidence(view)]


def _evidence(view: View) -> Block:
    """Return the sections that support the answer, folded."""
    try:
        blocks = [block for section in evidence(view) for block in folded(view, section)]
    except StillWorkingError as error:
        blocks = [working(error)]
    return holder("evidence", *([part("head", html.H2("Evidence"))] if blocks else []), *blocks)


def _answer(screen: FirstScreen) -> list[Any]:
    """Return context, headline, advice, tiles, the result in full, and cautions; the header has the name."""
    parts: list[Any] = [html.P(" · ".join(screen.context[1:]), className="context")]
    parts.append(html.H2(screen.headline.text, className="headline"))
    parts += [html.P(screen.headline.advice, className="advice")] if screen.headline.advice else []
    parts.append(html.Ul([html.Li(_tile(tile)) for tile in screen.tiles], className="tiles"))
    parts.append(html.Details([html.Summary("In full"), html.P(screen.verdict)], className="verdict"))
    if screen.cautions:
        label = "Cautions" if len(screen.cautions) > 1 else "Caution"
        cautions: list[Any] = [html.Strong(label), html.Ul([html.Li(caution) for caution in screen.first_cautions])]
        if screen.more_cautions:
            summary = html.Summary(f"All {len(screen.cautions)} cautions")
            cautions.append(html.Details([summary, html.Ul([html.Li(caution) for caution in screen.more_cautions])]))
        parts.append(html.Section(cautions, className="cautions", **aria(label=label)))
    return parts


def _tile(tile: Tile) -> list[Any]:
    readings = [
        html.P(_reading(reading), className="reading aside" if reading.aside else "reading")
        for reading in tile.readings
    ]
    several = " several" if len(readings) > 1 else ""
    return [
        html.P(tile.label, className="soft"),
        html.Div(readings, className=f"readings{several}"),
        html.P(tile.detail, className="soft"),
    ]


def _reading(reading: Reading) -> list[Any]:
    """Return a number, large, with its interval; a difference has its judgement."""
    small = " ".join(filter(None, (reading.margin, reading.unit)))
    note = [html.Span(f"{reading.note} ", className="soft")] if reading.note else []
    parts: list[Any] = [html.Span([f"{reading.name} ", *note], className="name")] if reading.name else []
    parts += [html.Strong(reading.value), *([html.Span(f" {small}")] if small else [])]
    if reading.judgement:
        parts.append(html.Span(f" {reading.judgement}", className=f"judgement {reading.judgement}"))
    return parts


def _progress(snapshot: Snapshot, live: Live, address: Address) -> list[Any]:
    """Return how far a study is, and who runs it."""
    planned, recorded = len(snapshot.runs), len(snapshot.stamps)
    counts = ", ".join(f"{count:,} {status}" for status, count in ended(snapshot.results).items())
    age = f", as of {duration(live.age_s)} ago" if live.age_s > STALE_S else ""
    eta = f"ETA {duration(live.eta_s)}{age}" if live.eta_s is not None else ""
    facts = [live.standing, eta, f"run by {live.owner}"]
    stopped = ["It is not running now; ", html.Code(f"gce-study resume {address.study}"), " continues it"]
    doing: list[Any] = [_capital("; ".join(filter(None, facts)))] if live.owner else stopped
    words = f"{recorded:,} of {counted(planned, 'run')} recorded: {counts}. "
    return [html.Div([bar(recorded, planned), html.P([words, *doing, "."])], className="progress")]


def _capital(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}"


def _training(live: Live, address: Address) -> list[Any]:
    """Return the runs in training."""
    head = ("Running", "Subset", "Seed", "Epoch", "Validation (%)")
    rows = [
        (
            dcc.Link(f.configuration, href=str(address.beside(run=f.run_id))),
            *(f.subset, f.seed, f"{f.epoch} of {f.epochs}", percent(f.validation_accuracy)),
        )
        for f in live.flights
    ]
    return [
        html.H2("Running now"),
        scrolled(plain_table(head, rows, dict.fromkeys(head[2:], "number")), "Runs in training"),
    ]
