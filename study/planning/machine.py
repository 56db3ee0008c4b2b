"""Compare what a study needs with what this machine has."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from trainables.naming import counted
from trainables.processes.limits import usable_cpus

if TYPE_CHECKING:
    from study.spec.study import StudySpec

CPU = Path("/proc/cpuinfo")


def lacking(spec: StudySpec) -> list[str]:
    """Return a line for each resource of which a run needs more than this process may use."""
    resources = spec.resources
    available = {"cpu": usable_cpus(), "gpu": 0}
    if resources.gpus_per_run:
        import torch  # noqa: PLC0415 -- only a GPU's count needs it

        available["gpu"] = torch.cuda.device_count()
    return [
        f"resources.{name}s_per_run: {number:g} asked for; usable here: {counted(available[name], name.upper())}"
        for name, number in (("cpu", resources.cpus_per_run), ("gpu", resources.gpus_per_run))
        if number > available[name]
    ]


def ill_suited(spec: StudySpec) -> list[str]:
    """Return a warning for each setting that this machine supports, but only very slowly."""
    in_bf16 = any("bf16" in arm.possible("precision") for arm in spec.open_arms)
    emulated = in_bf16 and not spec.resources.gpus_per_run and not has_bf16()
    return ["training.precision: bf16 is emulated by this processor and takes many times longer than fp32"] * emulated


def has_bf16() -> bool:
    """Return whether the processor has bfloat16 instructions (AVX-512, AMX or Arm); True if unknown."""
    try:
        with CPU.open(encoding="utf-8") as lines:
            flags = next(line for line in lines if line.lower().startswith(("flags", "features")))
    except (OSError, StopIteration):
        return True
    return not {"avx512_bf16", "amx_bf16", "bf16"}.isdisjoint(flags.split())
