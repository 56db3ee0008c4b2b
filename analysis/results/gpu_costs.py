"""What runs cost on GPUs: hours, and money where the study file has a price."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.results.budget import HOUR_S

if TYPE_CHECKING:
    from trainables.records import Record
    from trainables.settings import GpuPrices


def gpu_hours(record: Record) -> dict[str, float]:
    """Return the hours of a run times its GPUs, over all its attempts, by the device's name; 0 for a run on CPU.

    A share of a GPU counts as that share. An earlier attempt whose time is unknown is counted as if the last attempt
    had taken that time.
    """
    *earlier, last = record.provenance.attempts
    durations = [(attempt, attempt.wall_s) for attempt in earlier if attempt.wall_s is not None]
    durations.append((last, record.cost.wall_s - sum(wall_s for _, wall_s in durations)))
    hours: dict[str, float] = {}
    for attempt, wall_s in durations:
        hours[attempt.device] = hours.get(attempt.device, 0.0) + attempt.gpus * wall_s / HOUR_S
    return {device: number for device, number in hours.items() if number} or {last.device: 0.0}


def hourly(device: str, prices: GpuPrices) -> float | None:
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


def spending(record: Record | None, prices: GpuPrices) -> dict[str, float]:
    """Return a run's ``gpu_hours`` and ``price``; NaN where that is unknown."""
    if record is None:
        return {"gpu_hours": float("nan"), "price": float("nan")}
    hours, unpriced = gpu_hours(record), unpriced_devices(record, prices)
    rates = {device: hourly(device, prices) or 0.0 for device in hours}
    price = sum(rates[device] * number for device, number in hours.items())
    return {"gpu_hours": sum(hours.values()), "price": float("nan") if unpriced else price}


def unpriced_devices(record: Record, prices: GpuPrices) -> set[str]:
    """Return the devices that a run was trained on and for which the study file has no price."""
    return {device for device in gpu_hours(record) if hourly(device, prices) is None}


def lost_s(record: Record) -> float:
    """Return an upper bound of the wall time, in seconds, that a run's processes trained for nothing: one epoch each.

    Only processes that were lost or stopped count; one that was paused at a rung lost nothing.
    """
    *earlier, _ = record.provenance.attempts
    lost = record.provenance.attempt_count - 1 - sum(attempt.at_rung for attempt in earlier)
    return record.cost.wall_s / max(1, len(record.epochs)) * lost
