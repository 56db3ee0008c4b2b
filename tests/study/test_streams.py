"""Commands whose standard output is closed, full, or a pipe that nobody reads."""

import errno
import io
import os
import subprocess
import sys
import threading

import numpy as np
import pytest
import soundfile

from factories import GCE_STUDY, record, write_record
from study.planning.data import make_plan, read_data
from study.spec.reading import read_spec
from study.streams import Descriptor
from trainables.plans import write_plan
from trainables.storage.location import location


def shell(command, **environment):
    return subprocess.run(
        ["/bin/bash", "-c", command.replace("gce-study", str(GCE_STUDY))],
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
        env=os.environ | environment,
    )


@pytest.mark.slow
def test_a_pipe_that_closes_is_no_failure():
    ended = shell("gce-study schema | (read line; echo $line); echo ${PIPESTATUS[0]}")
    assert ended.stdout == "{\n0\n"
    assert ended.stderr == ""


@pytest.mark.parametrize("closed", [">&-", ">&- 2>&-", "<&- >&- 2>&-", "0<&-"])
@pytest.mark.slow
def test_a_command_does_its_work_with_closed_standard_streams(tmp_path, closed):
    ended = shell(f"gce-study data describe {tmp_path} {closed}; echo $?")
    assert ended.stdout.splitlines()[-1] == "2"
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("command", ["schema", "--help", "list --help"])
@pytest.mark.slow
def test_a_full_disk_under_the_standard_output_is_one_line(command):
    ended = shell(f"gce-study {command} > /dev/full; echo $?")
    assert ended.stdout == "1\n"
    assert ended.stderr == "gce-study: standard output: No space left on device\n"


@pytest.mark.slow
def test_an_error_keeps_its_exit_code_if_it_cannot_be_printed():
    assert shell("gce-study check none.yaml 2> /dev/full; echo $?").stdout == "2\n"


@pytest.mark.slow
def test_characters_that_the_output_lacks_are_escaped(tmp_path):
    for label in ("Vögel", "b"):
        (tmp_path / label).mkdir()
    ended = shell(f"gce-study data describe {tmp_path}", PYTHONIOENCODING="ascii")
    assert "V\\xf6gel" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_what_a_closed_pipe_lost_is_known():
    reader, writer = os.pipe()
    os.close(reader)
    with Descriptor(writer, "w") as stream:
        assert stream.write(b"lost") == 4
        assert stream.failure.errno == errno.EPIPE


def test_a_pipe_that_another_process_made_non_blocking_gets_everything():
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    received = []

    def read():
        while part := os.read(reader, 4096):
            received.append(part)

    thread = threading.Thread(target=read)
    thread.start()
    data = bytes(range(256)) * 4096
    with io.BufferedWriter(Descriptor(writer, "w")) as stream:
        stream.write(data)
    thread.join(60)
    os.close(reader)
    assert b"".join(received) == data


EVERY_COMMAND = """
import sys, study.cli
commands = [
    "check a.yaml", "run a.yaml", "status a", "list", "best a", "best a --json", "compare a a", "report a --format md",
    "export a --runs runs.csv", "schema", "--help", "run --help", "prune --dry-run", "logs a", "data describe sounds",
]
for command in commands:
    try:
        code = study.cli.main(command.split())
    except SystemExit as ended:
        code = ended.code
    sys.stderr.write(f"{command}: {code}\\n")
"""


@pytest.fixture
def recorded(tmp_path, monkeypatch):
    """A folder with a study whose runs are all recorded, and with a folder of sounds."""
    monkeypatch.chdir(tmp_path)
    for label in "ab":
        (tmp_path / "sounds" / label).mkdir(parents=True)
        for number in range(8):
            tone = 0.3 * np.sin(np.arange(44_100) * (number + 1) / (20 if label == "a" else 5))
            soundfile.write(tmp_path / "sounds" / label / f"{number}.wav", tone, 44_100)
    (tmp_path / "a.yaml").write_text(
        "name: a\ndataset: {kind: folder, root: sounds}\narms:\n  - {name: cce, loss: {name: cce}}\nseeds: 1\n"
        "training: {epochs: 1, batch_size: 4}\n"
    )
    spec = read_spec(tmp_path / "a.yaml")
    plan = make_plan(spec, read_data(spec))
    storage = location(spec.storage)
    write_plan(storage, plan)
    for planned in plan.runs:
        write_record(storage, record(planned))
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize(
    ("output", "exit_code"), [(">&-", 0), ("> /dev/full", 1), ("| true", 0)], ids=["closed", "full", "pipe"]
)
def test_every_command_does_its_work_whatever_the_standard_output_is(recorded, output, exit_code):
    (recorded / "every.py").write_text(EVERY_COMMAND)
    ended = shell(f"{sys.executable} every.py {output}")
    answers = dict(line.rsplit(": ", 1) for line in ended.stderr.splitlines() if line.rsplit(": ", 1)[-1].isdigit())
    assert "Traceback" not in ended.stderr
    assert len(answers) == 15
    assert {code for command, code in answers.items() if command != "logs a"} == {str(exit_code)}
    assert (recorded / "results" / "studies" / "a" / "report" / "report.html").is_file()
    assert (recorded / "runs.csv").is_file()
