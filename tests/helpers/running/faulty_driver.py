"""``gce-study run`` with a fault that strikes at a moment of the study itself, on machines of any speed.

    python faulty_driver.py STUDY.yaml
    python faulty_driver.py STUDY.yaml kill RECORDED SECONDS
    python faulty_driver.py STUDY.yaml kill-run STORAGE
    python faulty_driver.py STUDY.yaml fill FILE

``kill``: the driver is killed so many seconds after it has heard of so many records, or of the first epoch if that is
later; at the latest when it has ended. ``kill-run``: the process of the first run that has ended an epoch is killed in
the next one. ``fill``: after the first epoch, a file leaves no room on its disk.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def start(study: Path, *fault: object, **options: Any) -> subprocess.Popen[str]:
    """Start a study, with a fault and its arguments if they are given; return its process."""
    command = [sys.executable, __file__, study, *map(str, fault)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


def _once(recorded: int, act: Callable[[], None]) -> None:
    """Call a function when the driver has heard of so many records and of an epoch or a record."""
    from study.engine.state import StudyState  # noqa: PLC0415 -- after Ray's environment

    done = False

    def also(name: str) -> None:
        method = getattr(StudyState, name)

        def heard(state: StudyState, *arguments: Any, **named: Any) -> None:
            nonlocal done
            method(state, *arguments, **named)
            if not done and len(state.recorded) >= recorded:
                done = True
                act()

        setattr(StudyState, name, heard)

    also("end_epoch")
    also("record")


def _kill_this_process() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _kill_a_run(storage: Path) -> None:
    from study.engine.trials.scheduler import StartWatch  # noqa: PLC0415 -- as above
    from study.engine.trials.searcher import MethodSearcher  # noqa: PLC0415
    from trainables.storage.owners import Owner, read_owner  # noqa: PLC0415

    on_report, on_step_begin = MethodSearcher.on_report, StartWatch.on_step_begin
    victims: list[str] = []

    def reported(searcher: MethodSearcher, trial_id: str, report: Any) -> bool:
        victims.append(searcher.trials[trial_id].run_id)
        return on_report(searcher, trial_id, report)

    def next_step(watch: StartWatch, **named: Any) -> None:  # Tune has asked for the next epoch, and for no other yet
        if victims and not killed:
            path = storage / "running" / victims[0]
            owner = read_owner(path.read_bytes(), path)
            assert isinstance(owner, Owner), owner
            os.kill(owner.pid, signal.SIGKILL)
            killed.append(owner.pid)
        on_step_begin(watch, **named)

    killed: list[int] = []
    MethodSearcher.on_report = reported
    StartWatch.on_step_begin = next_step


def _fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(65536))


def main(study: str, fault: str = "none", *arguments: str) -> int:
    """Run the study; return its exit code."""
    from study.cluster.ray_environment import prepare_environment  # noqa: PLC0415 -- not in the process of a test

    prepare_environment()
    from study import cli  # noqa: PLC0415

    if fault == "kill":
        seconds = float(arguments[1])
        _once(int(arguments[0]), threading.Timer(seconds, _kill_this_process).start if seconds else _kill_this_process)
    elif fault == "kill-run":
        _kill_a_run(Path(arguments[0]))
    elif fault == "fill":
        _once(0, lambda: _fill(Path(arguments[0])))
    return cli.main(["run", study])


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
