"""What an address asks for: ``/study/figure3?tab=runs&arm=gce`` and back. All that a page shows is in its address."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode

FILTERS = ("arm", "subset", "status", "stage")
PARTS = 2  # of the path of a study: study, NAME; of a run's: study, NAME, run, RUN_ID


@dataclass(frozen=True)
class Address:
    """A page: the list of studies when ``study`` is empty, a study's tab, or one of its runs.

    Attributes:
        study: the study's name.
        run: the run_id of a run's page.
        tab: the study page's tab; empty for the first.
        arm: shows this arm's runs only; so do ``subset``, ``status`` and ``stage``.
        sort: the column of the runs table; ``descending`` turns it round.
        page: of the runs table, from 1.
        known: whether there is a page of this address at all.

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

    def but(self, **changes: Any) -> Address:  # noqa: ANN401 -- of any field
        """Return this address with some parts changed."""
        return replace(self, **changes)

    def __str__(self) -> str:
        """Write the address, without what is as usual."""
        if not self.study:
            return "/"
        path = f"/study/{quote(self.study, safe='')}"
        if self.run:
            return f"{path}/run/{quote(self.run, safe='')}"
        asked = {name: getattr(self, name) for name in ("tab", *FILTERS, "sort") if getattr(self, name)}
        asked |= {"descending": "1"} if self.descending else {}
        asked |= {"page": str(self.page)} if self.page > 1 else {}
        return f"{path}?{urlencode(asked)}" if asked else path


def parse(path: str | None, query: str | None) -> Address:
    """Read an address; what it does not know in the query is left aside."""
    parts = [unquote(part) for part in (path or "").split("/") if part]
    asked = dict(parse_qsl((query or "").removeprefix("?")))
    if not parts:
        return Address()
    if parts[0] != "study" or len(parts) not in {PARTS, 2 * PARTS} or (len(parts) > PARTS and parts[2] != "run"):
        return Address(known=False)
    if len(parts) > PARTS:
        return Address(study=parts[1], run=parts[3])
    page = asked.get("page", "")
    number = max(1, int(page)) if page.isascii() and page.isdigit() and len(page) < 7 else 1  # noqa: PLR2004 -- digits
    words: dict[str, Any] = {name: asked[name] for name in ("tab", *FILTERS, "sort") if name in asked}
    return Address(study=parts[1], **words, descending=asked.get("descending") == "1", page=number)
