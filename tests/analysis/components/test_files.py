"""Stylesheet, script and font: complete, self-contained and licensed."""

from __future__ import annotations

import re
from base64 import b64decode
from importlib.resources import files

import pytest

from analysis.components.files import CSS, FONT, SCRIPT, font_face, static_bytes, static_text
from analysis.plotting.palette import PAPER
from analysis.plotting.styles import MARKERS
from colours import contrast


def tokens(theme: str) -> dict[str, str]:
    """Return the CSS variables of a theme that are colours, as ``#rrggbb``."""
    css = static_text(CSS)
    block = css.split(":root[data-theme=dark]")[theme == "dark"].split("}")[0]
    found = re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6})\b", block)
    return {name: colour if len(colour) == 7 else "#" + "".join(2 * c for c in colour[1:]) for name, colour in found}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("text", ["ink", "soft", "mark", "good", "bad"])
def test_text_has_a_contrast_of_4_5_on_paper_and_shade(theme: str, text: str) -> None:
    colours = tokens(theme)
    assert contrast(colours[text], colours["paper"]) >= 4.5
    assert contrast(colours[text], colours["shade"]) >= 4.5
    assert contrast(colours["ink"], colours["warn"]) >= 4.5


def test_pages_and_figures_have_the_same_paper() -> None:
    assert (tokens("light")["paper"], tokens("dark")["paper"]) == PAPER


@pytest.mark.parametrize("marker", MARKERS)
def test_every_marker_has_a_shape(marker: str) -> None:
    assert f".mark.{marker} {{" in static_text(CSS)


@pytest.mark.parametrize("file", [CSS, SCRIPT])
def test_nothing_is_fetched_from_another_server(file: str) -> None:
    assert not re.search(r"https?://|//[a-z]", re.sub(r"^\s*//.*$", "", static_text(file), flags=re.MULTILINE))


def test_the_font_is_small_has_all_weights_and_is_in_the_rule() -> None:
    font = static_bytes(FONT)
    assert font[:4] == b"wOF2"
    assert len(font) < 60_000
    rule = font_face()
    assert "font-weight:400 700" in rule
    assert b64decode(rule.partition("base64,")[2].partition(")")[0]) == font
    assert "url(/inter.woff2)" in font_face("/inter.woff2")


def test_the_font_has_its_licence() -> None:
    licence = files("analysis.components").joinpath("static", "inter-license.txt").read_text()
    assert "SIL Open Font License, Version 1.1" in licence
    assert "The Inter Project Authors" in licence
