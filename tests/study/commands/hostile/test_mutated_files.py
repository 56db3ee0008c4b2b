"""Whatever happens to a study's files, the commands that show studies end in order and show the others.

Each trial changes one file of a study: bits, parts and values of every kind, keys more and fewer, other versions, and
what is no file at all. ``GCE_STUDY_MUTATIONS`` sets the number of trials.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import random
import shutil
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from analysis.dashboard.addresses import Address
from analysis.dashboard.pages.routes import make_page
from analysis.dashboard.studies import Studies
from analysis.results.study_state import Progress, progress_path
from factories import FINGERPRINT, Builder
from study.cli import main
from study.ledger.claim import owner
from trainables.losses.catalogue import CCE, GCE
from trainables.plans import plan_path, study_folder
from trainables.records import record_path
from trainables.storage.documents import to_bytes
from trainables.storage.folder_location import FolderLocation
from trainables.storage.locks import lock, open_unchanged
from trainables.storage.owners import this_process

if TYPE_CHECKING:
    from trainables.storage.types import Location

TRIALS, FAST = int(os.environ.get("GCE_STUDY_MUTATIONS", "60")), 4
HEALTHY, CHANGED = "healthy", "changed"
HOSTILE: tuple[Any, ...] = (
    None,
    True,
    "x",
    "",
    "../../etc/passwd",
    "\x1b[31mred\n",
    "\ud800",
    0,
    -1,
    10**30,
    1.5,
    1e308,
    math.nan,
    math.inf,
    [],
    {},
    [None],
    {"a": [1, {"b": None}]},
    "9" * 5000,
)


def build(storage: Location) -> list[Location]:
    """Write two studies; return the files of the second one."""
    for name, first in ((HEALTHY, 0), (CHANGED, 10)):
        study = Builder(name=name, method={"name": "settle", "within": 1.0, "baselines": []})
        for seed in range(first, first + 3):
            for arm, loss in (("cce", CCE(name="cce")), ("gce", GCE(name="gce", q=0.7))):
                for stage in ("explore", "confirm"):
                    number = seed + (10_000 if stage == "confirm" else 0)
                    ended = None if name == CHANGED and arm == "gce" and number > 10_011 else "complete"
                    study.add(arm, loss, number, validation=0.5 + seed / 100, stage=stage, status=ended)  # type: ignore[arg-type]
        study.write(storage)
        running = {study.planned[-1].run.run_id: (3, 0.5)}
        progress = Progress(recorded=4, runs=12, standing="s", running=running, eta_s=60.0, updated=1.7e9)
        progress_path(storage, name).write(to_bytes(progress))
        (study_folder(storage, name) / "owner.lock").write(to_bytes(this_process()))
    data = storage / "datasets" / f"{FINGERPRINT}.json"
    data.write(json.dumps({"frames": "0" * 20, "manifest": {"clips": [["a", "Rain", "train", True, None]]}}).encode())
    records = [record_path(storage, run_id) for run_id in list(study.records)[:2]]
    lock_file = study_folder(storage, CHANGED) / "owner.lock"
    return [plan_path(storage, CHANGED), progress_path(storage, CHANGED), lock_file, data, *records]


def mutate_bytes(data: bytes, chance: random.Random) -> bytes:
    """Flip, cut, repeat or insert bytes."""
    changed = bytearray(data)
    at = chance.randrange(len(data))
    match chance.randrange(5):
        case 0:
            changed[at] ^= 1 << chance.randrange(8)
        case 1:
            del changed[at:]
        case 2:
            del changed[at : at + chance.randrange(1, 50)]
        case 3:
            changed[at:at] = chance.randbytes(chance.randrange(1, 50))
        case _:
            changed = bytearray(chance.choice([b"", b"null", b"[]", b"{}", b"\xff\xfe", b"[" * 100_000, b"\0" * 99]))
    return bytes(changed)


def mutate_value(value: Any, chance: random.Random) -> Any:
    """Change, remove or add one value at a random place of a JSON value."""
    if isinstance(value, dict | list) and value and chance.random() < 0.8:
        keys = list(value) if isinstance(value, dict) else list(range(len(value)))
        key = chance.choice(keys)
        if chance.random() < 0.15:
            del value[key]
        elif isinstance(value, dict) and chance.random() < 0.15:
            value[chance.choice(["new", "", "\x1b[2J"])] = chance.choice(HOSTILE)
        else:
            value[key] = mutate_value(value[key], chance)
        return value
    return chance.choice(HOSTILE)


def mutate_json(data: bytes, chance: random.Random) -> bytes:
    """Change a value; the checksum is removed, is that of the content, or stays as it was."""
    content = json.loads(data)
    content.pop("checksum", None)
    content = mutate_value(content, chance)
    if isinstance(content, dict) and chance.random() < 0.2:
        content["schema_version"] = chance.choice([0, 1, 2, 99, "1", 10**30])
    text = json.dumps(content, indent=1)
    match chance.randrange(3):
        case 0:
            return text.encode()
        case 1:
            return data[:90] + text.encode()[1:] if data.startswith(b'{\n "checksum"') else text.encode()
        case _:
            rest = text.encode()[1:]
            return b'{\n "checksum": "' + hashlib.sha256(rest).hexdigest().encode() + b'",' + rest


def replace(path: Path, chance: random.Random) -> None:
    """Put something that is not a file in the place of a file."""
    path.unlink()
    match chance.randrange(5):
        case 0:
            path.mkdir()
        case 1:
            os.mkfifo(path)
        case 2:
            path.symlink_to("/etc/passwd")
        case 3:
            path.symlink_to(path)
        case _:
            pass  # it is gone


def pages(storage: Location) -> list[str]:
    """Return the text of the dashboard's pages."""
    studies = Studies(storage, owner)
    addresses = [Address(), Address(study=CHANGED), Address(study=HEALTHY)]
    return [str(make_page(studies, address)) for address in addresses]


