"""What this machine has, and what a study asks for that it lacks."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from study.spec.study import StudySpec

CPU = Path("/proc/cpuinfo")  # of Linux


def lacking(spec: StudySpec) -> list[str]:
    """Return what a run asks for and this machine does not have, a line each."""
    asked = spec.resources
    there = {"cpus": len(os.sched_getaffinity(0)), "gpus": 0}
    if asked.gpus_per_run:
        import torch  # noqa: PLC0415 -- only a GPU's count needs it

        there["gpus"] = torch.cuda.device_count()
    return [
        f"resources.{name}_per_run: {number:g} asked for; this machine has {there[name]} {name.upper()[:-1]}s"
        for name, number in (("cpus", asked.cpus_per_run), ("gpus", asked.gpus_per_run))
        if number > there[name]
    ]


def ill_suited(spec: StudySpec) -> list[str]:
    """Return what this machine does, but much more slowly than a user of the study file expects; a line each."""
    emulated = spec.training.precision == "bf16" and not spec.resources.gpus_per_run and not has_bf16()
    return ["training.precision: bf16 is emulated by this processor and takes many times longer than fp32"] * emulated


def has_bf16() -> bool:
    """Say whether the processor has instructions for bfloat16 (of AVX-512, AMX or Arm); True where that is unknown."""
    try:
        with CPU.open(encoding="utf-8") as lines:
            known = next(line for line in lines if line.lower().startswith(("flags", "features")))
    except (OSError, StopIteration):
        return True
    return not {"avx512_bf16", "amx_bf16", "bf16"}.isdisjoint(known.split())
