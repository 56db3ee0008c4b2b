"""The estimate of a patch's time: what is timed is what would be trained, and it is timed once."""

import json
import os
import subprocess
import sys
import time

import pytest
import torch

from study.cluster.ray_environment import ALLOCATOR
from study.errors import EngineError
from study.planning import speed
from trainables.feature_settings import FEATURES
from trainables.networks import cnn
from trainables.networks.catalogue import BaselineCNN
from trainables.networks.registry import use
from trainables.plugins.loading import load
from trainables.plugins.sources import Sources


def seconds_per_patch(batch_size, classes, precision="fp32", *, network=None, shape=FEATURES.shape):
    return speed.seconds_per_patch(network or BaselineCNN(), shape, batch_size, classes, precision)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("GCE_STUDY_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def measured(monkeypatch):
    """What was measured; each time takes one second more than the last."""
    calls = []

    def measure(*asked):
        calls.append(asked)
        return float(len(calls)), 0.5

    monkeypatch.setattr(speed, "_measured_apart", measure)
    return calls


@pytest.mark.parametrize(("precision", "dtype"), [("fp32", torch.float32), ("bf16", torch.bfloat16)])
@pytest.mark.slow
def test_the_network_is_timed_in_the_precision_asked_for(precision, dtype, monkeypatch):
    seen = set()

    class Watched(cnn.CNN):
        def forward(self, patches):
            logits, features = super().forward(patches)
            seen.add(logits.dtype)
            return logits, features

    monkeypatch.setattr(cnn, "CNN", Watched)
    train_s, validate_s = speed.measure(BaselineCNN(), FEATURES.shape, 8, 3, precision)
    assert validate_s > 0
    assert train_s > 0
    assert seen == {dtype}


def test_what_was_measured_is_not_measured_again(measured):
    assert [seconds_per_patch(8, 3) for _ in range(3)] == [(1.0, 0.5)] * 3
    assert len(measured) == 1


def test_another_batch_class_count_precision_network_or_shape_is_measured_and_the_first_kept(measured):
    class Other(BaselineCNN):
        width: int = 2

    for asked in ((8, 3, "fp32"), (9, 3, "fp32"), (8, 4, "fp32"), (8, 3, "bf16")):
        seconds_per_patch(*asked)
    seconds_per_patch(8, 3, network=Other())
    seconds_per_patch(8, 3, shape=(1, 100, 64))
    assert len(measured) == 6
    assert seconds_per_patch(8, 3) == (1.0, 0.5)


@pytest.mark.usefixtures("measured")
def test_what_was_measured_more_than_a_week_ago_is_measured_again(cache, monkeypatch):
    seconds_per_patch(8, 3)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 8 * 86_400)
    assert seconds_per_patch(8, 3) == (2.0, 0.5)
    assert len(json.loads((cache / "speed.json").read_bytes())) == 1  # the old one is gone


@pytest.mark.parametrize("content", ["", "[]", "7", "{}", '{"a": 1}', '{"a": []}', '{"a": ["x"]}', "\xff"])
@pytest.mark.usefixtures("measured")
def test_a_damaged_memory_is_made_again(content, cache):
    cache.mkdir()
    (cache / "speed.json").write_bytes(content.encode("latin-1"))
    assert [seconds_per_patch(8, 3) for _ in range(2)] == [(1.0, 0.5)] * 2


@pytest.mark.slow
def test_the_time_is_taken_in_a_process_whose_memory_is_managed_as_a_workers(monkeypatch):
    run, environments = subprocess.run, []

    def watched(command, *, env, **options):
        environments.append(env)
        return run(command, env=env, **options)

    monkeypatch.setattr(subprocess, "run", watched)
    train_s, validate_s = seconds_per_patch(8, 3, "bf16")
    assert 0 < validate_s < 1
    assert 0 < train_s < 1
    assert environments[0] == environments[0] | ALLOCATOR


