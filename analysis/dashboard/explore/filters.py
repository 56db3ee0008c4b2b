"""Filters of runs, such as ``loss == "cce" and seed < 3 and validation > 0.7``: a small part of Python's expressions.

A filter is parsed by ``ast`` and never executed: only the names of columns, literals, comparisons, ``in``, ``and``,
``or`` and ``not`` are known.
"""

from __future__ import annotations

import ast
import difflib
import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

import numpy as np

from analysis.dashboard.explore.columns import numbers, texts

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    import pandas as pd

    from analysis.dashboard.explore.columns import Column

Mask: TypeAlias = "np.ndarray[tuple[int], np.dtype[np.bool_]]"
MAX_LENGTH = 1000  # characters
ORDERS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
FORM = 'a filter looks like: loss == "cce" and seed < 3 and validation > 0.7'


class FilterError(ValueError):
    """A filter that cannot be applied.

    Attributes:
        place: number of the character where it is wrong, from 1.

    """

    def __init__(self, place: int, problem: str) -> None:
        """Set where the filter is wrong, and what is wrong and allowed there."""
        super().__init__(f"character {place}: {problem}")
        self.place = place


def matching_runs(
    runs: pd.DataFrame, text: str, columns: Mapping[str, Column], hidden: Collection[str] = ()
) -> pd.DataFrame:
    """Return the rows that pass a filter; all of them pass an empty one.

    Shares are compared as fractions and times as seconds, as in runs.csv. A missing value passes ``!=`` and ``not in``
    alone; ``price == None`` selects rows without a price.

    Args:
        runs: one row per run.
        text: the filter.
        columns: the columns that it may name.
        hidden: names of columns that exist and must not be compared yet.

    Raises:
        FilterError: the filter cannot be applied.

    """
    if not text.strip():
        return runs
    return runs[_Evaluation(text, runs, columns, hidden).mask()]


@dataclass(frozen=True)
class _Values:
    """One side of a comparison: a column, or literals."""

    node: ast.expr
    text: bool
    content: Any  # an array of all rows, one literal, or several literals
    name: str = ""  # of the column


