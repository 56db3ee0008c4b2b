"""A real browser plays the clips of a label audit, draws them, filters them and fits its window."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from analysis.dashboard.app import make_app
from analysis.dashboard.guard import Guard
from analysis.dashboard.server import serving
from analysis.dashboard.studies import Studies
from factories import Builder
from published_sounds import audited
from trainables.features.clip_sounds import ClipSounds
from trainables.storage.location import location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

expect = pytest.importorskip("playwright.sync_api").expect
TAB = "/study/best-t?tab=clips"
# Plays from a time, in seconds, until a little later.
HEARD = """(player, start) => new Promise(done => {
    player.addEventListener("timeupdate", () => { if (player.currentTime > start + 0.2) { done(); } });
    player.currentTime = start;
    player.play();
})"""
SELECTED = """() => new Promise((done) => {
  const look = () => {
    const { selectionStart, selectionEnd } = document.activeElement;
    if (selectionEnd > selectionStart) done(); else requestAnimationFrame(look);
  };
  look();
})"""  # wait_for_function would break the page's security policy


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve a study whose labels were audited, with sounds of 20 s, which last while a busy machine looks."""
    folder = tmp_path_factory.mktemp("audited")
    (folder / "storage").mkdir()
    audited(Builder(), location(folder / "storage"), folder / "sounds", seconds=20.0)
    studies = Studies(location(folder / "storage"), lambda *_: None, reader=ClipSounds())
    listener = socket.create_server(("127.0.0.1", 0))
    with listener, serving(make_app(studies, Guard()).server, listener):
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_a_clip_is_opened_played_and_seen(address: str, page: Page) -> None:
    page.goto(f"{address}{TAB}")
    page.get_by_role("link", name="train/15.wav").click()
    player = page.get_by_label("Sound of train/15.wav")
    expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()
    expect(page.get_by_role("heading", name="train/15.wav")).to_be_focused()
    assert player.evaluate("player => [player.preload, player.paused]") == ["none", True]
    player.evaluate(HEARD, 0)
    assert player.evaluate("player => [player.error, Math.round(player.duration)]") == [None, 20]
    player.evaluate(HEARD, 15)  # by a range of the file


def test_one_sound_plays_at_a_time(address: str, page: Page) -> None:
    page.goto(f"{address}{TAB}&clip=train/15.wav")
    first, second = (page.get_by_role("button", name=f"Play train/{name}.wav") for name in (30, 0))
    first.focus()
    page.keyboard.press("Enter")
    expect(first).to_have_attribute("aria-pressed", "true")
    second.click()
    expect(second).to_have_attribute("aria-pressed", "true")
    expect(page.locator("button[aria-pressed]")).to_have_count(1)
    page.locator("audio").evaluate("player => player.play()")
    expect(page.locator("button[aria-pressed]")).to_have_count(0)
    first.click()
    expect(page.locator("audio")).to_have_js_property("paused", value=True)
    page.get_by_role("link", name="Next clip").click()
    expect(page.get_by_role("heading", name="train/30.wav")).to_be_visible()
    expect(page.locator("button[aria-pressed]")).to_have_count(0)


def test_a_reader_filters_by_label_and_by_who_checked_it(address: str, page: Page) -> None:
    page.goto(f"{address}{TAB}")
    rows = page.locator("table.clips tbody tr")
    expect(rows).to_have_count(25)
    page.get_by_role("textbox", name="Label").click()
    page.evaluate(SELECTED)
    page.keyboard.type("win")
    page.get_by_role("option", name="Wind (8)").click()
    expect(rows).to_have_count(8)
    page.get_by_role("link", name="verified (8)", exact=True).click()
    expect(page).to_have_url(f"{address}{TAB}&label=Wind&checked=yes")
    page.get_by_role("link", name="all (16)").click()
    expect(rows).to_have_count(16)


@pytest.mark.parametrize("width", [400, 1600])
def test_the_page_fits_its_window(address: str, page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{address}{TAB}&clip=train/15.wav&checked=all")
    expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()
    expect(page.locator("table.clips tbody tr.here")).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
