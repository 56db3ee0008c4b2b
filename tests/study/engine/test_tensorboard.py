"""The event files, as TensorBoard's own reader and server find them."""

import functools
import json
import re
import shutil
import subprocess
import sys
import urllib.request
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlencode

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

import factories
from study.engine.tensorboard import TensorBoard
from study.engine.tensorboard_format import TAGS, head
from trainables.config import Configuration, Run
from trainables.losses.catalogue import AdaptiveGCE
from trainables.plans import PlannedRun
from trainables.provenance import Provenance
from trainables.records import Cost, Test
from watching import until


def planned(seed=0, stage=""):
    configuration = Configuration(loss=AdaptiveGCE(name="adaptive_gce", temperature=100.0))
    run = Run(configuration=configuration, seed=seed, dataset="d")
    return PlannedRun(arm="adaptive", varied={"temperature": 100.0}, run=run, stage=stage)


point = functools.partial(factories.point, q_mean=0.5)


def record(plan, epochs=4, status="complete"):
    return factories.record(
        plan,
        status,
        [point(epoch) for epoch in range(1, epochs + 1)],
        test=Test(accuracy=0.75, predictions=[0]) if status == "complete" else None,
        cost=Cost(wall_s=40.0, cpu_s=1, images=1, images_per_s=1),
        provenance={"ended": "2026-01-02T03:04:05+00:00"},
    )


def scalars(folder):
    """Tag -> (step, value) pairs, as TensorBoard reads them from a run's folder."""
    found = EventAccumulator(str(folder)).Reload()
    return {tag: [(e.step, e.value) for e in found.Scalars(tag)] for tag in found.Tags()["scalars"]}


def files(folder):
    """The event files of a run that hold anything."""
    return [path for path in folder.iterdir() if path.stat().st_size]


@pytest.fixture
def events(tmp_path):
    return TensorBoard(tmp_path, "s")


@pytest.fixture
def folder(events):
    return events.folder / "adaptive T=100, seed 0"


def test_a_run_is_readable_epoch_by_epoch_while_it_is_trained(events, folder):
    for epoch in (1, 2, 3):
        events.epoch_ended(planned(), point(epoch))
        found = scalars(folder)
        assert set(found) == {
            tag for tag in TAGS if "verified" not in tag and not tag.startswith(("macro", "balanced"))
        }
        assert found["loss/train"] == [(e, pytest.approx(1 / e)) for e in range(1, epoch + 1)]
    assert len(files(folder)) == 1


def test_a_recorded_run_has_its_curve_once_its_test_accuracy_and_its_time(events, folder):
    plan = planned()
    for epoch in (1, 2, 3):
        events.epoch_ended(plan, point(epoch))
    events.run_recorded(plan, record(plan))
    found = scalars(folder)
    assert [step for step, _ in found["accuracy/validation"]] == [1, 2, 3, 4]
    assert found["accuracy/test"] == [(4, 0.75)]
    read = EventAccumulator(str(folder)).Reload().Scalars("q/mean")
    assert [e.wall_time - read[0].wall_time for e in read] == [0.0, 10.0, 20.0, 30.0]
    assert len(files(folder)) == 1


def test_a_run_that_goes_on_in_another_sitting_has_every_epoch_once(events, folder, tmp_path):
    for epoch in (1, 2):
        events.epoch_ended(planned(), point(epoch))
    (written,) = files(folder)
    written.write_bytes(written.read_bytes()[:-7])  # as a killed process leaves it
    again = TensorBoard(tmp_path, "s")
    again.epoch_ended(planned(), point(4), [point(epoch) for epoch in (1, 2, 3)])
    again.epoch_ended(planned(), point(5))
    assert [step for step, _ in scalars(folder)["loss/train"]] == [1, 2, 3, 4, 5]


