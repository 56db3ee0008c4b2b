"""What runs cost on GPUs: hours, and money where the study file has a price."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trainables.records import Record

HOUR_S = 3600.0


def gpu_hours(record: Record) -> float:
    """Return the hours of a run times its GPUs, over all its attempts; 0 for a run on CPU.

    A share of a GPU counts as that share.
    """
    return float(record.provenance.get("gpus", 0.0)) * record.cost.wall_s / HOUR_S


def hourly(device: str, prices: float | Mapping[str, float] | None) -> float | None:
    """Return what an hour of a GPU costs.

    Args:
        device: its name, such as ``NVIDIA A10G``.
        prices: one for all, or one for each part of a name; the longest part that the name contains decides, in
            whatever case.

    """
    if prices is None or isinstance(prices, int | float):
        return prices
    fitting = [part for part in prices if part.lower() in device.lower()]
    return float(prices[max(fitting, key=len)]) if fitting else None


def spending(record: Record | None, spec: Mapping[str, Any]) -> dict[str, float]:
    """Return a run's ``gpu_hours`` and ``price``, by the study file; NaN where that is unknown."""
    if record is None:
        return {"gpu_hours": float("nan"), "price": float("nan")}
    prices = spec.get("resources", {}).get("price_per_gpu_hour")
    rate = hourly(str(record.provenance.get("device", "")), prices)
    hours = gpu_hours(record)
    return {"gpu_hours": hours, "price": float("nan") if rate is None else rate * hours}


def lost_s(record: Record) -> float:
    """Return the most that a run's lost processes trained in vain: an epoch each, in seconds of wall time."""
    epochs = max(1, len(record.epochs))
    return float(record.cost.wall_s / epochs * (int(record.provenance.get("attempts", 1)) - 1))
