"""A published work: its reference in words, and as an entry of BibTeX."""

from __future__ import annotations

import re
from dataclasses import dataclass

ET_AL = " et al."
CONFERENCES = {
    "AAAI": "Proceedings of the AAAI Conference on Artificial Intelligence",
    "ACL": "Proceedings of the Annual Meeting of the Association for Computational Linguistics",
    "COLT": "Proceedings of the Conference on Learning Theory",
    "CVPR": "Proceedings of the IEEE Conference on Computer Vision and Pattern Recognition",
    "ICASSP": "Proceedings of the IEEE International Conference on Acoustics, Speech and Signal Processing",
    "ICCV": "Proceedings of the IEEE International Conference on Computer Vision",
    "ICLR": "International Conference on Learning Representations",
    "ICLR workshop": "International Conference on Learning Representations, workshop track",
    "ICML": "Proceedings of the International Conference on Machine Learning",
    "IJCAI": "Proceedings of the International Joint Conference on Artificial Intelligence",
    "Interspeech": "Proceedings of Interspeech",
    "KDD": "Proceedings of the ACM SIGKDD International Conference on Knowledge Discovery and Data Mining",
    "MLSys": "Proceedings of Machine Learning and Systems",
    "NeurIPS": "Advances in Neural Information Processing Systems",
    "WASPAA": "Proceedings of the IEEE Workshop on Applications of Signal Processing to Audio and Acoustics",
}


@dataclass(frozen=True)
class Work:
    """A published work.

    Attributes:
        authors: with their initials, such as ``E. Fonseca, F. Font, X. Serra``; may end with ``et al.``.
        title: as published, without a full stop.
        venue: a journal, a conference by its short name, or the book that contains the work; empty for a book.
        year: of publication.
        volume: of the journal; 0 for other works.
        publisher: of a book.
        doi: without its address; empty if it is not known.
        cited_as: the authors as they are cited, where the usual form would name two works of a year alike.

    """

    authors: str
    title: str
    venue: str
    year: int
    volume: int = 0
    publisher: str = ""
    doi: str = ""
    cited_as: str = ""

    def citation(self) -> str:
        """Return ``Authors, year``: up to two authors by their surnames, more of them by the first and "et al."."""
        names = self._names()
        if len(names) == 1 and not self.authors.endswith(ET_AL):
            usual = names[0]
        elif len(names) == 2:  # noqa: PLR2004 -- both are named
            usual = " and ".join(names)
        else:
            usual = f"{names[0]}{ET_AL}"
        return f"{self.cited_as or usual}, {self.year}"

    def reference(self) -> str:
        """Return the work as a line in a list of references."""
        title = self.title if self.title.endswith("?") else f"{self.title}."
        venue = f"{self.venue} {self.volume}" if self.volume else self.venue
        place = ", ".join(filter(None, (venue, self.publisher)))
        year = f" {self.year}" if self.venue in CONFERENCES else f", {self.year}"
        dot = "" if self.authors.endswith(".") else "."
        doi = f" doi {self.doi}." if self.doi else ""
        return f"{self.authors}{dot} {title} {place}{year}.{doi}"

    def bibtex(self, key: str) -> str:
        """Return the work as an entry of BibTeX, in UTF-8; braces keep the title's capitals."""
        if self.volume:
            kind, place = "article", {"journal": self.venue, "volume": str(self.volume)}
        elif not self.venue:
            kind, place = "book", {}
        else:
            kind, place = "inproceedings", {"booktitle": CONFERENCES.get(self.venue, self.venue)}
        people = self.authors.removesuffix(ET_AL).split(", ")
        others = ["others"] * self.authors.endswith(ET_AL)
        fields = {
            "author": " and ".join([*people, *others]),
            "title": "{" + re.sub(r"'(\w+)'", r"`\1'", self.title) + "}",
            **place,
            "publisher": self.publisher,
            "year": str(self.year),
            "doi": self.doi,
        }
        lines = "".join(f"  {name} = {{{text}}},\n" for name, text in fields.items() if text)
        return f"@{kind}{{{key},\n{lines}}}\n"

    def _names(self) -> list[str]:
        """Return the authors' surnames: without the initials, and with particles such as ``del``."""
        people = self.authors.removesuffix(ET_AL).split(", ")
        return [re.sub(r"^(?:\S+\. ?)+", "", person).strip() for person in people]
