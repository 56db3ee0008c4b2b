"""Addresses of pages, such as ``/study/figure3?tab=runs&arm=gce``. The address determines all that a page shows."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, unquote, urlencode

from analysis.dashboard.explore.choices import Choices
from analysis.results.reported_metric import REPORTABLE

if TYPE_CHECKING:
    from collections.abc import Mapping

_TEXTS = ("tab", "label", "checked", "clip", "confusion", "open")  # the fields of a study's query that are texts
_PLACES = ("", "compare", "queue")  # the pages of no study, by path
_OF_PLACES = ("search", "sort")  # the fields of their queries that are texts
SHOW_TEST = {"test": "shown"}  # the part of a query that shows the test accuracies of a study that has not ended


@dataclass(frozen=True)
class Address:
    """A page: a tab of a study, one of its runs, or a page of no study if ``study`` is empty.

    Attributes:
        place: the page of no study; empty for the list of studies.
        compared: the studies that are compared, on the page ``compare``.
        search: what the list of studies is searched for.
        study: name of the study.
        run: run_id of the run.
        tab: tab of the study; empty for the first.
        label: only training clips with this given label are listed.
        checked: ``yes`` to list verified training clips, ``no`` for the others, ``all`` for both; empty for those that
            are to be reviewed.
        clip: path of the training clip that is shown.
        confusion: the classes whose confused test clips are listed, by their numbers from 1, such as ``3-7``.
        open: the sections that are unfolded, separated by commas.
        sort: column by which the studies are sorted, in reverse if ``descending``.
        page: page of the clips, from 1.
        choices: what the reader has chosen in a tab that explores runs: names and values of a query, see ``Choices``.
        show_test: whether to show the test accuracies of a study that has not ended.
        metric: the metric on test clips that is reported.
        known: whether a page exists at this address.

    """

    place: str = ""
    compared: tuple[str, ...] = ()
    search: str = ""
    study: str = ""
    run: str = ""
    tab: str = ""
    label: str = ""
    checked: str = ""
    clip: str = ""
    confusion: str = ""
    open: str = ""
    sort: str = ""
    descending: bool = False
    page: int = 1
    choices: tuple[tuple[str, str], ...] = ()
    show_test: bool = False
    metric: str = "accuracy"
    known: bool = True

    def but(self, **changes: Any) -> Address:  # noqa: ANN401 -- the value of any field
        """Return this address with some fields changed."""
        return replace(self, **changes)

    def beside(self, **fields: Any) -> Address:  # noqa: ANN401 -- the value of any field
        """Return another page of the same study, with the same view of the test clips."""
        return Address(study=self.study, **self.view, **fields)

    @property
    def view(self) -> dict[str, Any]:
        """What a page shows of the test clips: the fields ``show_test`` and ``metric``, by name."""
        return {"show_test": self.show_test, "metric": self.metric}

    @property
    def _view_query(self) -> dict[str, str]:
        metric = {} if self.metric == "accuracy" else {"metric": self.metric}
        return (SHOW_TEST if self.show_test else {}) | metric

    def csv(self, what: str) -> str:
        """Return the address of one of the study's CSV files; ``what`` is its path within the study, quoted."""
        query = f"?{urlencode(self._view_query)}" if self._view_query else ""
        return f"/files/{quote(self.study, safe='')}/{what}.csv{query}"

    def __str__(self) -> str:
        """Return the address as text, without the fields that have their defaults."""
        if not self.study:
            query = {name: getattr(self, name) for name in _OF_PLACES if getattr(self, name)}
            query |= {"descending": "1"} if self.descending else {}
            if self.place == "compare":
                query = self._view_query | ({"study": list(self.compared)} if self.compared else {})
            return f"/{self.place}?{urlencode(query, doseq=True)}" if query else f"/{self.place}"
        path = f"/study/{quote(self.study, safe='')}"
        query = self._view_query
        if self.run:
            path += f"/run/{quote(self.run, safe='')}"
        else:
            query = query | {name: getattr(self, name) for name in _TEXTS if getattr(self, name)}
            query |= {"page": str(self.page)} if self.page > 1 else {}
            query |= dict(self.choices)
        return f"{path}?{urlencode(query)}" if query else path


def parse(path: str | None, query: str | None) -> Address:
    """Parse an address; unknown parts of the query are ignored."""
    pairs = parse_qsl((query or "").removeprefix("?"))
    values = dict(pairs)
    known: dict[str, Any]
    view = view_of(values)
    match [unquote(part) for part in (path or "").split("/") if part]:
        case [] | [_] as places if (place := "".join(places)) in _PLACES:
            known = {name: values[name] for name in _OF_PLACES if name in values}
            if place == "compare":
                studies = dict.fromkeys(value for name, value in pairs if name == "study")
                return Address(place=place, compared=tuple(studies), **view)
            return Address(place=place, **known, descending=values.get("descending") == "1")
        case ["study", study, "run", run]:
            return Address(study=study, run=run, **view)
        case ["study", study]:
            known = {name: values[name] for name in _TEXTS if name in values}
            digits = re.fullmatch("[0-9]{1,6}", values.get("page", ""))
            page = max(1, int(digits[0])) if digits else 1
            choices = tuple(Choices.of(values).query().items())
            return Address(study=study, **known, page=page, choices=choices, **view)
        case _:
            return Address(known=False)


def view_of(query: Mapping[str, str]) -> dict[str, Any]:
    """Return what the query of an address asks to show of the test clips, see ``Address.view``."""
    show_test = all(query.get(name) == value for name, value in SHOW_TEST.items())
    metric = query.get("metric", "")
    return {"show_test": show_test, "metric": metric if metric in REPORTABLE else "accuracy"}


def slug(title: str) -> str:
    """Return a title in the form used in addresses and CSV file names."""
    return "-".join(title.lower().split())