def views(out: Path) -> list[list[str]]:
    """Return the commands that show the second study, without the storage location."""
    return [
        ["status", CHANGED],
        ["best", CHANGED],
        ["best", CHANGED, "--json"],
        ["export", CHANGED, "--runs", str(out / "runs.csv"), "--epochs", str(out / "epochs.csv")],
        ["compare", CHANGED, HEALTHY],
        ["compare", HEALTHY, CHANGED, "--show-test"],
        ["report", CHANGED, "--format", "md,csv,json,latex", "--out", str(out / "report")],
    ]


def check_views(storage: Location, out: Path, capsys: pytest.CaptureFixture[str], chance: random.Random) -> None:
    """Run the commands that show studies: none ends with a traceback, and all show the study that is whole."""
    at = ["--storage", str(storage)]
    for view in chance.sample(views(out), 3):
        assert main([*view, *at]) in {0, 1, 2}, view
    assert main(["list", *at]) == 0
    assert HEALTHY in capsys.readouterr().out
    assert main(["status", HEALTHY, *at]) == 0
    assert f"{HEALTHY}: 12 of 12 runs recorded" in capsys.readouterr().out
    everything, _, healthy = pages(storage)
    assert HEALTHY in everything
    assert "12 of 12" in healthy or "complete" in healthy


def test_the_commands_show_both_studies_while_nothing_is_changed(
    tmp_path: FolderLocation, capsys: pytest.CaptureFixture[str]
) -> None:
    storage = FolderLocation(tmp_path / "storage")
    build(storage)
    at = ["--storage", str(storage)]
    for view in views(Path(tmp_path, "out")):
        assert main([*view, *at]) == 0, view
    assert "11 of 12 runs recorded" in capsys.readouterr().out


@pytest.mark.parametrize(
    "trial", [*range(FAST), *(pytest.param(trial, marks=pytest.mark.slow) for trial in range(FAST, TRIALS))]
)
def test_a_changed_file_neither_ends_a_command_with_a_traceback_nor_hides_another_study(
    trial: int, tmp_path: FolderLocation, capsys: pytest.CaptureFixture[str]
) -> None:
    chance = random.Random(trial)  # noqa: S311 -- a seeded test
    storage = FolderLocation(tmp_path / "storage")
    path = chance.choice(build(storage))
    plain = Path(path)
    kind = chance.randrange(10)
    if kind == 0:
        replace(plain, chance)
    else:
        plain.write_bytes((mutate_bytes if kind < 4 else mutate_json)(plain.read_bytes(), chance))
    with ExitStack() as stack:
        held = study_folder(storage, CHANGED) / "owner.lock"
        if chance.random() < 0.7 and Path(held).is_file() and not Path(held).is_symlink():
            assert lock(stack.enter_context(open_unchanged(held)))
        check_views(storage, Path(tmp_path, "out"), capsys, chance)
    shutil.rmtree(tmp_path, ignore_errors=True)
