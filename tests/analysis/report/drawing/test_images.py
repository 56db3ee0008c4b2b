"""PNG, SVG and PDF of figures, drawn by a real Chromium."""

from __future__ import annotations

import re
import shutil
import struct
import subprocess
import tempfile
from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go
import pytest

from analysis.report.drawing import browser, images
from analysis.report.drawing.browser import Browser
from analysis.report.drawing.sizes import laid_out
from analysis.report.formats import SIZES

if TYPE_CHECKING:
    from pathlib import Path

TITLE = "Mean of </script><b>A&B</b>"
FORMS = ("png", "svg", "pdf-figures")


def figure(height: int = 300) -> go.Figure:
    layout = {"height": height, "font": {"size": 14}, "xaxis": {"title": {"text": TITLE, "font": {"size": 10}}}}
    return go.Figure(go.Scatter(x=[1, 2], y=[3, 4]), layout)


@pytest.fixture(scope="module")
def drawn(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], bytes]:
    """Draw one figure in a column, once, and check that nothing is left behind."""
    assert chromium
    scratch = tmp_path_factory.mktemp("scratch")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(scratch))
        with Browser() as drawing:
            made = images.images(drawing, {"a": laid_out(figure(), SIZES["column"])}, FORMS, 600)
    assert list(scratch.iterdir()) == []
    return made


@pytest.fixture
def printed(drawn: dict[tuple[str, str], bytes], tmp_path: Path) -> Path:
    """Return the file of the figure's PDF."""
    path = tmp_path / "a.pdf"
    path.write_bytes(drawn["a", "pdf-figures"])
    return path


def output(*command: str | Path) -> str:
    """Return what one of poppler's programs prints; skip the test without it."""
    if shutil.which(str(command[0])) is None:
        pytest.skip(f"no {command[0]} in PATH")
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_a_png_has_the_pixels_of_its_size_and_states_its_resolution(drawn: dict[tuple[str, str], bytes]) -> None:
    png = drawn["a", "png"]
    assert png.startswith(b"\x89PNG\r\n")
    assert struct.unpack(">II", png[16:24]) == (1984, 1429)  # 84 mm x 60.5 mm at 600 dpi
    chunk = png.index(b"pHYs")
    assert struct.unpack(">IIB", png[chunk + 4 : chunk + 13]) == (23622, 23622, 1)


def test_an_svg_has_its_size_in_millimetres_and_shows_names_as_they_are(drawn: dict[tuple[str, str], bytes]) -> None:
    svg = drawn["a", "svg"].decode()
    assert re.match(r'<svg [^>]*width="84\.00mm" height="60\.48mm"', svg)
    assert "A&amp;B" in svg


def test_text_in_an_svg_is_eight_points_high_and_nothing_is_much_smaller(drawn: dict[tuple[str, str], bytes]) -> None:
    scale = SIZES["column"].scale * 72 / 96  # points per CSS pixel of the layout
    sizes = {float(size) * scale for size in re.findall(r"font-size: ([\d.]+)px", drawn["a", "svg"].decode())}
    assert 8 in {round(size, 2) for size in sizes}
    assert min(sizes) >= 7.5


def test_a_pdf_is_one_page_of_its_size_with_embedded_fonts(printed: Path) -> None:
    about = output("pdfinfo", printed)
    width, height = map(float, re.findall(r"Page size: +([\d.]+) x ([\d.]+) pts", about)[0])
    assert "Pages:           1" in about
    assert (width, height) == (pytest.approx(84 / 25.4 * 72, abs=0.6), pytest.approx(60.48 / 25.4 * 72, abs=0.9))
    fonts = output("pdffonts", printed).splitlines()[2:]
    assert fonts
    assert all(re.search(r" yes (yes|no) +(yes|no) ", font) for font in fonts)


def test_text_in_a_pdf_is_text_of_at_least_seven_and_a_half_points(printed: Path) -> None:
    assert "A&B" in output("pdftotext", printed, "-")
    described = output("pdftohtml", "-xml", "-stdout", "-i", "-zoom", "3", printed)
    sizes = [int(size) / 3 for size in re.findall(r'<fontspec id="\d+" size="(\d+)"', described)]
    assert min(sizes) >= 7.5 - 1 / 3  # sizes are rounded to a third of a point


def test_all_images_of_an_export_are_drawn_by_one_process(chromium: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert chromium
    starts: list[object] = []
    start = subprocess.Popen

    def counted(*args: Any, **options: Any) -> subprocess.Popen[bytes]:
        starts.append(args)
        return start(*args, **options)

    monkeypatch.setattr(browser.subprocess, "Popen", counted)
    with Browser() as drawing:
        layouts = {name: laid_out(figure(), SIZES["column"]) for name in ("a", "b")}
        made = images.images(drawing, layouts, FORMS)
        made |= images.images(drawing, {"c": layouts["a"]}, ["pdf-figures"])
    assert len(made) == 7
    assert len(starts) == 1


def test_no_figure_needs_no_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with Browser() as drawing:
        assert images.images(drawing, {}, ["png"]) == {}
