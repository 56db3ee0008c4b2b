"""What the command run prints after a study."""

import pytest

from study.commands.printed_run import next_command
from trainables.storage.location import location


@pytest.mark.parametrize(("storage", "named"), [("results", ""), ("my results", " --storage '{}/my results'")])
def test_the_next_command_names_a_storage_location_only_if_it_is_not_the_usual_one(
    tmp_path, monkeypatch, storage, named
):
    monkeypatch.chdir(tmp_path)
    command = next_command("rain", location(str(tmp_path / storage)))
    assert command == f"gce-study dashboard rain{named.format(tmp_path)}"
