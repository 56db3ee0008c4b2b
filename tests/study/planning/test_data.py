"""What a study file asks for that its machine does badly is said before anything is trained."""

import pytest

from study import cli
from study.engine import session
from study.planning import machine
from study.planning.machine import ill_suited
from study.spec.reading import read_spec

STUDY = """
name: small
dataset: {kind: synthetic, train_per_class: 20, test_per_class: 2}
arms: [{name: cce, loss: {name: cce}}]
seeds: 1
"""
BF16 = "training: {precision: bf16, batch_size: 8}"
SLOW = "training.precision: bf16 is emulated by this processor and takes many times longer than fp32"


@pytest.fixture
def study(tmp_path, monkeypatch):
    """Return a function that writes a study file for a machine with this /proc/cpuinfo; None for none."""
    monkeypatch.setattr(machine, "CPU", tmp_path / "cpuinfo")
    monkeypatch.setenv("GCE_STUDY_CACHE", str(tmp_path / "cache"))

    def write(cpuinfo, *more):
        if cpuinfo is not None:
            (tmp_path / "cpuinfo").write_text(cpuinfo)
        path = tmp_path / "study.yaml"
        path.write_text("\n".join([STUDY, *more, f"storage: {tmp_path / 'results'}\n"]))
        return path

    return write


@pytest.mark.parametrize(
    ("cpuinfo", "more", "warned"),
    [
        ("flags\t\t: fma avx2\n", [BF16], True),
        ("flags\t\t: fma avx2\n", [], False),
        ("flags\t\t: fma avx2\n", [BF16, "resources: {gpus_per_run: 1}"], False),
        ("flags\t\t: avx2 avx512_bf16\n", [BF16], False),
        ("flags\t\t: avx2 amx_bf16 amx_tile\n", [BF16], False),
        ("processor: 0\nFeatures\t: asimd bf16\n", [BF16], False),
        ("processor: 0\n", [BF16], False),
        (None, [BF16], False),
    ],
)
def test_bf16_on_a_processor_without_it_is_said_to_be_slow(cpuinfo, more, warned, study):
    assert ill_suited(read_spec(study(cpuinfo, *more))) == [SLOW] * warned


@pytest.mark.slow
def test_check_and_run_say_it(study, tmp_path, capsys):
    path = study("flags\t\t: fma avx2\n", BF16, "resources: {cpus_per_run: 1}")
    assert cli.main(["check", str(path)]) == 0
    assert f"{SLOW}\n" in capsys.readouterr().out
    with session.workplace(read_spec(path), tmp_path):
        assert f"{SLOW}\n" in capsys.readouterr().err
