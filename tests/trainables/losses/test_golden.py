"""The losses without memory against vectors made with mpmath: values and gradients, in float64 and float32."""

import json
from pathlib import Path

import pytest
import torch

from trainables import losses

GOLDEN = Path(__file__).parents[2] / "golden"
NAMES = (
    "sce",
    "nce",
    "nce_rce",
    "nce_mae",
    "label_smoothing",
    "js",
    "taylor_ce",
    "agce",
    "aul",
    "nce_agce",
    "nce_aul",
    "anl",
    "focal",
    "forward_correction",
)
# Relative tolerance, and the absolute one for values of size 1.
TOLERANCES = {torch.float64: (1e-9, 1e-12), torch.float32: (1e-4, 5e-6)}


def cases(name):
    """Yield logits, targets and case of each set and edge."""
    data = json.loads((GOLDEN / f"{name}.json").read_text())
    for of in data["sets"].values():
        for case in of["cases"]:
            yield of["logits"], of["target"], case
    for edge in data["edge"]:
        of = data["sets"][edge["set"]]
        yield of["logits"], edge.get("target", of["target"]), edge


def scale(case):
    """Return the size of a case's numbers: the absolute value of the largest one, at least 1."""
    numbers = [*case["loss"], *(v for row in case["grad_of_sum_wrt_logits"] for v in row)]
    return max(1.0, *map(abs, numbers))


def value_and_gradient(name, logits, targets, params, dtype):
    leaf = torch.tensor(logits, dtype=dtype, requires_grad=True)
    values = getattr(losses, name)(leaf, torch.tensor(targets), **params)
    values.sum().backward()
    return values.detach(), leaf.grad


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
@pytest.mark.parametrize("name", NAMES)
def test_a_loss_and_its_gradient_equal_every_golden_vector(name, dtype):
    relative, absolute = TOLERANCES[dtype]
    compared = 0
    for logits, targets, case in cases(name):
        size = scale(case) * case.get("tol_scale", 1)
        try:
            values, gradient = value_and_gradient(name, logits, targets, case["params"], dtype)
        except ValueError:
            assert case["may_refuse"], case["params"]
            continue
        compared += 1
        for actual, expected in ((values, case["loss"]), (gradient, case["grad_of_sum_wrt_logits"])):
            torch.testing.assert_close(
                actual.double(),
                torch.tensor(expected, dtype=torch.float64),
                rtol=relative,
                atol=absolute * size,
                msg=lambda text, case=case: f"{case['params']}: {text}",
            )
    assert compared > 0


REFUSED = [
    ("label_smoothing", {"r": 1.1}, "r is 1.1; allowed: a number of at most 1"),
    ("js", {"w": -0.1}, r"w is -0.1; allowed: a number in \[0, 1\]"),
    ("js", {"w": float("nan")}, r"w is nan; allowed: a number in \[0, 1\]"),
    ("taylor_ce", {"t": 0}, "t is 0; allowed: a whole number of at least 1"),
    ("taylor_ce", {"t": 2.5}, "t is 2.5; allowed: a whole number of at least 1"),
    ("agce", {"a": 0.0, "q": 0.6}, "a is 0.0; allowed: a number above 0"),
    ("agce", {"a": 1.0, "q": 0.0}, "q is 0.0; allowed: a number above 0"),
    ("aul", {"a": 1.0, "q": 0.6}, "a is 1.0; allowed: a number above 1"),
    ("aul", {"a": 2.0, "q": -1.0}, "q is -1.0; allowed: a number above 0"),
    ("focal", {"gamma": -0.5}, "gamma is -0.5; allowed: a number of at least 0"),
    ("forward_correction", {"T": [[1.0]]}, r"T has shape \(1, 1\); allowed: \(2, 2\)"),
    ("forward_correction", {"T": [[1.0, 0.0], [1.0, 0.0]]}, "column 1 is zero"),
    ("forward_correction", {"T": [[0.6, 0.6], [0.0, 1.0]]}, "row 0 sums to 1.2; allowed: 1"),
    ("forward_correction", {"T": [[1.5, -0.5], [0.0, 1.0]]}, r"row 0, column 0 is 1.5; allowed: a probability"),
    ("forward_correction", {"T": [[1.0], [0.0, 1.0]]}, "row 0 has length 1; allowed: 2"),
]


@pytest.mark.parametrize(("name", "params", "message"), REFUSED)
def test_a_parameter_outside_its_range_is_refused(name, params, message):
    with pytest.raises(ValueError, match=message):
        getattr(losses, name)(torch.zeros(3, 2), torch.tensor([0, 1, 0]), **params)


@pytest.mark.parametrize("kind", [list, torch.tensor])
def test_a_transition_matrix_may_be_numbers_or_a_tensor(kind):
    rows = [[0.6, 0.4], [0.3, 0.7]]
    logits = torch.tensor([[0.0, 0.0], [1.0, -1.0]])
    values = losses.forward_correction(logits, torch.tensor([0, 1]), kind(rows))
    p = logits.softmax(1)
    expected = -torch.log(torch.stack([0.6 * p[0, 0] + 0.3 * p[0, 1], 0.4 * p[1, 0] + 0.7 * p[1, 1]]))
    torch.testing.assert_close(values, expected)