class _Evaluation:
    def __init__(self, text: str, runs: pd.DataFrame, columns: Mapping[str, Column], hidden: Collection[str]) -> None:
        self.text, self.runs, self.columns, self.hidden = text, runs, columns, hidden

    def mask(self) -> Mask:
        if len(self.text) > MAX_LENGTH:
            raise FilterError(MAX_LENGTH + 1, f"a filter has at most {MAX_LENGTH} characters")
        lead = len(self.text) - len(self.text.lstrip())
        try:
            tree = ast.parse(self.text.strip().replace("\n", " "), mode="eval")
        except SyntaxError as error:
            place = lead + (error.offset or len(self.text.strip()) + 1)
            raise FilterError(place, self._syntax(place)) from None
        except (ValueError, RecursionError, MemoryError):
            raise FilterError(1, FORM) from None
        self.lead = lead
        return self._truth(tree.body)

    def _syntax(self, place: int) -> str:
        """Return what is wrong with text that is not an expression, at character ``place``, from 1."""
        rest = self.text[place - 1 :].lstrip()
        if "&&" in self.text or "||" in self.text:
            return "join conditions with and, or"
        if rest.startswith("=") and not rest.startswith("=="):
            return "compare with =="
        return f"{'not understood' if rest else 'something is missing here'}; {FORM}"

    def _fail(self, node: ast.AST, problem: str) -> NoReturn:
        columns = self.text.strip().encode()[: getattr(node, "col_offset", 0)].decode(errors="ignore")
        raise FilterError(self.lead + len(columns) + 1, problem)

    def _truth(self, node: ast.expr) -> Mask:
        """Return which rows pass a condition."""
        if isinstance(node, ast.BoolOp):
            parts = [self._truth(part) for part in node.values]  # noqa: PD011 -- of ast
            combined = np.logical_and if isinstance(node.op, ast.And) else np.logical_or
            return np.asarray(combined.reduce(parts))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return ~self._truth(node.operand)
        if isinstance(node, ast.Compare):
            sides = [self._side(side) for side in (node.left, *node.comparators)]
            pairs = zip(sides, node.ops, sides[1:], strict=False)
            return np.asarray(np.logical_and.reduce([self._compared(left, op, right) for left, op, right in pairs]))
        return self._fail(node, f"a condition is expected here, such as seed < 3; {FORM}")

    def _side(self, node: ast.expr) -> _Values:
        """Return one side of a comparison."""
        if name := _dotted(node):
            return self._column(node, name)
        if isinstance(node, ast.List | ast.Tuple | ast.Set):
            literals = [self._literal(element) for element in node.elts]
            kinds = {isinstance(value, str) for value in literals}
            if len(kinds) != 1 or None in literals:
                self._fail(node, "a list holds only text or only numbers")
            return _Values(node, kinds.pop(), literals)
        value = self._literal(node)
        return _Values(node, isinstance(value, str), value)

    def _literal(self, node: ast.expr) -> str | float | None:
        negative = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub)
        inner = node.operand if isinstance(node, ast.UnaryOp) and negative else node
        if isinstance(inner, ast.Constant):
            value = inner.value
            if isinstance(value, bool):  # as the table shows it
                return str(value)
            if isinstance(value, int | float):
                return self._number(node, -value if negative else value)
            if (isinstance(value, str) or value is None) and not negative:
                return value
        return self._fail(node, "a column, a number or a text in quotes is expected here")

    def _number(self, node: ast.expr, value: float) -> float:
        try:
            return float(value)
        except OverflowError:
            return self._fail(node, "this number is too large")

    def _column(self, node: ast.expr, name: str) -> _Values:
        if name in self.hidden:
            self._fail(node, f"{name} is hidden until the study has ended")
        if name not in self.columns:
            close = difflib.get_close_matches(name, self.columns, n=1)
            hint = f"did you mean {close[0]}?" if close else "a text stands in quotes"
            self._fail(node, f"there is no column {name}: {hint}; columns: {', '.join(self.columns)}")
        text = self.columns[name].kind == "text"
        return _Values(node, text, (texts if text else numbers)(self.runs[name]).to_numpy(), name)

    def _compared(self, left: _Values, op: ast.cmpop, right: _Values) -> Mask:
        """Return which rows pass one comparison."""
        if not left.name and not right.name:
            self._fail(left.node, "one side of a comparison must be a column")
        if isinstance(op, ast.In | ast.NotIn):
            inside = self._inside(left, right)
            return inside if isinstance(op, ast.In) else ~inside
        if isinstance(left.content, list) or isinstance(right.content, list):
            self._fail(left.node, "a list is allowed only after in, as in seed in (0, 1)")
        if left.content is None or right.content is None:
            return self._missing(left, op, right)
        if left.text != right.text:
            named, other = (left, right) if left.name else (right, left)
            kinds = "text: compare it with a text in quotes" if named.text else "numbers: compare it with a number"
            self._fail(other.node, f"{named.name} holds {kinds}")
        if isinstance(op, ast.Eq | ast.NotEq):
            same = np.asarray(left.content == right.content)
            return same if isinstance(op, ast.Eq) else ~same
        if type(op) not in ORDERS:
            self._fail(left.node, "compare values with ==, !=, <, <=, >, >=, in or not in")
        if left.text:
            self._fail(left.node, "compare text with ==, != or in")
        return np.asarray(ORDERS[type(op)](left.content, right.content))

    def _inside(self, left: _Values, right: _Values) -> Mask:
        """Return which rows pass ``column in (values)`` or ``"part" in column``."""
        if left.name and isinstance(right.content, list):
            if left.text != right.text:
                self._fail(right.node, f"{left.name} holds {'text' if left.text else 'numbers'}; so must the list")
            return np.isin(left.content.astype(str) if left.text else left.content, right.content)
        if isinstance(left.content, str) and right.name and right.text:
            return np.array([left.content in value for value in right.content], dtype=bool)
        return self._fail(right.node, 'in is used as in seed in (0, 1), or as in "noisy" in subset')

    def _missing(self, left: _Values, op: ast.cmpop, right: _Values) -> Mask:
        column = left if left.name else right
        empty = column.content == "" if column.text else np.isnan(column.content)
        if isinstance(op, ast.Eq | ast.Is):
            return np.asarray(empty)
        if isinstance(op, ast.NotEq | ast.IsNot):
            return np.asarray(~empty)
        return self._fail(left.node, "compare None with == or !=")


def _dotted(node: ast.expr) -> str:
    """Return the name of a column, such as ``training.seed``; empty if the node is not a name."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (before := _dotted(node.value)):
        return f"{before}.{node.attr}"
    return ""
