"""PNG, SVG and PDF: drawn by a real Chromium where there is one, refused with a reason where there is none."""

from __future__ import annotations

import os
import shutil
import struct
import tempfile
import time
from pathlib import Path

import plotly.graph_objects as go
import pytest

from analysis.report import render

TITLE = "Mean of </script><b>A&B</b>"


@pytest.fixture
def without_kaleido(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw by Chromium, whatever is installed."""
    monkeypatch.setattr(render, "has_kaleido", lambda: False)


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder where scratch folders are made."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def browser(folder: Path, script: str) -> str:
    """Make a program that stands for a browser."""
    path = folder / "browser"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def figure() -> go.Figure:
    return go.Figure(go.Scatter(x=[1, 2], y=[3, 4]), {"height": 300, "xaxis": {"title": {"text": TITLE}}})


def running(word: str) -> list[str]:
    """Return the command lines of this machine's processes that name something."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            text = path.read_bytes().decode(errors="replace")
        except OSError:
            continue
        if word in text:
            found.append(text)
    return found


@pytest.mark.usefixtures("chromium", "without_kaleido")
def test_chromium_draws_png_and_svg_and_leaves_nothing_behind(scratch: Path) -> None:
    drawn = render.images({"a": figure()}, ["png", "svg"])
    png, svg = drawn["a", "png"], drawn["a", "svg"]
    assert png.startswith(b"\x89PNG\r\n")
    assert struct.unpack(">II", png[16:24]) == (1600, 600)
    assert svg.startswith(b"<svg")
    assert b"A&amp;B" in svg
    assert list(scratch.iterdir()) == []
    assert running(str(scratch)) == []


@pytest.mark.usefixtures("chromium")
def test_chromium_prints_a_page_as_pdf(scratch: Path) -> None:
    assert render.pdf("<!doctype html><p>One page.</p>").startswith(b"%PDF-")
    assert list(scratch.iterdir()) == []
    assert running(str(scratch)) == []


@pytest.mark.usefixtures("without_kaleido")
def test_without_kaleido_and_browser_both_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delenv(render.VARIABLE, raising=False)
    with pytest.raises(
        render.RenderError, match=r"png and svg need kaleido or a browser.*pip install kaleido.*Chromium"
    ):
        render.images({"a": figure()}, ["png", "svg"])
    with pytest.raises(render.RenderError, match=r"pdf needs a browser.*kaleido draws figures, not pages.*Chromium"):
        render.pdf("")


def test_a_browser_that_is_named_and_not_there_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(render.VARIABLE, "/nowhere/chrome")
    with pytest.raises(render.RenderError, match="BROWSER_PATH = '/nowhere/chrome': no such program"):
        render.pdf("")


@pytest.mark.usefixtures("without_kaleido")
def test_a_browser_that_draws_nothing_is_told_with_its_last_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(render.VARIABLE, browser(tmp_path, "echo first >&2; echo no display >&2; exit 1"))
    with pytest.raises(render.RenderError, match="drew no figures: no display"):
        render.images({"a": figure()}, ["png"])
    with pytest.raises(render.RenderError, match="printed no PDF: no display"):
        render.pdf("")


def test_a_browser_that_hangs_is_ended_with_its_children(
    tmp_path: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = 100_000 + os.getpid()  # the same test may run beside this one
    monkeypatch.setattr(render, "TIMEOUT_S", 0.5)
    monkeypatch.setenv(render.VARIABLE, browser(tmp_path, f"sleep {seconds} & sleep {seconds}"))
    with pytest.raises(render.RenderError, match=r"not done after 0\.5 s"):
        render.pdf("")
    deadline = time.monotonic() + 10  # a killed process takes a moment to disappear
    while running(f"sleep\x00{seconds}") and time.monotonic() < deadline:
        time.sleep(0.01)
    assert running(f"sleep\x00{seconds}") == []
    assert [path.name for path in scratch.iterdir()] == ["browser"]


def test_kaleido_draws_figures_where_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(render, "has_kaleido", lambda: True)
    monkeypatch.setattr(go.Figure, "to_image", lambda _, **options: asked.append(options) or b"drawn")
    assert render.images({"a": figure()}, ["svg"]) == {("a", "svg"): b"drawn"}
    assert asked == [{"format": "svg", "width": 800, "height": 300, "scale": 1}]


def test_no_figure_needs_no_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert shutil.which("chromium") is None
    assert render.images({}, ["png"]) == {}
