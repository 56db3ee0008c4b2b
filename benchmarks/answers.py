"""The cost of reading a large study: loading, report, dashboard pages, and a new record while it runs.

    python benchmarks/answers.py --seed 0 --json answers.json

Writes a study of synthetic records (by default 40 configurations x 250 seeds, with 40 epochs and 200 test clips each)
to a temporary folder and measures wall and CPU seconds, as medians of several rounds. Pages are requested over HTTP, as
a browser does, from a server in this process. If Chromium and playwright are installed, one row measures a real
browser, without its CPU seconds. Takes about 2 minutes on two cores.
"""

from __future__ import annotations

import argparse
import gc
import importlib.util
import json
import math
import os
import platform
import resource
import socket
import statistics
import sys
import tempfile
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from large_study import NAME, planned_runs, write_study

from analysis.dashboard.app import make_app
from analysis.dashboard.guard import Guard
from analysis.dashboard.pages.study import TABS
from analysis.dashboard.server import serving
from analysis.dashboard.studies import PATIENCE_S, Studies
from analysis.report.drawing.browser import find_browser
from analysis.report.write import write_report
from analysis.results.study_results import load_results
from study.ledger.claim import owner
from trainables.processes.limits import usable_cpus
from trainables.records import add_record
from trainables.storage.folder_location import FolderLocation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Page

    from trainables.records import Record

PAGE = f"/study/{NAME}"
MIB = 2**20
LOAD, REPORT = "load", "report, written"
STARTED = "dashboard: just started, to a page that counts the records"
FIRST = "dashboard: from there to the headline, in Chromium"
ANSWER, DRAWN = "dashboard: Answer, first visit", "dashboard: Answer in Chromium, to the first figure"
EXPLORED, SCROLLED = "dashboard: Explore in Chromium, to its figure", "dashboard: Runs in Chromium, to the last row"
POLLED, RENEWED = "dashboard: a poll, a new record", "dashboard: from a new record to its results"
BARS = {LOAD: 5.0, REPORT: 60.0, STARTED: 2.0, ANSWER: 2.0, DRAWN: 2.0, EXPLORED: 2.0, SCROLLED: 2.0, POLLED: 1.0}


class Browser:
    """Sends the requests of a browser to a dashboard's server, and keeps the state that the browser would keep."""

    def __init__(self, address: str) -> None:
        """Fetch the layout and the identifier of the server's callback."""
        self.address = address
        self._get("/")
        self._get("/_dash-layout")
        self._callback = next(
            callback
            for callback in json.loads(self._get("/_dash-dependencies"))
            if callback["output"].startswith("..page.children")
        )
        self.shown: Any = None
        self.keys: dict[str, list[str]] = {"part": [], "figure": [], "grid": []}

    def _get(self, path: str) -> bytes:
        with urllib.request.urlopen(f"{self.address}{path}") as answer:  # noqa: S310 -- our own server
            return bytes(answer.read())

    def ask(self, path: str, query: str = "") -> int:
        """Request the changes at an address; return the size of the response in bytes."""

        def properties(kind: str, name: str, value: Any = None) -> list[dict[str, Any]]:  # noqa: ANN401 -- any JSON value
            ids = [{"key": key, "type": kind} for key in self.keys[kind]]
            return [{"id": i, "property": name, "value": i if name == "id" else value} for i in ids]

        body = {
            "output": self._callback["output"],
            "outputs": [
                {"id": "page", "property": "children"},
                {"id": "shown", "property": "data"},
                properties("part", "children"),
                properties("figure", "figure"),
                properties("grid", "rowData"),
            ],
            "inputs": [
                {"id": "address", "property": "pathname", "value": path},
                {"id": "address", "property": "search", "value": query},
                {"id": "tick", "property": "n_intervals", "value": 1},
                {"id": "theme", "property": "data", "value": "light"},
            ],
            "changedPropIds": ["tick.n_intervals"],
            "state": [
                {"id": "shown", "property": "data", "value": self.shown},
                properties("part", "id"),
                properties("figure", "id"),
                properties("grid", "id"),
                [{**zoom, "id": {**zoom["id"], "type": "zoom"}} for zoom in properties("figure", "data", {})],
            ],
        }
        request = urllib.request.Request(  # noqa: S310 -- our own server
            f"{self.address}/_dash-update-component",
            json.dumps(body).encode(),
            {"Content-Type": "application/json", "Origin": self.address},
        )
        with urllib.request.urlopen(request) as answer:  # noqa: S310
            text = answer.read()
        if answer.status == 200:  # noqa: PLR2004 -- 204: nothing has changed
            self._keep(json.loads(text)["response"])
        return len(text)

    def _keep(self, response: dict[str, Any]) -> None:
        self.shown = response["shown"]["data"]
        if "page" in response:
            self.keys = {"part": [], "figure": [], "grid": []}
            for block_id in block_ids(response["page"]["children"]):
                self.keys[block_id["type"]].append(block_id["key"])


