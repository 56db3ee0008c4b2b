"""A study's plugins are checked in a separate process, whatever they do there."""

import json

import pytest

from plugin_files import FOCAL, LINEAR, plugin_sources
from study.errors import SpecError
from study.planning.contract import _configurations, check_contracts
from study.spec.study import StudySpec
from trainables.plugins.loading import load, use

RESULT = "return -((1 - log_p.exp()) ** self.gamma) * log_p"


@pytest.fixture
def study():
    """Return a function that returns a study which uses a plugin of the given definitions."""

    def made(*definitions, loss=None, **keys):
        use([load(plugin_sources(*definitions))])
        arms = [{"name": "mine", "loss": loss or {"name": "mine.focal"}}]
        return StudySpec.model_validate(
            {"name": "s", "dataset": {"kind": "synthetic"}, "arms": arms, "seeds": 1} | keys
        )

    yield made
    use([])


def test_every_value_and_both_ends_of_a_range_are_checked(study):
    opened = {"name": "mine.focal", "gamma": {"min": 0, "max": 5}}
    spec = study(
        FOCAL, loss=opened, method={"name": "search"}, seeds=None, training={"batch_size": {"values": [8, 16, 32]}}
    )
    checked = [(c.loss.gamma, c.training.batch_size) for c in _configurations(spec.open_arms[0])]
    assert checked == [(0, 8), (5, 8), (0, 16), (0, 32)]


def test_a_study_that_uses_no_plugin_starts_no_process(study, monkeypatch):
    monkeypatch.setattr("study.planning.contract.isolated", None)
    assert check_contracts(study(FOCAL, loss={"name": "cce"})) == []


@pytest.mark.slow
def test_what_keeps_the_contract_is_named(study):
    spec = study(FOCAL, LINEAR, network={"name": "mine.linear"})
    assert check_contracts(spec) == ["mine.focal", "mine.linear"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("result", "problem"),
    [
        (
            "return logits",
            "my_losses.py:8: loss mine.focal returned a tensor of shape (16, 5); expected: a value per patch",
        ),
        ("raise ValueError('no way')", "my_losses.py:15: ValueError: no way"),
        ("assert False, 'no way'", "my_losses.py:15: AssertionError: no way"),
        ("raise SystemExit(2)", "my_losses.py:15: it called sys.exit(2)"),
        ("import os; os._exit(0)", "my_losses.py:15: it called os._exit(0)"),
        ("import ctypes; ctypes.string_at(0)", "my_losses.py:15: its process was killed by SIGSEGV"),
        ("import time; time.sleep(999)", "my_losses.py:15: did not return within 40 s"),
    ],
)
def test_what_breaks_the_contract_ends_in_a_message_with_file_and_line(study, result, problem):
    limit = {"limit_s": 40} if "sleep" in result else {}  # on a busy machine PyTorch is imported by then
    with pytest.raises(SpecError) as error:
        check_contracts(study(FOCAL.replace(RESULT, result)), **limit)
    (line,) = error.value.problems
    assert line.startswith(problem)
    assert len(json.dumps(line)) < 300


@pytest.mark.slow
def test_a_loss_that_python_refuses_to_call_ends_in_a_message_with_its_class(study):
    built_in = FOCAL.replace(
        "def focal", "import torch\n\n        return torch.nn.CrossEntropyLoss()\n\n        def focal"
    )
    with pytest.raises(SpecError) as error:
        check_contracts(study(built_in))
    (line,) = error.value.problems
    assert line.startswith("my_losses.py:8: TypeError: ")
    assert "positional arguments but 4 were given" in line


@pytest.mark.slow
def test_a_loss_that_prints_keeps_the_contract(study, capfd):
    assert check_contracts(study(FOCAL.replace(RESULT, f"print('noise'); {RESULT}"))) == ["mine.focal"]
    assert capfd.readouterr() == ("", "")


@pytest.mark.slow
def test_a_network_on_embeddings_is_checked_with_windows_of_the_studys_dims(study):
    of_dims = LINEAR.replace("    name: Literal", '    input = "embeddings"\n    name: Literal').replace(
        "        class Module", "        assert shape == (7,), shape\n\n        class Module", 1
    )
    keys = {"network": {"name": "mine.linear"}, "features": {"embeddings": "e.npz"}}
    spec = study(FOCAL, of_dims, loss={"name": "cce"}, **keys)
    assert check_contracts(spec, dims=7) == ["mine.linear"]
    with pytest.raises(SpecError, match=r"my_losses.py:28: AssertionError: \(8,\)"):
        check_contracts(spec, dims=8)
