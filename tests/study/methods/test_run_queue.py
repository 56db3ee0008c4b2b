"""The queue of a method's planned runs."""

from factories import FINGERPRINT
from study.methods.run_queue import RunQueue
from study.spec.candidates import Candidate
from trainables.config import Configuration
from trainables.losses.catalogue import CCE

FIRST, SECOND = (
    Candidate("cce", {}, Configuration(loss=CCE(name="cce"))).planned(seed, FINGERPRINT) for seed in range(2)
)


def test_a_run_that_is_planned_again_after_it_was_handed_out_is_not_handed_out_again():
    queue = RunQueue([FIRST, SECOND])
    assert queue.next() == FIRST
    queue.plan(FIRST)
    assert [queue.next(), queue.next()] == [SECOND, None]