def block_ids(component: Any) -> Iterator[dict[str, str]]:  # noqa: ANN401 -- any JSON value
    """Yield the ids of the parts, figures and grids in a component of Dash, as JSON."""
    if isinstance(component, list):
        for inner in component:
            yield from block_ids(inner)
    elif isinstance(component, dict):
        props = component.get("props", {})
        if isinstance(props.get("id"), dict) and props["id"]["type"] in {"part", "figure", "grid"}:
            yield props["id"]
        yield from block_ids(props.get("children"))


@contextmanager
def served(studies: Studies) -> Iterator[str]:
    """Serve studies on a free port of this machine."""
    listener = socket.create_server(("127.0.0.1", 0))
    with listener, serving(make_app(studies, Guard()).server, listener):
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@contextmanager
def chromium() -> Iterator[Page | None]:
    """Open a tab in Chromium; None if it or playwright is not installed."""
    path = find_browser()
    if path is None or importlib.util.find_spec("playwright") is None:
        yield None
        return
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 -- see above

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path)
        yield browser.new_page()
        browser.close()


def open_until(tab: Page, address: str, selector: str) -> None:
    """Open a page and wait until it has an element."""
    tab.goto(address)
    tab.wait_for_selector(selector)


def first_figure(tab: Page, address: str) -> None:
    """Open a page and wait until its first figure is drawn."""
    tab.goto("about:blank")
    tab.goto(address)
    tab.wait_for_selector(".js-plotly-plot .scatterlayer .trace", state="attached")


def last_row(tab: Page, address: str, runs: int) -> None:
    """Open the grid of the runs and go to its end."""
    tab.goto("about:blank")
    tab.goto(address)
    tab.locator("#runs-grid .ag-row[row-index='0'] .ag-cell").nth(1).click()
    tab.keyboard.press("Control+End")
    tab.wait_for_selector(f"#runs-grid .ag-row[row-index='{runs - 1}'] a")


def timed(action: Callable[[], Any]) -> tuple[float, float]:
    """Return the wall seconds, and the CPU seconds of all threads, of an action."""
    wall, cpu = time.perf_counter(), time.process_time()
    action()
    return time.perf_counter() - wall, time.process_time() - cpu


