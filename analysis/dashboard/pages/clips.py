"""The tab on single clips; in the label audit, the most suspicious labels first, with players and spectrograms."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import dash_mantine_components as dmc
from dash import Input, Output, dcc, html

from analysis.dashboard.blocks import MIN_CHOICES, Block, aria, chip, part, scrolled
from analysis.dashboard.pages.confusions import confusion_blocks
from analysis.dashboard.pages.explore.graphs import graph, themed
from analysis.dashboard.pages.sections import clip_sections, play_button, section_blocks
from analysis.dashboard.sounds import ELSEWHERE, NoSoundError, sound_address
from analysis.report.sections import AUDIT
from analysis.tables.labels.audit import NUMBERS, clip_cells, true_label
from analysis.tables.table import NONE
from trainables.characters import visible
from trainables.naming import counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from analysis.dashboard.addresses import Address
    from analysis.dashboard.callbacks import Callbacks
    from analysis.dashboard.pages.view import View
    from analysis.dashboard.sounds import Sounds
    from analysis.findings.label_audit import LabelAudit
    from trainables.plans import StudyPlan

ROWS_PER_PAGE = 25
TEST_CLIPS = "Test clips"  # title of the section
LOOKS = dict.fromkeys(("Rank", "Agreement", "Runs"), "number") | {"Score": "tight"}  # classes of columns
CHECKED = {"no": "not verified", "yes": "verified", "all": "all"}


@dataclass(frozen=True)
class Listing:
    """One page of the clips selected by an address.

    Attributes:
        paths: of all clips that pass the filters.
        rows: those of the page: rows of ``LabelAudit.clips``, as mappings from column to value.
        page: number of the page, from 1.
        pages: number of pages.
        checked: the chosen key of ``CHECKED``.
        labels: given label -> number of clips that would be listed if it were chosen.
        of_checked: key of ``CHECKED`` -> number of clips that would be listed if it were chosen.

    """

    paths: list[str]
    rows: list[dict[str, Any]]
    page: int
    pages: int
    checked: str
    labels: dict[str, int]
    of_checked: dict[str, int]


def listing(clips: pd.DataFrame, address: Address) -> Listing:
    """Return the page of clips selected by an address; beyond the last page, the last.

    Without a choice the clips that are to be reviewed are listed: those that are not verified; if all are, all.
    """
    checked = address.checked if address.checked in CHECKED else "all" if clips["verified"].all() else "no"
    verified = {"no": ~clips["verified"], "yes": clips["verified"], "all": clips["verified"].notna()}
    labelled = clips["label"] == address.label if address.label else clips["label"].notna()
    selected = clips[verified[checked] & labelled]
    pages = max(1, -(-len(selected) // ROWS_PER_PAGE))
    page = min(address.page, pages)
    rows = selected.iloc[(page - 1) * ROWS_PER_PAGE : page * ROWS_PER_PAGE].to_dict("records")
    counts = clips.loc[verified[checked], "label"].value_counts()
    return Listing(
        selected["path"].tolist(),
        [{str(key): value for key, value in row.items()} for row in rows],
        page,
        pages,
        checked,
        {label: int(counts.get(label, 0)) for label in sorted(set(clips["label"]))},
        {key: int((mask & labelled).sum()) for key, mask in verified.items()},
    )


@dataclass(frozen=True)
class Listener:
    """What a reader of the page can hear.

    Attributes:
        sounds: the sounds of the storage location.
        plan: the study's plan.
        here: whether the reader's browser runs on this machine.

    """

    sounds: Sounds
    plan: StudyPlan
    here: bool

    def places(self) -> dict[str, int]:
        """Return the places of the clips whose sounds can be asked for, by their paths; empty if none can be."""
        try:
            return self.sounds.places(self.plan) if self.here else {}
        except NoSoundError:
            return {}


def clips_blocks(view: View) -> list[Block]:
    """Return the sections on single clips; in that on the audit, the clips with their players.

    Raises:
        StillWorkingError: the sections are being computed.

    """
    sections = clip_sections(view)
    audit, blocks = view.snapshot.audit, []
    listener = Listener(view.studies.sounds, view.snapshot.plan, view.here)
    for section in sections:
        if section.title == AUDIT and audit is not None and audit.runs:
            text, *others = section_blocks(view, section, first_table=1)  # the list below is longer than the first
            blocks += [text, *audit_blocks(audit, view, listener), *others]
        else:
            blocks += section_blocks(view, section)
            blocks += confusion_blocks(view, listener.places()) if section.title == TEST_CLIPS else []
    return blocks or [part("no-clips", html.P("No single clips have been analysed in this study yet."))]


def add_clip_callbacks(callbacks: Callbacks) -> None:
    """Add the callbacks by which the choices of a label and of a confusion change the address."""
    for name in ("label", "confusion"):
        callbacks.in_browser("pick", Output(f"pick-{name}-done", "data"), Input(f"pick-{name}", "value"))


def audit_blocks(audit: LabelAudit, view: View, listener: Listener) -> list[Block]:
    """Return the clip that is shown, the filters, and one page of the clips, each with a button that plays it.

    The blocks are the same whatever clip is chosen, so that a choice changes only what shows it.
    """
    address = view.address
    clips = listing(audit.clips, address)
    places = listener.places()
    blocks = [part("clip") if not address.clip else _shown_clip(audit, view, listener, clips.paths)]
    blocks.append(part("clip-filters", *_filters(clips, address)))
    save = html.A("CSV to review", href=address.csv("review"), download="")
    position = html.P(
        [f"{counted(len(clips.paths), 'clip')}; page {clips.page} of {clips.pages}. ", save], className="note"
    )
    note = html.P(NUMBERS if listener.here else f"{NUMBERS} {ELSEWHERE}", className="note")
    table = _rows(clips, address, places, truth=bool(audit.clips["true_label"].notna().any()))
    blocks.append(part("clips", position, table, page_links(clips.page, clips.pages, address.but(clip="")), note))
    return blocks


def _filters(clips: Listing, address: Address) -> list[Any]:
    """Return the choice of a label, which can be searched, and of verified clips as links."""
    parts: list[Any] = []
    if len(clips.labels) >= MIN_CHOICES:
        labels = clips.labels | ({} if address.label in {"", *clips.labels} else {address.label: 0})
        data = [{"value": label, "label": f"{visible(label)} ({count:,})"} for label, count in labels.items()]
        chosen = dmc.Select(
            id="pick-label",
            label="Label",
            data=[{"value": "", "label": f"all ({sum(clips.labels.values()):,})"}, *data],
            value=address.label,
            searchable=True,
            allowDeselect=False,
            nothingFoundMessage="No such label",
            maxDropdownHeight=360,
            w="min(20rem, 100%)",
        )
        parts += [chosen, dcc.Store(id="pick-label-done")]
    if clips.of_checked["yes"]:
        links = [
            chip(
                f"{words} ({clips.of_checked[key]:,})",
                address.but(checked=key, page=1, clip=""),
                chosen=key == clips.checked,
            )
            for key, words in CHECKED.items()
        ]
        name = html.Span("Clips", className="label")
        parts.append(html.Div([name, *links], className="chips", role="group", **aria(label="Clips")))
    return parts


def _rows(clips: Listing, address: Address, places: Mapping[str, int], *, truth: bool) -> Any:  # noqa: ANN401 -- a component
    """Return the table of the clips."""
    head = ["Rank", *(["Play"] if places else []), "Clip", "Label", "Suggested", "Score", "Agreement", "Runs"]
    head += ["True"] if truth else []
    head += ["Verified"] if clips.checked == "all" else []
    body = []
    for clip in clips.rows:
        path = clip["path"]
        link = dcc.Link(path, href=_opened(address.but(clip=path)), className="path")
        cells = [_rank(clip), *([play_button(address.study, path, places)] if places else []), link, clip["label"]]
        cells += clip_cells(clip)
        cells += [true_label(clip)] if truth else []
        cells += ["yes" if clip["verified"] else "no"] if clips.checked == "all" else []
        row = [html.Td(cell, className=LOOKS.get(name, "")) for name, cell in zip(head, cells, strict=True)]
        body.append(html.Tr(row, className="here" if path == address.clip else ""))
    header = html.Thead(html.Tr([html.Th(name, scope="col", className=LOOKS.get(name, "")) for name in head]))
    return scrolled(html.Table([header, html.Tbody(body)], className="clips"), "Training clips")


def page_links(page: int, pages: int, address: Address) -> Any:  # noqa: ANN401 -- a component
    """Return links to the pages before and after one page of a list.

    Args:
        page: from 1.
        pages: how many there are.
        address: of the list.

    """
    links = []
    if page > 1:
        links.append(dcc.Link("Previous page", href=str(address.but(page=page - 1))))
    if page < pages:
        links.append(dcc.Link("Next page", href=str(address.but(page=page + 1))))
    return html.P(links, className="turning")


def _rank(clip: Mapping[Any, Any]) -> str:
    """Return the rank of a clip; a dash for one that no run saw."""
    return str(clip["rank"]) if clip["runs"] else NONE


def _shown_clip(audit: LabelAudit, view: View, listener: Listener, listed: Sequence[str]) -> Block:
    """Return a clip with its numbers, a player and its spectrogram, or why it cannot be heard here."""
    address = view.address
    rows = audit.clips[audit.clips["path"] == address.clip].to_dict("records")
    if not rows:
        return part("clip", html.P(f"There is no training clip {address.clip} in this study.", className="problem"))
    clip = rows[0]
    suggested, score, agreement, runs = clip_cells(clip)
    facts = {"Rank": _rank(clip), "Label": clip["label"], "Suggested": suggested, "Score": score}
    facts |= {"Agreement": agreement, "Runs": runs, "Verified": "yes" if clip["verified"] else "no"}
    facts |= {"True": true_label(clip)} if audit.clips["true_label"].notna().any() else {}
    shown = html.Dl([html.Div([html.Dt(name), html.Dd(value)]) for name, value in facts.items()])
    title = html.H2(address.clip, id=_id(address.clip), tabIndex="-1")
    return part("clip", title, shown, *_heard(view, listener), _clip_links(address, listed))


def _opened(address: Address) -> str:
    """Return the address of a clip, from which assets/page.js scrolls to it."""
    return f"{address}#{_id(address.clip)}"


def _id(path: str) -> str:
    """Return the id of a clip's heading; each clip has another, so that a page is known to show this one."""
    return f"clip-{sha256(path.encode(errors='surrogatepass')).hexdigest()[:12]}"


