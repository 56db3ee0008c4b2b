"""What benchmarks compare with is what it is said to be."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


@pytest.mark.slow
def test_runs_on_lanes_equal_the_same_runs_alone() -> None:
    said = subprocess.run(
        [sys.executable, BENCHMARKS / "lanes.py"], check=True, capture_output=True, text=True, timeout=550
    )
    assert float(said.stdout) < 1e-9
