"""Addresses of pages, such as ``/study/figure3?tab=runs&arm=gce``. The address determines all that a page shows."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode

FILTERS = ("arm", "subset", "status", "stage")


@dataclass(frozen=True)
class Address:
    """A page: a tab of a study, one of its runs, or the list of studies if ``study`` is empty.

    Attributes:
        study: name of the study.
        run: run_id of the run.
        tab: tab of the study; empty for the first.
        arm: only runs of this arm are listed; ``subset``, ``status`` and ``stage`` filter likewise.
        sort: column by which the runs are sorted, in reverse if ``descending``.
        page: page of the runs, from 1.
        known: whether a page exists at this address.

    """

    study: str = ""
    run: str = ""
    tab: str = ""
    arm: str = ""
    subset: str = ""
    status: str = ""
    stage: str = ""
    sort: str = ""
    descending: bool = False
    page: int = 1
    known: bool = True

    def but(self, **changes: Any) -> Address:  # noqa: ANN401 -- the value of any field
        """Return this address with some fields changed."""
        return replace(self, **changes)

    def __str__(self) -> str:
        """Return the address as text, without the fields that have their defaults."""
        if not self.study:
            return "/"
        path = f"/study/{quote(self.study, safe='')}"
        if self.run:
            return f"{path}/run/{quote(self.run, safe='')}"
        query = {name: getattr(self, name) for name in ("tab", *FILTERS, "sort") if getattr(self, name)}
        if self.descending:
            query["descending"] = "1"
        if self.page > 1:
            query["page"] = str(self.page)
        return f"{path}?{urlencode(query)}" if query else path


def parse(path: str | None, query: str | None) -> Address:
    """Parse an address; unknown parts of the query are ignored."""
    match [unquote(part) for part in (path or "").split("/") if part]:
        case []:
            return Address()
        case ["study", study, "run", run]:
            return Address(study=study, run=run)
        case ["study", study]:
            values = dict(parse_qsl((query or "").removeprefix("?")))
            known: dict[str, Any] = {name: values[name] for name in ("tab", *FILTERS, "sort") if name in values}
            digits = re.fullmatch("[0-9]{1,6}", values.get("page", ""))
            page = max(1, int(digits[0])) if digits else 1
            return Address(study=study, **known, descending=values.get("descending") == "1", page=page)
        case _:
            return Address(known=False)
