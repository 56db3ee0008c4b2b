"""The log-mel spectrogram of a clip."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from analysis.plotting.figure import Figure
from analysis.plotting.theme import empty

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from analysis.statistics.arrays import Floats

RANGE = 80  # dB below the loudest that are drawn in different colours
MARKS = (500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000)  # Hz of the axis
HEIGHT = 320  # pixels


class Spectrogram(NamedTuple):
    """The log-mel spectrogram of a clip.

    Attributes:
        levels: of the mel power, in dB. Shape (bands, columns).
        centres: of the bands, in Hz, rising. Shape (bands,).
        seconds: the clip's duration.

    """

    levels: Floats
    centres: Floats
    seconds: float


def spectrogram(clip: Spectrogram) -> Figure:
    """Draw a clip's spectrogram."""
    caption = (
        f"Log-mel power in dB relative to the loudest of this clip, {clip.seconds:.1f} s, as the network receives it."
    )
    return Figure("spectrogram", "Spectrogram", caption, draw_spectrogram(clip))


def draw_spectrogram(clip: Spectrogram) -> go.Figure:
    """Draw levels over time and mel bands; all that are ``RANGE`` dB or more below the loudest look the same."""
    levels = np.maximum(clip.levels - clip.levels.max(), -RANGE)
    step = clip.seconds / levels.shape[1]
    figure = empty(height=HEIGHT)
    figure.add_heatmap(
        z=np.rint(levels).astype(np.int8),
        x0=step / 2,
        dx=step,
        zmin=-RANGE,
        zmax=0,
        colorbar={"title": {"text": "dB"}},
        hovertemplate="%{x:.2f} s: %{z} dB<extra></extra>",
    )
    shown = [hertz for hertz in MARKS if clip.centres[0] <= hertz <= clip.centres[-1]]
    bands = np.interp(shown, clip.centres, np.arange(len(clip.centres)))
    figure.update_xaxes(title_text="Time (s)", showgrid=False, range=[0, clip.seconds])
    figure.update_yaxes(
        title_text="Frequency (kHz)",
        tickvals=bands.tolist(),
        ticktext=[f"{hertz / 1000:g}" for hertz in shown],
        range=[-0.5, len(clip.centres) - 0.5],
        showgrid=False,
    )
    figure.update_layout(margin_b=60)  # there is no legend
    return figure
