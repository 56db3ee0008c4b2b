"""What an error of Ray's client means, in one line that names the cluster as the user did."""

import pytest

from study.cluster.connection import answers
from study.errors import EngineError

ADDRESS = "http://127.0.0.1:8265"


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("cluster.yaml", "is it up? ray up cluster.yaml"),
        (ADDRESS, "is it up, and the tunnel (ray dashboard CLUSTER.yaml) open?"),
    ],
)
def test_a_cluster_that_does_not_answer_is_named_as_the_user_did(name, advice):
    with pytest.raises(EngineError) as error, answers(name):
        raise ConnectionRefusedError
    assert str(error.value) == f"{name}: no cluster answers there; {advice}"
