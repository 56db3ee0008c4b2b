"""Which test clips a confusion consists of: the clips of one label that runs take for another class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import dash_mantine_components as dmc
from dash import dcc, html

from analysis.components.dash_table import plain_table
from analysis.dashboard.blocks import Block, part, scrolled
from analysis.dashboard.pages.sections import play_button
from analysis.statistics.clips import confusion, most_confused
from trainables.characters import visible
from trainables.naming import counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from analysis.dashboard.pages.view import View
    from analysis.findings.clip_predictions import ClipPredictions
    from analysis.statistics.clips import Confusion

MAX_CONFUSIONS = 200  # that a reader chooses from
MAX_CLIPS = 100  # of one confusion


class Confused(NamedTuple):
    """A test clip that is taken for a class of another label by some of the runs."""

    path: str
    runs: int


def confused_clips(clips: ClipPredictions, paths: Sequence[str], label: str, prediction: str) -> list[Confused]:
    """Return the test clips of a label that the first configuration takes for another class, the most often first.

    Args:
        clips: the predictions.
        paths: of the test clips, in the order of the predictions.
        label: name of the class of the clips.
        prediction: name of the class that they are taken for.

    """
    given, taken = clips.classes.index(label), clips.classes.index(prediction)
    runs = list(clips.predictions[clips.first].values())
    counts = [
        Confused(path, sum(run[place] == taken for run in runs))
        for place, (path, truth) in enumerate(zip(paths, clips.truth, strict=True))
        if truth == given
    ]
    return sorted((one for one in counts if one.runs), key=lambda one: (-one.runs, one.path))


def confusion_blocks(view: View, places: Mapping[str, int]) -> list[Block]:
    """Return the choice of a confusion with its clips; empty without predictions, paths or a mistake.

    Args:
        view: of the study.
        places: of the clips whose sounds can be asked for, by their paths.

    """
    clips, paths = view.snapshot.clips, view.snapshot.test_paths
    if clips is None or len(paths) != len(clips.truth):
        return []
    runs = clips.predictions[clips.first]
    pairs = most_confused(confusion(runs.values(), clips.truth, clips.classes), clips.classes, MAX_CONFUSIONS)
    if not pairs:
        return []
    of_key = {_key(clips.classes, pair) if place else "": pair for place, pair in enumerate(pairs)}  # "" is the default
    chosen = view.address.confusion if view.address.confusion in of_key else ""
    listed = confused_clips(clips, paths, of_key[chosen].label, of_key[chosen].prediction)
    choice = dmc.Select(
        id="pick-confusion",
        label="Clips of a confusion",
        description=f"By {visible(clips.names[clips.first])}, over {counted(len(runs), 'run')}",
        data=[{"value": key, "label": _in_words(pair)} for key, pair in of_key.items()],
        value=chosen,
        searchable=True,
        allowDeselect=False,
        nothingFoundMessage="No such confusion",
        maxDropdownHeight=360,
        w="min(32rem, 100%)",
    )
    head = (*(["Play"] if places else []), "Clip", "Runs that take it so")
    body = []
    for clip in listed[:MAX_CLIPS]:
        name = html.Span(clip.path, className="path")
        cells: list[Any] = [play_button(view.address.study, clip.path, places)] if places else []
        body.append([*cells, name, f"{clip.runs} of {len(runs)}"])
    table = scrolled(plain_table(head, body, {head[-1]: "number"}, "clips"), "Clips of the confusion")
    more = f"The first {MAX_CLIPS} of {len(listed)} clips." if len(listed) > MAX_CLIPS else counted(len(listed), "clip")
    stored = dcc.Store(id="pick-confusion-done")
    return [part("confused-clips", choice, stored, html.P(more, className="note"), table)]


def _key(classes: Sequence[str], pair: Confusion) -> str:
    """Return what stands for a confusion in an address: the numbers of its classes, from 1."""
    return f"{classes.index(pair.label) + 1}-{classes.index(pair.prediction) + 1}"


def _in_words(pair: Confusion) -> str:
    share = f"{100 * pair.share:.1f}"
    return f"{visible(pair.label)} taken for {visible(pair.prediction)} ({share} %, {counted(pair.count, 'time')})"
