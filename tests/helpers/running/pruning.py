"""Storage locations with leftovers, and their removal."""

from collections import Counter

from factories import Builder
from study.ledger.leftovers import leftovers
from trainables.feature_settings import FEATURES
from trainables.losses.catalogue import CCE
from trainables.published import PublishedDataSet, published_path
from trainables.storage.documents import to_bytes

NOBODYS = "0" * 20  # a run that no study names
USED, UNUSED = "a" * 20, "b" * 20  # frame stores


def study(storage, name, *, recorded=1, planned=2, seed=0, **settings):
    """Write a study, of whose runs some are recorded, and a checkpoint of each run; return the runs' ids."""
    builder = Builder(name, **settings)
    ids = [
        builder.add("cce", CCE(name="cce"), seed + i, status="complete" if i < recorded else None)
        for i in range(planned)
    ]
    builder.write(storage)
    for run_id in ids:
        checkpoint(storage, run_id)
    return ids


def checkpoint(storage, run_id):
    """Write the checkpoint of a run; return the run's id."""
    (storage / "checkpoints" / f"{run_id}.pt").write(b"weights")
    return run_id


def checkpoints(storage):
    """Return the ids of the runs with a checkpoint."""
    return {name.removesuffix(".pt") for name in (storage / "checkpoints").stamps()}


def prune(storage, only=None, *, claim_studies=True):
    """Remove all leftovers; return their numbers by kind."""
    removed = Counter()
    with leftovers(storage, only, claim_studies=claim_studies) as there:
        for item in list(there):
            removed[item.kind] += item.remove()
    return removed


def frames(storage, name=UNUSED, fingerprint=None, features=FEATURES):
    """Write a frame store and, if a fingerprint is given, the data set that names it."""
    (storage / "features" / name / "store.json").write(b"{}")
    if fingerprint:
        published_path(storage, fingerprint, features).write(to_bytes(PublishedDataSet(frames=name, manifest={})))


def stores(storage):
    """Return the names of the stores of frames or embeddings."""
    return {path.name for path in (storage / "features").glob("*")}