def test_a_reader_that_keeps_a_run_open_follows_it_from_sitting_to_sitting(events, folder, tmp_path):
    plan = planned()
    events.epoch_ended(plan, point(1))
    read = EventAccumulator(str(folder))

    def steps():
        return [event.step for event in read.Reload().Scalars("loss/train")]

    assert steps() == [1]
    again = TensorBoard(tmp_path, "s")
    for epoch in (2, 3):
        again.epoch_ended(plan, point(epoch), [point(1)] if epoch == 2 else [])
        assert steps() == [*range(1, epoch + 1)]
    again.run_recorded(plan, record(plan))
    assert steps() == [1, 2, 3, 4]


def test_a_reader_follows_a_run_through_a_clock_that_is_set_back(events, folder, tmp_path):
    events.epoch_ended(planned(), point(1))
    (written,) = files(folder)
    prefix, number, mark = written.name.rsplit(".", 2)
    written.rename(folder / f"{prefix}.{int(number) + 10**18}.{mark}")  # as a clock that was decades ahead names it
    reader = EventAccumulator(str(folder)).Reload()
    TensorBoard(tmp_path, "s").epoch_ended(planned(), point(2), [point(1)])
    assert [event.step for event in reader.Reload().Scalars("loss/train")] == [1, 2]


def test_an_epoch_that_is_given_again_is_not_repeated_and_one_that_differs_replaces_what_followed(events, folder):
    for epoch in (1, 2, 3):
        events.epoch_ended(planned(), point(epoch))
    (written,) = files(folder)
    before = written.read_bytes()
    events.epoch_ended(planned(), point(3))
    assert written.read_bytes() == before
    events.epoch_ended(
        planned(), point(2, validation_accuracy=0.9)
    )  # a process that went back to an earlier checkpoint
    assert scalars(folder)["accuracy/validation"] == [(1, pytest.approx(0.1)), (2, pytest.approx(0.9))]


def test_validation_has_a_curve_over_patches_and_one_over_clips(events, folder):
    events.epoch_ended(planned(), point(1, validation_accuracy=0.2, validation_clip_accuracy=0.3))
    assert scalars(folder)["accuracy/validation"] == [(1, pytest.approx(0.2))]
    assert scalars(folder)["accuracy/validation_clips"] == [(1, pytest.approx(0.3))]


def test_a_run_from_the_ledger_is_written_from_its_record_and_then_left_alone(events, folder, tmp_path):
    plan = planned()
    events.run_recorded(plan, record(plan))
    (written,) = files(folder)
    assert len(scalars(folder)["loss/train"]) == 4
    TensorBoard(tmp_path, "s").run_recorded(plan, record(plan))
    assert files(folder) == [written]
    other = record(plan, epochs=2).model_copy(update={"provenance": Provenance({"ended": "2026-01-03T00:00:00+00:00"})})
    TensorBoard(tmp_path, "s").run_recorded(plan, other)  # the run was trained once more
    assert len(scalars(folder)["loss/train"]) == 2


def test_a_run_that_only_explored_shows_no_test_accuracy(events, folder):
    plan = planned(stage="explore")
    events.run_recorded(plan, record(plan))
    assert "accuracy/test" not in scalars(folder)


def test_a_run_without_an_epoch_is_there_by_its_parameters(events, folder):
    plan = planned()
    events.run_recorded(plan, record(plan, epochs=0, status="failed"))
    found = EventAccumulator(str(folder)).Reload()
    assert scalars(folder) == {}
    content = found.PluginTagToContent("hparams")
    start = HParamsPluginData.FromString(content["_hparams_/session_start_info"]).session_start_info
    assert start.group_name == "adaptive T=100"
    assert start.hparams["temperature"].number_value == 100
    assert start.hparams["loss"].string_value == "adaptive_gce"
    assert start.hparams["network"].string_value == "cnn"
    end = HParamsPluginData.FromString(content["_hparams_/session_end_info"]).session_end_info
    assert end.status == 2  # failure


def test_varied_training_settings_are_parameters_of_the_run():
    start = head(planned(), ["learning_rate", "batch_size", "optimizer"])[-1].summary.value[0].metadata
    hparams = HParamsPluginData.FromString(start.plugin_data.content).session_start_info.hparams
    assert (hparams["learning_rate"].number_value, hparams["batch_size"].number_value) == (1e-3, 64)
    assert hparams["optimizer"].string_value == "adam"


