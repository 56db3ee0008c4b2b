"""Event files as TensorBoard reads them: a run's start, its epochs, its end. Importing it takes half a second."""

from __future__ import annotations

import struct
import sys
import time
from datetime import datetime
from typing import TYPE_CHECKING, cast

from trainables.naming import configuration_name, number

# tensorboardX imports torch if it is installed, which takes seconds, for a writer that is not used here.
stubbed = sys.modules.setdefault("torch", cast("ModuleType", None)) is None  # None: not to be imported
try:
    from tensorboardX.proto.api_pb2 import Status
    from tensorboardX.proto.event_pb2 import Event, SessionLog
    from tensorboardX.proto.plugin_hparams_pb2 import HParamsPluginData, SessionEndInfo, SessionStartInfo
    from tensorboardX.proto.summary_pb2 import Summary, SummaryMetadata
    from tensorboardX.record_writer import masked_crc32c
finally:
    if stubbed:
        del sys.modules["torch"]

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from types import ModuleType

    from trainables.plans import PlannedRun
    from trainables.records import Epoch, Record

TAGS = {
    "loss/train": "train_loss",
    "loss/validation": "validation_loss",
    "accuracy/validation": "validation_accuracy",
    "accuracy/validation_clips": "validation_clip_accuracy",
    "accuracy/verified": "verified_accuracy",
    "macro_f1/validation_clips": "validation_macro_f1",
    "macro_f1/verified": "verified_macro_f1",
    "balanced_accuracy/validation_clips": "validation_balanced_accuracy",
    "balanced_accuracy/verified": "verified_balanced_accuracy",
    "learning_rate": "learning_rate",
    "q/mean": "q_mean",
}


def head(planned: PlannedRun, settings: Sequence[str] = ()) -> list[Event]:
    """Return a file's first events: they void the run's earlier files, and describe the run for the HParams tab.

    The seeds of a configuration form one session group, so that the tab shows their means. ``settings`` are the
    training settings to name beside the parameters of loss and network.
    """
    now, configuration = time.time(), planned.run.configuration
    stage = f" ({planned.stage})" if planned.stage else ""
    start = SessionStartInfo(group_name=f"{configuration_name(planned)}{stage}", start_time_secs=now)
    hparams = {"arm": planned.arm, "loss": configuration.loss.name, "network": configuration.network.name}
    hparams |= {"subset": configuration.subset}
    hparams |= configuration.parameters() | {name: getattr(configuration.training, name) for name in settings}
    for name, value in hparams.items():
        if isinstance(value, bool):
            start.hparams[name].bool_value = value
        elif isinstance(value, int | float):
            start.hparams[name].number_value = value
        elif value is not None:
            start.hparams[name].string_value = number(value) if isinstance(value, str) else str(value)
    return [
        Event(wall_time=now, file_version="brain.Event:2"),
        Event(wall_time=now, step=0, session_log=SessionLog(status=SessionLog.START)),
        _event(0, now, [_hparams("session_start_info", HParamsPluginData(session_start_info=start))]),
    ]


def epoch(point: Epoch, moment: float) -> Event:
    """Return the event of an epoch that ended at ``moment``, in seconds since 1970."""
    values = {tag: getattr(point, name) for tag, name in TAGS.items()}
    return _event(point.epoch, moment, [_scalar(tag, value) for tag, value in values.items() if value is not None])


def whole(planned: PlannedRun, record: Record, settings: Sequence[str] = ()) -> list[Event]:
    """Return all events of a recorded run; its epochs are spread evenly over the time that it took.

    The test accuracy of a run that only explored is left out, as in every report: it must not lead to a choice.
    """
    count, ended = len(record.epochs), record.provenance.ended
    end = datetime.fromisoformat(ended).timestamp() if ended else time.time()
    curve = [
        epoch(point, end - record.cost.wall_s * (1 - number / count)) for number, point in enumerate(record.epochs, 1)
    ]
    done = record.status in {"complete", "stopped"}
    info = SessionEndInfo(status=Status.STATUS_SUCCESS if done else Status.STATUS_FAILURE, end_time_secs=end)
    last = [_hparams("session_end_info", HParamsPluginData(session_end_info=info))]
    if record.test is not None and planned.stage != "explore":
        last.append(_scalar("accuracy/test", record.test.accuracy))
    return [*head(planned, settings), *curve, _event(count, end, last)]


def framed(events: Iterable[Event]) -> bytes:
    """Return events as a file stores them: each as its length, the length's checksum, its data, the data's checksum."""
    parts = []
    for event in events:
        data = event.SerializeToString()
        length = struct.pack("<Q", len(data))
        parts += [length, _checksum(length), data, _checksum(data)]
    return b"".join(parts)


def _checksum(data: bytes) -> bytes:
    return struct.pack("<I", masked_crc32c(data))


def _event(step: int, moment: float, values: list[Summary.Value]) -> Event:
    return Event(wall_time=moment, step=step, summary=Summary(value=values))


def _scalar(tag: str, value: float) -> Summary.Value:
    return Summary.Value(tag=tag, simple_value=value)


def _hparams(name: str, data: HParamsPluginData) -> Summary.Value:
    plugin = SummaryMetadata.PluginData(plugin_name="hparams", content=data.SerializeToString())
    return Summary.Value(tag=f"_hparams_/{name}", metadata=SummaryMetadata(plugin_data=plugin))
