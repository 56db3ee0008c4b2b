"""What runs cost on GPUs: hours, and money where the study file has a price."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trainables.records import Record

HOUR_S = 3600.0


def gpu_hours(record: Record) -> dict[str, float]:
    """Return the hours of a run times its GPUs, over all its attempts, by the device's name; 0 for a run on CPU.

    A share of a GPU counts as that share. What an attempt of an earlier version took is not known by itself: it is
    counted as if the last attempt had taken it.
    """
    last = record.provenance
    earlier = [attempt for attempt in last.get("earlier_attempts", ()) if "wall_s" in attempt]
    last_s = record.cost.wall_s - sum(attempt["wall_s"] for attempt in earlier)
    hours: dict[str, float] = {}
    for attempt, wall_s in (*((each, each["wall_s"]) for each in earlier), (last, last_s)):
        device = str(attempt.get("device", ""))
        hours[device] = hours.get(device, 0.0) + float(attempt.get("gpus", 0.0)) * wall_s / HOUR_S
    return {device: number for device, number in hours.items() if number} or {device: 0.0}


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
    hours, unpriced = gpu_hours(record), unpriced_devices(record, spec)
    rates = {device: hourly(device, _prices(spec)) or 0.0 for device in hours}
    price = sum(rates[device] * number for device, number in hours.items())
    return {"gpu_hours": sum(hours.values()), "price": float("nan") if unpriced else price}


def unpriced_devices(record: Record, spec: Mapping[str, Any]) -> set[str]:
    """Return the devices that a run was trained on and for which the study file has no price."""
    return {device for device in gpu_hours(record) if hourly(device, _prices(spec)) is None}


def _prices(spec: Mapping[str, Any]) -> float | Mapping[str, float] | None:
    prices: float | Mapping[str, float] | None = spec.get("resources", {}).get("price_per_gpu_hour")
    return prices


def lost_s(record: Record) -> float:
    """Return the most that a run's processes trained in vain: an epoch each, in seconds of wall time.

    That is of those that were lost or stopped; one that was paused at a rung trained nothing in vain.
    """
    attempts = int(record.provenance.get("attempts", 1))
    paused = sum("at_rung" in attempt for attempt in record.provenance.get("earlier_attempts", ()))
    return float(record.cost.wall_s / max(1, len(record.epochs)) * (attempts - 1 - paused))