def measure(storage: FolderLocation, runs: int, left: list[Record], rounds: int) -> list[dict[str, Any]]:
    """Return a row for each measurement, with the wall and CPU seconds of every round."""
    rows: list[dict[str, Any]] = []

    def row(what: str, action: Callable[[], Any], times: int = rounds, before: Callable[[], Any] = gc.collect) -> None:
        rounds_s = []
        for _ in range(times):
            before()
            rounds_s.append(timed(action))
        wall, cpu = zip(*rounds_s, strict=True)
        about = {
            "what": what,
            "bar_s": BARS.get(what),
            "wall_s": statistics.median(wall),
            "cpu_s": statistics.median(cpu),
        }
        rows.append({**about, "wall_rounds_s": wall, "cpu_rounds_s": cpu})
        print(f"{what}: {about['wall_s']:.2f} s", file=sys.stderr)

    row(LOAD, lambda: load_results(storage, NAME))
    row(REPORT, lambda: write_report(storage, NAME))
    with chromium() as window, served(Studies(storage, owner, patience_s=PATIENCE_S)) as address:
        if window is not None:
            row(STARTED, lambda: open_until(window, f"{address}{PAGE}", "#page h1"), times=1)
            row(FIRST, lambda: window.wait_for_selector("h2.headline", timeout=120_000), times=1)
    studies = Studies(storage, owner, patience_s=PATIENCE_S)
    row("dashboard: reading at its start", studies.warm, times=1)
    with served(studies) as address:
        browser = Browser(address)
        row(ANSWER, lambda: Browser(address).ask(PAGE))
        for tab in filter(None, TABS):
            row(f"dashboard: tab {TABS[tab].title}", lambda tab=tab: Browser(address).ask(PAGE, f"?tab={tab}"), times=1)
        browser.ask(PAGE)
        row("dashboard: a poll, nothing new", lambda: browser.ask(PAGE))

        def finish_run() -> None:
            for _ in range(2):  # one that is kept for a while, then the current one
                studies.snapshot(NAME, patience_s=math.inf).cost_s = 0.0  # it may be replaced immediately
            add_record(storage, left.pop())
            gc.collect()

        with chromium() as tab:
            if tab is not None:
                row(DRAWN, lambda: first_figure(tab, f"{address}{PAGE}"))
                row(EXPLORED, lambda: first_figure(tab, f"{address}{PAGE}?tab=explore"))
                row(SCROLLED, lambda: last_row(tab, f"{address}{PAGE}?tab=runs", runs))
        row(POLLED, lambda: browser.ask(PAGE), before=finish_run)
        row(RENEWED, lambda: studies.snapshot(NAME, patience_s=math.inf), times=1, before=finish_run)
    return rows


def table(rows: list[dict[str, Any]]) -> str:
    """Return the medians as a Markdown table."""
    lines = ["| what | wall, s | CPU, s | target, s |", "|---|---|---|---|"]
    for row in rows:
        bar = "" if row["bar_s"] is None else f"{row['bar_s']:g}"
        lines.append(f"| {row['what']} | {row['wall_s']:.2f} | {row['cpu_s']:.2f} | {bar} |")
    return "\n".join(lines)


def arguments() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--configurations", type=int, default=40, help="a multiple of 4, 12 or more")
    parser.add_argument("--seeds", type=int, default=250, help="runs of each configuration")
    parser.add_argument("--rounds", type=int, default=3, help="rounds behind each median")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, help="write all numbers to this file")
    return parser.parse_args()


def main() -> None:
    """Write the study, measure it, and print the table."""
    options = arguments()
    runs = planned_runs(options.configurations, options.seeds)
    with tempfile.TemporaryDirectory() as folder:
        storage = FolderLocation(folder)
        left = write_study(storage, runs, options.rounds + 1, options.seed)
        load = os.getloadavg()[0]  # the other load of this machine
        rows = measure(storage, len(runs), left, options.rounds)
        report = (storage / "studies" / NAME / "report" / "report.html").stat().st_size / MIB
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    about = {
        "runs": len(runs),
        "rounds": options.rounds,
        "seed": options.seed,
        "report_html_mib": round(report, 1),
        "peak_memory_mib": round(memory),
        "cores": usable_cpus(),
        "load_before": load,
        "python": platform.python_version(),
    }
    print(table(rows))
    print(", ".join(f"{name} {value}" for name, value in about.items()))
    if options.json:
        options.json.write_text(json.dumps({**about, "rows": rows}, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
