"""What ``gce-study`` refuses in one message: study files, storage, CPUs and GPUs that are not there."""

import pytest
import torch

from factories import read_records
from small_studies import STUDY, gce_study, write_study
from trainables.naming import counted
from trainables.processes.limits import usable_cpus

pytestmark = pytest.mark.slow


def test_storage_that_cannot_be_written_ends_the_study_with_one_message_and_it_goes_on_later(tmp_path):
    path, storage = write_study(tmp_path, epochs=1, text=STUDY.replace("[100, 10000]", "[100]")), tmp_path / "storage"
    storage.mkdir()
    (storage / "checkpoints").write_text("in the way")
    answer = gce_study("run", path)
    assert answer.returncode == 1
    assert "the storage location cannot be used: " in answer.stderr
    assert f"continue with: gce-study run {path}" in answer.stderr
    assert "Traceback" not in answer.stderr
    (storage / "checkpoints").unlink()
    assert gce_study("run", path).returncode == 0
    assert len(read_records(storage)) == 4


def test_cpus_and_gpus_that_are_not_there_are_refused_in_words_and_check_says_where_they_may_be(tmp_path):
    path = write_study(tmp_path)
    path.write_text(path.read_text().replace("{max_concurrent: 2}", "{cpus_per_run: 1000, gpus_per_run: 100}"))
    cpus = f"resources.cpus_per_run: 1000 asked for; usable here: {counted(usable_cpus(), 'CPU')}"
    gpus = f"resources.gpus_per_run: 100 asked for; usable here: {counted(torch.cuda.device_count(), 'GPU')}"
    answer = gce_study("run", path)
    assert (answer.returncode, answer.stderr) == (1, f"gce-study: {cpus}; {gpus}\n")
    answer = gce_study("check", path)
    assert answer.returncode == 0
    for line in (cpus, gpus):
        assert f"{line}; gce-study submit is for a cluster that has them\n" in answer.stdout


def test_a_storage_location_that_is_not_there_is_named(tmp_path):
    answer = gce_study("list", "--storage", tmp_path / "none")
    assert answer.returncode == 2
    assert f"{tmp_path / 'none'}: no such storage location" in answer.stderr


def test_a_bad_study_file_is_refused_with_file_line_and_key(tmp_path):
    path = write_study(tmp_path)
    path.write_text(path.read_text().replace("seeds: 2", "seeds: none\nsedes: 3"))
    answer = gce_study("run", path)
    assert answer.returncode == 2
    assert f"{path}:7: seeds" in answer.stderr
    assert f"{path}:8: sedes" in answer.stderr
    assert not (tmp_path / "storage").exists()
