"""The software that a study rests on, for its methods."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainables.provenance import CPU

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trainables.records import Record

COMMIT = 12  # digits of a git commit that are shown


def software(records: Iterable[Record]) -> str:
    """Return the versions, devices and commits that made the records, as a sentence; empty without records."""
    versions: dict[str, dict[str, None]] = {}
    devices: dict[str, None] = {}
    capabilities: dict[str, None] = {}
    commits: dict[str, None] = {}
    for record in records:
        for name, version in record.provenance.versions.items():
            versions.setdefault(name, {})[version] = None
        if device := record.provenance.device:
            devices[device] = None
        capabilities |= dict.fromkeys(record.provenance.cpu_capabilities)
        if commit := record.provenance.commit:
            digits, _, changes = commit.partition("+")
            commits[f"{digits[:COMMIT]}{f'+{changes}' if changes else ''}"] = None
    if not versions:
        return ""
    tool = versions.pop("gce-study", {})
    commit = f" (commit {' and '.join(commits)})" if commits else ""
    others = ", ".join(f"{name} {' and '.join(used)}" for name, used in versions.items())
    cpu = f"{CPU} ({' and '.join(capabilities)})" if capabilities else CPU
    where = f" on {' and '.join(cpu if device == CPU else device for device in devices)}" if devices else ""
    return f"The study was run by gce-study {' and '.join(tool)}{commit} with {others}{where}."
