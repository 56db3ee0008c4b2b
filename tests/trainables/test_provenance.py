"""The digest of the code that trains, and what a record states of all attempts at a run."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import trainables
from trainables.provenance import Provenance, code_digest

PRINT = "from trainables.provenance import code_digest; print(code_digest())"


@pytest.fixture
def copy(tmp_path):
    """A copy of the package that trains."""
    folder = Path(str(tmp_path)) / "trainables"
    shutil.copytree(Path(trainables.__file__).parent, folder, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def digest_of(package):
    environment = os.environ | {"PYTHONPATH": str(package.parent)}
    done = subprocess.run(
        [sys.executable, "-P", "-c", PRINT], env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_the_same_files_elsewhere_have_the_same_digest(copy):
    assert digest_of(copy) == code_digest()


def test_a_changed_byte_changes_the_digest(copy):
    file = copy / "losses" / "robust.py"
    file.write_bytes(file.read_bytes() + b"\n")
    assert digest_of(copy) != code_digest()


def test_another_file_changes_the_digest(copy):
    (copy / "losses" / "more.py").touch()
    assert digest_of(copy) != code_digest()


def test_a_renamed_file_changes_the_digest(copy):
    (copy / "losses" / "more.py").touch()
    before = digest_of(copy)
    (copy / "losses" / "more.py").rename(copy / "losses" / "other.py")
    assert digest_of(copy) != before


def test_files_that_are_no_code_do_not_change_the_digest(copy):
    (copy / "losses" / "notes.txt").write_text("notes")
    assert digest_of(copy) == code_digest()


def test_the_code_of_a_run_is_that_of_all_its_attempts_in_their_order():
    earlier = [{"code_digest": "b"}, {"host": "a"}, {"code_digest": "a"}]
    assert Provenance({"code_digest": "b", "earlier_attempts": earlier}).code_digests == ("b", "a")


def test_the_code_of_a_run_recorded_without_a_digest_is_unknown():
    assert Provenance({"commit": "c"}).code_digests == ()


def test_the_capability_of_a_run_recorded_without_one_is_unknown():
    assert Provenance({"device": "cpu"}).cpu_capabilities == ()
