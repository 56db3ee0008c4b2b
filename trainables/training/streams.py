"""The seeds of a run's random streams."""

from __future__ import annotations

import hashlib


def stream(seed: int, purpose: str, epoch: int = 0) -> int:
    """Return the seed, in [0, 2^63), of one random stream of a run.

    Args:
        seed: of the run.
        purpose: what is drawn, such as ``order`` or ``mixup``.
        epoch: counted from 1; 0 for what is drawn once in a run.

    """
    text = f"{seed}:{purpose}:{epoch}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1
