"""Studies of two arms for the head of a cluster with two cores."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from holding import write_held_loss

if TYPE_CHECKING:
    from pathlib import Path

    from ray_cluster import Head

STUDY = """
name: {name}
dataset: {{kind: synthetic, train_per_class: 6, test_per_class: 2}}
arms:
  - {{name: cce, loss: {{name: cce}}}}
  - {{name: adaptive, loss: {{name: adaptive_gce, temperature: 1000}}}}
{method}
training: {{epochs: {epochs}, stop_after: 10000, batch_size: 8}}
resources: {{cpus_per_run: {cpus}, max_concurrent: {at_once}}}
storage: {storage}
"""
GRID = "seeds: 2"
SETTLE = "method: {name: settle, within: 50, confidence: 0.5, start_seeds: 1, max_runs: 2, confirm_seeds: 2}"


def write(head: Head, name: str, **changes: Any) -> Path:
    """Write a study file; with two runs of a core at once, as usual here, the head has room for them."""
    usual = {"method": GRID, "epochs": 3, "cpus": 1, "at_once": 2, "storage": head.folder / name}
    path = head.folder / f"{name}.yaml"
    path.write_text(STUDY.format(name=name, **usual | changes))
    return path


def write_held(head: Head, name: str, *, both: bool = False, **changes: Any) -> Path:
    """Write a study file as above, but that the runs of its first arm, or of both, can be held."""
    path, plugin = write(head, name, **changes), write_held_loss(head.folder)
    text = path.read_text().replace("{name: cce, loss: {name: cce}}", "{name: held, loss: {name: mine.held}}")
    if both:
        text = text.replace("{name: adaptive_gce, temperature: 1000}", "{name: mine.held, scale: 2}")
    path.write_text(f"plugins: [{plugin.name}]\n{text}")
    return path