PLUGIN = """
from typing import Literal
from torch import nn
from trainables.networks import Network

class Module(nn.Module):
    def __init__(self, shape, classes):
        super().__init__()
        self.layer = nn.Linear(shape[0], classes)

    def forward(self, inputs):
        return RETURNED

class Mine(Network):
    input = "embeddings"
    name: Literal["mine.linear"] = "mine.linear"

    def make(self, shape, classes):
        return Module(shape, classes)
"""


@pytest.fixture
def of_plugin():
    """Return a network of a plugin, by what its forward returns."""

    def make(returned):
        plugin = load(Sources(name="mine.py", files={"__init__.py": PLUGIN.replace("RETURNED", returned)}))
        use(plugin.networks)
        return plugin.networks["mine.linear"]()

    yield make
    use({})


@pytest.mark.slow
def test_a_network_of_a_plugin_is_timed(of_plugin):
    train_s, validate_s = seconds_per_patch(8, 3, network=of_plugin("self.layer(inputs), inputs"), shape=(4,))
    assert 0 < validate_s < 1
    assert 0 < train_s < 1


@pytest.mark.slow
def test_a_network_of_a_plugin_that_returns_logits_alone_is_one_line(of_plugin):
    with pytest.raises(EngineError, match=r"TypeError: network mine\.linear returned a float32 tensor"):
        seconds_per_patch(8, 3, network=of_plugin("self.layer(inputs)"), shape=(4,))


def test_a_network_whose_code_differs_is_measured_again(measured, of_plugin):
    for returned in ("self.layer(inputs), inputs", "self.layer(inputs), -inputs"):
        seconds_per_patch(8, 3, network=of_plugin(returned), shape=(4,))
    assert len(measured) == 2


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("import no_such_module", "ended with exit code 1: ModuleNotFoundError: No module named 'no_such_module'"),
        ("import os; os.kill(os.getpid(), 9)", "was killed by SIGKILL"),
        ("print('no numbers')", "printed no times"),
        ("print(7)", "printed no times"),
    ],
)
def test_a_measurement_that_fails_is_one_line_with_what_is_known_and_how_to_continue(monkeypatch, code, problem):
    run = subprocess.run
    monkeypatch.setattr(subprocess, "run", lambda _, **options: run([sys.executable, "-c", code], **options))
    with pytest.raises(EngineError) as error:
        seconds_per_patch(8, 3)
    assert str(error.value) == (
        f"the time cannot be estimated: the process that measures this machine {problem}; "
        "everything else is checked, and gce-study run needs no estimate"
    )


def test_a_measurement_that_does_not_end_is_one_line(monkeypatch):
    run = subprocess.run
    monkeypatch.setattr(speed, "LONGEST_S", 0.6)
    monkeypatch.setattr(subprocess, "run", lambda _, **options: run(["/bin/sleep", "60"], **options))
    with pytest.raises(EngineError, match="measures this machine did not end within 1 s; everything else is checked"):
        seconds_per_patch(8, 3)


def test_a_measurement_that_cannot_start_is_one_line(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    with pytest.raises(EngineError, match=r"measures this machine did not start: .*No such file or directory"):
        seconds_per_patch(8, 3)


@pytest.mark.usefixtures("measured")
def test_an_unwritable_cache_is_no_error(cache):
    cache.write_text("a file where the folder should be")
    assert [seconds_per_patch(8, 3) for _ in range(2)] == [(1.0, 0.5), (2.0, 0.5)]


@pytest.mark.slow
def test_a_check_imports_neither_torch_nor_ray_and_says_the_same_again(tmp_path):
    code = (
        "import sys, study.cli; study.cli.main(['check', 'demo']); print(sorted({'torch', 'ray'} & set(sys.modules)))"
    )
    environment = os.environ | {"GCE_STUDY_CACHE": str(tmp_path / "cache")}
    checks = [
        subprocess.run(
            [sys.executable, "-c", code], env=environment, cwd=tmp_path, capture_output=True, text=True, check=True
        ).stdout.splitlines()
        for _ in range(2)
    ]
    assert [check[-1] for check in checks] == ["[]", "[]"]
    assert checks[0][:-1] == checks[1][:-1]
    assert "about" in checks[0][-2]
