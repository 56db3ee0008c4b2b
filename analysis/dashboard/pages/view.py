"""What each tab of a study's page is made from: the study at one moment, at one address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analysis.dashboard.addresses import Address
    from analysis.dashboard.snapshot import Live, Snapshot
    from analysis.dashboard.studies import Studies
    from analysis.report.sections import Section
    from analysis.results.study_state import State


@dataclass(frozen=True)
class View:
    """A study at one moment, at an address.

    Attributes:
        studies: the studies of the storage location.
        snapshot: the study with its records.
        live: what the process that runs it last reported.
        state: whether it runs.
        address: of the page.
        here: whether the browser runs on this machine, where it may play sounds.
        dark: whether its theme is dark.

    """

    studies: Studies
    snapshot: Snapshot
    live: Live
    state: State
    address: Address
    here: bool = True
    dark: bool = False

    @property
    def sections(self) -> list[Section]:
        """The sections of the report.

        Raises:
            StillWorkingError: they are being computed.

        """
        return self.snapshot.sections_within(self.studies.patience_s)
