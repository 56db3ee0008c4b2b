"""A recording as an SVG that plays by itself, also in an ``img``: screens one below another, shown in turn."""

from __future__ import annotations

from html import escape
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from recording import COLUMNS, ROWS, Frame
from screen import BLANK, Cell, Look

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from recording import Recording

WIDTH, LINE = 10, 20  # pixels of a character and of a line: 80 columns fill 800 pixels
SIZE = 16.4  # pixels of the letters
SIDE, TOP = 16, 44  # margins; above are the window's buttons and title
TYPING_S, PLAYED_S, HELD_S = 1.2, 10.0, 6.0  # the command is typed, the run is played faster, the end stays
STEP_S = 0.2  # the shortest time that a screen is shown
FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'Liberation Mono', 'DejaVu Sans Mono', monospace"


class Theme(NamedTuple):
    """The colours of a terminal."""

    paper: str
    bar: str
    ink: str
    soft: str
    colours: dict[str, str]


# Contrast of each colour with its paper: at least 4.5.
LIGHT = Theme(
    *("#ffffff", "#eceff3", "#1b1f24", "#5b6470"),
    {
        "red": "#b3261e",
        "green": "#13703f",
        "yellow": "#7a5800",
        "blue": "#0b5ab0",
        "magenta": "#7a4275",
        "cyan": "#006373",
        "black": "#1b1f24",
        "white": "#5b6470",
    },
)
DARK = Theme(
    *("#14171b", "#22272e", "#e6e9ed", "#9aa3ae"),
    {
        "red": "#ff8a75",
        "green": "#63e29a",
        "yellow": "#fcc438",
        "blue": "#7fb2ff",
        "magenta": "#d6b5e9",
        "cyan": "#4cc6d6",
        "black": "#9aa3ae",
        "white": "#e6e9ed",
    },
)


def animation(recording: Recording, theme: Theme) -> str:
    """Return a recording as SVG: typed, played in about ten seconds, and held at its end.

    A reader who wants less motion sees the last screen.
    """
    frames = [*_typed(recording.command), *_played(recording)]
    seconds = TYPING_S + PLAYED_S + HELD_S
    height, width = TOP + ROWS * LINE + SIDE // 2, COLUMNS * WIDTH + 2 * SIDE
    lines: dict[tuple[Cell, ...], str] = {}
    screens = []
    for number, frame in enumerate(frames):
        uses = []
        for row, line in enumerate(frame.lines):
            drawn = _line(line, theme)
            if drawn:
                name = lines.setdefault(line, f"l{len(lines)}")
                uses.append(f'<use href="#{name}" y="{row * LINE}"/>')
        screens.append(f'<g transform="translate(0 {number * height})">{"".join(uses)}</g>')
    stops = "".join(
        f"{100 * frame.at / seconds:.3f}%{{transform:translateY({-number * height}px)}}"
        for number, frame in enumerate(frames)
    )
    drawn_lines = "".join(f'<g id="{name}">{_line(line, theme)}</g>' for line, name in lines.items())
    last = -(len(frames) - 1) * height
    colours = "".join(f".{name}{{fill:{colour}}}" for name, colour in theme.colours.items())
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
        f"<title>A terminal in which {escape(recording.command)} runs, "
        f"{recording.seconds:.0f} seconds shown in {PLAYED_S:.0f}</title>"
        f"<style>text{{font:{SIZE}px {FONT};white-space:pre}}svg{{fill:{theme.ink}}}"
        f".b{{font-weight:700}}.d{{fill:{theme.soft}}}{colours}"
        f"#s{{animation:s {seconds:g}s step-end infinite;transform:translateY({last}px)}}"
        f"@keyframes s{{{stops}100%{{transform:translateY({last}px)}}}}"
        "@media (prefers-reduced-motion:reduce){#s{animation:none}}</style>"
        f"<defs>{drawn_lines}</defs>"
        f'<rect width="{width}" height="{height}" rx="10" fill="{theme.paper}" stroke="{theme.bar}"/>'
        f'<path d="M0 10a10 10 0 0 1 10-10h{width - 20}a10 10 0 0 1 10 10v22h-{width}z" fill="{theme.bar}"/>'
        + "".join(f'<circle cx="{20 + 18 * i}" cy="16" r="5.5" fill="{theme.soft}" opacity=".45"/>' for i in range(3))
        + f'<text x="{width // 2}" y="21" text-anchor="middle" class="d" style="font-size:13px">'
        f"{escape(recording.command)} · {_spoken(recording.seconds)}, shortened</text>"
        f'<svg x="{SIDE}" y="{TOP}" width="{COLUMNS * WIDTH}" height="{ROWS * LINE}">'
        f'<g id="s">{"".join(screens)}</g></svg></svg>\n'
    )


def _spoken(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"  # noqa: PLR2004 -- a minute and a half


def _typed(command: str) -> Iterable[Frame]:
    """Yield the screens on which the command is typed."""
    prompt = [Cell("$", Look("green", bold=True)), BLANK]
    for count in range(len(command) + 1):
        line = [*prompt, *(Cell(letter, Look(bold=True)) for letter in command[:count]), Cell("▏", Look())]
        padded = (*line, *[BLANK] * (COLUMNS - len(line)))
        yield Frame(TYPING_S * count / (len(command) + 1), (padded,))


def _played(recording: Recording) -> Iterable[Frame]:
    """Yield the screens of the run, at most one in each step, on the clock of the animation."""
    faster = PLAYED_S / recording.seconds
    shown = -STEP_S
    for place, frame in enumerate(recording.frames):
        at = frame.at * faster
        if place == len(recording.frames) - 1 or at - shown >= STEP_S:
            shown = at
            yield Frame(TYPING_S + min(at, PLAYED_S), frame.lines)


def _line(line: Sequence[Cell], theme: Theme) -> str:
    """Return a line as SVG: one text for each run of characters that look alike, at its column."""
    parts = []
    column = 0
    for look, group in groupby(line, key=lambda cell: cell.look):
        text = "".join(cell.text for cell in group)
        stripped = text.strip()
        if stripped:
            start = column + len(text) - len(text.lstrip())
            name = look.colour.removeprefix("bright-")
            classes = [*["b"] * look.bold, *["d"] * look.dim, *[name] * (name in theme.colours and not look.dim)]
            drawn = f' class="{" ".join(classes)}"' if classes else ""
            drawn += f' fill="{name}"' if name.startswith("#") else ""
            parts.append(
                f'<text x="{start * WIDTH}" y="15" textLength="{len(stripped) * WIDTH}"{drawn}>'
                f"{escape(stripped, quote=False)}</text>"
            )
        column += len(text)
    return "".join(parts)
