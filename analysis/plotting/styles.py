"""How an arm is drawn: by its loss, so that a loss has one colour and marker in every report."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from analysis.plotting.palette import HUES
from trainables.naming import CONTROL

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

MARKERS = (
    *("circle", "square", "diamond", "triangle-up", "triangle-down", "x", "star", "cross", "pentagon", "hexagram"),
    *("bowtie", "hourglass"),
)
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
# Each built-in loss with its hue and shade. Relatives share a hue; their markers differ.
LOSSES: dict[str, tuple[str, int, str, str]] = {
    "adaptive_gce": ("blue", 0, "circle", "solid"),
    "gce": ("green", 0, "square", "dash"),
    "gce_origin": ("green", 1, "hourglass", "longdash"),
    "truncated_gce": ("green", 2, "pentagon", "dashdot"),
    "scheduled_gce": ("teal", 0, "hexagram", "dot"),
    "cce": ("vermilion", 0, "diamond", "dot"),
    "label_smoothing": ("vermilion", 1, "cross", "dashdot"),
    "focal": ("vermilion", 2, "star", "longdash"),
    "taylor_ce": ("pink", 2, "bowtie", "dash"),
    "soft_bootstrapping": ("purple", 0, "triangle-up", "dashdot"),
    "soft_bootstrapping_origin": ("purple", 1, "star", "longdash"),
    "loss_masking": ("orange", 0, "triangle-down", "longdash"),
    "loss_masking_origin": ("orange", 1, "x", "longdashdot"),
    "pruning": ("orange", 2, "cross", "dot"),
    "mae": ("ink", 0, "x", "longdashdot"),
    "forward_correction": ("ink", 1, "pentagon", "dash"),
    "sce": ("teal", 0, "star", "longdash"),
    "js": ("teal", 1, "bowtie", "dashdot"),
    "elr": ("pink", 0, "hexagram", "longdashdot"),
    "nce": ("brown", 0, "cross", "dash"),
    "nce_rce": ("brown", 1, "pentagon", "dot"),
    "nce_mae": ("brown", 2, "hexagram", "dashdot"),
    "nce_agce": ("brown", 1, "star", "longdash"),
    "nce_aul": ("brown", 2, "bowtie", "longdashdot"),
    "agce": ("pink", 1, "hourglass", "dash"),
    "aul": ("pink", 2, "pentagon", "dot"),
    "anl": ("teal", 2, "cross", "dash"),
}
FALLBACK = ("teal", "pink", "brown", "ink", "purple", "orange", "green", "vermilion", "blue")


class Style(NamedTuple):
    """How an arm is drawn in every figure and table."""

    colour: str
    marker: str
    dash: str

    def turned(self, turn: int) -> Style:
        """Return the style of the arm's line number ``turn`` within one figure, from 0: another dash."""
        return self._replace(dash=DASHES[(DASHES.index(self.dash) + turn) % len(DASHES)])


def styles(runs: pd.DataFrame) -> dict[str, Style]:
    """Return arm -> style, in the plan's order.

    Args:
        runs: a study's runs table with all its arms, so that an arm looks the same in every figure.

    """
    first = runs.drop_duplicates("arm")
    return styles_of_losses(dict(zip(map(str, first["arm"]), map(str, first["loss"]), strict=True)))


def styles_of_losses(losses: Mapping[str, str]) -> dict[str, Style]:
    """Return arm -> style.

    The first arm of a built-in loss has the loss's own colour, marker and dash; further ones have other shades of its
    hue, the next dash and a marker that is free. A control has a shade of the hue of the arm that it belongs to. Losses
    from plugins take the hues that the study does not use yet.

    Args:
        losses: arm -> name of its loss, in the plan's order.

    """
    looks = _looks(losses)
    places: Counter[str] = Counter()
    markers = {looks[loss][2] for loss in losses.values()}
    chosen: dict[str, Style] = {}
    for arm, loss in sorted(losses.items(), key=lambda item: item[0].endswith(CONTROL)):  # controls yield to arms
        owner = losses.get(arm.removesuffix(CONTROL), loss)  # a control is a shade of the arm that it belongs to
        hue, shade, marker, dash = looks[owner]
        if turn := places[owner]:
            marker = next((free for free in MARKERS if free not in markers), MARKERS[(len(chosen)) % len(MARKERS)])
            markers.add(marker)
        places[owner] += 1
        colour = HUES[hue][(shade + turn) % len(HUES[hue])].light
        chosen[arm] = Style(colour, marker, dash).turned(turn + 2 if arm.endswith(CONTROL) else turn)
    return {arm: chosen[arm] for arm in losses}


def _looks(losses: Mapping[str, str]) -> dict[str, tuple[str, int, str, str]]:
    """Return the look of each loss; one that is not built in takes the least used hue and a free marker."""
    looks = {loss: LOSSES[loss] for loss in losses.values() if loss in LOSSES}
    used = Counter(hue for hue, *_ in looks.values())
    for place, loss in enumerate(dict.fromkeys(loss for loss in losses.values() if loss not in LOSSES)):
        hue = min(FALLBACK, key=lambda name: used[name])
        taken = {marker for _, _, marker, _ in looks.values()}
        marker = next((free for free in MARKERS if free not in taken), MARKERS[place % len(MARKERS)])
        looks[loss] = (hue, used[hue] % len(HUES[hue]), marker, DASHES[place % len(DASHES)])
        used[hue] += 1
    return looks