def _clip_links(address: Address, listed: Sequence[str]) -> Any:  # noqa: ANN401 -- a component
    """Return links from a clip to those before and after it in the list, and back to the list alone."""
    links = []
    if address.clip in listed:
        place = listed.index(address.clip)
        for name, to in (("Previous clip", place - 1), ("Next clip", place + 1)):
            if 0 <= to < len(listed):
                there = address.but(clip=listed[to], page=1 + to // ROWS_PER_PAGE)
                links.append(dcc.Link(name, href=_opened(there)))
    return html.P([*links, dcc.Link("Close", href=str(address.but(clip="")))], className="turning")


def _heard(view: View, listener: Listener) -> list[Any]:
    """Return the player of a clip and its spectrogram, or why it cannot be heard."""
    address = view.address
    if not listener.here:
        return [html.P(ELSEWHERE, className="note")]
    try:
        place = listener.sounds.places(listener.plan)[address.clip]
        picture = listener.sounds.spectrogram(listener.plan, place)
    except NoSoundError as error:
        return [html.P(str(error), className="note")]
    except KeyError:  # the list of clips has just changed
        return []
    player = html.Audio(
        src=sound_address(address.study, place),
        controls=True,
        preload="none",
        **aria(label=f"Sound of {visible(address.clip)}"),
    )
    drawn = graph(themed(picture.drawing, dark=view.dark), file=f"{address.study} {address.clip} spectrogram")
    caption = html.Figcaption(picture.caption)
    return [player, html.Figure([html.H3(picture.title), drawn, caption], **aria(label=picture.title))]
