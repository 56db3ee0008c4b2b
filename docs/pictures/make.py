"""Make every picture of the README and of the documentation, in light and in dark, from studies that it runs.

    python docs/pictures/make.py [--demo STORAGE] [--sweep STORAGE] [GROUP ...]

The groups are ``terminal``, ``report``, ``explore``, ``sweep`` and ``cost``; all are made if none is named.
The demo is run in a terminal of its own, which is recorded (3 minutes on two cores), then the study of
docs/evidence/synthetic-sounds.yaml (13 minutes). A storage location in which they have run already is drawn as it is.
"""

from __future__ import annotations

import argparse
import contextlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from animation import DARK, LIGHT, animation
from cost import cost_pages
from pages import browser, picture_drawing, picture_explore, picture_figure, picture_report
from recording import record

from analysis.report.write import write_report

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "docs" / "images"
SWEEP = ROOT / "docs" / "evidence" / "synthetic-sounds.yaml"
COSTS = ROOT / "docs" / "evidence" / "what-an-answer-costs.md"
PROGRAM = Path(sys.executable).parent / "gce-study"
GROUPS = ("terminal", "report", "explore", "sweep", "cost")
OF_DEMO = {"terminal", "report", "explore"}


def main() -> None:
    """Make the pictures that the command line names."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=f"what to make: {', '.join(GROUPS)}; all if none")
    parser.add_argument("--demo", type=Path, metavar="STORAGE", help="storage location in which the demo has run")
    parser.add_argument("--sweep", type=Path, metavar="STORAGE", help="storage location in which the sweep has run")
    chosen = parser.parse_args()
    if unknown := sorted(set(chosen.groups) - set(GROUPS)):
        parser.error(f"unknown groups: {', '.join(unknown)}; allowed: {', '.join(GROUPS)}")
    names = set(chosen.groups or GROUPS)
    with _scratch() as folder:
        demo, sweep = chosen.demo, chosen.sweep
        if "terminal" in names or (demo is None and names & OF_DEMO):
            demo = _recorded_demo(folder)
        if sweep is None and "sweep" in names:
            subprocess.run([PROGRAM, "run", SWEEP], cwd=folder, check=True)  # noqa: S603 -- our own command
            sweep = folder / "results"
        with browser() as started:
            if demo is not None and names & OF_DEMO:
                if "report" in names:
                    picture_report(started, _report(demo, "demo", folder), OUT)
                if "explore" in names:
                    picture_explore(started, demo, "demo", OUT)
            if sweep is not None and "sweep" in names:
                picture_figure(started, _report(sweep, "curve", folder), OUT / "synthetic-accuracy-against-t")
            if "cost" in names:
                picture_drawing(started, cost_pages(COSTS.read_text(encoding="utf-8")), OUT / "cost-to-answer")


@contextlib.contextmanager
def _scratch() -> Iterator[Path]:
    """Make the folder in which studies run, and remove it in the end; its name is seen in pictures.

    Raises:
        FileExistsError: it exists.

    """
    folder = Path(tempfile.gettempdir()) / "gce-study"
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def _recorded_demo(folder: Path) -> Path:
    """Run the demo in a terminal, write the animations, and return its storage location."""
    recording = record([str(PROGRAM), "run", "demo"], "gce-study run demo", folder)
    for end, theme in (("", LIGHT), ("-dark", DARK)):
        path = OUT / f"terminal{end}.svg"
        path.write_text(animation(recording, theme), encoding="utf-8")
        print(f"{path}: {path.stat().st_size / 1000:.0f} kB")  # noqa: T201 -- a script
    return folder / "results"


def _report(storage: Path, study: str, folder: Path) -> Path:
    """Write a study's report into a folder and return the path of its page, which names the storage ``results``."""
    out = folder / "reports" / study
    out.mkdir(parents=True, exist_ok=True)
    with contextlib.chdir(storage.parent):
        write_report(storage.name, study, out, ("html",))
    return out / "report.html"


if __name__ == "__main__":
    main()