def test_a_folder_that_cannot_be_written_costs_the_events_and_they_come_back_with_it(events, folder, tmp_path):
    plan = planned()
    (tmp_path / "studies").write_text("in the way")
    events.epoch_ended(plan, point(1))
    events.run_recorded(plan, record(plan))
    assert "studies" in events.problem
    (tmp_path / "studies").unlink()
    events.epoch_ended(planned(), point(1))
    events.epoch_ended(planned(), point(2))
    assert [step for step, _ in scalars(folder)["loss/train"]] == [1, 2]


def test_a_full_disk_costs_the_events_until_there_is_room(tmp_path):
    small = tmp_path / "small"
    small.mkdir()
    mount = [shutil.which("mount"), "-t", "tmpfs", "-o", "size=64k", "none", small]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("this user may not mount a file system")
    try:
        events = TensorBoard(small, "s")
        events.epoch_ended(planned(), point(1))
        with (small / "ballast").open("wb", buffering=0) as file, suppress(OSError):
            while True:
                file.write(bytes(512))
        for epoch in range(2, 40):  # more than the rest of the file's last page takes
            events.epoch_ended(planned(), point(epoch))
        (small / "ballast").unlink()
        events.epoch_ended(planned(), point(40))
        assert [step for step, _ in scalars(events.folder / "adaptive T=100, seed 0")["loss/train"]] == [*range(1, 41)]
    finally:
        subprocess.run([shutil.which("umount"), "--lazy", small], check=True)


@pytest.fixture
def tensorboard(events, tmp_path):
    """A TensorBoard that serves the study's folder and looks again at every question."""
    command = [Path(sys.executable).parent / "tensorboard", "--logdir", events.folder, "--port", "0"]
    command += ["--host", "127.0.0.1", "--reload_interval", "1"]
    with (tmp_path / "tensorboard.log").open("w") as log:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=log)
    served = re.compile(r" at http://127\.0\.0\.1:(\d+)/ ")
    (port,) = until(lambda: served.search((tmp_path / "tensorboard.log").read_text()), seconds=200).groups()

    def ask(path, **query):
        address = f"http://127.0.0.1:{port}/data/{path}?{urlencode(query)}"
        with suppress(OSError), urllib.request.urlopen(address, timeout=5) as answer:
            return json.loads(answer.read())
        return None

    yield ask
    process.terminate()
    process.wait(60)


@pytest.mark.slow
def test_an_open_tensorboard_follows_a_run_to_its_record(events, tensorboard):
    plan = planned()

    def steps():
        found = tensorboard("plugin/scalars/scalars", run="adaptive T=100, seed 0", tag="loss/train")
        return [step for _, step, _ in found or []]

    events.epoch_ended(plan, point(1))
    until(lambda: steps() == [1])
    events.epoch_ended(plan, point(2))
    until(lambda: steps() == [1, 2])
    events.run_recorded(plan, record(plan))
    until(lambda: steps() == [1, 2, 3, 4])


def test_in_an_object_store_a_recorded_run_has_one_file_that_is_written_once(bucket, tmp_path):
    plan = planned()
    events = TensorBoard(bucket, "s")
    events.epoch_ended(plan, point(1))
    assert not events.folder.exists()
    events.run_recorded(plan, record(plan, 2, "failed"))
    for _ in range(2):  # the second is another sitting
        TensorBoard(bucket, "s").run_recorded(plan, record(plan))
        ((name, _),) = events.folder.tree().items()
    folder, _, file = name.partition("/")
    assert folder == "adaptive T=100, seed 0"
    before = (events.folder / folder / file).stamp()
    events.run_recorded(plan, record(plan, 2, "failed"))  # known to this process
    assert events.folder.tree() == {name: before}
    (tmp_path / folder).mkdir()
    (events.folder / folder / file).download(tmp_path / folder / file)
    assert [step for step, _ in scalars(tmp_path / folder)["loss/train"]] == [1, 2, 3, 4]
